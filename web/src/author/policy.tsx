import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useRequirements } from "../administrator/data";
import { offer } from "../administrator/parts";
import { api, done, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Screen } from "../parts/basics";
import { Confirm } from "../parts/dialog";
import { CheckField, Form, SelectField, TextField } from "../parts/form";
import { usePages } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { More } from "../screens/home";
import { offerCadences } from "./cadences";
import { CourseChoice } from "./course-choice";
import { useCourse } from "./editor";
import { useWords } from "./words";

type Course = Schemas["CourseOut"];
type Change = Schemas["CoursePolicyChangeIn"];

/** What holds for the course as a whole, whatever its versions say. Only what was changed is sent. */
function PolicyForm({ course }: { course: Course }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const requirements = useRequirements();
  const [change, setChange] = useState<Change>({});
  const now = { ...course, ...change };
  const put = (next: Change) => setChange({ ...change, ...next });
  const known = offer(requirements.data, t("noRequirement"));
  const linked = course.linked_compliance_requirement;
  const options = linked && !known.some((one) => one.value === linked) ? [...known, { value: linked, label: linked }] : known;
  const save = useMutation({
    mutationFn: () => take(api.PATCH("/api/courses/{course_id}/", { params: { path: { course_id: course.id } }, body: change })),
    onSuccess: async (saved) => {
      say("affected" in saved ? t("policySavedFor", { count: saved.affected }) : t("policySaved"));
      setChange({});
      await queries.invalidateQueries({ queryKey: ["course", course.id] });
    },
  });
  const gives = "recertification_cadence" in change || "linked_compliance_requirement" in change;
  return (
    <Form send={() => save.mutate()} error={save.error}>
      <CheckField label={t("selfEnrollment")} checked={now.self_enrollment} change={(on) => put({ self_enrollment: on })} />
      <TextField label={t("category")} pointer="/category" maxLength={200} value={now.category ?? ""} change={(text) => put({ category: text || null })} />
      <SelectField
        label={t("cadence")}
        pointer="/recertification_cadence"
        value={now.recertification_cadence ?? ""}
        options={offerCadences(t, course.recertification_cadence)}
        change={(value) => put({ recertification_cadence: value || null })}
      />
      <SelectField
        label={t("recertification")}
        pointer="/recertification"
        value={now.recertification}
        options={[
          { value: "full", label: t("recertificationFull") },
          { value: "delta", label: t("recertificationDelta") },
        ]}
        change={(value) => put({ recertification: value === "delta" ? "delta" : "full" })}
      />
      <SelectField
        label={t("requirement")}
        pointer="/linked_compliance_requirement"
        value={now.linked_compliance_requirement ?? ""}
        options={options}
        change={(value) => put({ linked_compliance_requirement: value || null })}
      />
      <SelectField
        label={t("sequence")}
        pointer="/sequence"
        value={now.sequence}
        options={[
          { value: "free", label: t("sequenceFree") },
          { value: "ordered", label: t("sequenceOrdered") },
        ]}
        change={(value) => put({ sequence: value === "ordered" ? "ordered" : "free" })}
      />
      <CourseChoice label={t("prerequisites")} hint={t("prerequisitesHint")} pointer="/prerequisites" value={now.prerequisites} without={[course.id]} change={(prerequisites) => put({ prerequisites })} />
      {gives ? (
        <CheckField label={t("applyToExisting")} hint={t("applyToExistingHint")} checked={change.apply_to_existing ?? false} change={(on) => put({ apply_to_existing: on })} />
      ) : null}
      <div className="buttons start">
        <button type="submit" className="primary" disabled={save.isPending || Object.keys(change).length === 0}>
          {t("save")}
        </button>
      </div>
    </Form>
  );
}

/** Who may grade this course in addition to the organization's graders. */
function Graders({ courseId }: { courseId: string }) {
  const { t, day } = useWords();
  const queries = useQueryClient();
  const [person, setPerson] = useState("");
  const key = ["course", courseId, "graders"];
  const list = usePages(key, (cursor) =>
    take(api.GET("/api/courses/{course_id}/graders/", { params: { path: { course_id: courseId }, query: { limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  const act = useMutation({
    mutationFn: ({ user, may }: { user: string; may: boolean }) => {
      const params = { path: { course_id: courseId, user_id: user } };
      return done(may ? api.PUT("/api/courses/{course_id}/graders/{user_id}/", { params }) : api.DELETE("/api/courses/{course_id}/graders/{user_id}/", { params }));
    },
    onSuccess: async () => {
      setPerson("");
      await queries.invalidateQueries({ queryKey: key });
    },
  });
  return (
    <section>
      <h2 className="section">{t("graders")}</h2>
      <p className="hint">{t("gradersLead")}</p>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.items?.length === 0 ? <Empty title={t("noGraders")} /> : null}
      <ul className="rows">
        {list.items?.map((one) => (
          <li key={one.user_id} className="row">
            <div className="row-main">
              <p className="row-title">
                <bdi>{one.user_id}</bdi>
              </p>
              <p className="meta">{t("since", { date: day(one.designated_at) })}</p>
            </div>
            <button type="button" disabled={act.isPending} onClick={() => act.mutate({ user: one.user_id, may: false })}>
              {t("removeGrader")}
            </button>
          </li>
        ))}
      </ul>
      <More list={list} />
      <Form send={() => act.mutate({ user: person.trim(), may: true })} error={act.error}>
        <TextField label={t("graderId")} hint={t("graderIdHint")} maxLength={128} value={person} change={setPerson} />
        <div className="buttons start">
          <button type="submit" disabled={act.isPending || person.trim() === ""}>
            {t("addGrader")}
          </button>
        </div>
      </Form>
    </section>
  );
}

/** A course that was never published can go altogether. */
function Deletion({ course }: { course: Course }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  const remove = useMutation({
    mutationFn: () => done(api.DELETE("/api/courses/{course_id}/", { params: { path: { course_id: course.id } } })),
    onSuccess: async () => {
      await navigate({ to: "/author" });
      queries.removeQueries({ queryKey: ["course", course.id] });
      await queries.invalidateQueries({ queryKey: ["courses"] });
    },
  });
  if (course.published_version !== null) return null;
  return (
    <section>
      <h2 className="section">{t("deleteCourse")}</h2>
      <p className="hint">{t("deleteCourseLead")}</p>
      <div className="buttons start">
        <button type="button" onClick={() => setAsked(true)}>
          {t("deleteCourse")}
        </button>
      </div>
      {asked ? (
        <Confirm
          title={t("deleteCourseAsk", { title: course.title })}
          action={t("deleteCourse")}
          busy={remove.isPending}
          error={remove.error}
          confirm={() => remove.mutate()}
          close={() => setAsked(false)}
        >
          <p>{t("deleteCourseLead")}</p>
        </Confirm>
      ) : null}
    </section>
  );
}

/** What holds for a course beside its versions: its policy, its graders, and its end. */
export function Policy() {
  const { courseId } = useParams({ strict: false }) as { courseId: string };
  const { t } = useWords();
  const course = useCourse(courseId);
  if (course.error) return <Failure error={course.error} again={() => void course.refetch()} />;
  if (!course.data) return <Loading />;
  return (
    <Screen title={course.data.title} lead={t("policy")}>
      <Link className="back" to="/author/$courseId" params={{ courseId }}>
        {t("goOnEditing")}
      </Link>
      <PolicyForm course={course.data} />
      <Graders courseId={courseId} />
      <Deletion course={course.data} />
    </Screen>
  );
}
