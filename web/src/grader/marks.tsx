import { useRef, type ReactNode } from "react";
import { Form, TextArea, TextField } from "../parts/form";
import { asPoints } from "./feedback";
import { useGraderWords } from "./words";

export interface Marks {
  points: string;
  feedback: string;
}

const MOST_QUICK = 10;
const LONGEST_FEEDBACK = 20_000;

/** The fields of a grade: points, of which few enough can be pressed, and words to the learner. */
export function MarksForm(props: {
  most: number;
  marks: Marks;
  change: (marks: Marks) => void;
  /** Whether to say what is wrong, as after the first try. */
  tried: boolean;
  send: () => void;
  error: unknown;
  children: ReactNode;
}) {
  const { most, marks, change, tried, send, error } = props;
  const { t, number } = useGraderWords();
  const place = useRef<HTMLDivElement>(null);
  const wrong = tried && asPoints(marks.points, most) === null ? t("pointsWrong", { most }) : null;
  const quick = Number.isInteger(most) && most <= MOST_QUICK ? Array.from({ length: most + 1 }, (_, points) => points) : [0, most];
  return (
    <Form send={send} error={error}>
      <div ref={place}>
        <TextField
          label={t("pointsLabel", { most })}
          pointer="/points"
          wrong={wrong}
          value={marks.points}
          change={(points) => change({ ...marks, points })}
          inputMode="decimal"
          autoComplete="off"
          data-key="points"
        />
        <div className="quick" role="group" aria-label={t("quickPoints")}>
          {quick.map((points) => (
            <button key={points} type="button" aria-pressed={asPoints(marks.points, most) === points} onClick={() => change({ ...marks, points: String(points) })}>
              {number(points)}
            </button>
          ))}
        </div>
      </div>
      <TextArea
        label={t("feedbackLabel")}
        hint={t("feedbackHint")}
        pointer="/feedback"
        value={marks.feedback}
        change={(feedback) => change({ ...marks, feedback })}
        maxLength={LONGEST_FEEDBACK}
        data-key="feedback"
      />
      {props.children}
    </Form>
  );
}
