import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Failure, Loading, Pill, Screen } from "../parts/basics";
import { SelectField } from "../parts/form";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { STATUS as ENROLLMENT } from "../screens/catalogue";
import { CERTIFICATE } from "../screens/mine";
import { AccommodationsOf } from "./accommodations";
import { STATUS } from "./compliance";
import { useCourses, usePrograms, useReach } from "./data";
import { DayField, DueDay, endOfDay } from "./days";
import { Ask, offer, statusName } from "./parts";
import { useWords } from "./words";

type Member = Schemas["MemberRecordOut"];

const SKIPPED = { completed: "skippedCompleted", failed: "skippedFailed", "unknown-member": "skippedUnknown" } as const;

function AssignCourse({ member }: { member: Member }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const courses = useCourses();
  const programs = usePrograms();
  const [open, setOpen] = useState(false);
  const [course, setCourse] = useState("");
  const [due, setDue] = useState("");
  const assign = useMutation({
    mutationFn: (id: string) => {
      const body = { user_ids: [member.user_id], ...(due ? { due_at: endOfDay(due) } : {}) };
      const answer = programs.data?.some((one) => one.id === id)
        ? take(api.POST("/api/programs/{program_id}/assign/", { params: { path: { program_id: id } }, body }))
        : take(api.POST("/api/courses/{course_id}/assign/", { params: { path: { course_id: id } }, body }));
      return answer as Promise<Schemas["AssignedOut"]>;
    },
    onSuccess: async (told) => {
      setOpen(false);
      const skipped = told.skipped[0];
      say(skipped ? t(SKIPPED[skipped.reason as keyof typeof SKIPPED] ?? "skippedUnknown") : t(told.assigned > 0 ? "courseAssigned" : "courseAlready"));
      await queries.invalidateQueries();
    },
  });
  const offered = [
    ...(courses.data?.filter((one) => one.published_version !== null && !one.archived) ?? []),
    ...(programs.data?.filter((one) => one.published_version !== null) ?? []),
  ];
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {t("assignCourse")}
      </button>
      {open ? (
        <Ask
          title={t("assignCourse")}
          action={t("assign")}
          busy={assign.isPending}
          error={assign.error}
          close={() => setOpen(false)}
          act={() => course && assign.mutate(course)}
        >
          <SelectField label={t(programs.data?.length ? "courseOrProgram" : "course")} value={course} options={offer(offered, t("chooseCourse"))} change={setCourse} />
          <DayField label={t("dueDay")} hint={t("dueDayOptional")} pointer="/due_at" value={due} change={setDue} />
        </Ask>
      ) : null}
    </>
  );
}

function Requirements({ rows }: { rows: Schemas["ComplianceOut"][] }) {
  const { t, day } = useWords();
  if (rows.length === 0) return <p className="hint">{t("nothingRequired")}</p>;
  return (
    <Table
      caption={t("requirementsTitle")}
      rows={rows}
      rowKey={(row) => row.requirement_id}
      columns={[
        { key: "requirement", title: t("requirement"), cell: (row) => row.requirement_name },
        { key: "status", title: t("status"), cell: (row) => <Pill tone={STATUS[row.status]?.tone ?? "plain"}>{t(STATUS[row.status]?.key ?? "status")}</Pill> },
        { key: "due", title: t("due"), brief: true, cell: (row) => (row.due_at ? <DueDay at={row.due_at} /> : "–") },
        { key: "completedDay", title: t("completedDay"), brief: true, cell: (row) => (row.completed_at ? day(row.completed_at) : "–") },
        { key: "validTo", title: t("validTo"), brief: true, cell: (row) => (row.expires_at ? day(row.expires_at) : "–") },
      ]}
    />
  );
}

function Enrollments({ rows }: { rows: Member["enrollments"] }) {
  const { t, day, number } = useWords();
  if (rows.length === 0) return <p className="hint">{t("noEnrollments")}</p>;
  return (
    <Table
      caption={t("enrollments")}
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "course", title: t("course"),
          cell: (row) => (
            <Link to="/administer/enrollments/$enrollmentId" params={{ enrollmentId: row.id }}>
              {row.course_title}
            </Link>
          ),
        },
        {
          key: "status", title: t("status"),
          cell: (row) => (row.withdrawn_at ? <Pill>{t("withdrawn")}</Pill> : <Pill tone={ENROLLMENT[row.status].tone}>{t(ENROLLMENT[row.status].key)}</Pill>),
        },
        { key: "due", title: t("due"), brief: true, cell: (row) => (row.due_at ? <DueDay at={row.due_at} late={row.overdue} /> : "–") },
        { key: "completedDay", title: t("completedDay"), brief: true, cell: (row) => (row.completed_at ? day(row.completed_at) : "–") },
        { key: "score", title: t("score"), cell: (row) => (row.score === null ? "–" : `${number(row.score)} %`), number: true },
      ]}
    />
  );
}

function Certificates({ rows }: { rows: Member["certificates"] }) {
  const { t, day } = useWords();
  if (rows.length === 0) return <p className="hint">{t("noCertificatesYet")}</p>;
  return (
    <Table
      caption={t("certificatesTitle")}
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "course", title: t("course"),
          cell: (row) => (
            <a href={row.verification_url} target="_blank" rel="noreferrer">
              {row.course_title}
            </a>
          ),
        },
        { key: "status", title: t("status"), cell: (row) => <Pill tone={CERTIFICATE[row.status].tone}>{t(CERTIFICATE[row.status].key)}</Pill> },
        { key: "issuedDay", title: t("issuedDay"), brief: true, cell: (row) => day(row.issued_at) },
        { key: "validTo", title: t("validTo"), brief: true, cell: (row) => (row.expires_at ? day(row.expires_at) : "–") },
      ]}
    />
  );
}

/** One person: what they must meet, what they take, what they have. */
export function MemberScreen() {
  const { userId } = useParams({ strict: false }) as { userId: string };
  const { t, day } = useWords();
  const { broad } = useReach();
  const member = useQuery({
    queryKey: ["member", userId],
    queryFn: () => take(api.GET("/api/directory/members/{user_id}/", { params: { path: { user_id: userId } } })),
  });
  if (member.error) return <Failure error={member.error} again={() => void member.refetch()} />;
  if (!member.data) return <Loading />;
  const one = member.data;
  const fields = Object.entries(one.custom_fields);
  return (
    <Screen title={one.display_name} wide>
      <p className="meta">
        <span>{one.chapter_name}</span>
        <span>{statusName(one.status)}</span>
        {one.email ? <a href={`mailto:${one.email}`}>{one.email}</a> : null}
        <span>{one.user_id}</span>
      </p>
      <div className="press">
        <AssignCourse member={one} />
      </div>
      <h2 className="section">{t("requirementsTitle")}</h2>
      <Requirements rows={one.compliance} />
      <h2 className="section">{t("enrollments")}</h2>
      <Enrollments rows={one.enrollments} />
      <h2 className="section">{t("certificatesTitle")}</h2>
      <Certificates rows={one.certificates} />
      {one.skills.length > 0 ? (
        <>
          <h2 className="section">{t("skills")}</h2>
          <ul className="pills">
            {one.skills.map((skill) => (
              <li key={skill.skill_id} className="pill accent">
                {skill.name} · {day(skill.acquired_at)}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {broad ? (
        <>
          <h2 className="section">{t("accommodations")}</h2>
          <AccommodationsOf userId={userId} />
        </>
      ) : null}
      {fields.length > 0 ? (
        <>
          <h2 className="section">{t("customFields")}</h2>
          <dl className="facts">
            {fields.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        </>
      ) : null}
    </Screen>
  );
}
