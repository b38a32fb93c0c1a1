import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, plain, Rich, Screen } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { usePages } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { More } from "../screens/home";
import { grade } from "./calls";
import { asHtml, asPoints, asText } from "./feedback";
import { MarksForm, type Marks } from "./marks";
import { useGraderWords } from "./words";

type Given = Schemas["GivenGradeOut"];

const listHistory = (cursor: string | undefined) =>
  take(api.GET("/api/learning/grading/history/", { params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } } }));

/** What the grader has graded, each with its correction. */
export function History() {
  const { t } = useGraderWords();
  const [open, setOpen] = useState<Given | null>(null);
  const list = usePages(["grading", "history"], listHistory);
  return (
    <Screen title={t("navHistory")} lead={t("historyLead")}>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noHistory")} /> : null}
      <ul className="rows">
        {list.items?.map((one, index) => (
          <Entry key={`${one.response_id} ${one.graded_at}`} one={one} newest={list.items?.findIndex((other) => other.response_id === one.response_id) === index} correct={setOpen} />
        ))}
      </ul>
      <More list={list} />
      {open ? <Correction key={open.response_id} one={open} close={() => setOpen(null)} /> : null}
    </Screen>
  );
}

function Entry({ one, newest, correct }: { one: Given; newest: boolean; correct: (one: Given) => void }) {
  const { t, moment } = useGraderWords();
  return (
    <li className="row">
      <div className="row-main">
        <p className="row-title" dir="auto">
          {plain(one.prompt_html)}
        </p>
        <p className="meta">
          <bdi>{one.learner?.display_name ?? one.learner?.user_id ?? t("blind")}</bdi>
          <span>
            {one.course_title} · {one.quiz_title}
          </span>
          <span>{moment(one.graded_at)}</span>
        </p>
        <p className="excerpt" dir="auto">
          {one.text}
        </p>
        {one.feedback ? (
          <div className="said">
            <p className="said-name">{t("feedbackLabel")}</p>
            <Rich html={one.feedback} />
          </div>
        ) : null}
      </div>
      <div className="pills">
        {one.correction ? <Pill>{t("corrected")}</Pill> : null}
        <Pill tone="accent">{t("pointsOf", { points: one.points_awarded, most: one.max_points })}</Pill>
      </div>
      <div className="buttons">
        <Link className="button" to="/grading/attempts/$attemptId" params={{ attemptId: one.attempt_id }}>
          {t("wholeAttempt")}
        </Link>
        {newest ? (
          <button type="button" onClick={() => correct(one)}>
            {t("correct")}
          </button>
        ) : null}
      </div>
    </li>
  );
}

function Correction({ one, close }: { one: Given; close: () => void }) {
  const { t } = useGraderWords();
  const queries = useQueryClient();
  const say = useToast();
  const [marks, setMarks] = useState<Marks>({ points: String(one.points_awarded), feedback: asText(one.feedback) });
  const [tried, setTried] = useState(false);
  const points = asPoints(marks.points, one.max_points);
  const send = useMutation({
    mutationFn: (given: number) => grade(one.response_id, { points: given, feedback: asHtml(marks.feedback), correction: true }),
    onSuccess: async (given) => {
      await queries.invalidateQueries({ queryKey: ["grading"] });
      say(t("correctionGiven", { points: given.points_awarded, most: one.max_points }));
      close();
    },
  });
  return (
    <Dialog title={t("correctTitle")} close={close}>
      <p className="hint">{t("correctLead")}</p>
      <MarksForm
        most={one.max_points}
        marks={marks}
        change={setMarks}
        tried={tried}
        error={send.error}
        send={() => {
          setTried(true);
          if (points !== null) send.mutate(points);
        }}
      >
        <div className="buttons">
          <button type="button" onClick={close}>
            {t("cancel")}
          </button>
          <button type="submit" className="primary" disabled={send.isPending}>
            {t("save")}
          </button>
        </div>
      </MarksForm>
    </Dialog>
  );
}
