import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Failure, Pill } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/form";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { useReach } from "./data";
import { DayField, endOfDay, inDays } from "./days";
import { Ask, AskReason } from "./parts";
import { useWords, type Key } from "./words";

type Change = Schemas["BulkIn"];
type Action = Change["action"];
type Skipped = Schemas["SkippedEnrollmentOut"];
type Enrollment = Schemas["MemberEnrollmentOut"];

const EXTENSION_DAYS = 14;
const POLL_MILLISECONDS = 1_000;
const MOST_ATTEMPTS = 100;

const ACTION: Record<Action, { label: Key; ask: Key; lead: Key; broad?: true; danger?: true }> = {
  remind: { label: "remind", ask: "remindAsk", lead: "remindLead" },
  extend: { label: "extend", ask: "extendAsk", lead: "extendLead" },
  grant_attempts: { label: "grantMore", ask: "grantAsk", lead: "grantLead", broad: true },
  withdraw: { label: "withdraw", ask: "withdrawManyAsk", lead: "withdrawLead", broad: true, danger: true },
};
const REASON: Record<Skipped["reason"], Key> = {
  "not-found": "skippedNotFound",
  forbidden: "skippedForbidden",
  completed: "skippedDone",
  withdrawn: "skippedWithdrawn",
  "nothing-to-do": "skippedNothing",
  "no-address": "skippedNoAddress",
};

/** Whom a change is for: those who were chosen, or all whom the filters find. */
export type Whom = { ids: string[] } | { filter: NonNullable<Change["filter"]> };

/** The list's filters, which come as text, as the body of a change has them. */
export function filterOf(asked: Readonly<Record<string, string>>): NonNullable<Change["filter"]> {
  const flags = new Set(["overdue", "awaiting_review", "withdrawn"]);
  return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, flags.has(name) ? value === "true" : value]));
}

interface Outcome {
  action: Action;
  /** Those who were chosen, as they were before. */
  chosen: readonly Enrollment[];
  told: Schemas["BulkOut"] | Schemas["StartedOut"];
}

/** Does one thing to many enrollments, and says of each what came of it. */
export function Bulk(props: { chosen: readonly Enrollment[]; found: number; asked: Readonly<Record<string, string>>; settled: () => void }) {
  const { chosen, found, asked, settled } = props;
  const { t } = useWords();
  const { broad } = useReach();
  const [action, setAction] = useState<Action | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const count = chosen.length > 0 ? chosen.length : found;
  const whom: Whom = chosen.length > 0 ? { ids: chosen.map((one) => one.id) } : { filter: filterOf(asked) };
  const offered = (Object.keys(ACTION) as Action[]).filter((one) => broad || !ACTION[one].broad);
  return (
    <>
      {count > 0 ? (
        <div className="row-actions" role="group" aria-label={t("actions")}>
          <span className="hint" role="status">
            {t(chosen.length > 0 ? "forChosen" : "forFound", { count })}
          </span>
          {offered.map((one) => (
            <button key={one} type="button" className="small" onClick={() => setAction(one)}>
              {t(ACTION[one].label)}
            </button>
          ))}
          {chosen.length > 0 ? (
            <button type="button" className="small" onClick={settled}>
              {t("chooseNone")}
            </button>
          ) : null}
        </div>
      ) : null}
      {action ? (
        <Question
          action={action}
          count={count}
          whom={whom}
          close={() => setAction(null)}
          done={(told) => {
            setAction(null);
            setOutcome({ action, chosen, told });
            settled();
          }}
        />
      ) : null}
      {outcome ? <Result outcome={outcome} close={() => setOutcome(null)} /> : null}
    </>
  );
}

function Question(props: { action: Action; count: number; whom: Whom; close: () => void; done: (told: Outcome["told"]) => void }) {
  const { action, count, whom, close, done } = props;
  const { t } = useWords();
  const queries = useQueryClient();
  const [day, setDay] = useState(() => inDays(EXTENSION_DAYS));
  const [extra, setExtra] = useState("1");
  const act = useMutation({
    mutationFn: (reason: string) => {
      const body: Change = {
        action,
        extra: 1,
        ...whom,
        ...(action === "extend" ? { due_at: endOfDay(day) } : {}),
        ...(action === "grant_attempts" ? { extra: Number(extra) } : {}),
        ...(reason ? { reason } : {}),
      };
      return take(api.POST("/api/enrollments/bulk/", { body }));
    },
    onSuccess: async (told) => {
      done(told);
      await queries.invalidateQueries();
    },
  });
  const { label, ask, lead, danger } = ACTION[action];
  const dialog = { title: t(ask, { count }), lead: t(lead), action: t(label), danger: danger ?? false, busy: act.isPending, error: act.error, close };
  if (action === "remind") return <Ask {...dialog} act={() => act.mutate("")} />;
  return (
    <AskReason {...dialog} act={(reason) => act.mutate(reason)}>
      {action === "extend" ? <DayField label={t("dueDay")} pointer="/due_at" value={day} change={setDay} /> : null}
      {action === "grant_attempts" ? (
        <TextField label={t("attemptsMore")} pointer="/extra" type="number" min={1} max={MOST_ATTEMPTS} value={extra} change={setExtra} />
      ) : null}
    </AskReason>
  );
}

function Result({ outcome, close }: { outcome: Outcome; close: () => void }) {
  const { t } = useWords();
  const { told } = outcome;
  return (
    <Dialog title={t("resultTitle")} close={close} wide>
      {"run_id" in told ? <Progress runId={told.run_id} /> : <Rows chosen={outcome.chosen} told={told} />}
      <div className="buttons">
        <button type="button" className="primary" onClick={close}>
          {t("close")}
        </button>
      </div>
    </Dialog>
  );
}

/** What came of each that was chosen; of those that were found, only with which nothing was done. */
function Rows({ chosen, told }: { chosen: readonly Enrollment[]; told: Schemas["BulkOut"] }) {
  const { t } = useWords();
  const reasons = new Map(told.skipped.map((one) => [one.enrollment_id, one.reason]));
  const named = new Map(chosen.map((one) => [one.id, one]));
  const rows = chosen.length > 0 ? chosen.map((one) => one.id) : [...reasons.keys()];
  return (
    <>
      <p role="status">{t("resultLead", { done: told.done, skipped: told.skipped.length })}</p>
      {rows.length > 0 ? (
        <Table
          caption={t("resultTitle")}
          rows={rows}
          rowKey={(id) => id}
          columns={[
            {
              key: "person",
              title: t("person"),
              cell: (id) => (
                <Link to="/administer/enrollments/$enrollmentId" params={{ enrollmentId: id }}>
                  <bdi>{named.get(id)?.display_name ?? t("oneEnrollment")}</bdi>
                </Link>
              ),
            },
            { key: "course", title: t("course"), cell: (id) => named.get(id)?.course_title ?? "–" },
            { key: "result", title: t("result"), cell: (id) => <Came reason={reasons.get(id)} /> },
          ]}
        />
      ) : null}
    </>
  );
}

function Came({ reason }: { reason: Skipped["reason"] | undefined }) {
  const { t } = useWords();
  return reason ? <Pill tone="warn">{t(REASON[reason])}</Pill> : <Pill tone="good">{t("changedIt")}</Pill>;
}

/** A run that does it in the background, until it is over. */
export function Progress({ runId }: { runId: string }) {
  const { t, number } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const run = useQuery({
    queryKey: ["run", runId],
    queryFn: async () => {
      const told = await take(api.GET("/api/runs/{run_id}/", { params: { path: { run_id: runId } } }));
      if (told.status !== "running") {
        say(t("resultLead", { done: told.done, skipped: told.skipped }));
        await queries.invalidateQueries({ queryKey: ["enrollments"] });
      }
      return told;
    },
    refetchInterval: (query) => (query.state.data && query.state.data.status !== "running" ? false : POLL_MILLISECONDS),
  });
  if (run.error) return <Failure error={run.error} again={() => void run.refetch()} />;
  const told = run.data;
  if (!told) return <p role="status">{t("runStarted")}</p>;
  return (
    <>
      <p>{t("runLead")}</p>
      <progress max={Math.max(told.total, 1)} value={told.done + told.skipped} aria-label={t("progress")} />
      <p role="status">
        {told.status === "failed" ? t("runStoppedFor", { reason: told.error ?? "" }) : t("resultLead", { done: told.done, skipped: told.skipped })}
        {` · ${t("ofMatches", { count: number(told.total) })}`}
      </p>
    </>
  );
}
