import { useState, type ReactNode } from "react";
import { useChapters, useRegions } from "../administrator/data";
import { offer } from "../administrator/parts";
import type { Schemas } from "../api";
import { SelectField } from "../parts/form";
import { useMe } from "../parts/queries";
import { useWords, type Key } from "./words";

export type Scope = Schemas["ListedCourseOut"]["scope"];

const SCOPES: readonly Scope[] = ["national", "regional", "chapter"];
export const SCOPE: Record<Scope, Key> = { national: "scopeNational", regional: "scopeRegional", chapter: "scopeChapter" };

/** Whom something new is for, of what this person may author: the fields, and what they say. */
export function useUnit(): { body: { scope: Scope; scope_id?: string | null }; fields: ReactNode } {
  const { t } = useWords();
  const me = useMe();
  const units = me.data?.may.author ?? [];
  const broadest = SCOPES.filter((_, index) => units.some((unit) => SCOPES.indexOf(unit.scope) <= index));
  const [chosen, setScope] = useState<Scope>();
  const [unit, setUnit] = useState("");
  const regions = useRegions();
  const chapters = useChapters();
  const scope = chosen ?? broadest[0] ?? "national";
  const offered = scope === "regional" ? regions.data : chapters.data;
  const fields = (
    <>
      {broadest.length > 1 ? (
        <SelectField label={t("openTo")} pointer="/scope" value={scope} options={broadest.map((value) => ({ value, label: t(SCOPE[value]) }))} change={(value) => setScope(value as Scope)} />
      ) : null}
      {scope === "national" ? null : <SelectField label={t("openToWhich")} pointer="/scope_id" value={unit} options={offer(offered)} change={setUnit} />}
    </>
  );
  return { body: { scope, ...(scope === "national" ? {} : { scope_id: unit || offered?.[0]?.id || null }) }, fields };
}
