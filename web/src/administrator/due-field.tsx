import { SelectField, TextField } from "../parts/form";
import type { Schemas } from "../api";
import { useFacets } from "./data";
import { DayField } from "./days";
import { offer } from "./parts";
import { useWords, type Key } from "./words";

type Kind = "days" | "day" | "field" | "none";

/** Until when what a rule assigns is due, as a person edits it. */
export interface Due {
  kind: Kind;
  days: string;
  day: string;
  field: string;
  /** Days after the day that the field says; below 0 before it. */
  offset: string;
}

type Stored = Pick<Schemas["RuleOut"], "due_in_days" | "due_on" | "due_from">;

const DAYS = 30;
const MOST_DAYS = 3650;
const KINDS: Record<Kind, Key> = { days: "dueAfterDays", day: "dueOnDay", field: "dueByField", none: "noDue" };
const IS_DAY = /^\d{4}-\d{2}-\d{2}/;

/** What the form shows of a rule; a new one is due some days after the assignment. */
export function readDue(rule: Stored | undefined): Due {
  const kind: Kind = !rule || rule.due_in_days ? "days" : rule.due_on ? "day" : rule.due_from ? "field" : "none";
  return {
    kind,
    days: String(rule?.due_in_days ?? DAYS),
    day: rule?.due_on ?? "",
    field: rule?.due_from?.field ?? "",
    offset: String(rule?.due_from?.days ?? 0),
  };
}

/** The same as the service takes it. */
export function writeDue(due: Due): Pick<Schemas["RuleIn"], "due_in_days" | "due_on" | "due_from"> {
  return {
    due_in_days: due.kind === "days" ? Number(due.days) : null,
    due_on: due.kind === "day" ? due.day || null : null,
    due_from: due.kind === "field" ? { field: due.field, days: Number(due.offset) } : null,
  };
}

/** Custom fields of which some member's holds a day. */
function useDayFields(kept: string): string[] {
  const facets = useFacets();
  const found = Object.entries(facets.data?.custom_fields ?? {}).flatMap(([name, { values }]) =>
    values.some((value) => typeof value === "string" && IS_DAY.test(value)) ? [name] : [],
  );
  return kept === "" || found.includes(kept) ? found : [...found, kept];
}

export function DueField({ due, change }: { due: Due; change: (due: Due) => void }) {
  const { t } = useWords();
  const fields = useDayFields(due.field);
  const kinds = (Object.keys(KINDS) as Kind[]).filter((one) => one !== "field" || fields.length > 0);
  const put = (next: Partial<Due>) => change({ ...due, ...next });
  return (
    <fieldset className="field">
      <legend>{t("due")}</legend>
      {kinds.map((one) => (
        <label key={one} className="choice">
          <input type="radio" name="due" checked={due.kind === one} onChange={() => put({ kind: one, field: due.field || (fields[0] ?? "") })} />
          <span>{t(KINDS[one])}</span>
        </label>
      ))}
      {due.kind === "days" ? (
        <TextField label={t("days")} pointer="/due_in_days" type="number" min={1} max={MOST_DAYS} value={due.days} change={(days) => put({ days })} />
      ) : null}
      {due.kind === "day" ? <DayField label={t("dueDay")} pointer="/due_on" value={due.day} change={(day) => put({ day })} /> : null}
      {due.kind === "field" ? (
        <>
          <SelectField label={t("dueField")} hint={t("dueFieldHint")} pointer="/due_from/field" value={due.field} options={offer(fields.map((id) => ({ id })))} change={(field) => put({ field })} />
          <TextField
            label={t("dueOffset")}
            hint={t("dueOffsetHint")}
            pointer="/due_from/days"
            type="number"
            min={-MOST_DAYS}
            max={MOST_DAYS}
            value={due.offset}
            change={(offset) => put({ offset })}
          />
        </>
      ) : null}
    </fieldset>
  );
}
