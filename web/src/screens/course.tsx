import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { useWords } from "../i18n";
import { Failure, Loading, Pill, Rich, Screen } from "../parts/basics";
import { Icon } from "../parts/icons";
import { useMe, useModules } from "../parts/queries";
import { Due } from "./home";

type Modules = Omit<Schemas["ModulesOut"], "next_cursor">;
type Item = Modules["items"][number]["items"][number];

/** A course's items in the order in which they are taken, the assessment last. */
export function stepsOf(modules: Modules): Item[] {
  const items = modules.items.flatMap((module) => module.items);
  return modules.assessment ? [...items, modules.assessment] : items;
}

export function ItemLink(props: { courseId: string; item: Item; className?: string; children: React.ReactNode }) {
  const { courseId, item, children } = props;
  const look = props.className ? { className: props.className } : {};
  if (item.kind === "lesson" || item.kind === "attestation") {
    return (
      <Link {...look} to="/courses/$courseId/lessons/$itemId" params={{ courseId, itemId: item.id }}>
        {children}
      </Link>
    );
  }
  const kind = item.kind === "quiz" ? "quizzes" : "assessments";
  return (
    <Link {...look} to="/courses/$courseId/$kind/$itemId" params={{ courseId, kind, itemId: item.id }}>
      {children}
    </Link>
  );
}

const isDone = (item: Item) => item.completed_at !== null || ("passed" in item && item.passed);

function Step({ item, courseId, open }: { item: Item; courseId: string; open: boolean }) {
  const { t } = useWords();
  const done = isDone(item);
  return (
    <li className={done ? "step done" : "step"}>
      <span className="step-mark">
        <Icon name={done ? "check" : item.kind} />
        <span className="visually-hidden">{t(done ? "done" : "notDone")}</span>
      </span>
      <div>
        {open ? (
          <ItemLink courseId={courseId} item={item}>
            {item.title}
          </ItemLink>
        ) : (
          <span>{item.title}</span>
        )}
        <p className="meta">
          <span>{t(item.kind)}</span>
          {"question_count" in item ? <span>{t("questions", { count: item.question_count })}</span> : null}
          {"best_score" in item && item.best_score !== null ? <span>{t("bestScore", { score: item.best_score })}</span> : null}
          {item.kept ? <span>{t("keptItem")}</span> : null}
          {item.required ? null : <span>{t("optional")}</span>}
        </p>
      </div>
    </li>
  );
}

function Standing({ course, modules }: { course: Schemas["SeenCourseOut"]; modules: Modules }) {
  const words = useWords();
  const { t, day } = words;
  const queries = useQueryClient();
  const me = useMe();
  const enroll = useMutation({
    mutationFn: () => take(api.POST("/api/courses/{course_id}/enroll/", { params: { path: { course_id: course.id } } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  const enrollment = modules.enrollment;
  const steps = stepsOf(modules);
  const next = steps.find((item) => item.required && !isDone(item));
  const missing = course.missing_prerequisites;
  if (me.data?.is_member && missing.length > 0 && (!enrollment || enrollment.status === "assigned")) {
    return (
      <div className="standing">
        <p>{t("firstComplete")}</p>
        <ul>
          {missing.map((one) => (
            <li key={one.course_id}>
              <Link to="/courses/$courseId" params={{ courseId: one.course_id }}>
                {one.title}
              </Link>
            </li>
          ))}
        </ul>
      </div>
    );
  }
  if (!enrollment) {
    if (!me.data?.is_member) return null;
    return (
      <div className="standing">
        {course.self_enrollment ? (
          <>
            <button type="button" className="primary" disabled={enroll.isPending} onClick={() => enroll.mutate()}>
              {t("enroll")}
            </button>
            <p className="hint">{t("notEnrolledYet")}</p>
          </>
        ) : (
          <p>{t("enrollClosed")}</p>
        )}
        {enroll.error ? <Failure error={enroll.error} /> : null}
      </div>
    );
  }
  if (enrollment.status === "completed") {
    return (
      <div className="standing good">
        <p>
          <strong>{t("completedOn", { date: day(enrollment.completed_at ?? enrollment.assigned_at) })}</strong>
          {enrollment.score === null ? null : ` · ${t("withScore", { score: enrollment.score })}`}
        </p>
        <Link className="button primary" to="/certificates">
          {t("seeCertificate")}
        </Link>
      </div>
    );
  }
  if (enrollment.status === "failed") return <p className="notice bad">{t("courseFailed")}</p>;
  if (enrollment.awaiting_review) return <p className="notice accent">{t("courseWaits")}</p>;
  return (
    <div className="standing">
      {next ? (
        <ItemLink courseId={course.id} item={next} className="button primary">
          {t(steps.some(isDone) ? "goOn" : "begin")}
        </ItemLink>
      ) : null}
      {next ? <p className="hint">{t("next", { title: next.title })}</p> : null}
      <Due entry={enrollment} words={words} />
    </div>
  );
}

export function Course() {
  const { courseId } = useParams({ from: "/courses/$courseId" });
  const { t } = useWords();
  const course = useQuery({
    queryKey: ["course", courseId],
    queryFn: () => take(api.GET("/api/courses/{course_id}/", { params: { path: { course_id: courseId } } })),
  });
  const modules = useModules(courseId);
  const error = course.error ?? modules.error;
  if (error) return <Failure error={error} again={() => void Promise.all([course.refetch(), modules.refetch()])} />;
  if (!course.data || !modules.data) return <Loading />;
  const { data } = course;
  const open = modules.data.enrollment !== null;
  return (
    <Screen title={data.title} key={courseId}>
      <p className="meta">
        {data.estimated_minutes ? <span>{t("minutes", { count: data.estimated_minutes })}</span> : null}
        {data.credit_hours ? <span>{t("creditHours", { count: data.credit_hours })}</span> : null}
        <span>{t("passScore", { score: data.pass_score })}</span>
        {data.recertification_cadence ? <span>{t("repeats")}</span> : null}
        {data.category ? <Pill>{data.category}</Pill> : null}
      </p>
      <Rich html={data.description_html} />
      <Standing course={data} modules={modules.data} />
      <h2 className="section">{t("content")}</h2>
      {modules.data.items.map((module) => (
        <section key={module.id} className="module">
          <h3>{module.title}</h3>
          <ol className="steps">
            {module.items.map((item) => (
              <Step key={item.id} item={item} courseId={courseId} open={open} />
            ))}
          </ol>
        </section>
      ))}
      {modules.data.assessment ? (
        <section className="module">
          <h3>{t("assessment")}</h3>
          <ol className="steps">
            <Step item={modules.data.assessment} courseId={courseId} open={open} />
          </ol>
        </section>
      ) : null}
    </Screen>
  );
}
