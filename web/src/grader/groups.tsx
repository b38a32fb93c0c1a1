import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Empty, Failure, Loading, Pill, plain, Rich, Screen } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Filters, useFilters } from "../parts/filters";
import { CheckField } from "../parts/form";
import { usePages } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { More } from "../screens/home";
import { gradeGroup, listGroups, readSummary, type Group } from "./calls";
import { CourseFilter } from "./course-filter";
import { asHtml, asPoints } from "./feedback";
import { MarksForm, type Marks } from "./marks";
import { useGraderWords } from "./words";

/** Answers that read alike, each group with one grade for all of it. */
export function Groups() {
  const { t } = useGraderWords();
  const [{ course }] = useFilters();
  const [open, setOpen] = useState<Group | null>(null);
  const summary = useQuery({ queryKey: ["grading", "summary"], queryFn: readSummary });
  const list = usePages(["grading", "groups", course], (cursor) => listGroups(course, cursor));
  return (
    <Screen title={t("navGroups")} lead={t("groupsLead")}>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {summary.data && (summary.data.pending > 0 || course) ? (
        <Filters>
          <CourseFilter summary={summary.data} />
        </Filters>
      ) : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("nothingWaits")}>{t("nothingWaitsLead")}</Empty> : null}
      <ul className="rows">
        {list.items?.map((one) => (
          <li key={one.group_id} className="row">
            <div className="row-main">
              <p className="row-title" dir="auto">
                {one.text || t("emptyAnswer")}
              </p>
              <p className="meta">
                <span dir="auto">{plain(one.question.prompt_html)}</span>
                <span>
                  {one.course_title} · {one.quiz_title}
                </span>
              </p>
              <Similar one={one} />
            </div>
            <div className="pills">
              <Pill tone="accent">{t("groupCount", { count: one.count })}</Pill>
            </div>
            <button type="button" onClick={() => setOpen(one)}>
              {t("gradeGroup")}
            </button>
          </li>
        ))}
      </ul>
      <More list={list} />
      {open ? <GroupGrade key={open.group_id} one={open} close={() => setOpen(null)} /> : null}
    </Screen>
  );
}

function Similar({ one }: { one: Group }) {
  const { t } = useGraderWords();
  if (one.similar.length === 0) return null;
  return (
    <p className="hint">
      {t("similar")}{" "}
      {one.similar.map((other, index) => (
        <span key={other.group_id}>
          {index > 0 ? ", " : ""}
          <q dir="auto">{other.text.trim()}</q> ({other.count})
        </span>
      ))}
    </p>
  );
}

function GroupGrade({ one, close }: { one: Group; close: () => void }) {
  const { t } = useGraderWords();
  const queries = useQueryClient();
  const say = useToast();
  const [marks, setMarks] = useState<Marks>({ points: "", feedback: "" });
  const [accept, setAccept] = useState(false);
  const [tried, setTried] = useState(false);
  const points = asPoints(marks.points, one.max_points);
  const send = useMutation({
    mutationFn: (given: number) => gradeGroup(one.group_id, { points: given, feedback: asHtml(marks.feedback), accept }),
    onSuccess: async ({ graded, under_way }) => {
      await queries.invalidateQueries({ queryKey: ["grading"] });
      say(t("groupGiven", { count: graded + under_way }));
      close();
    },
  });
  return (
    <Dialog title={t("gradeGroupTitle", { count: one.count })} close={close}>
      <Rich html={one.question.prompt_html} />
      <blockquote className="said-text" dir="auto">
        {one.text || t("emptyAnswer")}
      </blockquote>
      {one.question.rubric_html ? <Rich html={one.question.rubric_html} /> : null}
      {one.question.accepted_answers?.length ? <p className="hint">{`${t("accepted")}: ${one.question.accepted_answers.join(" · ")}`}</p> : null}
      <p className="hint">{t("gradeGroupLead")}</p>
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
        {one.question.type === "short_answer" ? <CheckField label={t("accept")} hint={t("acceptHint")} checked={accept} change={setAccept} /> : null}
        <div className="buttons">
          <button type="button" onClick={close}>
            {t("cancel")}
          </button>
          <button type="submit" className="primary" disabled={send.isPending}>
            {t("giveGroup", { count: one.count })}
          </button>
        </div>
      </MarksForm>
    </Dialog>
  );
}
