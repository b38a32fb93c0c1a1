import { expect, test } from "vitest";
import { ServerClock, spell } from "./clock";

const noon = Date.parse("2026-03-01T12:00:00Z");

test("a browser whose clock is an hour late still sees the server's time left", () => {
  const clock = new ServerClock();
  const here = noon - 3_600_000;
  clock.learn("2026-03-01T12:00:00Z", here - 100, here + 100);
  expect(clock.left("2026-03-01T12:10:00Z", here)).toBe(600_000);
  expect(clock.left("2026-03-01T12:10:00Z", here + 60_000)).toBe(540_000);
});

test("after the deadline nothing is left", () => {
  const clock = new ServerClock();
  clock.learn("2026-03-01T12:00:00Z", noon, noon);
  expect(clock.left("2026-03-01T11:59:00Z", noon)).toBe(0);
});

test("time left is spelt in the shortest form and rounded up", () => {
  expect(spell(0)).toBe("0:00");
  expect(spell(1)).toBe("0:01");
  expect(spell(65_000)).toBe("1:05");
  expect(spell(3_729_000)).toBe("1:02:09");
});
