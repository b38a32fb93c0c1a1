import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { api, Problem, take, type Schemas } from "../api";
import { useWords, type Key } from "../i18n";
import { isGiven, type Answer } from "../learn/answers";
import { Autosave, type SaveResult, type SaveState } from "../learn/autosave";
import { spell } from "../learn/clock";
import { shelfOf } from "../learn/shelf";
import { Failure, Screen } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { useToast } from "../parts/toasts";
import { readAttempt, type Place, type TimedAttempt } from "./attempt";
import { QuestionField } from "./question";

const STATE: Record<SaveState, Key> = { saved: "saveSaved", saving: "saveSaving", offline: "saveOffline", closed: "saveClosed" };
/** Minutes left at which a screen reader is told. */
const TOLD_AT = [10, 5, 1];

/** Save answers; a refusal that will never turn to success counts as closed, anything else is tried again. */
async function save(attemptId: string, responses: Answer[], sequence: number): Promise<SaveResult> {
  try {
    const kept = await take(api.PATCH("/api/attempts/{attempt_id}/", { params: { path: { attempt_id: attemptId } }, body: { responses, sequence } }));
    return { kind: "answered", saved: kept.saved, sequence: kept.sequence };
  } catch (error) {
    if (error instanceof Problem && error.code === "attempt-closed") return { kind: "closed" };
    return { kind: "undelivered" };
  }
}

function handIn(place: Place, responses: Answer[]) {
  const body = { attempt_id: place.attemptId, responses };
  return place.kind === "quizzes"
    ? take(api.POST("/api/quizzes/{quiz_id}/submit/", { params: { path: { quiz_id: place.itemId } }, body }))
    : take(api.POST("/api/assessments/{quiz_id}/submit/", { params: { path: { quiz_id: place.itemId } }, body }));
}

function given(attempt: Schemas["AttemptOut"], waiting: Answer[]): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const { question_id, answer_ids, value, text, number, matches, order } of attempt.responses) {
    if (answer_ids) answers.set(question_id, { question_id, answer_ids });
    else if (typeof value === "boolean") answers.set(question_id, { question_id, value });
    else if (text) answers.set(question_id, { question_id, text });
    else if (number) answers.set(question_id, { question_id, number });
    else if (matches) answers.set(question_id, { question_id, matches });
    else if (order) answers.set(question_id, { question_id, order });
  }
  for (const answer of waiting) answers.set(answer.question_id, answer);
  return answers;
}

function Clock({ timed, over }: { timed: TimedAttempt; over: () => void }) {
  const { t } = useWords();
  const deadline = timed.attempt.deadline_at;
  const [left, setLeft] = useState(() => (deadline ? timed.clock.left(deadline, Date.now()) : 0));
  useEffect(() => {
    if (!deadline) return undefined;
    const timer = setInterval(() => {
      const now = timed.clock.left(deadline, Date.now());
      setLeft(now);
      if (now === 0) {
        clearInterval(timer);
        over();
      }
    }, 500);
    return () => clearInterval(timer);
  }, [deadline, timed, over]);
  if (!deadline) return null;
  const minutes = Math.ceil(left / 60_000);
  const told = TOLD_AT.includes(minutes) ? t("minutesLeft", { count: minutes }) : "";
  return (
    <>
      <span className={left < 60_000 ? "clock short" : "clock"} role="timer" aria-label={t("timeLeft")}>
        {spell(left)}
      </span>
      <span className="visually-hidden" role="status">
        {told}
      </span>
    </>
  );
}

interface Heard {
  taken: (answers: Map<string, Answer>) => void;
  closed: () => void;
}

/**
 * Keeps the tabs of one attempt together: each tells the others when it saved, and who is told, or comes to the front,
 * reads what the server has. What was given here and is not saved yet stands. Returns what tells the others.
 */
function useTabs(attemptId: string, saving: RefObject<Autosave | null>, { taken, closed }: Heard): () => void {
  const channel = useRef<BroadcastChannel>(null);
  useEffect(() => {
    const read = () => {
      void readAttempt(attemptId).then(
        ({ attempt }) => (attempt.status === "in_progress" ? taken(given(attempt, saving.current?.waiting ?? [])) : closed()),
        () => undefined,
      );
    };
    const tabs = new BroadcastChannel(`learning.attempt.${attemptId}`);
    tabs.addEventListener("message", read);
    window.addEventListener("focus", read);
    channel.current = tabs;
    return () => {
      tabs.close();
      channel.current = null;
      window.removeEventListener("focus", read);
    };
  }, [attemptId, saving, taken, closed]);
  return useCallback(() => channel.current?.postMessage("saved"), []);
}

export function Taking(props: { timed: TimedAttempt; place: Place; title: string; handedIn: () => void }) {
  const { timed, place, title, handedIn } = props;
  const { attempt } = timed;
  const { t } = useWords();
  const queries = useQueryClient();
  const say = useToast();
  const [asked, setAsked] = useState(false);
  const [state, setState] = useState<SaveState>("saved");
  const [answers, setAnswers] = useState(() => given(attempt, shelfOf(place.attemptId).read()));
  const saving = useRef<Autosave>(null);
  const closed = useCallback(() => {
    say(t("attemptClosed"));
    handedIn();
  }, [say, t, handedIn]);
  const sync = useTabs(place.attemptId, saving, { taken: setAnswers, closed });
  useEffect(() => {
    const send = (some: Answer[], sequence: number) => save(place.attemptId, some, sequence);
    const told = (next: SaveState) => {
      setState(next);
      if (next === "saved") sync();
      if (next === "closed") closed();
    };
    const autosave = new Autosave(send, attempt.sequence, shelfOf(place.attemptId), told);
    saving.current = autosave;
    const wake = () => autosave.wake();
    const hide = () => void autosave.flush();
    window.addEventListener("online", wake);
    window.addEventListener("pagehide", hide);
    return () => {
      window.removeEventListener("online", wake);
      window.removeEventListener("pagehide", hide);
      void autosave.flush().then(() => autosave.stop());
    };
  }, [place.attemptId, attempt.sequence, sync, closed]);

  const submit = useMutation({
    mutationFn: () => {
      const send = (waiting: Answer[]) => handIn(place, waiting);
      return saving.current ? saving.current.handOver(send) : send([]);
    },
    onSuccess: sync,
    onError: (error) => {
      if (error instanceof Problem && error.code === "attempt-closed") saving.current?.finish();
    },
    onSettled: async (_, error) => {
      setAsked(false);
      if (error && !(error instanceof Problem && error.code === "attempt-closed")) return;
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "attempt" });
      handedIn();
    },
  });
  const { mutate } = submit;
  const over = useCallback(() => mutate(), [mutate]);

  const answer = (next: Answer) => {
    setAnswers((before) => new Map(before).set(next.question_id, next));
    saving.current?.put(next);
  };
  const open = attempt.questions.filter((question) => !isGiven(answers.get(question.id))).length;
  return (
    <Screen title={title} lead={t("attemptOf", { number: attempt.number, questions: t("questions", { count: attempt.questions.length }) })}>
      <ol className="questions">
        {attempt.questions.map((question, index) => (
          <li key={question.id}>
            <QuestionField question={question} number={index + 1} total={attempt.questions.length} answer={answers.get(question.id)} give={answer} />
          </li>
        ))}
      </ol>
      {submit.error ? <Failure error={submit.error} again={() => mutate()} /> : null}
      <div className="handin">
        <Clock timed={timed} over={over} />
        <span className={`save ${state}`} role="status">
          {t(STATE[state])}
        </span>
        <button type="button" className="primary" disabled={submit.isPending} onClick={() => setAsked(true)}>
          {t("handIn")}
        </button>
      </div>
      {asked ? (
        <Dialog title={t("handInAsk")} close={() => setAsked(false)}>
          <p>{open === 0 ? t("handInAll") : t("handInOpen", { count: open })}</p>
          <p role="status" className="notice-text">
            {submit.isPaused ? t("handInWaits") : ""}
          </p>
          <div className="buttons">
            <button type="button" onClick={() => setAsked(false)}>
              {t("keepWorking")}
            </button>
            <button type="button" className="primary" disabled={submit.isPending} onClick={() => mutate()}>
              {t("handIn")}
            </button>
          </div>
        </Dialog>
      ) : null}
    </Screen>
  );
}
