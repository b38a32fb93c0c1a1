import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "../api";
import { Failure, Loading, Screen } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Form, TextArea, TextField } from "../parts/form";
import { useToast } from "../parts/toasts";
import { Marked } from "../screens/result";
import { override, readAttempt } from "./calls";
import { asPoints } from "./feedback";
import { useGraderWords } from "./words";

type Attempt = Schemas["AttemptOut"];
type Question = Attempt["questions"][number];

/** A whole attempt as it was marked; each mark can be overridden by a person's own, with a reason. */
export function AttemptMarks() {
  const { attemptId } = useParams({ from: "/grading/attempts/$attemptId" });
  const { t, number } = useGraderWords();
  const [asked, setAsked] = useState<Question | null>(null);
  const attempt = useQuery({ queryKey: ["grading", "attempt", attemptId], queryFn: () => readAttempt(attemptId) });
  if (attempt.error) return <Failure error={attempt.error} again={() => void attempt.refetch()} />;
  if (!attempt.data) return <Loading />;
  const { questions, responses, score, points, max_points: most, status } = attempt.data;
  const given = new Map(responses.map((one) => [one.question_id, one]));
  const result = score === null ? t("waitsForGrade") : `${number(score)} % · ${t("pointsOf", { points: points ?? 0, most })}`;
  return (
    <Screen title={t("wholeAttempt")} lead={result}>
      <ol className="questions">
        {questions.map((question, index) => (
          <li key={question.id}>
            <Marked question={question} given={given.get(question.id)} number={index + 1} total={questions.length} answerName={t("theAnswer")}>
              {status === "in_progress" ? null : (
                <p className="buttons start">
                  <button type="button" className="small" onClick={() => setAsked(question)}>
                    {t("override")}
                  </button>
                </p>
              )}
            </Marked>
          </li>
        ))}
      </ol>
      {asked ? <Override attempt={attemptId} question={asked} now={given.get(asked.id)?.points_awarded ?? null} close={() => setAsked(null)} /> : null}
    </Screen>
  );
}

function Override({ attempt, question, now, close }: { attempt: string; question: Question; now: number | null; close: () => void }) {
  const { t, number } = useGraderWords();
  const queries = useQueryClient();
  const say = useToast();
  const [written, setWritten] = useState(now === null ? "" : String(now));
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const points = asPoints(written, question.points);
  const send = useMutation({
    mutationFn: (given: number) => override(attempt, { question_id: question.id, points: given, reason: reason.trim() }),
    onSuccess: async ({ points_awarded: awarded }) => {
      await queries.invalidateQueries({ queryKey: ["grading"] });
      say(t("given", { points: awarded, most: question.points }));
      close();
    },
  });
  return (
    <Dialog title={t("override")} close={close}>
      <p className="hint">{t("overrideLead")}</p>
      <Form
        error={send.error}
        send={() => {
          setTried(true);
          if (points !== null) send.mutate(points);
        }}
      >
        <TextField
          label={t("pointsLabel", { most: question.points })}
          pointer="/points"
          wrong={tried && points === null ? t("pointsWrong", { most: number(question.points) }) : null}
          inputMode="decimal"
          autoComplete="off"
          value={written}
          change={setWritten}
        />
        <TextArea label={t("overrideReason")} hint={t("overrideReasonHint")} pointer="/reason" rows={3} maxLength={1000} value={reason} change={setReason} />
        <div className="buttons">
          <button type="button" onClick={close}>
            {t("cancel")}
          </button>
          <button type="submit" className="primary" disabled={send.isPending}>
            {t("save")}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
