import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { Failure, Loading, Pill, Rich, Screen } from "../parts/basics";
import { useFilters } from "../parts/filters";
import { useToast } from "../parts/toasts";
import { claim, claimNext, giveBack, grade, type Pending } from "./calls";
import { asHtml, asPoints } from "./feedback";
import { Keys, useKeys, useSingleKeys, type Doings } from "./keys";
import { MarksForm, type Marks } from "./marks";
import { useGraderWords } from "./words";

/** A claim holds for 15 minutes; it is renewed well before, for as long as the screen is open. */
const RENEW = 10 * 60_000;

/** One answer beside its rubric. Opening it claims it. */
export function Grade() {
  const { responseId } = useParams({ from: "/grading/$responseId" });
  const { t } = useGraderWords();
  const held = useQuery({
    queryKey: ["grading", "held", responseId],
    queryFn: () => claim(responseId),
    staleTime: RENEW / 2,
    gcTime: 0,
    refetchInterval: RENEW,
    refetchIntervalInBackground: true,
    refetchOnWindowFocus: false,
  });
  const onward = useOnward();
  return (
    <>
      <Link className="back whole" to="/grading" search={true}>
        {t("backToQueue")}
      </Link>
      {held.data ? (
        <Grading key={responseId} one={held.data} lost={held.error} onward={onward} />
      ) : held.error ? (
        <Screen title={t("theAnswer")}>
          <Failure error={held.error} />
          <button type="button" className="primary" onClick={() => void onward(responseId)}>
            {t("takeNext")}
          </button>
        </Screen>
      ) : (
        <Loading />
      )}
    </>
  );
}

type Onward = (after?: string) => Promise<void>;

/** Go to the next answer that is free, or back to the queue where there is none. */
function useOnward(): Onward {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [{ course }] = useFilters();
  return async (after) => {
    const next = await claimNext(course, after);
    void queries.invalidateQueries({ queryKey: ["grading", "summary"] });
    void queries.invalidateQueries({ queryKey: ["grading", "pending"] });
    if (next && next.response_id !== after) await navigate({ to: "/grading/$responseId", params: { responseId: next.response_id }, search: true, replace: true });
    else await navigate({ to: "/grading", search: true, replace: true });
  };
}

const nameOf = (id: string) => `learning.grade.${id}`;

/** What was marked but not sent, kept for this tab, so that a reload does not lose it. */
function useDraft(id: string): [Marks, (marks: Marks) => void, () => void] {
  const [marks, setMarks] = useState<Marks>(() => {
    const kept = sessionStorage.getItem(nameOf(id));
    return kept ? (JSON.parse(kept) as Marks) : { points: "", feedback: "" };
  });
  const change = (next: Marks) => {
    sessionStorage.setItem(nameOf(id), JSON.stringify(next));
    setMarks(next);
  };
  return [marks, change, () => sessionStorage.removeItem(nameOf(id))];
}

function Grading({ one, lost, onward }: { one: Pending; lost: unknown; onward: Onward }) {
  const { t } = useGraderWords();
  const say = useToast();
  const place = useRef<HTMLDivElement>(null);
  const [marks, change, forget] = useDraft(one.response_id);
  const [tried, setTried] = useState(false);
  const [help, setHelp] = useState(false);
  const [single, setSingle] = useSingleKeys();
  const most = one.max_points;
  const field = (key: string) => place.current?.querySelector<HTMLElement>(`[data-key="${key}"]`);

  const send = useMutation({
    mutationFn: (points: number) => grade(one.response_id, { points, feedback: asHtml(marks.feedback) }),
    onSuccess: async (given) => {
      forget();
      say(t("given", { points: given.points_awarded, most }));
      await onward();
    },
  });
  const back = useMutation({
    mutationFn: async (to: "queue" | "next") => {
      await giveBack(one.response_id);
      if (to === "next") await onward(one.response_id);
      else await toQueue();
    },
    onSuccess: () => say(t("gaveBack")),
  });
  const toQueue = useToQueue();
  const busy = send.isPending || back.isPending;

  const { mutate: sendPoints } = send;
  const { mutate: give } = back;
  const doings = useMemo<Doings>(
    () => ({
      digit(digit) {
        change({ ...marks, points: digit });
        field("points")?.focus();
      },
      full() {
        change({ ...marks, points: String(most) });
      },
      feedback: () => field("feedback")?.focus(),
      send() {
        const points = asPoints(marks.points, most);
        setTried(true);
        if (points === null) field("points")?.focus();
        else if (!busy) sendPoints(points);
      },
      skip: () => busy || give("next"),
      back: () => busy || give("queue"),
      help: () => setHelp(true),
    }),
    // oxlint-disable-next-line react/exhaustive-deps -- `change` keeps what it is given, whichever one is called
    [marks, most, busy, sendPoints, give],
  );
  useKeys(doings, single);

  return (
    <div ref={place}>
      <Screen title={one.learner ? (one.learner.display_name ?? one.learner.user_id) : t("theAnswer")} lead={`${one.course_title} · ${one.quiz_title}`} wide>
        {one.decides ? (
          <p className="pills">
            <Pill tone="warn">{t("decidesLead")}</Pill>
          </p>
        ) : null}
        <div className="beside">
          <AnswerSide one={one} />
          <section className="marking" aria-labelledby="your-grade">
            <h2 id="your-grade">{t("yourGrade")}</h2>
            <MarksForm most={most} marks={marks} change={change} tried={tried} send={doings.send} error={send.error ?? back.error}>
              <Hold one={one} lost={lost} />
              <div className="marking-buttons">
                <button type="submit" className="primary" disabled={busy}>
                  {t("giveAndNext")}
                </button>
                <button type="button" disabled={busy} onClick={doings.skip}>
                  {t("skip")}
                </button>
                <button type="button" disabled={busy} onClick={doings.back}>
                  {t("giveBack")}
                </button>
                <button type="button" className="bare" onClick={doings.help}>
                  {t("keys")} <kbd>?</kbd>
                </button>
              </div>
            </MarksForm>
          </section>
        </div>
      </Screen>
      {help ? <Keys single={single} setSingle={setSingle} close={() => setHelp(false)} /> : null}
    </div>
  );
}

function useToQueue(): () => Promise<void> {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: ["grading", "pending"] });
    await navigate({ to: "/grading", search: true, replace: true });
  };
}

function Hold({ one, lost }: { one: Pending; lost: unknown }) {
  const { t, time } = useGraderWords();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const until = one.claimed_until;
  if (!until) return null;
  const over = Boolean(lost) && Date.parse(until) < now;
  return (
    <p className={over ? "wrong-text" : "hint"} role="status">
      {over ? t("notHeld") : t("held", { time: time(until) })}
    </p>
  );
}

function AnswerSide({ one }: { one: Pending }) {
  const { t } = useGraderWords();
  const { question } = one;
  return (
    <div className="answer-side">
      <section aria-labelledby="the-question">
        <h2 id="the-question">{t("theQuestion")}</h2>
        <Rich html={question.prompt_html} />
      </section>
      <section aria-labelledby="the-answer" className="given-answer">
        <h2 id="the-answer">{t("theAnswer")}</h2>
        <p className="said-text" dir="auto">
          {one.text || t("emptyAnswer")}
        </p>
      </section>
      <section aria-labelledby="the-rubric">
        <h2 id="the-rubric">{t("rubric")}</h2>
        {question.rubric_html ? <Rich html={question.rubric_html} /> : <p className="hint">{t("noRubric")}</p>}
        {question.accepted_answers?.length ? (
          <>
            <h3>{t("accepted")}</h3>
            <ul className="bullets">
              {question.accepted_answers.map((text) => (
                <li key={text} dir="auto">
                  {text}
                </li>
              ))}
            </ul>
          </>
        ) : null}
      </section>
    </div>
  );
}
