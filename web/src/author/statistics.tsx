import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Bar, Figure } from "../administrator/parts";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, plain, Rich, Screen } from "../parts/basics";
import { questionsOf, type Question, type Tree } from "./tree";
import { useWords, type Key, type Told } from "./words";

type QuizFigures = Schemas["QuizStatisticsOut"];
type QuestionFigures = Schemas["QuestionStatisticsOut"];

const SUSPECT: Record<NonNullable<QuestionFigures["suspect"]>, { key: Key; tone: "bad" | "warn" | "plain" }> = {
  "likely-wrong-key": { key: "suspectKey", tone: "bad" },
  "ambiguous": { key: "suspectAmbiguous", tone: "warn" },
  "too-easy": { key: "suspectEasy", tone: "plain" },
};

export const versionOf = (params: unknown) => params as { courseId: string; number: string };

/** A version's tree, and what was corrected of it since. */
export const useVersion = (courseId: string, number: string) =>
  useQuery({
    queryKey: ["course", courseId, "version", number],
    queryFn: () => take(api.GET("/api/courses/{course_id}/versions/{number}/", { params: { path: { course_id: courseId, number: Number(number) } } })),
  });

/** What is right and what is called how, of the choices that the figures name. */
function choiceOf(question: Question | undefined, key: string, { t }: Told): { text: string; right: boolean } {
  if (question?.type === "true_false") return { text: t(key === "true" ? "isTrue" : "isFalse"), right: String(question.correct) === key };
  const answers = question?.type === "multiple_choice" || question?.type === "multi_select" ? (question.answers ?? []) : [];
  const found = answers.find((one) => one.key === key);
  return { text: found?.text ?? plain(found?.html ?? "") ?? key, right: found?.is_correct ?? false };
}

function Choices({ figures, question }: { figures: QuestionFigures; question: Question | undefined }) {
  const words = useWords();
  const { t, number } = words;
  return (
    <ul className="choice-figures">
      {figures.choices.map((one) => {
        const { text, right } = choiceOf(question, one.key, words);
        return (
          <li key={one.key}>
            <p>
              <span dir="auto">{text}</span> {right ? <Pill tone="good">{t("rightOnePill")}</Pill> : null}
            </p>
            <Bar shares={[{ name: t("chosenBy"), value: one.chosen, tone: right ? "good" : "accent" }]} total={figures.n} />
            <p className="hint">
              {t("chosenCount", { count: one.chosen, of: figures.n })}
              {one.mean_score === null ? "" : ` · ${t("theirMean", { score: number(one.mean_score) })}`}
            </p>
          </li>
        );
      })}
    </ul>
  );
}

function Figures({ figures, question, index }: { figures: QuestionFigures; question: Question | undefined; index: number }) {
  const { t, number } = useWords();
  const { courseId, number: version } = versionOf(useParams({ strict: false }));
  const suspect = figures.suspect ? SUSPECT[figures.suspect] : null;
  const share = figures.facility === null ? null : Math.round(100 * figures.facility);
  return (
    <li className="question">
      <p className="question-head">
        <span>{t("questionNumber", { number: index + 1 })}</span>
        {suspect ? <Pill tone={suspect.tone}>{t(suspect.key)}</Pill> : null}
      </p>
      <Rich html={question?.prompt_html ?? ""} />
      {figures.reason ? <p className={suspect?.tone === "bad" ? "notice bad" : "notice warn"}>{figures.reason}</p> : null}
      {share === null ? null : (
        <>
          <Bar shares={[{ name: t("facility"), value: share, tone: "good" }]} total={100} />
          <p className="hint">
            {t("facilityOf", { share, count: figures.n })}
            {figures.discrimination === null ? "" : ` · ${t("discriminationOf", { value: number(figures.discrimination) })}`}
          </p>
        </>
      )}
      {figures.choices.length > 0 ? <Choices figures={figures} question={question} /> : null}
      <p className="buttons start">
        <Link
          className={figures.suspect === "likely-wrong-key" ? "button primary" : "button"}
          to="/author/$courseId/versions/$number/regrade"
          params={{ courseId, number: version }}
          search={{ question: figures.question_key } as never}
        >
          {t("setRight")}
        </Link>
      </p>
    </li>
  );
}

function QuizReport({ quiz, tree }: { quiz: QuizFigures; tree: Tree }) {
  const { t, number } = useWords();
  const questions = questionsOf(tree);
  const said = (value: number | null, unit = "") => (value === null ? "–" : `${number(value)}${unit}`);
  return (
    <section>
      <h2 className="section">{quiz.title}</h2>
      {quiz.mean === null ? (
        <Empty title={t("tooFew")}>{t("tooFewLead", { count: quiz.attempts })}</Empty>
      ) : (
        <>
          <dl className="figures">
            <Figure name={t("attemptsCounted")} value={number(quiz.attempts)} tone="main" />
            <Figure name={t("meanScore")} value={said(quiz.mean, " %")} />
            <Figure name={t("medianScore")} value={said(quiz.median, " %")} />
            <Figure name={t("alpha")} value={said(quiz.alpha)} lead={t("alphaLead")} />
          </dl>
          <ol className="questions">
            {quiz.questions.map((one, index) => (
              <Figures key={one.question_key} figures={one} index={index} question={questions.find((other) => other.key === one.question_key)} />
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

/** What the answers say about a version: how hard its questions are, and which of them look wrong. */
export function Statistics() {
  const { courseId, number } = versionOf(useParams({ strict: false }));
  const { t, moment } = useWords();
  const version = useVersion(courseId, number);
  const figures = useQuery({
    queryKey: ["course", courseId, "statistics", number],
    queryFn: () => take(api.GET("/api/courses/{course_id}/versions/{number}/statistics/", { params: { path: { course_id: courseId, number: Number(number) } } })),
  });
  const error = version.error ?? figures.error;
  if (error) return <Failure error={error} again={() => void Promise.all([version.refetch(), figures.refetch()])} />;
  if (!version.data || !figures.data) return <Loading />;
  const tree = version.data;
  const corrections = tree.corrections ?? [];
  return (
    <Screen title={tree.title} lead={`${t("statistics")} · ${t("publishedAs", { number: Number(number) })}`} wide>
      <Link className="back whole" to="/author/$courseId/versions" params={{ courseId }}>
        {t("versions")}
      </Link>
      {corrections.length > 0 ? (
        <>
          <h2 className="section">{t("corrections")}</h2>
          <ul className="bullets">
            {corrections.map((one) => (
              <li key={one.number}>{`${moment(one.corrected_at)} · ${one.corrected_by} · “${one.note}”`}</li>
            ))}
          </ul>
        </>
      ) : null}
      {figures.data.quizzes.length === 0 ? <Empty title={t("noQuizzes")} /> : null}
      {figures.data.quizzes.map((quiz) => (
        <QuizReport key={quiz.quiz_key} quiz={quiz} tree={tree} />
      ))}
    </Screen>
  );
}
