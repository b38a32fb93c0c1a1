import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { api, take, type Schemas } from "../api";
import { Failure, Loading, Screen } from "../parts/basics";
import { TextField } from "../parts/form";
import { useToast } from "../parts/toasts";
import { useReach } from "./data";
import { DayField, DueDay, endOfDay, inDays } from "./days";
import { EnrollmentStatus, type Enrollment } from "./enrollments";
import { AskReason } from "./parts";
import { useWords, type Key } from "./words";

type Explanation = Schemas["ExplanationOut"];
type Source = Explanation["source"];

const SOURCE: Record<Source, Key> = {
  self: "bySelf",
  admin: "byAdmin",
  rule: "byRule",
  recertification: "byRenewal",
  imported: "byImport",
  program: "byProgram",
};
const GRANT: Record<Explanation["grants"][number]["kind"], Key> = {
  attempts: "grantAttempts",
  extra_time: "grantTime",
  due_at: "grantDue",
  withdrawal: "grantWithdrawal",
};
const EXTENSION_DAYS = 14;

type Asked = "extend" | "time" | "withdraw";

/** What an administrator may do about one enrollment that is open. */
function Actions({ one }: { one: Enrollment }) {
  const { t } = useWords();
  const { broad } = useReach();
  const say = useToast();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [due, setDue] = useState(() => inDays(EXTENSION_DAYS));
  const [minutes, setMinutes] = useState("15");
  const params = { path: { enrollment_id: one.id } };
  const act = useMutation({
    mutationFn: (reason: string) => {
      if (asked === "withdraw") return take(api.POST("/api/enrollments/{enrollment_id}/withdraw/", { params, body: { reason } }));
      const change = asked === "extend" ? { due_at: endOfDay(due) } : { extra_time_seconds: Math.round(Number(minutes) * 60) };
      return take(api.PATCH("/api/enrollments/{enrollment_id}/", { params, body: { ...change, ...(reason ? { reason } : {}) } }));
    },
    onSuccess: async () => {
      say(t("changedIt"));
      setAsked(null);
      await queries.invalidateQueries();
    },
  });
  const open = (what: Asked) => () => {
    act.reset();
    setAsked(what);
  };
  const dialog = { busy: act.isPending, error: act.error, close: () => setAsked(null), act: (reason: string) => act.mutate(reason) };
  if (one.withdrawn_at || one.status === "completed" || one.status === "failed") return null;
  return (
    <div className="buttons start">
      <button type="button" className="primary" onClick={open("extend")}>
        {t("extend")}
      </button>
      {broad ? (
        <>
          <button type="button" onClick={open("time")}>
            {t("giveTime")}
          </button>
          <button type="button" onClick={open("withdraw")}>
            {t("withdraw")}
          </button>
        </>
      ) : null}
      {asked === "extend" ? (
        <AskReason title={t("extend")} action={t("extend")} {...dialog}>
          <DayField label={t("dueDay")} pointer="/due_at" value={due} change={setDue} />
        </AskReason>
      ) : null}
      {asked === "time" ? (
        <AskReason title={t("giveTime")} lead={t("giveTimeLead")} action={t("giveTime")} {...dialog}>
          <TextField label={t("minutesMore")} pointer="/extra_time_seconds" type="number" min={0} value={minutes} change={setMinutes} />
        </AskReason>
      ) : null}
      {asked === "withdraw" ? <AskReason title={t("withdrawAsk")} lead={t("withdrawLead")} action={t("withdraw")} danger {...dialog} /> : null}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Why({ told }: { told: Explanation }) {
  const { t, moment } = useWords();
  return (
    <section>
      <h2 className="section">{t("why")}</h2>
      <ol className="trail">
        {told.sources.map((one) => (
          <li key={`${one.source} ${one.assigned_at}`}>
            <p>
              {one.cause.rule_id ? (
                <Link to="/administer/rules/$ruleId" params={{ ruleId: one.cause.rule_id }}>
                  {t(SOURCE[one.source])}
                </Link>
              ) : (
                t(SOURCE[one.source])
              )}
              {one.cause.kind === "person" && one.source === "admin" ? ` · ${one.cause.id}` : null}
            </p>
            <p className="hint">
              {moment(one.assigned_at)}
              {one.due_at ? ` · ${t("dueOn", { date: moment(one.due_at) })}` : ""}
            </p>
          </li>
        ))}
        {told.grants.map((one) => (
          <li key={`${one.kind} ${one.granted_at}`}>
            <p>
              {t(GRANT[one.kind], { amount: one.kind === "extra_time" ? Math.round((one.amount ?? 0) / 60) : (one.amount ?? 0), date: one.due_at ? moment(one.due_at) : "" })}
              {one.reason ? ` · “${one.reason}”` : null}
            </p>
            <p className="hint">
              {moment(one.granted_at)} · {one.granted_by}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** One enrollment: where it stands, why it exists, and what can be done about it. */
export function EnrollmentScreen() {
  const { enrollmentId } = useParams({ strict: false }) as { enrollmentId: string };
  const { t, day, number } = useWords();
  const params = { path: { enrollment_id: enrollmentId } };
  const enrollment = useQuery({
    queryKey: ["enrollment", enrollmentId],
    queryFn: () => take(api.GET("/api/enrollments/{enrollment_id}/", { params })),
  });
  const why = useQuery({
    queryKey: ["enrollment", enrollmentId, "why"],
    queryFn: () => take(api.GET("/api/enrollments/{enrollment_id}/explain/", { params })),
  });
  if (enrollment.error) return <Failure error={enrollment.error} again={() => void enrollment.refetch()} />;
  if (!enrollment.data) return <Loading />;
  const one = enrollment.data;
  return (
    <Screen
      title={one.course_title}
      lead={
        <Link to="/administer/members/$userId" params={{ userId: one.user_id }}>
          <bdi>{one.display_name}</bdi>
        </Link>
      }
      wide
    >
      <dl className="facts">
        <Fact name={t("status")}>
          <EnrollmentStatus row={one} />
        </Fact>
        <Fact name={t("chapter")}>{one.chapter_name}</Fact>
        <Fact name={t("due")}>{one.due_at ? <DueDay at={one.due_at} late={one.overdue} /> : "–"}</Fact>
        <Fact name={t("progress")}>{`${number(one.percent)} %`}</Fact>
        <Fact name={t("score")}>{one.score === null ? "–" : `${number(one.score)} %`}</Fact>
        <Fact name={t("version")}>{number(one.version)}</Fact>
        {one.completed_at ? <Fact name={t("completedDay")}>{day(one.completed_at)}</Fact> : null}
      </dl>
      <Actions one={one} />
      {why.data ? <Why told={why.data} /> : null}
    </Screen>
  );
}
