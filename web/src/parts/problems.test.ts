import { expect, test } from "vitest";
import { Problem } from "../api";
import { makeWords } from "../i18n";
import { en } from "../i18n/en";
import { tell, tellField } from "./problems";

const words = makeWords("en", en, undefined);
const problem = (status: number, code: string) => new Problem(new Response(null, { status }), { code, status, detail: "As the service says.", request_id: "r-1" });

test("what another person changed is told with what to do", () => {
  expect(tell(problem(412, "precondition-failed"), words).said).toContain("changed after you opened it");
  expect(tell(problem(409, "conflict"), words).said).toContain("Another person changed this");
});

test("what has no words of ours is told in the service's", () => {
  expect(tell(problem(409, "in-use"), words)).toEqual({ said: "As the service says.", detail: null });
});

test("a fault names the request, and no answer the connection", () => {
  expect(tell(problem(500, "internal-error"), words).detail).toContain("r-1");
  expect(tell(new TypeError("fetch"), words).said).toContain("connection");
});

test("a field's bound is told", () => {
  expect(tellField({ pointer: "/title", code: "too-long", params: { most: 200 } as unknown as Record<string, never>, detail: "x" }, words)).toContain("200");
  expect(tellField({ pointer: "/title", code: "unreachable", params: {}, detail: "No one can pass." }, words)).toBe("No one can pass.");
});

test("a field that may not be empty is told so, not as a count of characters", () => {
  const short = (least: number) => tellField({ pointer: "/reason", code: "too-short", params: { least } as unknown as Record<string, never>, detail: "x" }, words);
  expect(short(1)).toBe("This is needed.");
  expect(short(3)).toContain("at least 3");
});
