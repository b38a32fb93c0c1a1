import type { Schemas } from "../api";
import type { Tone } from "../parts/basics";
import type { Share } from "./parts";
import type { Key, Told } from "./words";

export type Counts = Schemas["ComplianceCountsOut"];
export type Status = Schemas["ComplianceOut"]["status"];

export const STATUS: Record<string, { key: Key; tone: Tone }> = {
  complete: { key: "compComplete", tone: "good" },
  exempt: { key: "compExempt", tone: "plain" },
  pending: { key: "compPending", tone: "accent" },
  expired: { key: "compExpired", tone: "bad" },
  failed: { key: "compFailed", tone: "bad" },
  not_started: { key: "compNotStarted", tone: "warn" },
};

/** What a bar shows: everybody once, the good first. */
export function sharesOf(counts: Counts, { t }: Told): Share[] {
  return [
    { name: t("compComplete"), value: counts.complete, tone: "good" },
    { name: t("compExempt"), value: counts.exempt, tone: "plain" },
    { name: t("compPending"), value: counts.pending, tone: "accent" },
    { name: t("compNotStarted"), value: counts.not_started, tone: "warn" },
    { name: t("expiredOrFailed"), value: counts.expired + counts.failed, tone: "bad" },
  ];
}

export const missing = (counts: Counts): number => counts.pending + counts.not_started + counts.expired + counts.failed;

/** The share of those who are through, in whole percent; a chapter of nobody has none missing. */
export const percentOf = (counts: Counts): number => {
  const through = counts.members - missing(counts);
  return counts.members === 0 ? 100 : Math.floor((100 * through) / counts.members);
};
