import { expect, test } from "vitest";
import { byWeek } from "./weeks";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const at = (days: number, under_way = false) => ({ expires_at: new Date(NOW + days * 86_400_000).toISOString(), under_way });

test("each lapse stands in its week, and none is lost at either end", () => {
  const weeks = byWeek([at(-0.1), at(6.9), at(7), at(20, true), at(90)], NOW, 90);
  expect(weeks).toHaveLength(13);
  expect(weeks.map((week) => week.lapses.length)).toEqual([2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(weeks[2]?.underWay).toBe(1);
});
