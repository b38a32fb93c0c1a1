import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Ask, offer } from "../administrator/parts";
import { useChapters, useRegions } from "../administrator/data";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Choose, Filters, SearchBox, useFilters } from "../parts/filters";
import { SelectField, TextField } from "../parts/form";
import { useMe, usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { More } from "../screens/home";
import { useWords, type Key } from "./words";

type Course = Schemas["ListedCourseOut"];
type Scope = Course["scope"];

const SCOPE: Record<Scope, Key> = { national: "scopeNational", regional: "scopeRegional", chapter: "scopeChapter" };

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
  const me = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const units = me.data?.may.author ?? [];
  const broadest = (["national", "regional", "chapter"] as const).filter((_, index) => units.some((unit) => ["national", "regional", "chapter"].indexOf(unit.scope) <= index));
  const [title, setTitle] = useState("");
  const [scope, setScope] = useState<Scope>(broadest[0] ?? "national");
  const [unit, setUnit] = useState("");
  const regions = useRegions();
  const chapters = useChapters();
  const offered = scope === "regional" ? regions.data : chapters.data;
  const make = useMutation({
    mutationFn: () => take(api.POST("/api/courses/", { body: { title, scope, ...(scope === "national" ? {} : { scope_id: unit || offered?.[0]?.id || null }) } })),
    onSuccess: async (course) => {
      await queries.invalidateQueries({ queryKey: ["courses"] });
      await navigate({ to: "/author/$courseId", params: { courseId: course.id } });
    },
  });
  return (
    <Ask title={t("newCourse")} action={t("makeCourse")} busy={make.isPending} error={make.error} close={close} act={() => make.mutate()}>
      <TextField label={t("title")} hint={t("titleHint")} pointer="/title" maxLength={200} value={title} change={setTitle} />
      {broadest.length > 1 ? (
        <SelectField label={t("openTo")} pointer="/scope" value={scope} options={broadest.map((value) => ({ value, label: t(SCOPE[value]) }))} change={(value) => setScope(value as Scope)} />
      ) : null}
      {scope === "national" ? null : <SelectField label={t("openToWhich")} pointer="/scope_id" value={unit} options={offer(offered)} change={setUnit} />}
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
