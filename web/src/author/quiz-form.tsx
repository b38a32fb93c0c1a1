import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { useBanks } from "../administrator/data";
import { offer } from "../administrator/parts";
import { plain } from "../parts/basics";
import { CheckField, SelectField, TextField } from "../parts/form";
import { Icon } from "../parts/icons";
import { keepFocus } from "./outline";
import { QUESTION_TYPES, QuestionForm, titleOf, TYPE } from "./question-form";
import { moved, newEntry, type Assessment, type Entry, type Pool, type Question, type Quiz } from "./tree";
import { useWords } from "./words";

type Test = Quiz | Assessment;

function Rules<T extends Test>({ test, put }: { test: T; put: (next: Partial<Test>) => void }) {
  const { t } = useWords();
  const whole = (text: string) => (text === "" ? null : Math.round(Number(text)));
  const inMinutes = (seconds: number | null | undefined) => (seconds ? String(seconds / 60) : "");
  const inSeconds = (text: string) => (text === "" ? null : Math.round(Number(text) * 60));
  return (
    <>
      <div className="three">
        <TextField label={t("passAt")} type="number" min={0} max={100} value={String(test.pass_score ?? "")} change={(text) => put({ pass_score: Number(text) })} />
        <TextField label={t("attempts")} hint={t("emptyForMany")} type="number" min={1} value={test.max_attempts?.toString() ?? ""} change={(text) => put({ max_attempts: whole(text) })} />
        <TextField
          label={t("minutes")}
          hint={t("emptyForNone")}
          type="number"
          min={1}
          value={inMinutes(test.time_limit_seconds)}
          change={(text) => put({ time_limit_seconds: inSeconds(text) })}
        />
        <TextField
          label={t("retryDelay")}
          hint={t("emptyForAtOnce")}
          type="number"
          min={0}
          value={inMinutes(test.retry_delay_seconds)}
          change={(text) => put({ retry_delay_seconds: inSeconds(text) })}
        />
      </div>
      <SelectField
        label={t("showAnswers")}
        value={test.feedback ?? ("kind" in test ? "after_last_attempt" : "never")}
        options={[
          { value: "never", label: t("showNever") },
          { value: "after_submit", label: t("showAfter") },
          { value: "after_last_attempt", label: t("showLast") },
        ]}
        change={(feedback) => put({ feedback: feedback as "never" })}
      />
      <CheckField label={t("shuffle")} checked={test.shuffle ?? false} change={(shuffle) => put({ shuffle })} />
    </>
  );
}

const IN_QUIZZES: readonly Entry["type"][] = [...QUESTION_TYPES, "pool"];

/** Which of a bank's questions a pool draws from. */
function BankFields({ pool, change }: { pool: Pool; change: (pool: Pool) => void }) {
  const { t } = useWords();
  const banks = useBanks();
  return (
    <>
      <SelectField
        label={t("poolSource")}
        value={pool.bank_id ?? ""}
        options={offer(banks.data, t("poolOwn"))}
        change={(id) => change({ ...pool, bank_id: id || null, tag: null })}
      />
      {pool.bank_id ? (
        <>
          <TextField label={t("poolTag")} hint={t("emptyForAll")} maxLength={64} value={pool.tag ?? ""} change={(tag) => change({ ...pool, tag: tag || null })} />
          <Link to="/author/banks/$bankId" params={{ bankId: pool.bank_id }}>
            {t("openBank")}
          </Link>
        </>
      ) : null}
    </>
  );
}

/** How many are drawn, and from what. */
function PoolForm({ pool, change }: { pool: Pool; change: (pool: Pool) => void }) {
  const { t } = useWords();
  const own = pool.questions ?? [];
  return (
    <div className="form">
      <TextField
        label={t("draw")}
        hint={t("drawHint")}
        type="number"
        min={1}
        value={String(pool.draw)}
        change={(text) => change({ ...pool, draw: Math.max(1, Math.round(Number(text))) })}
      />
      {own.length > 0 && !pool.bank_id ? null : <BankFields pool={pool} change={change} />}
      {/* A pool holds no pool: the list offers none. */}
      {pool.bank_id ? null : <Questions questions={own} types={QUESTION_TYPES} first={null} change={(questions) => change({ ...pool, questions: questions as Question[] })} />}
    </div>
  );
}

/** The questions of a quiz or a pool; one is open at a time. */
function Questions({ questions, types, change, first }: { questions: Entry[]; types: readonly Entry["type"][]; change: (questions: Entry[]) => void; first: number | null }) {
  const words = useWords();
  const { t } = words;
  const [open, setOpen] = useState<number | null>(first);
  const [added, setAdded] = useState<number | null>(null);
  const [type, setType] = useState<Entry["type"]>("multiple_choice");
  const place = useId();
  const put = (index: number, next: Entry) => change(questions.map((one, at) => (at === index ? next : one)));
  const move = (from: number, to: number) => {
    if (to < 0 || to >= questions.length) return;
    change(moved(questions, from, to));
    setOpen(open === from ? to : open);
    keepFocus(`question ${place} ${to} ${to - from}`);
  };
  return (
    <section>
      <h2 className="section">{t("questionsTitle")}</h2>
      <ol className="question-list">
        {questions.map((question, index) => {
          const name = titleOf(question, words, plain);
          const values = { number: index + 1 };
          return (
            <li key={question.key ?? `new-${index}`} className="question">
              <div className="question-bar">
                <button type="button" className="outline-name" aria-expanded={open === index} onClick={() => setOpen(open === index ? null : index)}>
                  <span>{`${index + 1}. ${name}`}</span>
                  <small>{t(TYPE[question.type])}</small>
                </button>
                <span className="steps-of">
                  <button type="button" data-step={`question ${place} ${index} -1`} aria-label={t("questionUp", values)} onClick={() => move(index, index - 1)}>
                    <Icon name="up" />
                  </button>
                  <button type="button" data-step={`question ${place} ${index} 1`} aria-label={t("questionDown", values)} onClick={() => move(index, index + 1)}>
                    <Icon name="down" />
                  </button>
                  <button
                    type="button"
                    aria-label={t("questionRemove", values)}
                    onClick={() => {
                      change(questions.filter((_, at) => at !== index));
                      setOpen(null);
                    }}
                  >
                    <Icon name="close" />
                  </button>
                </span>
              </div>
              {open !== index ? null : question.type === "pool" ? (
                <PoolForm pool={question} change={(next) => put(index, next)} />
              ) : (
                <QuestionForm question={question} isNew={added === index} change={(next) => put(index, next)} />
              )}
            </li>
          );
        })}
      </ol>
      <div className="add-question">
        <SelectField
          label={t("kindOfQuestion")}
          value={type}
          options={types.map((value) => ({ value, label: t(TYPE[value]) }))}
          change={(value) => setType(value as Entry["type"])}
        />
        <button
          type="button"
          onClick={() => {
            change([...questions, newEntry(type)]);
            setOpen(questions.length);
            setAdded(questions.length);
          }}
        >
          {t("addQuestion")}
        </button>
      </div>
    </section>
  );
}

export function QuizForm<T extends Test>({ test, question, change }: { test: T; question: number | null; change: (next: T) => void }) {
  const { t } = useWords();
  const put = (next: Partial<Test>) => change({ ...test, ...next } as T);
  return (
    <div className="form">
      <TextField label={t("title")} maxLength={200} value={test.title} change={(title) => put({ title })} />
      <Rules test={test} put={put} />
      {"kind" in test ? <CheckField label={t("required")} hint={t("requiredHint")} checked={test.required ?? true} change={(required) => put({ required } as Partial<Test>)} /> : null}
      <Questions questions={test.questions ?? []} types={IN_QUIZZES} first={question} change={(questions) => put({ questions })} />
    </div>
  );
}
