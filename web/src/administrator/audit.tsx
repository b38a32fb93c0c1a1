import { Link } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Screen } from "../parts/basics";
import { Choose, Filters, useFilters } from "../parts/filters";
import { useByWhom, usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { More } from "../screens/home";
import { useCourses } from "./data";
import { DayField } from "./days";
import { given, offer } from "./parts";
import { PersonFilter } from "./person-filter";
import { useWords, type Key } from "./words";

type Entry = Schemas["AuditEntryOut"];
type Action = Entry["action"];

const FAMILIES = {
  accommodations: "accommodations",
  assignment_rule: "actRule",
  assignment_run: "actRun",
  certificate: "actCertificate",
  chapter: "actChapter",
  compliance_requirement: "actRequirement",
  course: "actCourse",
  document: "actDocument",
  enrollment: "actEnrollment",
  exemption: "actExemption",
  member: "actMember",
  members: "actMembers",
  membership_events: "actEvents",
  organization: "actOrganization",
  pass: "actPass",
  program: "actProgram",
  question_bank: "actBank",
  region: "actRegion",
  regrade: "actRegrade",
  renewals: "actRenewals",
  response: "actResponse",
  webhook: "actWebhook",
} as const satisfies Record<string, Key>;

/** What is offered to look for: the actions that people do, as the reference names them. */
const ACTIONS: readonly Action[] = [
  "assignment_rule.created",
  "assignment_rule.updated",
  "assignment_rule.deleted",
  "assignment_run.started",
  "assignment_run.undone",
  "certificate.reissued",
  "certificate.revoked",
  "compliance_requirement.rights_changed",
  "compliance_requirement.updated",
  "course.archived",
  "course.assigned",
  "course.created",
  "course.draft_saved",
  "course.published",
  "course.unarchived",
  "course.updated",
  "document.uploaded",
  "enrollment.attempts_granted",
  "enrollment.changed",
  "enrollment.completed",
  "enrollment.created",
  "enrollment.failed",
  "enrollment.withdrawn",
  "member.created",
  "member.erased",
  "member.updated",
  "organization.settings_changed",
  "pass.kept",
  "pass.revoked",
  "response.corrected",
  "response.graded",
  "webhook.created",
  "webhook.deleted",
  "webhook.disabled",
  "webhook.enabled",
  "webhook.secret_rotated",
];

/** `enrollment.attempts_granted` as “Enrollment: attempts granted”; the verb stays the reference's own word. */
function useAction(): (action: string) => string {
  const { t } = useWords();
  return (action) => {
    const [family = "", verb = ""] = action.split(".");
    const name = family in FAMILIES ? t(FAMILIES[family as keyof typeof FAMILIES]) : family;
    return `${name}: ${verb.replaceAll("_", " ")}`;
  };
}

function Subject({ entry }: { entry: Entry }) {
  // What has no name is one of many of its course; an id would tell nobody anything.
  const isId = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(entry.subject);
  const name = <bdi title={entry.subject}>{entry.subject_name ?? (isId ? (entry.course_title ?? "–") : entry.subject)}</bdi>;
  if (entry.subject_kind !== "member") return name;
  return (
    <Link to="/administer/members/$userId" params={{ userId: entry.subject }}>
      {name}
    </Link>
  );
}

const startOf = (day: string) => new Date(`${day}T00:00:00`).toISOString();
const endOf = (day: string) => new Date(`${day}T23:59:59`).toISOString();

export function Audit() {
  const { t, moment } = useWords();
  const tell = useAction();
  const byWhom = useByWhom();
  const [filters, change] = useFilters();
  const courses = useCourses();
  const action = ACTIONS.find((one) => one === filters["action"]);
  const query = {
    ...given(filters, ["actor", "subject", "course_id"]),
    ...(action ? { action } : {}),
    ...(filters["after"] ? { after: startOf(filters["after"]) } : {}),
    ...(filters["before"] ? { before: endOf(filters["before"]) } : {}),
  };
  const list = usePages(["audit", query], (cursor) =>
    take(api.GET("/api/audit/", { params: { query: { ...query, limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <Screen title={t("audit")} lead={t("auditLead")} wide>
      <Filters>
        <Choose
          label={t("action")}
          value={action ?? ""}
          options={[{ value: "", label: t("allActions") }, ...ACTIONS.map((value) => ({ value, label: tell(value) }))]}
          change={(value) => change({ action: value })}
        />
        <Choose label={t("course")} value={filters["course_id"] ?? ""} options={offer(courses.data, t("allCourses"))} change={(value) => change({ course_id: value })} />
        <PersonFilter label={t("doneBy")} value={filters["actor"] ?? ""} change={(actor) => change({ actor })} />
        <PersonFilter label={t("concernsWhom")} value={filters["subject"] ?? ""} change={(subject) => change({ subject })} />
        <DayField label={t("from")} value={filters["after"] ?? ""} change={(after) => change({ after })} />
        <DayField label={t("to")} value={filters["before"] ?? ""} change={(before) => change({ before })} />
      </Filters>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noEntries")}>{t("noMatchLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("audit")}
          rows={list.items}
          rowKey={(row) => row.id}
          columns={[
            { key: "action", title: t("action"), cell: (row) => tell(row.action) },
            { key: "subject", title: t("concerns"), cell: (row) => <Subject entry={row} /> },
            { key: "course", title: t("course"), cell: (row) => row.course_title ?? "–" },
            { key: "actor", title: t("by"), cell: (row) => <bdi>{row.actor_name ?? byWhom(row.actor)}</bdi> },
            { key: "reason", title: t("reason"), cell: (row) => row.reason ?? "–" },
            { key: "at", title: t("at"), brief: true, cell: (row) => moment(row.at) },
          ]}
        />
      ) : null}
      <More list={list} />
    </Screen>
  );
}
