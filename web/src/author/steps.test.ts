import { expect, test } from "vitest";
import { moved, newStep, readSteps, withCourses, writeSteps } from "./steps";

test("a step never needs more courses than it has", () => {
  const step = { ...newStep(), courses: ["a", "b", "c"], need: 2 as const };
  expect(withCourses(step, ["a", "b", "c", "d"]).need).toBe(2);
  expect(withCourses(step, ["a", "b"]).need).toBe("all");
  expect(withCourses(step, []).need).toBe("all");
});

test("steps move, and stay where there is no place to go to", () => {
  const steps = readSteps([{ courses: ["a"], need: "all" }, { courses: ["b"], need: "all" }]);
  expect(writeSteps(moved(steps, 0, 1)).map((one) => one.courses)).toEqual([["b"], ["a"]]);
  expect(moved(steps, 0, -1)).toEqual(steps);
  expect(moved(steps, 1, 1)).toEqual(steps);
});
