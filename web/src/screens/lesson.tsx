import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { useWords } from "../i18n";
import { Failure, Loading, NotHere, Rich, Screen } from "../parts/basics";
import { useModules } from "../parts/queries";
import { ItemLink, stepsOf } from "./course";
import { Picture, Slides, Video } from "./media";

type Lesson = Extract<Schemas["ModuleOut"]["items"][number], { kind: "lesson" }>;

export function LessonScreen() {
  const { courseId, itemId } = useParams({ from: "/courses/$courseId/lessons/$itemId" });
  const modules = useModules(courseId);
  if (modules.error) return <Failure error={modules.error} again={() => void modules.refetch()} />;
  if (!modules.data) return <Loading />;
  const steps = stepsOf(modules.data);
  const lesson = steps.find((item): item is Lesson => item.kind === "lesson" && item.id === itemId);
  if (!lesson) return <NotHere />;
  return <Reading key={itemId} lesson={lesson} steps={steps} courseId={courseId} title={modules.data.enrollment?.course_title} />;
}

function Reading(props: { lesson: Lesson; steps: ReturnType<typeof stepsOf>; courseId: string; title: string | undefined }) {
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
      else if (after.kind === "lesson") await navigate({ to: "/courses/$courseId/lessons/$itemId", params: { ...params, itemId: after.id } });
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
        {lesson.image_url ? <Picture address={lesson.image_url} /> : null}
        <Rich html={lesson.body_html} />
        {lesson.video_url ? <Video address={lesson.video_url} title={lesson.title} /> : null}
        {lesson.document_url ? <Slides path={lesson.document_url} title={lesson.title} /> : null}
        {complete.error ? <Failure error={complete.error} /> : null}
        <nav className="pager" aria-label={t("content")}>
          {before ? (
            <ItemLink courseId={courseId} item={before} className="button">
              {t("previous")}
            </ItemLink>
          ) : (
            <span />
          )}
          {lesson.completed_at === null ? (
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
