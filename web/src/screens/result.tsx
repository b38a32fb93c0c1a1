import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../api";
import { useWords, type Key } from "../i18n";
import type { Question } from "../learn/answers";
import { Pill, Rich, Screen, type Tone } from "../parts/basics";
import { useModules } from "../parts/queries";
import type { Place } from "./attempt";
import { ItemLink, stepsOf } from "./course";

type Given = Schemas["GivenResponseOut"];
type Right = NonNullable<Given["right_answer"]>;

function wordsOf(question: Question, ids: readonly string[]): string[] {
  return (question.answers ?? []).filter((one) => ids.includes(one.id)).map((one) => one.text);
}

function partOf(parts: Question["items"], key: string | undefined): string {
  return parts?.find((one) => one.key === key)?.text ?? "";
}

function partWords(question: Question, given: { matches?: Record<string, string> | null; order?: readonly string[] | null }): string[] {
  if (given.order) return given.order.map((key, n) => `${n + 1}. ${partOf(question.items, key)}`);
  const matches = given.matches ?? {};
  return Object.keys(matches).map((key) => `${partOf(question.left, key)} – ${partOf(question.right, matches[key])}`);
}

function rightWords(question: Question, right: Right, yes: string, no: string): string[] {
  if ("answer_ids" in right) return wordsOf(question, right.answer_ids);
  if ("value" in right) return [right.value ? yes : no];
  if ("answer" in right) return [[right.answer, right.unit].filter((part) => part !== null).join(" ")];
  if ("accepted_answers" in right) return right.accepted_answers;
  return partWords(question, right);
}

function markOf(given: Given | undefined, question: Question): { key: Key; tone: Tone } | null {
  if (!given || given.points_awarded === null) return null;
  if (given.points_awarded >= question.points) return { key: "right", tone: "good" };
  return given.points_awarded > 0 ? { key: "partly", tone: "warn" } : { key: "wrong", tone: "bad" };
}

function Said({ name, texts }: { name: string; texts: string[] }) {
  return (
    <div className="said">
      <p className="said-name">{name}</p>
      {texts.map((text) => (
        <p key={text} dir="auto" className="said-text">
          {text}
        </p>
      ))}
    </div>
  );
}

/** A question with its answer and its mark. A grader's screen has its own name for the answer, and more below. */
export function Marked(props: { question: Question; given: Given | undefined; number: number; total: number; answerName?: string; children?: ReactNode }) {
  const { question, given, number, total, answerName, children } = props;
  const { t } = useWords();
  const mark = markOf(given, question);
  const answered = given?.answer_ids
    ? wordsOf(question, given.answer_ids)
    : typeof given?.value === "boolean"
      ? [t(given.value ? "true" : "false")]
      : (given?.text ?? given?.number)
        ? [given.text ?? given.number ?? ""]
        : partWords(question, given ?? {});
  return (
    <div className="question">
      <p className="question-head">
        <span>{t("question", { number, total })}</span>
        {mark && given?.points_awarded !== null && given ? (
          <Pill tone={mark.tone}>
            {t(mark.key)} · {t("pointsOf", { points: given.points_awarded, most: question.points })}
          </Pill>
        ) : (
          <span>{t("points", { count: question.points })}</span>
        )}
      </p>
      <Rich html={question.prompt_html} />
      <Said name={answerName ?? t("yourAnswer")} texts={answered.length > 0 ? answered : [t("noAnswer")]} />
      {given?.right_answer && mark?.key !== "right" ? (
        <Said name={t("rightAnswer")} texts={rightWords(question, given.right_answer, t("true"), t("false"))} />
      ) : null}
      {given?.feedback ? <Remark name={t("fromGrader")} html={given.feedback} /> : null}
      {given?.explanation_html ? <Remark name={t("explanation")} html={given.explanation_html} /> : null}
      {children}
    </div>
  );
}

function Remark({ name, html }: { name: string; html: string }) {
  return (
    <div className="said">
      <p className="said-name">{name}</p>
      <Rich html={html} />
    </div>
  );
}

function Outcome({ attempt }: { attempt: Schemas["AttemptOut"] }) {
  const { t, number } = useWords();
  const tone = attempt.passed === null ? "accent" : attempt.passed ? "good" : "bad";
  return (
    <div className={`outcome ${tone}`}>
      {attempt.score === null ? null : <p className="score">{number(attempt.score)} %</p>}
      <div>
        {attempt.points === null || attempt.passed === null ? null : <p>{t("resultPoints", { points: attempt.points, most: attempt.max_points })}</p>}
        {attempt.passed === null ? <p>{t("resultPendingLead")}</p> : null}
        {attempt.attempts_remaining !== null && !attempt.passed ? <p>{t("attemptsLeft", { count: attempt.attempts_remaining })}</p> : null}
        {attempt.enrollment.status === "completed" ? <p>{t("courseDone")}</p> : null}
      </div>
    </div>
  );
}

function Onward({ attempt, place }: { attempt: Schemas["AttemptOut"]; place: Place }) {
  const { t } = useWords();
  const modules = useModules(place.courseId);
  const steps = modules.data ? stepsOf(modules.data) : [];
  const after = steps[steps.findIndex((item) => item.id === place.itemId) + 1];
  const again = !attempt.passed && attempt.attempts_remaining !== 0 && attempt.passed !== null;
  return (
    <p className="buttons start">
      {attempt.enrollment.status === "completed" ? (
        <Link className="button primary" to="/certificates">
          {t("seeCertificate")}
        </Link>
      ) : again ? (
        <Link className="button primary" to="/courses/$courseId/$kind/$itemId" params={place}>
          {t("startAgain")}
        </Link>
      ) : after ? (
        <ItemLink className="button primary" courseId={place.courseId} item={after}>
          {t("next", { title: after.title })}
        </ItemLink>
      ) : null}
      <Link className="button" to="/courses/$courseId" params={place}>
        {t("backToCourse")}
      </Link>
    </p>
  );
}

export function Result({ attempt, place }: { attempt: Schemas["AttemptOut"]; place: Place }) {
  const { t } = useWords();
  const title = attempt.passed === null ? "resultPending" : attempt.passed ? "resultPassed" : "resultNotPassed";
  const given = new Map(attempt.responses.map((one) => [one.question_id, one]));
  return (
    <Screen title={t(title)} key="result">
      <Outcome attempt={attempt} />
      <Onward attempt={attempt} place={place} />
      <ol className="questions">
        {attempt.questions.map((question, index) => (
          <li key={question.id}>
            <Marked question={question} given={given.get(question.id)} number={index + 1} total={attempt.questions.length} />
          </li>
        ))}
      </ol>
    </Screen>
  );
}
