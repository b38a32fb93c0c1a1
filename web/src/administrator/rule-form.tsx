import { useState } from "react";
import type { Schemas } from "../api";
import { CheckField, Form, SelectField, TextField } from "../parts/form";
import { EVERYONE, readAudience, writeAudience } from "./audience";
import { AudienceField } from "./audience-field";
import { useCourses } from "./data";
import { DayField } from "./days";
import { offer } from "./parts";
import { TRIGGER, type Rule } from "./rules";
import { useWords } from "./words";

type Due = "none" | "days" | "day";

const DAYS = 30;
const LEAVING: readonly Rule["on_leaving"][] = ["keep", "pause", "withdraw"];

export function RuleForm(props: { rule?: Rule; busy: boolean; error: unknown; save: (body: Schemas["RuleIn"]) => void }) {
  const { rule } = props;
  const { t } = useWords();
  const courses = useCourses();
  const stored = rule ? readAudience(rule.audience_filter) : EVERYONE;
  const [course, setCourse] = useState(rule?.course_id ?? "");
  const [trigger, setTrigger] = useState(rule?.trigger ?? "membership_status_change");
  const [audience, setAudience] = useState(stored ?? EVERYONE);
  const [due, setDue] = useState<Due>(rule?.due_on ? "day" : rule && !rule.due_in_days ? "none" : "days");
  const [days, setDays] = useState(String(rule?.due_in_days ?? DAYS));
  const [dueOn, setDueOn] = useState(rule?.due_on ?? "");
  const [scheduled, setScheduled] = useState(rule?.scheduled_on ?? "");
  const [leaving, setLeaving] = useState(rule?.on_leaving ?? "keep");
  const [active, setActive] = useState(rule?.active ?? true);
  const offered = courses.data?.filter((one) => (one.published_version !== null && !one.archived) || one.id === course);
  const send = () =>
    props.save({
      ...(rule?.program_id ? {} : { course_id: course }),
      trigger,
      audience_filter: (stored ? writeAudience(audience) : rule?.audience_filter) as Schemas["AudienceFilter"],
      due_in_days: due === "days" ? Number(days) : null,
      due_on: due === "day" ? dueOn || null : null,
      scheduled_on: trigger === "scheduled_date" ? scheduled || null : null,
      on_leaving: leaving,
      active,
    });
  return (
    <Form send={send} error={props.error}>
      {rule?.program_id ? (
        <p>
          <strong>{rule.course_title}</strong>
        </p>
      ) : (
        <SelectField label={t("course")} pointer="/course_id" value={course} options={offer(offered, t("chooseCourse"))} change={setCourse} />
      )}
      <fieldset className="field">
        <legend>{t("when")}</legend>
        {(Object.keys(TRIGGER) as Rule["trigger"][]).map((one) => (
          <label key={one} className="choice">
            <input type="radio" name="trigger" checked={trigger === one} onChange={() => setTrigger(one)} />
            <span>{t(TRIGGER[one])}</span>
          </label>
        ))}
        {trigger === "scheduled_date" ? <DayField label={t("scheduledOn")} pointer="/scheduled_on" value={scheduled} change={setScheduled} /> : null}
      </fieldset>
      {stored ? <AudienceField value={audience} change={setAudience} /> : <p className="notice warn">{t("ownFilterLead")}</p>}
      <fieldset className="field">
        <legend>{t("due")}</legend>
        {(["days", "day", "none"] as const).map((one) => (
          <label key={one} className="choice">
            <input type="radio" name="due" checked={due === one} onChange={() => setDue(one)} />
            <span>{t(one === "days" ? "dueAfterDays" : one === "day" ? "dueOnDay" : "noDue")}</span>
          </label>
        ))}
        {due === "days" ? <TextField label={t("days")} pointer="/due_in_days" type="number" min={1} max={3650} value={days} change={setDays} /> : null}
        {due === "day" ? <DayField label={t("dueDay")} pointer="/due_on" value={dueOn} change={setDueOn} /> : null}
      </fieldset>
      <SelectField
        label={t("onLeaving")}
        pointer="/on_leaving"
        value={leaving}
        options={LEAVING.map((value) => ({ value, label: t(value === "keep" ? "leavingKeep" : value === "pause" ? "leavingPause" : "leavingWithdraw") }))}
        change={(value) => setLeaving(value as Rule["on_leaving"])}
      />
      <CheckField label={t("active")} hint={t("activeHint")} checked={active} change={setActive} />
      <div className="buttons start">
        <button type="submit" className="primary" disabled={props.busy || !(course || rule?.program_id)}>
          {t(rule ? "save" : "saveAndPreview")}
        </button>
      </div>
    </Form>
  );
}
