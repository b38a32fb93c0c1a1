import { expect, test } from "vitest";
import { EVERYONE, readAudience, writeAudience } from "./audience";

test("what the editor shows is stored again as it was", () => {
  const filter = {
    status: ["active"],
    regions: ["north"],
    chapters: ["n1", "n2"],
    custom_fields: { joined: { gte: 2024 }, paid: true, office: { ne: "none" }, mentor: { exists: false }, year: 3 },
  };
  const audience = readAudience(filter);
  expect(audience && writeAudience(audience)).toEqual(filter);
});

test("nothing chosen means everyone, not an empty list that no one is in", () => {
  expect(writeAudience(EVERYONE)).toEqual({});
  expect(writeAudience({ ...EVERYONE, conditions: [{ field: "", operator: "eq", value: "x", type: "string" }] })).toEqual({});
});

test("a number stays a number and its digits as text stay text", () => {
  const condition = { field: "year", operator: "gte" as const, value: "3" };
  expect(writeAudience({ ...EVERYONE, conditions: [{ ...condition, type: "number" }] })).toEqual({ custom_fields: { year: { gte: 3 } } });
  expect(writeAudience({ ...EVERYONE, conditions: [{ ...condition, type: "string" }] })).toEqual({ custom_fields: { year: { gte: "3" } } });
});

test("a filter that says more than the editor has fields for is not shown in part", () => {
  for (const filter of [{ any: [] }, { not: {} }, { custom_fields: { year: [1, 2] } }, { custom_fields: { year: { gte: 1, lt: 3 } } }]) {
    expect(readAudience(filter)).toBeNull();
  }
});
