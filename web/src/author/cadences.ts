import { useWords, type Key } from "./words";

const CADENCES: Record<string, Key> = { P6M: "halfYear", P1Y: "oneYear", P2Y: "twoYears", P3Y: "threeYears" };

/** How long a completion may count, as choices; one of another length is offered too where it is the present one. */
export function offerCadences(t: ReturnType<typeof useWords>["t"], now: string | null | undefined) {
  const known = Object.entries(CADENCES).map(([value, key]) => ({ value, label: t(key) }));
  const other = now && !(now in CADENCES) ? [{ value: now, label: now }] : [];
  return [{ value: "", label: t("noCadence") }, ...known, ...other];
}
