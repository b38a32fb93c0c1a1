import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { useWords } from "../i18n";
import { Failure, Loading, NotHere, Rich, Screen } from "../parts/basics";
import { Form, TextField } from "../parts/form";
import { useModules } from "../parts/queries";
import { ItemLink, stepsOf } from "./course";
import { Picture, Slides, Video } from "./media";

type Item = Schemas["ModuleOut"]["items"][number];
type Lesson = Extract<Item, { kind: "lesson" }>;
type Attestation = Extract<Item, { kind: "attestation" }>;

/** What a lesson has to be read and seen. */
function Content({ lesson }: { lesson: Lesson }) {
  return (
    <>
      {lesson.image_url ? <Picture address={lesson.image_url} /> : null}
      <Rich html={lesson.body_html} />
      {lesson.video_url ? <Video address={lesson.video_url} title={lesson.title} /> : null}
      {lesson.document_url ? <Slides path={lesson.document_url} title={lesson.title} /> : null}
    </>
  );
}

/** The text of an attestation, and the place where it is signed; once signed, when. */
function Signing({ attestation, signed }: { attestation: Attestation; signed: () => Promise<void> }) {
  const { t, moment } = useWords();
  const [name, setName] = useState("");
  const sign = useMutation({
    mutationFn: () => take(api.POST("/api/attestations/{attestation_id}/sign/", { params: { path: { attestation_id: attestation.id } }, body: { typed_name: name } })),
    onSuccess: signed,
  });
  return (
    <>
      <Rich html={attestation.text_html} />
      {attestation.completed_at ? (
        <p className="notice good" role="status">
          {t("signedOn", { date: moment(attestation.completed_at) })}
        </p>
      ) : (
        <Form send={() => sign.mutate()} error={sign.error}>
          <TextField label={t("typedName")} hint={t("typedNameHint")} pointer="/typed_name" autoComplete="name" maxLength={200} value={name} change={setName} />
          <button type="submit" className="primary" disabled={sign.isPending || !name.trim()}>
            {t("sign")}
          </button>
        </Form>
      )}
    </>
  );
}

export function LessonScreen() {
  const { courseId, itemId } = useParams({ from: "/courses/$courseId/lessons/$itemId" });
  const modules = useModules(courseId);
  if (modules.error) return <Failure error={modules.error} again={() => void modules.refetch()} />;
  if (!modules.data) return <Loading />;
  const steps = stepsOf(modules.data);
  const lesson = steps.find((item): item is Lesson | Attestation => (item.kind === "lesson" || item.kind === "attestation") && item.id === itemId);
  if (!lesson) return <NotHere />;
  return <Reading key={itemId} lesson={lesson} steps={steps} courseId={courseId} title={modules.data.enrollment?.course_title} />;
}

function Reading(props: { lesson: Lesson | Attestation; steps: ReturnType<typeof stepsOf>; courseId: string; title: string | undefined }) {
  const { lesson, steps, courseId } = props;
  const { t } = useWords();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const place = steps.indexOf(lesson);
  const before = steps[place - 1];
  const after = steps[place + 1];
  const complete = useMutation({
    mutationFn: () => take(api.POST("/api/lessons/{lesson_id}/complete/", { params: { path: { lesson_id: lesson.id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries();
      const params = { courseId };
      if (!after) await navigate({ to: "/courses/$courseId", params });
      else if (after.kind === "lesson" || after.kind === "attestation") await navigate({ to: "/courses/$courseId/lessons/$itemId", params: { ...params, itemId: after.id } });
      else {
        const kind = after.kind === "quiz" ? "quizzes" : "assessments";
        await navigate({ to: "/courses/$courseId/$kind/$itemId", params: { ...params, kind, itemId: after.id } });
      }
    },
  });
  return (
    <>
      <Link className="back" to="/courses/$courseId" params={{ courseId }}>
        {props.title ?? t("backToCourse")}
      </Link>
      <Screen title={lesson.title}>
        {lesson.kind === "lesson" ? <Content lesson={lesson} /> : <Signing attestation={lesson} signed={() => queries.invalidateQueries()} />}
        {complete.error ? <Failure error={complete.error} /> : null}
        <nav className="pager" aria-label={t("content")}>
          {before ? (
            <ItemLink courseId={courseId} item={before} className="button">
              {t("previous")}
            </ItemLink>
          ) : (
            <span />
          )}
          {lesson.completed_at === null && lesson.kind === "attestation" ? null : lesson.completed_at === null ? (
            <button type="button" className="primary" disabled={complete.isPending} onClick={() => complete.mutate()}>
              {t("markDone")}
            </button>
          ) : after ? (
            <ItemLink courseId={courseId} item={after} className="button primary">
              {t("nextStep")}
            </ItemLink>
          ) : (
            <Link className="button primary" to="/courses/$courseId" params={{ courseId }}>
              {t("backToCourse")}
            </Link>
          )}
        </nav>
      </Screen>
    </>
  );
}
