import type { Schemas } from "../api";

type StepIn = Schemas["ProgramIn"]["steps"][number];

/** A step as its form holds it: `id` only tells the forms apart. */
export interface Step {
  id: number;
  courses: string[];
  need: "all" | number;
}

let last = 0;

export const newStep = (): Step => ({ id: ++last, courses: [], need: "all" });

export const readSteps = (steps: readonly { courses: readonly string[]; need: "all" | number }[]): Step[] => steps.map((one) => ({ id: ++last, courses: [...one.courses], need: one.need }));

/** A step with other courses; it never needs more than it has, and needing all of them is said so. */
export function withCourses(step: Step, courses: string[]): Step {
  return { ...step, courses, need: step.need !== "all" && step.need >= courses.length ? "all" : step.need };
}

/** The steps in an order in which the one at `from` has gone `by` places; beyond either end nothing changes. */
export function moved(steps: readonly Step[], from: number, by: number): Step[] {
  const next = [...steps];
  const [one] = next.splice(from, 1);
  if (!one || from + by < 0 || from + by >= steps.length) return [...steps];
  next.splice(from + by, 0, one);
  return next;
}

export const writeSteps = (steps: readonly Step[]): StepIn[] => steps.map(({ courses, need }) => ({ courses, need }));
