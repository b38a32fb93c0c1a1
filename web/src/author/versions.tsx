import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, done, take } from "../api";
import { Failure, Loading, Pill, Screen } from "../parts/basics";
import { Confirm } from "../parts/dialog";
import { useByWhom, usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { More } from "../screens/home";
import { fetchDraft } from "./draft";
import { useCourse } from "./editor";
import { useWords } from "./words";

type Asked = { what: "restore"; number: number } | { what: "retire" } | { what: "discard" };

/** A course's versions, and what is done with the whole course: an old version again, retire, copy. */
export function Versions() {
  const { courseId } = useParams({ strict: false }) as { courseId: string };
  const { t, moment } = useWords();
  const byWhom = useByWhom();
  const say = useToast();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked>();
  const course = useCourse(courseId);
  const path = { course_id: courseId };
  const list = usePages(["course", courseId, "versions"], (cursor) =>
    take(api.GET("/api/courses/{course_id}/versions/", { params: { path, query: { limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  const act = useMutation({
    mutationFn: async (todo: Asked) => {
      switch (todo.what) {
        case "restore": {
          const header = { "If-Match": (await fetchDraft(courseId)).etag };
          return take(api.POST("/api/courses/{course_id}/versions/{number}/restore/", { params: { path: { ...path, number: todo.number }, header } }));
        }
        case "retire":
          return take(course.data?.archived ? api.POST("/api/courses/{course_id}/unarchive/", { params: { path } }) : api.POST("/api/courses/{course_id}/archive/", { params: { path } }));
        case "discard": {
          const header = { "If-Match": (await fetchDraft(courseId)).etag };
          return done(api.DELETE("/api/courses/{course_id}/draft/", { params: { path, header } }));
        }
      }
    },
    onSuccess: async (_, todo) => {
      setAsked(undefined);
      say(t("doneIt"));
      if (todo.what === "restore") await navigate({ to: "/author/$courseId", params: { courseId } });
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "draft" });
    },
  });
  const copy = useMutation({
    mutationFn: () => take(api.POST("/api/courses/{course_id}/duplicate/", { params: { path } })),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ["courses"] });
      await navigate({ to: "/author/$courseId", params: { courseId: made.id } });
    },
  });
  if (course.error) return <Failure error={course.error} again={() => void course.refetch()} />;
  if (!course.data) return <Loading />;
  const { archived, published_version: published, draft_version: draft } = course.data;
  const words = {
    restore: { title: t("restoreAsk", { number: asked?.what === "restore" ? asked.number : 0 }), lead: t("restoreLead"), action: t("restore") },
    retire: archived ? { title: t("reopenAsk"), lead: t("reopenLead"), action: t("reopen") } : { title: t("retireAsk"), lead: t("retireLead"), action: t("retire") },
    discard: { title: t("discardAsk"), lead: t("discardLead"), action: t("discard") },
  };
  const shown = asked && words[asked.what];
  const open = (todo: Asked) => () => {
    act.reset();
    setAsked(todo);
  };
  return (
    <Screen title={course.data.title} lead={t("versions")} wide>
      {list.error ?? copy.error ? <Failure error={list.error ?? copy.error} /> : null}
      {list.items ? (
        <Table
          caption={t("versions")}
          rows={list.items}
          rowKey={(row) => String(row.number)}
          columns={[
            { key: "number", title: t("version"), cell: (row) => `${row.number} · ${row.title}` },
            {
              key: "state",
              title: t("state"),
              cell: (row) => (row.is_current ? <Pill tone="good">{t("current")}</Pill> : row.is_published ? <Pill>{t("earlier")}</Pill> : <Pill tone="accent">{t("draft")}</Pill>),
            },
            { key: "at", title: t("when"), brief: true, cell: (row) => moment(row.published_at ?? row.updated_at) },
            { key: "by", title: t("by"), cell: (row) => (row.published_by ? <bdi>{byWhom(row.published_by)}</bdi> : "–") },
            { key: "note", title: t("note"), cell: (row) => row.note ?? "–" },
            {
              key: "actions",
              title: t("actions"),
              cell: (row) =>
                row.is_published ? (
                  <span className="buttons">
                    <Link
                      className="button small"
                      to="/author/$courseId/versions/$number/statistics"
                      params={{ courseId, number: String(row.number) }}
                      aria-label={t("statisticsOf", { number: row.number })}
                    >
                      {t("statistics")}
                    </Link>
                    <Link className="button small" to="/author/$courseId/versions/$number/move" params={{ courseId, number: String(row.number) }} aria-label={`${t("moveHere")}: ${t("publishedAs", { number: row.number })}`}>
                      {t("moveHere")}
                    </Link>
                    <button type="button" className="small" aria-label={t("restoreNumber", { number: row.number })} onClick={open({ what: "restore", number: row.number })}>
                      {t("restore")}
                    </button>
                  </span>
                ) : (
                  <Link to="/author/$courseId" params={{ courseId }}>
                    {t("goOnEditing")}
                  </Link>
                ),
            },
          ]}
        />
      ) : (
        <Loading />
      )}
      <More list={list} />
      <div className="buttons start">
        <button type="button" disabled={copy.isPending} onClick={() => copy.mutate()}>
          {t("copyCourse")}
        </button>
        {published === null ? null : (
          <>
            {draft === null ? null : (
              <button type="button" onClick={open({ what: "discard" })}>
                {t("discard")}
              </button>
            )}
            <button type="button" onClick={open({ what: "retire" })}>
              {archived ? t("reopen") : t("retire")}
            </button>
          </>
        )}
      </div>
      {asked && shown ? (
        <Confirm title={shown.title} action={shown.action} busy={act.isPending} error={act.error} confirm={() => act.mutate(asked)} close={() => setAsked(undefined)}>
          <p>{shown.lead}</p>
        </Confirm>
      ) : null}
    </Screen>
  );
}
