import { expect, test } from "vitest";
import { asHtml, asPoints } from "./feedback";

test("paragraphs and lines are kept, marks are text", () => {
  expect(asHtml("Good.\n\nBut a < b\nand <b>\n\n\n")).toBe("<p>Good.</p><p>But a &lt; b<br>and &lt;b&gt;</p>");
  expect(asHtml(" \n\n ")).toBeNull();
});

test("points are a number between none and all of them", () => {
  expect(asPoints(" 2,5 ", 5)).toBe(2.5);
  expect(asPoints("0", 5)).toBe(0);
  for (const wrong of ["", "-1", "6", "1e0", "two", "5.01", ".", "Infinity"]) expect(asPoints(wrong, 5), wrong).toBeNull();
});
