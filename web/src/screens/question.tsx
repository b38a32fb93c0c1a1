import { useId } from "react";
import { useWords, type Key } from "../i18n";
import type { Answer, Question } from "../learn/answers";
import { Rich } from "../parts/basics";
import { Matching, Ordering } from "./arranging";

interface Field {
  question: Question;
  answer: Answer | undefined;
  give: (answer: Answer) => void;
  labelledBy: string;
}

const HINT: Record<string, Key> = {
  multiple_choice: "chooseOne",
  true_false: "chooseOne",
  multi_select: "chooseMany",
  short_answer: "shortAnswer",
  free_form: "longAnswer",
  numeric: "numberAnswer",
  matching: "chooseMatches",
  ordering: "putInOrder",
};
const LONGEST = 20_000;
const LONGEST_NUMBER = 200;

function Choice(props: { type: "radio" | "checkbox"; name: string; checked: boolean; label: string; change: (checked: boolean) => void }) {
  return (
    <label className="choice">
      <input type={props.type} name={props.name} checked={props.checked} onChange={(event) => props.change(event.target.checked)} />
      <span dir="auto">{props.label}</span>
    </label>
  );
}

function Choices({ question, answer, give, labelledBy }: Field) {
  const chosen = answer?.answer_ids ?? [];
  const many = question.type === "multi_select";
  const choose = (id: string, checked: boolean) => {
    const others = many ? chosen.filter((one) => one !== id) : [];
    give({ question_id: question.id, answer_ids: checked ? [...others, id] : others });
  };
  return (
    <div className="choices" role={many ? "group" : "radiogroup"} aria-labelledby={labelledBy}>
      {question.answers?.map((one) => (
        <Choice
          key={one.id}
          type={many ? "checkbox" : "radio"}
          name={question.id}
          checked={chosen.includes(one.id)}
          label={one.text}
          change={(checked) => choose(one.id, checked)}
        />
      ))}
    </div>
  );
}

function TrueFalse({ question, answer, give, labelledBy }: Field) {
  const { t } = useWords();
  return (
    <div className="choices" role="radiogroup" aria-labelledby={labelledBy}>
      {[true, false].map((value) => (
        <Choice
          key={String(value)}
          type="radio"
          name={question.id}
          checked={answer?.value === value}
          label={t(value ? "true" : "false")}
          change={() => give({ question_id: question.id, value })}
        />
      ))}
    </div>
  );
}

function Text({ question, answer, give, labelledBy }: Field) {
  const form = question.type === "numeric" ? "number" : "text";
  const common = {
    "aria-labelledby": labelledBy,
    value: answer?.[form] ?? "",
    maxLength: form === "number" ? LONGEST_NUMBER : LONGEST,
    dir: "auto",
    onChange: (event: { target: { value: string } }) => give({ question_id: question.id, [form]: event.target.value }),
  };
  return question.type === "free_form" ? <textarea rows={7} {...common} /> : <input type="text" autoComplete="off" {...common} />;
}

function Control(field: Field) {
  const { question } = field;
  if (question.type === "true_false") return <TrueFalse {...field} />;
  if (question.type === "matching") return <Matching {...field} />;
  if (question.type === "ordering") return <Ordering {...field} />;
  return question.answers ? <Choices {...field} /> : <Text {...field} />;
}

export function QuestionField(props: {
  question: Question;
  number: number;
  total: number;
  answer: Answer | undefined;
  give: (answer: Answer) => void;
}) {
  const { question, number, total } = props;
  const { t } = useWords();
  const id = useId();
  const field = { question, answer: props.answer, give: props.give, labelledBy: `${id}-number ${id}-prompt` };
  const hint = HINT[question.type];
  return (
    <div className="question">
      <p className="question-head">
        <span id={`${id}-number`}>{t("question", { number, total })}</span>
        <span>{t("points", { count: question.points })}</span>
      </p>
      <Rich id={`${id}-prompt`} html={question.prompt_html} />
      {hint ? <p className="hint">{t(hint)}</p> : null}
      <Control {...field} />
    </div>
  );
}
