/** Lapses put together by weeks. */

const DAY = 86_400_000;
const WEEK = 7 * DAY;

export interface Lapse {
  expires_at: string;
  under_way: boolean;
}

export interface Week<T extends Lapse> {
  /** Its first moment. */
  from: number;
  lapses: T[];
  underWay: number;
}

/** The weeks from `now` until `days` are over, each with what lapses in it; what has just lapsed counts for the first. */
export function byWeek<T extends Lapse>(lapses: readonly T[], now: number, days: number): Week<T>[] {
  const weeks: Week<T>[] = Array.from({ length: Math.ceil(days / 7) }, (_, index) => ({ from: now + index * WEEK, lapses: [], underWay: 0 }));
  for (const one of lapses) {
    const at = Math.floor((Date.parse(one.expires_at) - now) / WEEK);
    const week = weeks[Math.min(Math.max(at, 0), weeks.length - 1)];
    week?.lapses.push(one);
    if (week && one.under_way) week.underWay++;
  }
  return weeks;
}
