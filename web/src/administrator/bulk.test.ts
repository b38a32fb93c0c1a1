import { expect, test } from "vitest";
import { filterOf } from "./bulk";

test("a list's filters become those of a change: flags are no texts", () => {
  expect(filterOf({ course_id: "c1", overdue: "true", withdrawn: "false", q: "true" })).toEqual({ course_id: "c1", overdue: true, withdrawn: false, q: "true" });
});

test("without a filter a change is for all that the list shows", () => {
  expect(filterOf({})).toEqual({});
});
