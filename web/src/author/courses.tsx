import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Ask } from "../administrator/parts";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Choose, Filters, SearchBox, useFilters } from "../parts/filters";
import { TextField } from "../parts/form";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { More } from "../screens/home";
import { SCOPE, useUnit } from "./units";
import { useWords } from "./words";

type Course = Schemas["ListedCourseOut"];
function State({ course }: { course: Course }) {
  const { t } = useWords();
  return (
    <span className="pills">
      {course.archived ? <Pill tone="warn">{t("retired")}</Pill> : null}
      {course.published_version === null ? null : <Pill tone="good">{t("publishedAs", { number: course.published_version })}</Pill>}
      {course.draft_version === null ? null : <Pill tone="accent">{t("draft")}</Pill>}
    </span>
  );
}

function New({ close }: { close: () => void }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [title, setTitle] = useState("");
  const unit = useUnit();
  const make = useMutation({
    mutationFn: () => take(api.POST("/api/courses/", { body: { title, ...unit.body } })),
    onSuccess: async (course) => {
      await queries.invalidateQueries({ queryKey: ["courses"] });
      await navigate({ to: "/author/$courseId", params: { courseId: course.id } });
    },
  });
  return (
    <Ask title={t("newCourse")} action={t("makeCourse")} busy={make.isPending} error={make.error} close={close} act={() => make.mutate()}>
      <TextField label={t("title")} hint={t("titleHint")} pointer="/title" maxLength={200} value={title} change={setTitle} />
      {unit.fields}
    </Ask>
  );
}

/** The courses that one may author, and the way to a new one. */
export function AuthoredCourses() {
  const { t } = useWords();
  const [filters, change] = useFilters();
  const [making, setMaking] = useState(false);
  const onlyDrafts = filters["status"] === "draft";
  const q = filters["q"];
  const list = usePages(["courses", "authored", q, onlyDrafts], (cursor) =>
    take(api.GET("/api/courses/", { params: { query: { limit: 50, ...(q ? { q } : {}), ...(onlyDrafts ? { status: "draft" as const } : {}), ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <Screen title={t("authoring")} wide>
      <p className="press">
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          {t("newCourse")}
        </button>
      </p>
      <Filters>
        <SearchBox label={t("findCourse")} value={q ?? ""} change={(next) => change({ q: next })} />
        <Choose
          label={t("show")}
          value={onlyDrafts ? "draft" : ""}
          options={[
            { value: "", label: t("allCourses") },
            { value: "draft", label: t("withDraft") },
          ]}
          change={(status) => change({ status })}
        />
      </Filters>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noCourses")}>{q || onlyDrafts ? t("noCoursesLead") : t("noCourseYetLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("authoring")}
          rows={list.items}
          rowKey={(row) => row.id}
          columns={[
            {
              key: "title",
              title: t("title"),
              cell: (row) => (
                <Link to="/author/$courseId" params={{ courseId: row.id }}>
                  {row.title}
                </Link>
              ),
            },
            { key: "state", title: t("state"), cell: (row) => <State course={row} /> },
            { key: "scope", title: t("openTo"), cell: (row) => (row.scope_id ? `${t(SCOPE[row.scope])}: ${row.scope_id}` : t(SCOPE[row.scope])) },
            {
              key: "versions",
              title: t("versions"),
              cell: (row) => (
                <Link to="/author/$courseId/versions" params={{ courseId: row.id }} aria-label={`${t("versions")}: ${row.title}`}>
                  {t("versions")}
                </Link>
              ),
            },
          ]}
        />
      ) : null}
      <More list={list} />
      {making ? <New close={() => setMaking(false)} /> : null}
    </Screen>
  );
}
