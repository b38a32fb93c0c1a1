import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, Problem, take, type Schemas } from "../api";
import { Failure, Loading, Pill, Screen, type Tone } from "../parts/basics";
import { SelectField, TextArea } from "../parts/form";
import { errorsOf } from "../parts/problems";
import { fetchDraft } from "./draft";
import { nameOf, useCourse } from "./editor";
import { Moving } from "./move";
import { useWords, type Key } from "./words";

type Change = Schemas["ChangeOut"];
type Told = { pointer: string; detail: string; code: string };

const CHANGE: Record<Change["change"], { key: Key; tone: Tone }> = {
  added: { key: "changeAdded", tone: "good" },
  removed: { key: "changeRemoved", tone: "bad" },
  moved: { key: "changeMoved", tone: "plain" },
  changed: { key: "changeChanged", tone: "accent" },
};
const KIND: Record<Change["kind"], Key> = {
  course: "kindCourse",
  module: "kindModule",
  lesson: "kindLesson",
  attestation: "kindAttestation",
  quiz: "kindQuiz",
  assessment: "kindAssessment",
  pool: "typePool",
  question: "kindQuestion",
  answer: "kindAnswer",
};

type UnderWay = NonNullable<Schemas["PublicationIn"]["open_enrollments"]>;
const UNDER_WAY: Record<UnderWay, { key: Key; lead: Key }> = {
  leave: { key: "underWayLeave", lead: "underWayLeaveLead" },
  invite: { key: "underWayInvite", lead: "underWayInviteLead" },
  migrate: { key: "underWayMigrate", lead: "underWayMigrateLead" },
};

/** What the service says, each with a link to the place that it speaks of. */
function Said({ courseId, told, tone, lead }: { courseId: string; told: readonly Told[]; tone: "bad" | "warn"; lead: string }) {
  const { t } = useWords();
  const draft = useQuery({ queryKey: ["draft", courseId, "names"], queryFn: () => fetchDraft(courseId), staleTime: 0 });
  if (!draft.data) return <Loading lines={2} />;
  const { tree } = draft.data;
  return (
    <div className={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <p>{lead}</p>
      <ul className="bullets">
        {told.map((one) => (
          <li key={`${one.pointer} ${one.code}`}>
            <Link to="/author/$courseId" params={{ courseId }} search={{ at: one.pointer } as never}>
              {nameOf(tree, one.pointer) || t("aboutCourse")}
            </Link>
            {`: ${one.detail}`}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Diff({ course }: { course: Schemas["CourseOut"] }) {
  const { t } = useWords();
  const { draft_version: number, published_version: against } = course;
  const diff = useQuery({
    queryKey: ["diff", course.id, number, against],
    queryFn: () => take(api.GET("/api/courses/{course_id}/versions/{number}/diff/", { params: { path: { course_id: course.id, number: number ?? 1 }, query: { against: String(against ?? 1) } } })),
    enabled: number !== null && against !== null,
    staleTime: 0,
  });
  if (against === null) return <p className="hint">{t("firstVersion")}</p>;
  if (number === null) return <p className="hint">{t("nothingChanged")}</p>;
  if (diff.error) return <Failure error={diff.error} again={() => void diff.refetch()} />;
  if (!diff.data) return <Loading />;
  return (
    <ul className="rows">
      {diff.data.changes.map((one) => (
        <li key={`${one.change} ${one.kind} ${one.pointer ?? one.pointer_before}`} className="row">
          <div className="row-main">
            <span className="row-title">{one.title || t(KIND[one.kind])}</span>
            <p className="meta">
              <span>{t(KIND[one.kind])}</span>
              {one.impact === "scoring" ? <span>{t("impactScoring")}</span> : null}
            </p>
          </div>
          <Pill tone={CHANGE[one.change].tone}>{t(CHANGE[one.change].key)}</Pill>
        </li>
      ))}
    </ul>
  );
}

/** What a publish would change and what stops it, before it is done. */
export function Publish() {
  const { courseId } = useParams({ strict: false }) as { courseId: string };
  const { t } = useWords();
  const queries = useQueryClient();
  const course = useCourse(courseId);
  const [note, setNote] = useState("");
  const [underWay, setUnderWay] = useState<UnderWay>("leave");
  const publish = useMutation({
    mutationFn: () => take(api.POST("/api/courses/{course_id}/publish/", { params: { path: { course_id: courseId } }, body: { ...(note.trim() ? { note: note.trim() } : {}), open_enrollments: underWay } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  if (course.error) return <Failure error={course.error} again={() => void course.refetch()} />;
  if (!course.data) return <Loading />;
  const wrong = errorsOf(publish.error).map((one) => ({ pointer: one.pointer, detail: one.detail, code: one.code }));
  const stale = publish.error instanceof Problem && publish.error.code === "nothing-to-publish";
  return (
    <Screen title={publish.isSuccess ? t("isPublished") : t("publishTitle", { name: course.data.title })}>
      {publish.isSuccess ? (
        <>
          <p className="notice good" role="status">
            {t("isPublishedLead", { number: publish.data.published_version ?? 1 })}
          </p>
          {publish.data.run_id ? <Moving runId={publish.data.run_id} /> : null}
          {publish.data.warnings.length > 0 ? <Said courseId={courseId} told={publish.data.warnings} tone="warn" lead={t("warningsLead")} /> : null}
          <div className="buttons start">
            <Link className="button primary" to="/courses/$courseId" params={{ courseId }}>
              {t("seeAsLearner")}
            </Link>
            <Link className="button" to="/author/$courseId" params={{ courseId }}>
              {t("goOnEditing")}
            </Link>
          </div>
        </>
      ) : (
        <>
          <h2 className="section">{t("whatChanges")}</h2>
          <Diff course={course.data} />
          {wrong.length > 0 ? <Said courseId={courseId} told={wrong} tone="bad" lead={t("stopsIt")} /> : null}
          {stale ? <p className="notice warn">{t("nothingChanged")}</p> : publish.error && wrong.length === 0 ? <Failure error={publish.error} /> : null}
          <div className="form">
            {course.data.published_version === null ? null : (
              <SelectField
                label={t("underWay")}
                hint={t(UNDER_WAY[underWay].lead)}
                value={underWay}
                options={(Object.keys(UNDER_WAY) as UnderWay[]).map((value) => ({ value, label: t(UNDER_WAY[value].key) }))}
                change={(value) => setUnderWay(value as UnderWay)}
              />
            )}
            <TextArea label={t("note")} hint={t("noteHint")} rows={2} maxLength={2000} value={note} change={setNote} />
          </div>
          <div className="buttons start">
            <button type="button" className="primary" disabled={publish.isPending || course.data.draft_version === null} onClick={() => publish.mutate()}>
              {t("publish")}
            </button>
            <Link className="button" to="/author/$courseId" params={{ courseId }}>
              {t("goOnEditing")}
            </Link>
          </div>
        </>
      )}
    </Screen>
  );
}
