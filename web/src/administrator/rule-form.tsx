import { useState } from "react";
import type { Schemas } from "../api";
import { CheckField, Form, SelectField } from "../parts/form";
import { EVERYONE, readAudience, writeAudience } from "./audience";
import { AudienceField } from "./audience-field";
import { useCourses, usePrograms } from "./data";
import { DayField } from "./days";
import { DueField, readDue, writeDue } from "./due-field";
import { offer } from "./parts";
import { TRIGGER, type Rule } from "./rules";
import { useWords } from "./words";

type Kind = "course" | "program";

const LEAVING: readonly Rule["on_leaving"][] = ["keep", "pause", "withdraw"];

/** What a rule assigns: a course, or a program where there is one. */
function Assigned(props: { kind: Kind; id: string; change: (kind: Kind, id: string) => void }) {
  const { kind, id, change } = props;
  const { t } = useWords();
  const courses = useCourses();
  const programs = usePrograms();
  const open = courses.data?.filter((one) => (one.published_version !== null && !one.archived) || one.id === id);
  const published = programs.data?.filter((one) => one.published_version !== null || one.id === id);
  return (
    <>
      {kind === "program" || (published?.length ?? 0) > 0 ? (
        <fieldset className="field">
          <legend>{t("whatItAssigns")}</legend>
          {(["course", "program"] as const).map((one) => (
            <label key={one} className="choice">
              <input type="radio" name="assigned" checked={kind === one} onChange={() => change(one, "")} />
              <span>{t(one === "course" ? "aCourse" : "aProgram")}</span>
            </label>
          ))}
        </fieldset>
      ) : null}
      {kind === "course" ? (
        <SelectField label={t("course")} pointer="/course_id" value={id} options={offer(open, t("chooseCourse"))} change={(chosen) => change("course", chosen)} />
      ) : (
        <SelectField label={t("program")} pointer="/program_id" value={id} options={offer(published, t("chooseProgram"))} change={(chosen) => change("program", chosen)} />
      )}
    </>
  );
}

export function RuleForm(props: { rule?: Rule; busy: boolean; error: unknown; save: (body: Schemas["RuleIn"]) => void }) {
  const { rule } = props;
  const { t } = useWords();
  const stored = rule ? readAudience(rule.audience_filter) : EVERYONE;
  const [kind, setKind] = useState<Kind>(rule?.program_id ? "program" : "course");
  const [assigned, setAssigned] = useState(rule?.program_id ?? rule?.course_id ?? "");
  const [trigger, setTrigger] = useState(rule?.trigger ?? "membership_status_change");
  const [audience, setAudience] = useState(stored ?? EVERYONE);
  const [due, setDue] = useState(() => readDue(rule));
  const [scheduled, setScheduled] = useState(rule?.scheduled_on ?? "");
  const [yearly, setYearly] = useState(rule?.repeat === "yearly");
  const [leaving, setLeaving] = useState(rule?.on_leaving ?? "keep");
  const [active, setActive] = useState(rule?.active ?? true);
  const isScheduled = trigger === "scheduled_date";
  const send = () =>
    props.save({
      ...(kind === "course" ? { course_id: assigned } : { program_id: assigned }),
      trigger,
      audience_filter: (stored ? writeAudience(audience) : rule?.audience_filter) as Schemas["AudienceFilter"],
      ...writeDue(due),
      scheduled_on: isScheduled ? scheduled || null : null,
      repeat: isScheduled && yearly ? "yearly" : null,
      on_leaving: leaving,
      active,
    });
  return (
    <Form send={send} error={props.error}>
      <Assigned
        kind={kind}
        id={assigned}
        change={(one, id) => {
          setKind(one);
          setAssigned(id);
        }}
      />
      <fieldset className="field">
        <legend>{t("when")}</legend>
        {(Object.keys(TRIGGER) as Rule["trigger"][]).map((one) => (
          <label key={one} className="choice">
            <input type="radio" name="trigger" checked={trigger === one} onChange={() => setTrigger(one)} />
            <span>{t(TRIGGER[one])}</span>
          </label>
        ))}
        {isScheduled ? (
          <>
            <DayField label={t("scheduledOn")} pointer="/scheduled_on" value={scheduled} change={setScheduled} />
            <CheckField label={t("repeatYearly")} hint={t("repeatYearlyHint")} checked={yearly} change={setYearly} />
          </>
        ) : null}
      </fieldset>
      {stored ? <AudienceField value={audience} change={setAudience} /> : <p className="notice warn">{t("ownFilterLead")}</p>}
      <DueField due={due} change={setDue} />
      <SelectField
        label={t("onLeaving")}
        pointer="/on_leaving"
        value={leaving}
        options={LEAVING.map((value) => ({ value, label: t(value === "keep" ? "leavingKeep" : value === "pause" ? "leavingPause" : "leavingWithdraw") }))}
        change={(value) => setLeaving(value as Rule["on_leaving"])}
      />
      <CheckField label={t("active")} hint={t("activeHint")} checked={active} change={setActive} />
      <div className="buttons start">
        <button type="submit" className="primary" disabled={props.busy || assigned === ""}>
          {t(rule ? "save" : "saveAndPreview")}
        </button>
      </div>
    </Form>
  );
}
