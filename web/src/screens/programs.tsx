import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { useWords } from "../i18n";
import { Failure, Pill, plain, Progress } from "../parts/basics";
import { Icon } from "../parts/icons";
import { useMe } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { Due } from "./home";

type Program = Schemas["OwnProgramOut"];
type Step = Program["steps"][number];

const hasPassed = (time: string | null) => time !== null && new Date(time).getTime() <= Date.now();

/** Whether a member who stands so may enter the program again. */
const isRenewable = (program: Program) => !isOpen(program) && hasPassed(program.renewal_opens_at);

const isOpen = (program: Program) => program.status === "assigned" || program.status === "in_progress";

function StepCourse({ course, open }: { course: Step["courses"][number]; open: boolean }) {
  const { t } = useWords();
  return (
    <li className={course.done ? "step done" : "step"}>
      <span className="step-mark">
        <Icon name={course.done ? "check" : "lesson"} />
        <span className="visually-hidden">{t(course.done ? "done" : "notDone")}</span>
      </span>
      <div>
        {open || course.done ? (
          <Link to="/courses/$courseId" params={{ courseId: course.course_id }}>
            {course.title}
          </Link>
        ) : (
          <span>{course.title}</span>
        )}{" "}
        {course.excused ? <Pill tone="plain">{t(course.excused === "exempt" ? "stepExempt" : "stepEvidence")}</Pill> : null}
      </div>
    </li>
  );
}

function ProgramStep({ step, number }: { step: Step; number: number }) {
  const { t } = useWords();
  const some = step.need !== "all";
  return (
    <li>
      <h4>
        {t("programStep", { number })}
        {some ? ` · ${t("someNeeded", { need: Number(step.need), total: step.courses.length })}` : null}
        {step.open || step.done ? null : <Pill tone="plain">{t("stepWaits")}</Pill>}
      </h4>
      <ul className="steps">
        {step.courses.map((course) => (
          <StepCourse key={course.course_id} course={course} open={step.open} />
        ))}
      </ul>
    </li>
  );
}

/** Of each program the way that was begun last; the list has the newest first. */
const newest = (programs: Program[]) => programs.filter((one, at) => programs.findIndex((other) => other.program_id === one.program_id) === at);

/** A program that is completed, and until when that counts. */
function Held({ program }: { program: Program }) {
  const { t, day } = useWords();
  return (
    <article className="now">
      <h3>{program.title}</h3>
      <p className="meta">
        <span>{t(hasPassed(program.expires_at) ? "programLapsed" : "programValid", { date: day(program.expires_at ?? "") })}</span>{" "}
        <span>{isRenewable(program) ? t("programRenewable") : t("programRenewalOpens", { date: day(program.renewal_opens_at ?? "") })}</span>
      </p>
      {isRenewable(program) ? <Enter programId={program.program_id} title={program.title} action={t("renewProgram")} /> : null}
    </article>
  );
}

export const useOwnPrograms = (enabled = true) =>
  useQuery({
    queryKey: ["programs"],
    queryFn: () => take(api.GET("/api/users/programs/", { params: { query: { limit: 100 } } })),
    enabled,
  });

/** The programs that a member is in, with their steps and what is to be done now. */
export function Programs() {
  const words = useWords();
  const { t } = words;
  const list = useOwnPrograms();
  if (list.error) return <Failure error={list.error} again={() => void list.refetch()} />;
  const open = list.data?.items.filter(isOpen) ?? [];
  const ending = newest(list.data?.items ?? []).filter((one) => !isOpen(one) && one.expires_at !== null);
  if (open.length + ending.length === 0) return null;
  return (
    <section>
      <h2 className="section">{t("programs")}</h2>
      {ending.map((program) => (
        <Held key={program.enrollment_id} program={program} />
      ))}
      {open.map((program) => (
        <article className="now" key={program.enrollment_id}>
          <div className="pills">
            {program.renewal ? <Pill tone="accent">{t("programRenewal")}</Pill> : null}
            <Due entry={program} words={words} />
          </div>
          <h3>{program.title}</h3>
          <Progress percent={program.percent} label={t("percentDone", { percent: program.percent })} />
          <ol className="program-steps">
            {program.steps.map((step, at) => (
              <ProgramStep key={step.courses[0]?.course_id} step={step} number={at + 1} />
            ))}
          </ol>
        </article>
      ))}
    </section>
  );
}

/** What enters a program. */
function Enter({ programId, title, action }: { programId: string; title: string; action: string }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const enroll = useMutation({
    mutationFn: () => take(api.POST("/api/programs/{program_id}/enroll/", { params: { path: { program_id: programId } } })),
    onSuccess: async () => {
      say(t("programTaken"));
      await queries.invalidateQueries();
    },
  });
  return (
    <>
      {enroll.error ? <Failure error={enroll.error} /> : null}
      <div className="buttons start">
        <button type="button" disabled={enroll.isPending} aria-label={`${action}: ${title}`} onClick={() => enroll.mutate()}>
          {action}
        </button>
      </div>
    </>
  );
}

function OpenProgram({ program }: { program: Schemas["ProgramOut"] }) {
  const { t } = useWords();
  return (
    <li className="card">
      <h3>{program.title}</h3>
      <p className="excerpt">{plain(program.description_html)}</p>
      <p className="meta">
        <span>{t("stepCount", { count: program.steps.length })}</span>
      </p>
      <Enter programId={program.id} title={program.title} action={t("takeProgram")} />
    </li>
  );
}

/** The programs that a member may enter and is not in. */
export function OpenPrograms() {
  const { t } = useWords();
  const member = useMe().data?.is_member === true;
  const own = useOwnPrograms(member);
  const list = useQuery({
    queryKey: ["programs", "open"],
    queryFn: () => take(api.GET("/api/programs/", { params: { query: { limit: 100 } } })),
    enabled: member,
  });
  const mine = new Set(own.data?.items.map((one) => one.program_id));
  const open = own.data ? (list.data?.items.filter((one) => one.published_version !== null && one.self_enrollment && !mine.has(one.id)) ?? []) : [];
  if (open.length === 0) return null;
  return (
    <section>
      <h2 className="section">{t("programs")}</h2>
      <ul className="cards">
        {open.map((program) => (
          <OpenProgram key={program.id} program={program} />
        ))}
      </ul>
    </section>
  );
}
