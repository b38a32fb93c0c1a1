import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Figure } from "../administrator/parts";
import { api, take, type Schemas } from "../api";
import { Failure, Loading, plain, Rich, Screen } from "../parts/basics";
import { useFilters } from "../parts/filters";
import { CheckField, Form, SelectField, TextArea } from "../parts/form";
import { Table } from "../parts/table";
import { KeyForm } from "./key-form";
import { useVersion, versionOf } from "./statistics";
import { questionsOf, type Question, type Tree } from "./tree";
import { useWords, type Key } from "./words";

type Regrade = Schemas["RegradeOut"];
type Policy = Regrade["policy"];
export type Change = Schemas["RegradeIn"]["changes"][number];

const POLICIES: Record<Policy, { key: Key; lead: Key }> = {
  either: { key: "policyEither", lead: "policyEitherLead" },
  new_only: { key: "policyNew", lead: "policyNewLead" },
  full_credit: { key: "policyFull", lead: "policyFullLead" },
  drop: { key: "policyDrop", lead: "policyDropLead" },
};
const LOOK_AGAIN = 1000;

/** What was wrong with one question, and how it is set right. */
function Wrong({ courseId, number, tree, first, made }: { courseId: string; number: string; tree: Tree; first: string | undefined; made: (id: string) => void }) {
  const { t } = useWords();
  const questions = questionsOf(tree);
  const [key, setKey] = useState(first ?? questions[0]?.key ?? "");
  const [change, setChange] = useState<Partial<Change>>({});
  const [policy, setPolicy] = useState<Policy>("either");
  const [lower, setLower] = useState(false);
  const [note, setNote] = useState("");
  const question = questions.find((one) => one.key === key);
  const withKey = policy === "either" || policy === "new_only";
  const preview = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/courses/{course_id}/versions/{number}/regrades/", {
          params: { path: { course_id: courseId, number: Number(number) } },
          body: { changes: [{ question_key: key, ...(withKey ? change : {}) }], policy, lower, note: note.trim() },
        }),
      ),
    onSuccess: (regrade) => made(regrade.id),
  });
  const choose = (next: string) => {
    setKey(next);
    setChange({});
  };
  return (
    <Form send={() => preview.mutate()} error={preview.error} className="form regrade">
      <SelectField
        label={t("whichQuestion")}
        value={key}
        options={questions.map((one, index) => ({ value: one.key ?? "", label: `${index + 1}. ${plain(one.prompt_html ?? "").slice(0, 80)}` }))}
        change={choose}
      />
      {question?.prompt_html ? <Rich html={question.prompt_html} /> : null}
      <SelectField
        label={t("howCounted")}
        hint={t(POLICIES[policy].lead)}
        value={policy}
        options={(Object.keys(POLICIES) as Policy[]).map((value) => ({ value, label: t(POLICIES[value].key) }))}
        change={(value) => setPolicy(value as Policy)}
      />
      {withKey && question ? <KeyForm key={key} question={question as Question} change={change} set={setChange} /> : null}
      <CheckField label={t("mayLower")} hint={t("mayLowerHint")} checked={lower} change={setLower} />
      <TextArea label={t("whatWasWrong")} hint={t("whatWasWrongHint")} pointer="/note" rows={2} maxLength={2000} value={note} change={setNote} />
      <div className="buttons start">
        <button type="submit" className="primary" disabled={preview.isPending}>
          {t("seeWhatChanges")}
        </button>
      </div>
    </Form>
  );
}

function Effects({ regrade }: { regrade: Regrade }) {
  const { t, number } = useWords();
  return (
    <dl className="figures">
      <Figure name={t("attemptsUp")} value={number(regrade.attempts_up)} tone="main" />
      <Figure name={t("attemptsDown")} value={number(regrade.attempts_down)} tone={regrade.attempts_down > 0 ? "warn" : ""} />
      <Figure name={t("unchanged")} value={number(regrade.unchanged)} />
      <Figure name={t("passesWon")} value={number(regrade.passes_won)} tone="main" />
      <Figure name={t("passesLost")} value={number(regrade.passes_lost)} tone={regrade.passes_lost > 0 ? "bad" : ""} lead={regrade.passes_lost > 0 ? t("passesLostLead") : ""} />
      <Figure name={t("certificatesTouched")} value={number(regrade.certificates_touched)} />
      <Figure name={t("complianceTouched")} value={number(regrade.compliance_touched)} />
    </dl>
  );
}

function Sample({ regrade }: { regrade: Regrade }) {
  const { t, number } = useWords();
  const passed = (value: boolean | null) => (value === null ? "–" : t(value ? "didPass" : "didNotPass"));
  if (regrade.sample.length === 0) return null;
  return (
    <>
      <h2 className="section">{t("someAttempts")}</h2>
      <Table
        caption={t("someAttempts")}
        rows={regrade.sample}
        rowKey={(row) => row.attempt_id}
        columns={[
          { key: "number", title: t("attemptNumber"), cell: (row) => number(row.number) },
          { key: "before", title: t("before"), cell: (row) => `${number(row.score_before)} % · ${passed(row.passed_before)}` },
          { key: "after", title: t("after"), cell: (row) => `${number(row.score_after)} % · ${passed(row.passed_after)}` },
        ]}
      />
    </>
  );
}

/** A preview to decide by; once applied, how far it has come and what it has done. */
function Decision({ regrade, again }: { regrade: Regrade; again: () => void }) {
  const { t } = useWords();
  const queries = useQueryClient();
  const apply = useMutation({
    mutationFn: () => take(api.POST("/api/regrades/{regrade_id}/apply/", { params: { path: { regrade_id: regrade.id } } })),
    onSuccess: async () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "draft" }),
  });
  const lead = { preview: "previewLead", applying: "applyingLead", applied: "appliedLead", failed: "failedLead" } as const;
  return (
    <>
      <p className={regrade.status === "failed" ? "notice bad" : regrade.status === "applied" ? "notice good" : "notice"} role="status">
        {t(lead[regrade.status])}
      </p>
      {regrade.status === "applying" ? <progress max={Math.max(regrade.total, 1)} value={regrade.done} aria-label={t("regradeProgress")} /> : null}
      <Effects regrade={regrade} />
      {apply.error ? <Failure error={apply.error} /> : null}
      {regrade.status === "preview" ? (
        <div className="buttons start">
          <button type="button" className="primary" disabled={apply.isPending} onClick={() => apply.mutate()}>
            {t("applyRegrade")}
          </button>
          <button type="button" onClick={again}>
            {t("changeIt")}
          </button>
        </div>
      ) : null}
      {regrade.status === "preview" ? <Sample regrade={regrade} /> : null}
    </>
  );
}

/** The wizard: what was wrong, what applying would change, and how far it has come. The address keeps the step. */
export function RegradeScreen() {
  const { courseId, number } = versionOf(useParams({ strict: false }));
  const { t } = useWords();
  const [{ question, regrade: id }, go] = useFilters();
  const version = useVersion(courseId, number);
  const regrade = useQuery({
    queryKey: ["regrade", id],
    queryFn: () => take(api.GET("/api/regrades/{regrade_id}/", { params: { path: { regrade_id: id ?? "" } } })),
    enabled: Boolean(id),
    refetchInterval: ({ state }) => (state.data?.status === "applying" ? LOOK_AGAIN : false),
  });
  const error = version.error ?? regrade.error;
  if (error) return <Failure error={error} again={() => void Promise.all([version.refetch(), id ? regrade.refetch() : null])} />;
  if (!version.data || (id && !regrade.data)) return <Loading />;
  return (
    <Screen title={t("setRight")} lead={`${version.data.title} · ${t("publishedAs", { number: Number(number) })}`}>
      <Link className="back" to="/author/$courseId/versions/$number/statistics" params={{ courseId, number }}>
        {t("statistics")}
      </Link>
      {regrade.data && id ? (
        <Decision regrade={regrade.data} again={() => go({ regrade: undefined })} />
      ) : (
        <Wrong courseId={courseId} number={number} tree={version.data} first={question} made={(made) => go({ regrade: made })} />
      )}
    </Screen>
  );
}
