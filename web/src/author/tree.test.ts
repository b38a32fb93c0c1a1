import { expect, test } from "vitest";
import { itemsOf, mergeBoth, modulesOf, newEntry, newQuiz, placeOf, pointerOf, sendable, step, withKeys, type Question, type Tree } from "./tree";

const lesson = (key: string, body_html = "") => ({ kind: "lesson" as const, key, title: key.toUpperCase(), body_html });
const BASE: Tree = {
  title: "Course",
  modules: [
    { key: "m1", title: "One", items: [lesson("a"), lesson("b")] },
    { key: "m2", title: "Two", items: [lesson("c")] },
  ],
};
const titles = (tree: Tree) => modulesOf(tree).map((module) => itemsOf(module).map((item) => item.title));
const edited = (key: string, text: string): Tree => ({
  ...BASE,
  modules: modulesOf(BASE).map((module) => ({ ...module, items: itemsOf(module).map((item) => (item.key === key ? lesson(key, text) : item)) })),
});

test("a refusal's pointer leads to the item and the question that it means", () => {
  expect(placeOf("/modules/1/items/0/questions/2/answers/1")).toEqual({ place: { kind: "item", module: 1, item: 0 }, question: 2 });
  expect(placeOf("/assessment/pass_score")).toEqual({ place: { kind: "assessment" }, question: null });
  expect(placeOf("/modules")).toEqual({ place: { kind: "course" }, question: null });
  for (const pointer of ["", "/assessment", "/modules/3", "/modules/3/items/4"]) expect(pointerOf(placeOf(pointer).place)).toBe(pointer);
});

test("an item steps down within its module, then into the next one, and stays at the end", () => {
  const first = step(BASE, { kind: "item", module: 0, item: 0 }, 1);
  expect(titles(first.tree)).toEqual([["B", "A"], ["C"]]);
  const second = step(first.tree, first.place, 1);
  expect(titles(second.tree)).toEqual([["B"], ["A", "C"]]);
  const last = step(BASE, { kind: "item", module: 1, item: 0 }, 1);
  expect(last).toEqual({ tree: BASE, place: { kind: "item", module: 1, item: 0 } });
  expect(titles(step(BASE, { kind: "item", module: 1, item: 0 }, -1).tree)).toEqual([["A", "B", "C"], []]);
});

test("a choice without a word waits, and what the author sees keeps it", () => {
  const tree: Tree = { title: "C", modules: [{ title: "M", items: [{ ...newQuiz("Q"), questions: [newEntry("multiple_choice")] }] }] };
  expect(JSON.stringify(sendable(tree))).toContain('"answers":[]');
  expect(JSON.stringify(tree)).toContain('"text":""');
});

test("new things take the keys that the service gave them, so that they are not made twice", () => {
  const mine: Tree = { title: "C", modules: [{ title: "M", items: [{ ...newQuiz("Q"), questions: [newEntry("true_false")] }] }] };
  const stored: Tree = { title: "C", modules: [{ key: "m", title: "M", items: [{ ...newQuiz("Q"), key: "q", questions: [{ ...newEntry("true_false"), key: "k" }] }] }] };
  expect(withKeys(mine, stored)).toEqual({ ...stored });
});

test("the questions of a pool take their keys, and wait for their words, as others do", () => {
  const pool = (key: string | null) => ({ type: "pool" as const, draw: 1, key, questions: [{ ...newEntry("multiple_choice"), key } as Question] });
  const tree = (key: string | null): Tree => ({ title: "C", modules: [{ key: "m", title: "M", items: [{ ...newQuiz("Q"), key: "q", questions: [pool(key)] }] }] });
  expect(withKeys(tree(null), tree("k"))).toMatchObject(tree("k"));
  const [sent] = itemsOf(modulesOf(sendable(tree("k")))[0]);
  expect(sent).toMatchObject({ questions: [{ type: "pool", draw: 1, questions: [{ key: "k", answers: [] }] }] });
});

test("what two authors changed in different places is one tree", () => {
  const merged = mergeBoth(BASE, edited("a", "mine"), edited("c", "theirs"), "(mine)");
  expect(modulesOf(merged).flatMap(itemsOf)).toEqual([lesson("a", "mine"), lesson("b"), lesson("c", "theirs")]);
});

test("what both changed is kept twice, and nothing is lost", () => {
  const merged = mergeBoth(BASE, edited("a", "mine"), edited("a", "theirs"), "(mine)");
  expect(itemsOf(modulesOf(merged)[0])).toEqual([lesson("a", "theirs"), { kind: "lesson", title: "A (mine)", body_html: "mine" }, lesson("b")]);
});

test("what I changed and the other removed comes back as mine, and what I added stays", () => {
  const theirs: Tree = { ...BASE, modules: [{ key: "m1", title: "One", items: [lesson("b")] }, { key: "m2", title: "Two", items: [lesson("c")] }] };
  const mine: Tree = edited("a", "mine");
  const added: Tree = { ...mine, modules: [...modulesOf(mine), { title: "Three", items: [{ kind: "lesson", title: "D" }] }] };
  expect(titles(mergeBoth(BASE, added, theirs, "(mine)"))).toEqual([["B", "A (mine)"], ["C"], ["D"]]);
});
