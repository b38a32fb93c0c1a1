import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { useWords } from "../i18n";
import { Failure, Loading, Pill, Screen } from "../parts/basics";

type Attempt = Schemas["AttemptSummaryOut"];
export type QuizKind = "quizzes" | "assessments";

export const asKind = (word: string): QuizKind => (word === "assessments" ? "assessments" : "quizzes");

function readQuiz(kind: QuizKind, id: string) {
  return kind === "quizzes"
    ? take(api.GET("/api/quizzes/{quiz_id}/", { params: { path: { quiz_id: id } } }))
    : take(api.GET("/api/assessments/{quiz_id}/", { params: { path: { quiz_id: id } } }));
}

function startAttempt(kind: QuizKind, id: string) {
  return kind === "quizzes"
    ? take(api.POST("/api/quizzes/{quiz_id}/attempts/", { params: { path: { quiz_id: id } } }))
    : take(api.POST("/api/assessments/{quiz_id}/attempts/", { params: { path: { quiz_id: id } } }));
}

function Attempts({ attempts, place }: { attempts: Attempt[]; place: { courseId: string; kind: QuizKind; itemId: string } }) {
  const { t, moment } = useWords();
  const closed = attempts.filter((attempt) => attempt.status !== "in_progress");
  if (closed.length === 0) return null;
  return (
    <section>
      <h2 className="section">{t("attempts")}</h2>
      <ul className="rows">
        {closed.toReversed().map((attempt) => (
          <li key={attempt.attempt_id} className="row">
            <div className="row-main">
              <Link className="row-title" to="/courses/$courseId/$kind/$itemId/attempts/$attemptId" params={{ ...place, attemptId: attempt.attempt_id }}>
                {t("attempt", { number: attempt.number })}
              </Link>
              <p className="meta">
                <span>{moment(attempt.submitted_at ?? attempt.started_at)}</span>
                {attempt.score === null ? null : <span>{t("withScore", { score: attempt.score })}</span>}
              </p>
            </div>
            {attempt.passed === null ? (
              <Pill tone="accent">{t("pendingReview")}</Pill>
            ) : (
              <Pill tone={attempt.passed ? "good" : "bad"}>{t(attempt.passed ? "resultPassed" : "resultNotPassed")}</Pill>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Quiz() {
  const params = useParams({ from: "/courses/$courseId/$kind/$itemId" });
  const { courseId, itemId } = params;
  const kind = asKind(params.kind);
  const { t, number } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const quiz = useQuery({ queryKey: ["quiz", kind, itemId], queryFn: () => readQuiz(kind, itemId) });
  const start = useMutation({
    mutationFn: () => startAttempt(kind, itemId),
    onSuccess: async (attempt) => {
      void queries.invalidateQueries({ queryKey: ["quiz", kind, itemId] });
      await navigate({ to: "/courses/$courseId/$kind/$itemId/attempts/$attemptId", params: { courseId, kind, itemId, attemptId: attempt.attempt_id } });
    },
  });
  if (quiz.error) return <Failure error={quiz.error} again={() => void quiz.refetch()} />;
  if (!quiz.data) return <Loading />;
  if (!("attempts" in quiz.data)) return null;
  const { data } = quiz;
  const underWay = data.attempts.find((attempt) => attempt.status === "in_progress");
  const left = data.max_attempts === null ? null : Math.max(0, data.max_attempts - data.attempts_used);
  const mayStart = Boolean(underWay) || left === null || left > 0;
  const label = underWay ? t("resume", { number: underWay.number }) : t(data.attempts.length > 0 ? "startAgain" : "start");
  return (
    <>
      <Link className="back" to="/courses/$courseId" params={{ courseId }}>
        {t("backToCourse")}
      </Link>
      <Screen title={data.title} key={itemId}>
        <dl className="facts">
          <Fact name={t("factQuestions")} value={number(data.question_count)} />
          <Fact name={t("factPass")} value={t("percent", { value: data.pass_score })} />
          <Fact name={t("factAttempts")} value={left === null ? t("noLimit") : number(left)} />
          <Fact name={t("factTime")} value={data.time_limit_seconds === null ? t("noLimit") : t("minutesShort", { count: Math.round(data.time_limit_seconds / 6) / 10 })} />
        </dl>
        {data.passed ? (
          <p className="notice good">
            {t("passed")}
            {data.best_score === null ? "" : ` · ${t("bestScore", { score: data.best_score })}`}
          </p>
        ) : null}
        <p className="hint">{t(data.time_limit_seconds === null ? "untimedLead" : "timedLead")}</p>
        {start.error ? <Failure error={start.error} /> : null}
        {mayStart ? (
          <button type="button" className="primary" disabled={start.isPending} onClick={() => start.mutate()}>
            {label}
          </button>
        ) : (
          <p>{t("noAttemptsLeft")}</p>
        )}
        <Attempts attempts={data.attempts} place={{ courseId, kind, itemId }} />
      </Screen>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
