import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Choose, Filters, useFilters } from "../parts/filters";
import { SelectField } from "../parts/form";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { More } from "../screens/home";
import { STATUS, type Status } from "./compliance";
import { useChapterMembers, useChapters, useRequirements } from "./data";
import { DayField, DueDay, endOfDay, inDays } from "./days";
import { Ask, offer } from "./parts";
import { useWords, type Key } from "./words";

type Standing = Schemas["ComplianceOut"];

/** Who has to do something comes first. */
const STATUSES: readonly Status[] = ["not_started", "pending", "expired", "failed", "complete", "exempt"];
const EXTENSION_DAYS = 14;

/** What one press does for all who are listed. */
const PRESS: Partial<Record<Status, { label: Key; ask: Key; lead: Key }>> = {
  pending: { label: "extendAll", ask: "extendAsk", lead: "extendLead" },
  not_started: { label: "assignAll", ask: "assignAsk", lead: "assignLead" },
  expired: { label: "assignAll", ask: "assignAsk", lead: "assignLead" },
  failed: { label: "assignAll", ask: "assignAsk", lead: "assignLead" },
};

async function openEnrollments(chapterId: string, courseId: string): Promise<Schemas["MemberEnrollmentOut"][]> {
  const query = { chapter_id: chapterId, course_id: courseId, limit: 200 };
  const page = await take(api.GET("/api/enrollments/", { params: { query } }));
  return page.items.filter((one) => one.status === "assigned" || one.status === "in_progress");
}

/** Give the open enrollments of these people in these courses until `due`; how many were changed. */
async function extend(chapterId: string, courses: string[], people: Set<string>, due: string): Promise<number> {
  const open = (await Promise.all(courses.map((course) => openEnrollments(chapterId, course)))).flat();
  const late = open.filter((one) => people.has(one.user_id) && (one.due_at === null || one.due_at < due));
  await Promise.all(
    late.map((one) => take(api.PATCH("/api/enrollments/{enrollment_id}/", { params: { path: { enrollment_id: one.id } }, body: { due_at: due } }))),
  );
  return late.length;
}

async function assign(courseId: string, people: Set<string>, due: string): Promise<number> {
  const body = { user_ids: [...people], due_at: due };
  const told = await take(api.POST("/api/courses/{course_id}/assign/", { params: { path: { course_id: courseId } }, body }));
  return "assigned" in told ? told.assigned : people.size;
}

function Press(props: { status: Status; chapterId: string; rows: Standing[]; requirement: Schemas["RequirementOut"] }) {
  const { status, chapterId, rows, requirement } = props;
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [day, setDay] = useState(() => inDays(EXTENSION_DAYS));
  const [course, setCourse] = useState<string>();
  const press = PRESS[status];
  const chosen = course ?? requirement.courses[0]?.id;
  const people = new Set(rows.map((row) => row.user_id));
  const act = useMutation({
    mutationFn: () => {
      const due = endOfDay(day);
      if (status === "pending") return extend(chapterId, requirement.courses.map((one) => one.id), people, due);
      return assign(chosen ?? "", people, due);
    },
    onSuccess: async (count) => {
      setOpen(false);
      say(t(status === "pending" ? "extendedCount" : "assignedCount", { count }));
      await queries.invalidateQueries();
    },
  });
  if (!press || !chosen) return null;
  return (
    <>
      {rows.length > 0 ? (
        <p className="press">
          <button type="button" className="primary" onClick={() => setOpen(true)}>
            {t(press.label, { count: rows.length })}
          </button>
        </p>
      ) : null}
      {open ? (
        <Ask title={t(press.ask, { count: rows.length })} lead={t(press.lead)} action={t(press.label, { count: rows.length })} busy={act.isPending} error={act.error} close={() => setOpen(false)} act={() => act.mutate()}>
          {status === "pending" ? null : <SelectField label={t("course")} value={chosen} options={offer(requirement.courses)} change={setCourse} />}
          <DayField label={t("dueDay")} pointer="/due_at" value={day} change={setDay} />
        </Ask>
      ) : null}
    </>
  );
}

function People(props: { chapterId: string; requirement: Schemas["RequirementOut"]; status: Status }) {
  const { chapterId, requirement, status } = props;
  const { t, day } = useWords();
  const members = useChapterMembers(chapterId);
  const list = usePages(["statuses", chapterId, requirement.id, status], (cursor) =>
    take(
      api.GET("/api/compliance/statuses/", {
        params: { query: { chapter_id: chapterId, requirement_id: requirement.id, status, limit: 200, ...(cursor ? { cursor } : {}) } },
      }),
    ),
  );
  if (list.error) return <Failure error={list.error} again={() => void list.refetch()} />;
  if (!list.items || !members.data) return <Loading />;
  return (
    <>
      <Press key={status} status={status} chapterId={chapterId} rows={list.items} requirement={requirement} />
      {list.items.length === 0 && !list.isFetching ? <Empty title={t("nobodyOfThis")} /> : null}
      {list.items.length > 0 ? (
        <Table
          caption={t("people")}
          rows={list.items}
          rowKey={(row) => row.user_id}
          columns={[
            {
              key: "person", title: t("person"),
              cell: (row) => (
                <Link to="/administer/members/$userId" params={{ userId: row.user_id }}>
                  <bdi>{members.data.get(row.user_id)?.display_name ?? row.user_id}</bdi>
                </Link>
              ),
            },
            {
              key: "status", title: t("status"),
              cell: (row) => <Pill tone={STATUS[row.status]?.tone ?? "plain"}>{t(STATUS[row.status]?.key ?? "status")}</Pill>,
            },
            { key: "due", title: t("due"), brief: true, cell: (row) => (row.due_at ? <DueDay at={row.due_at} /> : "–") },
            { key: "validTo", title: t("validTo"), brief: true, cell: (row) => (row.expires_at ? day(row.expires_at) : "–") },
          ]}
        />
      ) : null}
      <More list={list} />
    </>
  );
}

/** Who is missing in one chapter, by name, and one press that does something about it. */
export function ChapterScreen() {
  const { chapterId } = useParams({ strict: false }) as { chapterId: string };
  const { t } = useWords();
  const [filters, change] = useFilters();
  const requirements = useRequirements();
  const requirement = requirements.data?.find((one) => one.id === filters.requirement_id) ?? requirements.data?.[0];
  const report = useQuery({
    queryKey: ["report", "compliance", { chapterId, of: requirement?.id }],
    queryFn: () =>
      take(
        api.GET("/api/reports/compliance/", { params: { query: { chapter_id: chapterId, requirement_id: requirement?.id ?? "" } } }),
      ) as Promise<Schemas["ComplianceReportOut"]>,
    enabled: requirement !== undefined,
  });
  const counts = report.data?.totals;
  const status = STATUSES.find((one) => one === filters.status) ?? STATUSES.find((one) => (counts?.[one] ?? 0) > 0) ?? "complete";
  const chapters = useChapters();
  const name = chapters.data?.find((one) => one.id === chapterId)?.name ?? chapterId;
  return (
    <Screen title={name} wide>
      <Filters>
        <Choose label={t("requirement")} value={requirement?.id ?? ""} options={offer(requirements.data)} change={(value) => change({ requirement_id: value, status: undefined })} />
        <Link to="/administer/trends" search={{ chapter_id: chapterId, ...(requirement ? { requirement_id: requirement.id } : {}) } as never}>
          {t("overTime")}
        </Link>
      </Filters>
      {report.error ? <Failure error={report.error} again={() => void report.refetch()} /> : null}
      {requirements.data?.length === 0 ? <Empty title={t("noRequirementsYet")} /> : null}
      {counts ? (
        <div className="chips" role="group" aria-label={t("status")}>
          {STATUSES.map((one) => (
            <button key={one} type="button" aria-pressed={one === status} onClick={() => change({ requirement_id: requirement?.id, status: one })}>
              {t(STATUS[one]?.key ?? "status")} <span className="count">{counts[one]}</span>
            </button>
          ))}
        </div>
      ) : null}
      {requirement && counts ? <People chapterId={chapterId} requirement={requirement} status={status} /> : null}
    </Screen>
  );
}
