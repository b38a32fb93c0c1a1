import { useId, useState } from "react";
import { SelectField, TextField } from "../parts/form";
import { OPERATORS, readAudience, type Audience, type Condition, type Operator } from "./audience";
import { useChapters, useFacets, useRegions } from "./data";
import { offer, statusName } from "./parts";
import { useWords, type Key, type Told } from "./words";

const OPERATOR: Record<Operator, Key> = {
  eq: "opIs",
  ne: "opIsNot",
  gte: "opAtLeast",
  lte: "opAtMost",
  exists: "opExists",
  missing: "opMissing",
};
const SEARCHED_FROM = 10;

function Checklist(props: { legend: string; items: { id: string; name: string }[]; chosen: string[]; change: (chosen: string[]) => void }) {
  const { legend, items, chosen, change } = props;
  const { t } = useWords();
  const id = useId();
  const [sought, setSought] = useState("");
  const shown = items.filter((one) => chosen.includes(one.id) || one.name.toLowerCase().includes(sought.toLowerCase()));
  const toggle = (one: string) => change(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]);
  if (items.length === 0) return null;
  return (
    <fieldset className="checklist">
      <legend>
        {legend} <small>{chosen.length === 0 ? t("anyOf") : t("chosenCount", { count: chosen.length })}</small>
      </legend>
      {items.length > SEARCHED_FROM ? (
        <>
          <label className="visually-hidden" htmlFor={id}>
            {t("findIn", { name: legend })}
          </label>
          <input id={id} type="search" value={sought} placeholder={t("findIn", { name: legend })} onChange={(event) => setSought(event.target.value)} />
        </>
      ) : null}
      <ul>
        {shown.map((one) => (
          <li key={one.id}>
            <label className="check">
              <input type="checkbox" checked={chosen.includes(one.id)} onChange={() => toggle(one.id)} />
              <span>{one.name}</span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

function Conditions({ conditions, change }: { conditions: Condition[]; change: (conditions: Condition[]) => void }) {
  const { t } = useWords();
  const facets = useFacets();
  const fields = Object.entries(facets.data?.custom_fields ?? {});
  const typeOf = (name: string): Condition["type"] => {
    const types = facets.data?.custom_fields[name]?.types ?? [];
    return types.includes("number") ? "number" : types.includes("boolean") ? "boolean" : "string";
  };
  const put = (index: number, next: Partial<Condition>) => change(conditions.map((one, at) => (at === index ? { ...one, ...next } : one)));
  const first = fields[0]?.[0];
  if (!first && conditions.length === 0) return null;
  return (
    <fieldset className="checklist">
      <legend>{t("customFields")}</legend>
      {conditions.map((one, index) => {
        const values = facets.data?.custom_fields[one.field]?.values ?? [];
        const list = `values-${index}`;
        return (
          // oxlint-disable-next-line react/no-array-index-key -- a condition is nothing but its place
          <div key={index} className="condition">
            <SelectField
              label={t("field")}
              value={one.field}
              options={offer([...new Set([...fields.map(([name]) => name), one.field])].map((id) => ({ id })))}
              change={(field) => put(index, { field, type: typeOf(field), value: "" })}
            />
            <SelectField
              label={t("comparison")}
              value={one.operator}
              options={OPERATORS.map((value) => ({ value, label: t(OPERATOR[value]) }))}
              change={(operator) => put(index, { operator: operator as Operator })}
            />
            {one.operator === "exists" || one.operator === "missing" ? null : (
              <>
                <TextField label={t("value")} list={list} value={one.value} change={(value) => put(index, { value })} />
                <datalist id={list}>
                  {values.map((value) => (
                    <option key={String(value)}>{String(value)}</option>
                  ))}
                </datalist>
              </>
            )}
            <button type="button" className="small" onClick={() => change(conditions.filter((_, at) => at !== index))}>
              {t("remove")}
            </button>
          </div>
        );
      })}
      {first ? (
        <button type="button" className="small" onClick={() => change([...conditions, { field: first, operator: "eq", value: "", type: typeOf(first) }])}>
          {t("addCondition")}
        </button>
      ) : null}
    </fieldset>
  );
}

/** Whom a rule or a requirement means: offers what exists; all that is chosen must hold. */
export function AudienceField({ value, change }: { value: Audience; change: (value: Audience) => void }) {
  const { t } = useWords();
  const facets = useFacets();
  const regions = useRegions();
  const chapters = useChapters();
  return (
    <fieldset className="field audience">
      <legend>{t("whom")}</legend>
      <p className="hint">{t("whomLead")}</p>
      <Checklist
        legend={t("status")}
        items={[...new Set([...(facets.data?.statuses ?? []), ...value.status])].map((id) => ({ id, name: statusName(id) }))}
        chosen={value.status}
        change={(status) => change({ ...value, status })}
      />
      <Checklist legend={t("regions")} items={regions.data ?? []} chosen={value.regions} change={(chosen) => change({ ...value, regions: chosen })} />
      <Checklist legend={t("chapters")} items={chapters.data ?? []} chosen={value.chapters} change={(chosen) => change({ ...value, chapters: chosen })} />
      <Conditions conditions={value.conditions} change={(conditions) => change({ ...value, conditions })} />
    </fieldset>
  );
}

/** A filter in words: `active · 2 chapters · joined at least 2024`. */
export function describe(filter: Record<string, unknown> | null, { t }: Told): string {
  const audience = filter && readAudience(filter);
  if (filter && !audience) return t("ownFilter");
  if (!audience) return t("allActive");
  const { status, regions, chapters, conditions } = audience;
  const parts = [
    ...(status.length > 0 ? [status.map(statusName).join(", ")] : []),
    ...(regions.length > 0 ? [t("regionsCount", { count: regions.length })] : []),
    ...(chapters.length > 0 ? [t("chaptersCount", { count: chapters.length })] : []),
    ...conditions.map((one) => `${one.field} ${t(OPERATOR[one.operator])} ${one.value}`.trim()),
  ];
  return parts.length > 0 ? parts.join(" · ") : t("everyone");
}
