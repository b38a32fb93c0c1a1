import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, done, take, type Schemas } from "../api";
import { Failure, Loading, Pill, Screen, type Tone } from "../parts/basics";
import { Confirm } from "../parts/dialog";
import { useByWhom } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { describe } from "./audience-field";
import { Figure } from "./parts";
import { RuleForm } from "./rule-form";
import { dueOf, whenOf, type Rule } from "./rules";
import { useWords, type Key } from "./words";

type Run = Schemas["RunOut"];

const RUN: Record<Run["status"], { key: Key; tone: Tone }> = {
  running: { key: "runRunning", tone: "accent" },
  done: { key: "runDone", tone: "good" },
  stopped: { key: "runStopped", tone: "bad" },
  undoing: { key: "runUndoing", tone: "accent" },
  undone: { key: "runUndone", tone: "plain" },
};
const UNDER_WAY: ReadonlySet<Run["status"]> = new Set(["running", "undoing"]);
const LOOK_AGAIN = 1000;
const NAMES_SHOWN = 8;

export function NewRule() {
  const { t } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (body: Schemas["RuleIn"]) => take(api.POST("/api/assignment-rules/", { body })),
    onSuccess: async (rule) => {
      await queries.invalidateQueries({ queryKey: ["rules"] });
      await navigate({ to: "/administer/rules/$ruleId", params: { ruleId: rule.id } });
    },
  });
  return (
    <Screen title={t("newRule")} lead={t("newRuleLead")}>
      <RuleForm busy={make.isPending} error={make.error} save={(body) => make.mutate(body)} />
    </Screen>
  );
}

function Name({ userId }: { userId: string }) {
  const member = useQuery({
    queryKey: ["member", userId],
    queryFn: () => take(api.GET("/api/directory/members/{user_id}/", { params: { path: { user_id: userId } } })),
    staleTime: 60_000,
  });
  return (
    <Link className="pill accent" to="/administer/members/$userId" params={{ userId }}>
      <bdi>{member.data?.display_name ?? userId}</bdi>
    </Link>
  );
}

/** Whom a run would reach now, before anyone is reached. */
function Preview({ rule, run }: { rule: Rule; run: { go: () => void; busy: boolean } }) {
  const { t, number } = useWords();
  const preview = useQuery({
    queryKey: ["rule", rule.id, "preview", rule.updated_at],
    queryFn: () => take(api.POST("/api/assignment-rules/{rule_id}/preview/", { params: { path: { rule_id: rule.id } } })),
  });
  if (preview.error) return <Failure error={preview.error} again={() => void preview.refetch()} />;
  if (!preview.data) return <Loading />;
  const { matches, would_assign: would, already_enrolled: already, sample } = preview.data;
  return (
    <section className="now">
      <h2>{t("reaches")}</h2>
      <dl className="figures">
        <Figure name={t("matches")} value={number(matches)} />
        <Figure name={t("wouldAssign")} value={number(would)} tone="main" />
        <Figure name={t("alreadyThere")} value={number(already)} />
      </dl>
      {sample.length > 0 ? (
        <p className="pills">
          {sample.slice(0, NAMES_SHOWN).map((one) => (
            <Name key={one} userId={one} />
          ))}
          {would > NAMES_SHOWN ? <span className="hint">{t("andMore", { count: would - Math.min(NAMES_SHOWN, sample.length) })}</span> : null}
        </p>
      ) : (
        <p className="hint">{t("reachesNobody")}</p>
      )}
      <button type="button" className="primary" disabled={run.busy || would === 0} onClick={run.go}>
        {t("runNow", { count: would })}
      </button>
    </section>
  );
}

function RunRow({ run }: { run: Run }) {
  const { t, moment, number } = useWords();
  const byWhom = useByWhom();
  const queries = useQueryClient();
  const undo = useMutation({
    mutationFn: () => take(api.POST("/api/assignment-rules/runs/{run_id}/undo/", { params: { path: { run_id: run.run_id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["rule", run.rule_id] }),
  });
  const state = RUN[run.status];
  const total = run.matches ?? run.assigned;
  const through = run.assigned + (run.already_enrolled ?? 0);
  return (
    <li className="row">
      <div className="row-main">
        <p>
          <Pill tone={state.tone}>{t(state.key)}</Pill> {t("assignedCount", { count: run.assigned })}
          {run.undone ? ` · ${t("undoneCount", { count: run.undone })}` : ""}
        </p>
        {UNDER_WAY.has(run.status) ? <progress max={Math.max(total, 1)} value={through} aria-label={t("progress")} /> : null}
        <p className="hint">
          {moment(run.started_at)} · {byWhom(run.started_by)}
          {run.matches === null ? "" : ` · ${t("ofMatches", { count: number(run.matches) })}`}
        </p>
        {undo.error ? <Failure error={undo.error} /> : null}
      </div>
      {run.status === "done" && run.assigned > 0 ? (
        <button type="button" className="small" disabled={undo.isPending} onClick={() => undo.mutate()}>
          {t("undo")}
        </button>
      ) : null}
    </li>
  );
}

function Runs({ rule }: { rule: Rule }) {
  const { t } = useWords();
  const queries = useQueryClient();
  const runs = useQuery({
    queryKey: ["rule", rule.id, "runs"],
    queryFn: () => take(api.GET("/api/assignment-rules/{rule_id}/runs/", { params: { path: { rule_id: rule.id } } })),
    refetchInterval: (query) => (query.state.data?.items.some((one) => UNDER_WAY.has(one.status)) ? LOOK_AGAIN : false),
  });
  const underWay = runs.data?.items.some((one) => UNDER_WAY.has(one.status));
  useEffect(() => {
    // What a run would still do is another number as soon as one is over.
    if (underWay === false) void queries.invalidateQueries({ queryKey: ["rule", rule.id, "preview"] });
  }, [underWay, queries, rule.id]);
  if (!runs.data || runs.data.items.length === 0) return <p className="hint">{t("noRuns")}</p>;
  return (
    <ul className="rows">
      {runs.data.items.map((one) => (
        <RunRow key={one.run_id} run={one} />
      ))}
    </ul>
  );
}

/** One rule: whom it reaches, what it did, and how to change it. */
export function RuleScreen() {
  const { ruleId } = useParams({ strict: false }) as { ruleId: string };
  const words = useWords();
  const { t } = words;
  const say = useToast();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const params = { path: { rule_id: ruleId } };
  const rule = useQuery({ queryKey: ["rule", ruleId], queryFn: () => take(api.GET("/api/assignment-rules/{rule_id}/", { params })) });
  const fresh = () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "rule" || queryKey[0] === "rules" });
  const run = useMutation({
    mutationFn: () => take(api.POST("/api/assignment-rules/{rule_id}/run/", { params })),
    onSuccess: () => say(t("runStarted")),
    onSettled: fresh,
  });
  const save = useMutation({
    mutationFn: (body: Schemas["RuleIn"]) => take(api.PATCH("/api/assignment-rules/{rule_id}/", { params, body })),
    onSuccess: async () => {
      say(t("saved"));
      await fresh();
    },
  });
  const remove = useMutation({
    mutationFn: () => done(api.DELETE("/api/assignment-rules/{rule_id}/", { params })),
    onSuccess: async () => {
      await navigate({ to: "/administer/rules" });
      await queries.invalidateQueries({ queryKey: ["rules"] });
    },
  });
  if (rule.error) return <Failure error={rule.error} again={() => void rule.refetch()} />;
  if (!rule.data) return <Loading />;
  const one = rule.data;
  return (
    <Screen title={one.course_title} lead={`${describe(one.audience_filter, words)} · ${whenOf(one, words)} · ${dueOf(one, words)}`}>
      {one.fired_on ? <p className="hint">{t("ranOn", { date: words.day(`${one.fired_on}T12:00:00`) })}</p> : null}
      {run.error ? <Failure error={run.error} /> : null}
      <Preview rule={one} run={{ go: () => run.mutate(), busy: run.isPending }} />
      <h2 className="section">{t("runs")}</h2>
      <Runs rule={one} />
      <h2 className="section">{t("change")}</h2>
      <RuleForm key={one.updated_at} rule={one} busy={save.isPending} error={save.error} save={(body) => save.mutate(body)} />
      <div className="buttons start">
        <button type="button" onClick={() => setRemoving(true)}>
          {t("removeRule")}
        </button>
      </div>
      {removing ? (
        <Confirm title={t("removeRule")} action={t("remove")} busy={remove.isPending} error={remove.error} confirm={() => remove.mutate()} close={() => setRemoving(false)}>
          <p>{t("removeRuleLead")}</p>
        </Confirm>
      ) : null}
    </Screen>
  );
}
