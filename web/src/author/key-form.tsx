import { useId } from "react";
import { plain } from "../parts/basics";
import { TextArea, TextField } from "../parts/form";
import type { Change } from "./regrade";
import type { Question } from "./tree";
import { useWords } from "./words";

type Set = (change: Partial<Change>) => void;
type Chosen = Extract<Question, { type: "multiple_choice" | "multi_select" }>;

/** Which choices are right; here a single choice may have two of them, too. */
function RightChoices({ question, change, set }: { question: Chosen; change: Partial<Change>; set: Set }) {
  const { t } = useWords();
  const now = change.answers ?? (question.answers ?? []).map((one) => ({ key: one.key ?? "", is_correct: one.is_correct ?? false }));
  return (
    <fieldset className="checklist">
      <legend>{t("whatIsRight")}</legend>
      {(question.answers ?? []).map((answer, index) => (
        <label key={answer.key} className="check">
          <input
            type="checkbox"
            checked={now[index]?.is_correct ?? false}
            onChange={(event) => set({ ...change, answers: now.map((one, at) => (at === index ? { ...one, is_correct: event.target.checked } : one)) })}
          />
          <span dir="auto">{answer.text ?? plain(answer.html ?? "")}</span>
        </label>
      ))}
    </fieldset>
  );
}

function RightStatement({ correct, set }: { correct: boolean; set: (correct: boolean) => void }) {
  const { t } = useWords();
  const name = useId();
  return (
    <fieldset className="checklist">
      <legend>{t("whatIsRight")}</legend>
      {[true, false].map((value) => (
        <label key={String(value)} className="check">
          <input type="radio" name={name} checked={correct === value} onChange={() => set(value)} />
          <span>{t(value ? "isTrue" : "isFalse")}</span>
        </label>
      ))}
    </fieldset>
  );
}

const written = (value: number | null | undefined) => value?.toString() ?? "";
const read = (text: string) => (text === "" ? null : Number(text));

function RightAnswer({ question, change, set }: { question: Question; change: Partial<Change>; set: Set }) {
  const { t } = useWords();
  switch (question.type) {
    case "multiple_choice":
    case "multi_select":
      return <RightChoices question={question} change={change} set={set} />;
    case "true_false":
      return <RightStatement correct={change.correct ?? question.correct ?? true} set={(correct) => set({ ...change, correct })} />;
    case "short_answer":
      return (
        <TextArea
          label={t("accepted")}
          hint={t("acceptedHint")}
          rows={3}
          value={(change.accepted_answers ?? question.accepted_answers ?? []).join("\n")}
          change={(text) => set({ ...change, accepted_answers: text.split("\n") })}
        />
      );
    case "numeric":
      return (
        <div className="three">
          <TextField label={t("rightNumber")} type="number" step="any" value={written(change.answer ?? question.answer)} change={(text) => set({ ...change, answer: read(text) })} />
          <TextField label={t("tolerance")} type="number" step="any" min={0} value={written(change.tolerance ?? question.tolerance)} change={(text) => set({ ...change, tolerance: read(text) })} />
        </div>
      );
    default:
      return null;
  }
}

/** The right answer of a published question, and what it is worth. */
export function KeyForm({ question, change, set }: { question: Question; change: Partial<Change>; set: Set }) {
  const { t } = useWords();
  return (
    <>
      <RightAnswer question={question} change={change} set={set} />
      <TextField label={t("points")} type="number" min={0} step="any" value={written(change.points ?? question.points ?? 1)} change={(text) => set({ ...change, points: read(text) })} />
    </>
  );
}
