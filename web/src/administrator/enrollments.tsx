import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Choose, Filters, SearchBox, useFilters } from "../parts/filters";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { STATUS } from "../screens/catalogue";
import { More } from "../screens/home";
import { Bulk } from "./bulk";
import { useChapters, useCourses, useRegions } from "./data";
import { DueDay } from "./days";
import { SaveFile } from "./file";
import { given, offer } from "./parts";
import { useWords } from "./words";

export type Enrollment = Schemas["MemberEnrollmentOut"];

const NAMES = ["q", "course_id", "chapter_id", "region_id", "status", "user_id", "overdue", "awaiting_review", "withdrawn"];
const SORTS = ["due_at", "-assigned_at", "display_name"] as const;

/** The one choice that stands for a status and for what is asked beside it. */
const STANDINGS = {
  assigned: { status: "assigned" },
  in_progress: { status: "in_progress" },
  overdue: { overdue: "true" },
  awaiting: { awaiting_review: "true" },
  completed: { status: "completed" },
  failed: { status: "failed" },
  withdrawn: { withdrawn: "true" },
} as const;
const NOTHING = { status: undefined, overdue: undefined, awaiting_review: undefined, withdrawn: undefined };

export function EnrollmentStatus({ row }: { row: Pick<Enrollment, "status" | "withdrawn_at" | "awaiting_review"> }) {
  const { t } = useWords();
  if (row.withdrawn_at) return <Pill>{t("withdrawn")}</Pill>;
  if (row.awaiting_review) return <Pill tone="accent">{t("awaitingReview")}</Pill>;
  return <Pill tone={STATUS[row.status].tone}>{t(STATUS[row.status].key)}</Pill>;
}

const nameOf = (rows: readonly Enrollment[] | undefined, id: string): string => {
  const row = rows?.find((one) => one.id === id);
  return row ? `${row.display_name}, ${row.course_title}` : "";
};

export function Enrollments() {
  const words = useWords();
  const { t, day, number } = words;
  const [filters, change] = useFilters();
  const courses = useCourses();
  const chapters = useChapters();
  const regions = useRegions();
  const asked = given(filters, NAMES);
  const sort = SORTS.find((one) => one === filters["sort"]) ?? "-assigned_at";
  const standing = Object.entries(STANDINGS).find(([, set]) => Object.entries(set).every(([name, value]) => filters[name] === value))?.[0] ?? "";
  const query = asked as NonNullable<Parameters<typeof api.GET<"/api/enrollments/", object>>[1]>;
  const list = usePages(["enrollments", asked, sort], (cursor) =>
    take(api.GET("/api/enrollments/", { params: { query: { ...query, sort, limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  const total = useQuery({
    queryKey: ["enrollments", "count", asked],
    queryFn: () => take(api.GET("/api/enrollments/", { params: { query: { ...query, limit: 1, count: true } } })),
    placeholderData: keepPreviousData,
  });
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const picked = (list.items ?? []).filter((row) => chosen.has(row.id));
  return (
    <Screen title={t("enrollments")} wide>
      <Filters>
        <SearchBox label={t("findEnrollment")} value={filters["q"] ?? ""} change={(q) => change({ q })} />
        <Choose label={t("course")} value={filters["course_id"] ?? ""} options={offer(courses.data, t("allCourses"))} change={(value) => change({ course_id: value })} />
        {(regions.data?.length ?? 0) > 1 ? (
          <Choose label={t("region")} value={filters["region_id"] ?? ""} options={offer(regions.data, t("allRegions"))} change={(value) => change({ region_id: value })} />
        ) : null}
        <Choose label={t("chapter")} value={filters["chapter_id"] ?? ""} options={offer(chapters.data, t("allChapters"))} change={(value) => change({ chapter_id: value })} />
        <Choose
          label={t("status")}
          value={standing}
          options={[
            { value: "", label: t("allStatuses") },
            { value: "assigned", label: t("statusAssigned") },
            { value: "in_progress", label: t("statusInProgress") },
            { value: "overdue", label: t("overdue") },
            { value: "awaiting", label: t("awaitingReview") },
            { value: "completed", label: t("statusCompleted") },
            { value: "failed", label: t("statusFailed") },
            { value: "withdrawn", label: t("withdrawn") },
          ]}
          change={(value) => change({ ...NOTHING, ...(value in STANDINGS ? STANDINGS[value as keyof typeof STANDINGS] : {}) })}
        />
        <Choose
          label={t("order")}
          value={sort}
          options={[
            { value: "-assigned_at", label: t("newestFirst") },
            { value: "due_at", label: t("dueFirst") },
            { value: "display_name", label: t("byName") },
          ]}
          change={(value) => change({ sort: value })}
        />
        <SaveFile path="/api/enrollments/" query={asked} name="enrollments" />
      </Filters>
      {filters["user_id"] ? (
        <p className="meta">
          {t("ofOnePerson")}
          <button type="button" className="small" onClick={() => change({ user_id: undefined })}>
            {t("ofAll")}
          </button>
        </p>
      ) : null}
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      <p className="hint" role="status">
        {total.data?.total === null || total.data?.total === undefined ? "" : t("enrollmentsCount", { count: total.data.total })}
      </p>
      <Bulk chosen={picked} found={total.data?.total ?? 0} asked={asked} settled={() => choose(new Set())} />
      {list.items?.length === 0 ? <Empty title={t("noEnrollmentsFound")}>{t("noMatchLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("enrollments")}
          rows={list.items}
          rowKey={(row) => row.id}
          selection={{ chosen, choose, name: (id) => nameOf(list.items, id) }}
          columns={[
            {
              key: "person",
              title: t("person"),
              cell: (row) => (
                <>
                  <Link to="/administer/enrollments/$enrollmentId" params={{ enrollmentId: row.id }}>
                    <bdi>{row.display_name}</bdi>
                  </Link>
                  <small className="under">{row.chapter_name}</small>
                </>
              ),
            },
            { key: "course", title: t("course"), cell: (row) => row.course_title },
            { key: "status", title: t("status"), cell: (row) => <EnrollmentStatus row={row} /> },
            { key: "due", title: t("due"), brief: true, cell: (row) => (row.due_at ? <DueDay at={row.due_at} late={row.overdue} /> : "–") },
            { key: "percent", title: t("progress"), number: true, cell: (row) => `${number(row.percent)} %` },
            { key: "score", title: t("score"), number: true, cell: (row) => (row.score === null ? "–" : `${number(row.score)} %`) },
            { key: "completed", title: t("completedDay"), brief: true, cell: (row) => (row.completed_at ? day(row.completed_at) : "–") },
          ]}
        />
      ) : null}
      <More list={list} />
    </Screen>
  );
}
