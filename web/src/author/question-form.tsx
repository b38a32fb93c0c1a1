import { useId } from "react";
import { Rich } from "../parts/basics";
import { CheckField, SelectField, TextArea, TextField } from "../parts/form";
import type { Entry, Question } from "./tree";
import { RichField } from "./text";
import { useWords, type Key, type Told } from "./words";

export const TYPE: Record<Entry["type"], Key> = {
  multiple_choice: "typeChoice",
  multi_select: "typeSelect",
  true_false: "typeTrue",
  short_answer: "typeShort",
  free_form: "typeFree",
  numeric: "typeNumber",
  matching: "typeMatching",
  ordering: "typeOrdering",
  pool: "typePool",
};

type Put<Q> = (next: Partial<Q>) => void;
type Of<T extends Question["type"]> = Extract<Question, { type: T }>;
type Chosen = Of<"multiple_choice"> | Of<"multi_select">;

function Choices({ question, put }: { question: Chosen; put: Put<Chosen> }) {
  const { t } = useWords();
  const name = useId();
  const answers = question.answers ?? [];
  const single = question.type === "multiple_choice";
  const mark = (index: number, right: boolean) =>
    put({ answers: answers.map((one, at) => ({ ...one, is_correct: at === index ? right : single ? false : (one.is_correct ?? false) })) });
  return (
    <fieldset className="checklist">
      <legend>
        {t("choices")} <small>{t(single ? "markOne" : "markAll")}</small>
      </legend>
      {answers.map((answer, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a new choice is nothing but its place
        <div key={index} className="choice-row">
          <input
            type={single ? "radio" : "checkbox"}
            name={name}
            checked={answer.is_correct ?? false}
            aria-label={t("rightOne", { number: index + 1 })}
            onChange={(event) => mark(index, event.target.checked)}
          />
          {answer.html ? (
            <Rich html={answer.html} />
          ) : (
            <input
              type="text"
              dir="auto"
              maxLength={2000}
              aria-label={t("choiceNumber", { number: index + 1 })}
              placeholder={t("choiceNumber", { number: index + 1 })}
              value={answer.text ?? ""}
              onChange={(event) => put({ answers: answers.map((one, at) => (at === index ? { ...one, text: event.target.value } : one)) })}
            />
          )}
          <button type="button" className="small" aria-label={t("removeChoice", { number: index + 1 })} onClick={() => put({ answers: answers.filter((_, at) => at !== index) })}>
            ✕
          </button>
        </div>
      ))}
      <button type="button" className="small" onClick={() => put({ answers: [...answers, { text: "", is_correct: false }] })}>
        {t("addChoice")}
      </button>
    </fieldset>
  );
}

function TrueFalse({ question, put }: { question: Of<"true_false">; put: Put<Of<"true_false">> }) {
  const { t } = useWords();
  const name = useId();
  return (
    <fieldset className="checklist">
      <legend>{t("rightAnswer")}</legend>
      {[true, false].map((value) => (
        <label key={String(value)} className="check">
          <input type="radio" name={name} checked={question.correct === value} onChange={() => put({ correct: value })} />
          <span>{t(value ? "isTrue" : "isFalse")}</span>
        </label>
      ))}
    </fieldset>
  );
}

function ShortAnswer({ question, put }: { question: Of<"short_answer">; put: Put<Of<"short_answer">> }) {
  const { t } = useWords();
  return (
    <>
      <TextArea
        label={t("accepted")}
        hint={t("acceptedHint")}
        rows={3}
        value={(question.accepted_answers ?? []).join("\n")}
        change={(text) => put({ accepted_answers: text.split("\n") })}
      />
      <CheckField label={t("caseMatters")} checked={question.case_sensitive ?? false} change={(on) => put({ case_sensitive: on })} />
      <SelectField
        label={t("whoGrades")}
        value={question.review ?? "auto"}
        options={[
          { value: "auto", label: t("reviewAuto") },
          { value: "unmatched", label: t("reviewUnmatched") },
          { value: "manual", label: t("reviewManual") },
        ]}
        change={(review) => put({ review: review as "auto" })}
      />
    </>
  );
}

function Numeric({ question, put }: { question: Of<"numeric">; put: Put<Of<"numeric">> }) {
  const { t } = useWords();
  const number = (text: string) => (text === "" ? null : Number(text));
  return (
    <div className="three">
      <TextField label={t("rightNumber")} type="number" step="any" value={question.answer?.toString() ?? ""} change={(text) => put({ answer: number(text) })} />
      <TextField label={t("tolerance")} type="number" step="any" min={0} value={question.tolerance?.toString() ?? ""} change={(text) => put({ tolerance: number(text) })} />
      <TextField label={t("unit")} maxLength={50} value={question.unit ?? ""} change={(unit) => put({ unit: unit || null })} />
    </div>
  );
}

function Matching({ question, put }: { question: Of<"matching">; put: Put<Of<"matching">> }) {
  const { t } = useWords();
  const pairs = question.pairs ?? [];
  const set = (index: number, next: Partial<{ left: string; right: string }>) => put({ pairs: pairs.map((one, at) => (at === index ? { ...one, ...next } : one)) });
  return (
    <fieldset className="checklist">
      <legend>{t("pairs")}</legend>
      {pairs.map((pair, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a new pair is nothing but its place
        <div key={index} className="pair-row">
          <input type="text" dir="auto" aria-label={t("leftOf", { number: index + 1 })} value={pair.left} onChange={(event) => set(index, { left: event.target.value })} />
          <input type="text" dir="auto" aria-label={t("rightOf", { number: index + 1 })} value={pair.right} onChange={(event) => set(index, { right: event.target.value })} />
          <button type="button" className="small" aria-label={t("removeChoice", { number: index + 1 })} onClick={() => put({ pairs: pairs.filter((_, at) => at !== index) })}>
            ✕
          </button>
        </div>
      ))}
      <button type="button" className="small" onClick={() => put({ pairs: [...pairs, { left: "", right: "" }] })}>
        {t("addPair")}
      </button>
    </fieldset>
  );
}

function AnswerKey({ question, put }: { question: Question; put: Put<Question> }) {
  const { t } = useWords();
  switch (question.type) {
    case "multiple_choice":
    case "multi_select":
      return <Choices question={question} put={put as Put<Chosen>} />;
    case "true_false":
      return <TrueFalse question={question} put={put as Put<Of<"true_false">>} />;
    case "short_answer":
      return <ShortAnswer question={question} put={put as Put<Of<"short_answer">>} />;
    case "free_form":
      return <RichField label={t("rubric")} value={question.rubric_html ?? ""} change={(html) => put({ rubric_html: html } as Partial<Question>)} />;
    case "numeric":
      return <Numeric question={question} put={put as Put<Of<"numeric">>} />;
    case "matching":
      return <Matching question={question} put={put as Put<Of<"matching">>} />;
    case "ordering":
      return (
        <TextArea
          label={t("inOrder")}
          hint={t("inOrderHint")}
          rows={4}
          value={(question.items ?? []).join("\n")}
          change={(text) => put({ items: text.split("\n") } as Partial<Question>)}
        />
      );
  }
}

/** What one question asks, what is right, and what is said afterwards. */
export function QuestionForm({ question, change }: { question: Question; change: (next: Question) => void }) {
  const { t } = useWords();
  const put: Put<Question> = (next) => change({ ...question, ...next } as Question);
  return (
    <div className="form">
      <RichField label={t("prompt")} value={question.prompt_html ?? ""} change={(html) => put({ prompt_html: html })} />
      <AnswerKey question={question} put={put} />
      <TextField label={t("points")} type="number" min={0} step="any" value={String(question.points ?? 1)} change={(text) => put({ points: Number(text) })} />
      <RichField label={t("explanation")} value={question.explanation_html ?? ""} change={(html) => put({ explanation_html: html || null })} />
    </div>
  );
}

/** A question or a pool in one line of a list. */
export function titleOf(question: Entry, { t }: Told, plainText: (html: string) => string): string {
  if (question.type === "pool") return t("poolOf", { draw: question.draw, count: question.questions?.length ?? 0 });
  return plainText(question.prompt_html ?? "") || t("untitledQuestion");
}
