import { useId, useState } from "react";
import { Rich } from "../parts/basics";
import { CheckField, SelectField, TextArea, TextField } from "../parts/form";
import { Icon } from "../parts/icons";
import { newChoice, type Entry, type Question } from "./tree";
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

export const QUESTION_TYPES = (Object.keys(TYPE) as Entry["type"][]).filter((type): type is Question["type"] => type !== "pool");

type Put<Q> = (next: Partial<Q>) => void;
type Of<T extends Question["type"]> = Extract<Question, { type: T }>;
type Chosen = Of<"multiple_choice"> | Of<"multi_select">;

type Choice = NonNullable<Chosen["answers"]>[number];

/** What one choice has besides its words: what is said to those who chose it, and whether it stays last. */
function ChoiceMore({ number, choice, put }: { number: number; choice: Choice; put: (next: Partial<Choice>) => void }) {
  const { t } = useWords();
  return (
    <div className="choice-more">
      <RichField label={t("choiceFeedback", { number })} value={choice.feedback_html ?? ""} change={(html) => put({ feedback_html: html || null })} />
      <CheckField label={t("pinned")} hint={t("pinnedHint")} checked={choice.pinned ?? false} change={(pinned) => put({ pinned })} />
    </div>
  );
}

function ChoiceRow(props: { name: string; single: boolean; number: number; choice: Choice; isOpen: boolean; open: (isOpen: boolean) => void; mark: (right: boolean) => void; put: (next: Partial<Choice>) => void; remove: () => void }) {
  const { name, single, number, choice, isOpen, open, mark, put, remove } = props;
  const { t } = useWords();
  return (
    <>
      <div className="choice-row">
        <input type={single ? "radio" : "checkbox"} name={name} checked={choice.is_correct ?? false} aria-label={t("rightOne", { number })} onChange={(event) => mark(event.target.checked)} />
        {choice.html ? (
          <Rich html={choice.html} />
        ) : (
          <input
            type="text"
            dir="auto"
            maxLength={2000}
            aria-label={t("choiceNumber", { number })}
            placeholder={t("choiceNumber", { number })}
            value={choice.text ?? ""}
            onChange={(event) => put({ text: event.target.value })}
          />
        )}
        <button type="button" className={choice.feedback_html || choice.pinned ? "small set" : "small"} aria-label={t("choiceMore", { number })} aria-expanded={isOpen} onClick={() => open(!isOpen)}>
          <Icon name="more" />
        </button>
        <button type="button" className="small" aria-label={t("removeChoice", { number })} onClick={remove}>
          ✕
        </button>
      </div>
      {isOpen ? <ChoiceMore number={number} choice={choice} put={put} /> : null}
    </>
  );
}

function Choices({ question, put }: { question: Chosen; put: Put<Chosen> }) {
  const { t } = useWords();
  const name = useId();
  const [opened, setOpened] = useState<number | null>(null);
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
        <ChoiceRow
          key={answer.key ?? index}
          name={name}
          single={single}
          number={index + 1}
          choice={answer}
          isOpen={opened === index}
          open={(isOpen) => setOpened(isOpen ? index : null)}
          mark={(right) => mark(index, right)}
          put={(next) => put({ answers: answers.map((one, at) => (at === index ? { ...one, ...next } : one)) })}
          remove={() => {
            setOpened(null);
            put({ answers: answers.filter((_, at) => at !== index) });
          }}
        />
      ))}
      <button type="button" className="small" onClick={() => put({ answers: [...answers, newChoice()] })}>
        {t("addChoice")}
      </button>
      {question.type === "multi_select" ? <Scoring value={question.scoring} parts="right_minus_wrong" label={t("scoringMinus")} change={(scoring) => put({ scoring })} /> : null}
    </fieldset>
  );
}

/** Whether parts of an answer earn parts of the points. */
function Scoring<S extends string>({ value, parts, label, change }: { value: "all_or_nothing" | S | undefined; parts: S; label: string; change: (scoring: "all_or_nothing" | S) => void }) {
  const { t } = useWords();
  return (
    <SelectField
      label={t("scoring")}
      value={value ?? "all_or_nothing"}
      options={[
        { value: "all_or_nothing", label: t("scoringAll") },
        { value: parts, label },
      ]}
      change={(next) => change(next as S)}
    />
  );
}

/** What has one entry on each line. */
function Lines({ label, hint, lines, change }: { label: string; hint: string; lines: readonly string[] | undefined; change: (lines: string[]) => void }) {
  return <TextArea label={label} hint={hint} rows={3} value={(lines ?? []).join("\n")} change={(text) => change(text === "" ? [] : text.split("\n"))} />;
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
      <Lines label={t("accepted")} hint={t("acceptedHint")} lines={question.accepted_answers} change={(accepted_answers) => put({ accepted_answers })} />
      <CheckField label={t("caseMatters")} checked={question.case_sensitive ?? false} change={(on) => put({ case_sensitive: on })} />
      <CheckField label={t("ignoreAccents")} checked={question.ignore_accents ?? false} change={(on) => put({ ignore_accents: on })} />
      <CheckField label={t("ignorePunctuation")} checked={question.ignore_punctuation ?? false} change={(on) => put({ ignore_punctuation: on })} />
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
      <TextField label={t("tolerance")} type="number" step="any" min={0} value={question.tolerance?.toString() ?? ""} change={(text) => put({ tolerance: number(text), tolerance_percent: null })} />
      <TextField
        label={t("tolerancePercent")}
        type="number"
        step="any"
        min={0}
        value={question.tolerance_percent?.toString() ?? ""}
        change={(text) => put({ tolerance_percent: number(text), tolerance: null })}
      />
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
      <Lines label={t("distractors")} hint={t("distractorsHint")} lines={question.distractors} change={(distractors) => put({ distractors })} />
      <Scoring value={question.scoring} parts="per_part" label={t("scoringParts")} change={(scoring) => put({ scoring })} />
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
        <>
          <Lines label={t("inOrder")} hint={t("inOrderHint")} lines={question.items} change={(items) => put({ items } as Partial<Question>)} />
          <Scoring value={question.scoring} parts="per_part" label={t("scoringParts")} change={(scoring) => put({ scoring } as Partial<Question>)} />
        </>
      );
  }
}

/** What one question asks, what is right, and what is said afterwards. */
export function QuestionForm({ question, change, isNew = false }: { question: Question; change: (next: Question) => void; isNew?: boolean }) {
  const { t } = useWords();
  const put: Put<Question> = (next) => change({ ...question, ...next } as Question);
  return (
    <div className="form">
      <RichField label={t("prompt")} isNew={isNew} value={question.prompt_html ?? ""} change={(html) => put({ prompt_html: html })} />
      <AnswerKey question={question} put={put} />
      <TextField label={t("points")} type="number" min={0} step="any" value={String(question.points ?? 1)} change={(text) => put({ points: Number(text) })} />
      <RichField label={t("explanation")} value={question.explanation_html ?? ""} change={(html) => put({ explanation_html: html || null })} />
    </div>
  );
}

/** A question or a pool in one line of a list. */
export function titleOf(question: Entry, { t }: Told, plainText: (html: string) => string): string {
  if (question.type === "pool" && question.bank_id) return t("poolOfBank", { draw: question.draw });
  if (question.type === "pool") return t("poolOf", { draw: question.draw, count: question.questions?.length ?? 0 });
  return plainText(question.prompt_html ?? "") || t("untitledQuestion");
}
