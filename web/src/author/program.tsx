import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { EVERYONE, writeAudience } from "../administrator/audience";
import { AudienceField } from "../administrator/audience-field";
import { useRequirements } from "../administrator/data";
import { DayField, endOfDay } from "../administrator/days";
import { Ask, offer } from "../administrator/parts";
import { api, done, take, type Schemas } from "../api";
import { Failure, Loading, Pill, Screen } from "../parts/basics";
import { Confirm } from "../parts/dialog";
import { CheckField, Form, SelectField, TextField } from "../parts/form";
import { Icon } from "../parts/icons";
import { useMe } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { offerCadences } from "./cadences";
import { CourseChoice } from "./course-choice";
import { moved, newStep, readSteps, withCourses, writeSteps, type Step } from "./steps";
import { RichField } from "./text";
import { useUnit } from "./units";
import { useWords } from "./words";

type Program = Schemas["ProgramOut"];
type Content = Required<Pick<Schemas["ProgramIn"], "title" | "description_html" | "steps" | "ordered" | "due_in_days" | "certificate" | "self_enrollment" | "recertification_cadence" | "linked_compliance_requirement">>;

function StepForm(props: { step: Step; at: number; steps: Step[]; change: (steps: Step[]) => void }) {
  const { step, at, steps, change } = props;
  const { t } = useWords();
  const name = t("programStep", { number: at + 1 });
  const put = (next: Step) => change(steps.map((one) => (one.id === step.id ? next : one)));
  const elsewhere = steps.flatMap((one) => (one.id === step.id ? [] : one.courses));
  const fewer = step.courses.map((_, index) => index + 1).filter((count) => count < step.courses.length);
  return (
    <li className="program-step">
      <div className="program-step-head">
        <h3>{name}</h3>
        <span className="row-actions">
          <button type="button" aria-label={t("moveUp", { name })} disabled={at === 0} onClick={() => change(moved(steps, at, -1))}>
            <Icon name="up" />
          </button>
          <button type="button" aria-label={t("moveDown", { name })} disabled={at === steps.length - 1} onClick={() => change(moved(steps, at, 1))}>
            <Icon name="down" />
          </button>
          <button type="button" aria-label={t("removeStep", { name })} disabled={steps.length === 1} onClick={() => change(steps.filter((one) => one.id !== step.id))}>
            <Icon name="close" />
          </button>
        </span>
      </div>
      <CourseChoice label={t("stepCourses")} pointer={`/steps/${at}`} value={step.courses} without={elsewhere} change={(courses) => put(withCourses(step, courses))} />
      {step.courses.length > 1 ? (
        <SelectField
          label={t("stepNeeds")}
          value={String(step.need)}
          options={[{ value: "all", label: t("stepNeedsAll") }, ...fewer.map((count) => ({ value: String(count), label: t("stepNeedsSome", { count, total: step.courses.length }) }))]}
          change={(value) => put({ ...step, need: value === "all" ? "all" : Number(value) })}
        />
      ) : null}
    </li>
  );
}

/** What a program is made of. `send` gets all of it. */
function ProgramForm(props: { program?: Program; busy: boolean; error: unknown; send: (content: Content, unit: ReturnType<typeof useUnit>["body"]) => void }) {
  const { program } = props;
  const { t } = useWords();
  const unit = useUnit();
  const requirements = useRequirements();
  const [title, setTitle] = useState(program?.title ?? "");
  const [description, setDescription] = useState(program?.description_html ?? "");
  const [steps, setSteps] = useState(() => (program ? readSteps(program.steps) : [newStep()]));
  const [ordered, setOrdered] = useState(program?.ordered ?? true);
  const [days, setDays] = useState(program?.due_in_days ? String(program.due_in_days) : "");
  const [certificate, setCertificate] = useState(program?.certificate ?? true);
  const [open, setOpen] = useState(program?.self_enrollment ?? true);
  const [cadence, setCadence] = useState(program?.recertification_cadence ?? "");
  const [requirement, setRequirement] = useState(program?.linked_compliance_requirement ?? "");
  const isWhole = title.trim() !== "" && steps.every((one) => one.courses.length > 0);
  const send = () =>
    props.send(
      {
        title: title.trim(),
        description_html: description,
        steps: writeSteps(steps),
        ordered,
        due_in_days: days ? Number(days) : null,
        certificate,
        self_enrollment: open,
        recertification_cadence: cadence || null,
        linked_compliance_requirement: requirement || null,
      },
      unit.body,
    );
  return (
    <Form send={send} error={props.error}>
      <TextField label={t("title")} pointer="/title" maxLength={200} value={title} change={setTitle} />
      {program ? null : unit.fields}
      <RichField label={t("programDescription")} value={description} change={setDescription} />
      <section>
        <h2 className="section">{t("programSteps")}</h2>
        <ol className="program-forms">
          {steps.map((step, at) => (
            <StepForm key={step.id} step={step} at={at} steps={steps} change={setSteps} />
          ))}
        </ol>
        <button type="button" onClick={() => setSteps([...steps, newStep()])}>
          <Icon name="plus" /> {t("addStep")}
        </button>
      </section>
      <CheckField label={t("stepsOrdered")} hint={t("stepsOrderedHint")} checked={ordered} change={setOrdered} />
      <TextField label={t("programDue")} hint={t("programDueHint")} pointer="/due_in_days" type="number" min={1} max={3650} value={days} change={setDays} />
      <SelectField label={t("requirement")} pointer="/linked_compliance_requirement" value={requirement} options={offer(requirements.data, t("noRequirement"))} change={setRequirement} />
      <SelectField
        label={t("programCadence")}
        hint={t("programCadenceHint")}
        pointer="/recertification_cadence"
        value={cadence}
        options={offerCadences(t, program?.recertification_cadence)}
        change={setCadence}
      />
      <CheckField label={t("programCertificate")} checked={certificate} change={setCertificate} />
      <CheckField label={t("selfEnrollment")} checked={open} change={setOpen} />
      <div className="buttons start">
        <button type="submit" className="primary" disabled={props.busy || !isWhole}>
          {t(program ? "save" : "makeProgram")}
        </button>
        {isWhole ? null : <p className="hint">{t("programNotWhole")}</p>}
      </div>
    </Form>
  );
}

export function NewProgram() {
  const { t } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (body: Schemas["ProgramIn"]) => take(api.POST("/api/programs/", { body })),
    onSuccess: async (program) => {
      await queries.invalidateQueries({ queryKey: ["programs"] });
      await navigate({ to: "/author/programs/$programId", params: { programId: program.id } });
    },
  });
  return (
    <Screen title={t("newProgram")} lead={t("newProgramLead")}>
      <Link className="back" to="/author/programs">
        {t("programs")}
      </Link>
      <ProgramForm busy={make.isPending} error={make.error} send={(content, unit) => make.mutate({ ...content, ...unit })} />
    </Screen>
  );
}

function Assign({ program, close }: { program: Program; close: () => void }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const [audience, setAudience] = useState(EVERYONE);
  const [due, setDue] = useState("");
  const assign = useMutation({
    mutationFn: () => {
      const body = { audience_filter: writeAudience(audience) as Schemas["AudienceFilter"], ...(due ? { due_at: endOfDay(due) } : {}) };
      return take(api.POST("/api/programs/{program_id}/assign/", { params: { path: { program_id: program.id } }, body }));
    },
    onSuccess: async (told) => {
      close();
      say("assigned" in told ? t("programAssigned", { count: told.assigned }) : t("programAssigning"));
      await queries.invalidateQueries();
    },
  });
  return (
    <Ask title={t("assignProgram")} lead={t("assignProgramLead")} action={t("assignProgramNow")} busy={assign.isPending} error={assign.error} close={close} act={() => assign.mutate()}>
      <AudienceField value={audience} change={setAudience} />
      <DayField label={t("programDueDay")} hint={t("programDueDayHint")} pointer="/due_at" value={due} change={setDue} />
    </Ask>
  );
}

/** What can be done with a program beside writing it: publish, assign, and delete one that was never published. */
function Deeds({ program }: { program: Program }) {
  const { t } = useWords();
  const say = useToast();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayAssign = (useMe().data?.may.administer.length ?? 0) > 0;
  const [asked, setAsked] = useState<"assign" | "delete">();
  const path = { program_id: program.id };
  const publish = useMutation({
    mutationFn: () => take(api.POST("/api/programs/{program_id}/publish/", { params: { path } })),
    onSuccess: async (told) => {
      say(t("programPublished", { number: told.published_version ?? 1 }));
      await queries.invalidateQueries();
    },
  });
  const remove = useMutation({
    mutationFn: () => done(api.DELETE("/api/programs/{program_id}/", { params: { path } })),
    onSuccess: async () => {
      await navigate({ to: "/author/programs" });
      queries.removeQueries({ queryKey: ["program", program.id] });
      await queries.invalidateQueries({ queryKey: ["programs"] });
    },
  });
  return (
    <>
      <p className="pills">
        {program.published_version === null ? null : <Pill tone="good">{t("publishedAs", { number: program.published_version })}</Pill>}
        {program.draft_version === null ? null : <Pill tone="accent">{t("draft")}</Pill>}
      </p>
      <div className="press">
        {program.draft_version === null ? null : (
          <button type="button" className="primary" disabled={publish.isPending} onClick={() => publish.mutate()}>
            {t("publish")}
          </button>
        )}
        {program.published_version !== null && mayAssign ? (
          <button type="button" onClick={() => setAsked("assign")}>
            {t("assignProgram")}
          </button>
        ) : null}
        {program.published_version === null ? (
          <button type="button" onClick={() => setAsked("delete")}>
            {t("deleteProgram")}
          </button>
        ) : null}
      </div>
      {program.draft_version !== null ? <p className="hint">{t(program.published_version === null ? "programDraftLead" : "programDraftBeside")}</p> : null}
      {publish.error ? <Failure error={publish.error} /> : null}
      {asked === "assign" ? <Assign program={program} close={() => setAsked(undefined)} /> : null}
      {asked === "delete" ? (
        <Confirm title={t("deleteCourseAsk", { title: program.title })} action={t("deleteProgram")} busy={remove.isPending} error={remove.error} confirm={() => remove.mutate()} close={() => setAsked(undefined)}>
          <p>{t("deleteProgramLead")}</p>
        </Confirm>
      ) : null}
    </>
  );
}

/** One program: its state, what can be done with it, and what it is made of. */
export function ProgramScreen() {
  const { programId } = useParams({ strict: false }) as { programId: string };
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const program = useQuery({
    queryKey: ["program", programId],
    queryFn: () => take(api.GET("/api/programs/{program_id}/", { params: { path: { program_id: programId } } })),
    // The form holds what is being written: nothing may come between.
    refetchOnWindowFocus: false,
  });
  const save = useMutation({
    mutationFn: (body: Content) => take(api.PATCH("/api/programs/{program_id}/", { params: { path: { program_id: programId } }, body })),
    onSuccess: async (saved) => {
      queries.setQueryData(["program", programId], saved);
      say(t("programSaved"));
      await queries.invalidateQueries({ queryKey: ["programs"] });
    },
  });
  if (program.error) return <Failure error={program.error} again={() => void program.refetch()} />;
  if (!program.data) return <Loading />;
  return (
    <Screen title={program.data.title}>
      <Link className="back" to="/author/programs">
        {t("programs")}
      </Link>
      <Deeds program={program.data} />
      <ProgramForm program={program.data} busy={save.isPending} error={save.error} send={(content) => save.mutate(content)} />
    </Screen>
  );
}
