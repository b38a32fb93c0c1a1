import { expect, test } from "vitest";
import { itemsOf, keyed, keysGiven, mergeBoth, modulesOf, newEntry, newQuiz, moveTo, placeOf, pointerOf, sendable, step, type Entry, type Tree } from "./tree";

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

test("what is dragged is where it was dropped", () => {
  const item = (module: number, at: number) => ({ kind: "item" as const, module, item: at });
  const onItem = moveTo(BASE, item(0, 0), item(1, 0));
  expect([titles(onItem.tree), onItem.place]).toEqual([[["B"], ["A", "C"]], item(1, 0)]);
  const onOwnModule = moveTo(BASE, item(0, 0), { kind: "module", module: 0 });
  expect([titles(onOwnModule.tree), onOwnModule.place]).toEqual([[["B", "A"], ["C"]], item(0, 1)]);
  const onOther = moveTo(BASE, item(0, 1), { kind: "module", module: 1 });
  expect([titles(onOther.tree), onOther.place]).toEqual([[["A"], ["C", "B"]], item(1, 1)]);
  const module = moveTo(BASE, { kind: "module", module: 1 }, item(0, 0));
  expect([titles(module.tree), module.place]).toEqual([[["C"], ["A", "B"]], { kind: "module", module: 0 }]);
  expect(moveTo(BASE, { kind: "course" }, item(0, 0)).tree).toBe(BASE);
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

test("what is new has its key from the start, each its own", () => {
  const made = [newQuiz("Q"), newEntry("true_false"), newEntry("multiple_choice"), newEntry("pool")];
  const keys = JSON.stringify(made).match(/(?<="key":")[^"]+/g) ?? [];
  expect(keys).toHaveLength(6);
  expect(new Set(keys).size).toBe(6);
});

test("what was moved while it was being saved has its own key, and nothing here changes its name", () => {
  const [one, two] = [newEntry("true_false"), newEntry("multiple_choice")];
  const treeOf = (...questions: Entry[]): Tree => ({ title: "C", modules: [{ key: "m", title: "M", items: [{ ...newQuiz("Q"), key: "q", questions }] }] });
  const first = keyed(treeOf(one, two), new Map());
  expect(JSON.stringify(first)).not.toContain("new-");
  const stored = treeOf({ ...one, key: "k1" }, { ...two, key: "k2", answers: [{ key: "a1" }, { key: "a2" }] } as Entry);
  const keys = keysGiven(treeOf(one, two), stored);
  const [sent] = itemsOf(modulesOf(keyed(treeOf(two, one), keys))[0]);
  expect(sent).toMatchObject({ questions: [{ key: "k2", answers: [{ key: "a1" }, { key: "a2" }] }, { key: "k1" }] });
});

test("the questions of a pool wait for their words, as others do", () => {
  const pool = { ...newEntry("pool"), questions: [newEntry("multiple_choice")] } as Entry;
  const tree: Tree = { title: "C", modules: [{ key: "m", title: "M", items: [{ ...newQuiz("Q"), questions: [pool] }] }] };
  const [sent] = itemsOf(modulesOf(sendable(tree))[0]);
  expect(sent).toMatchObject({ questions: [{ type: "pool", draw: 1, questions: [{ answers: [] }] }] });
});

test("what two authors changed in different places is one tree", () => {
  const merged = mergeBoth(BASE, edited("a", "mine"), edited("c", "theirs"), "(mine)");
  expect(modulesOf(merged).flatMap(itemsOf)).toEqual([lesson("a", "mine"), lesson("b"), lesson("c", "theirs")]);
});

test("what both changed is kept twice, and nothing is lost", () => {
  const merged = mergeBoth(BASE, edited("a", "mine"), edited("a", "theirs"), "(mine)");
  expect(itemsOf(modulesOf(merged)[0])).toMatchObject([lesson("a", "theirs"), { kind: "lesson", key: expect.stringMatching(/^new-/) as string, title: "A (mine)", body_html: "mine" }, lesson("b")]);
});

test("what I changed and the other removed comes back as mine, and what I added stays", () => {
  const theirs: Tree = { ...BASE, modules: [{ key: "m1", title: "One", items: [lesson("b")] }, { key: "m2", title: "Two", items: [lesson("c")] }] };
  const mine: Tree = edited("a", "mine");
  const added: Tree = { ...mine, modules: [...modulesOf(mine), { key: "m3", title: "Three", items: [lesson("d")] }] };
  expect(titles(mergeBoth(BASE, added, theirs, "(mine)"))).toEqual([["B", "A (mine)"], ["C"], ["D"]]);
  expect(mergeBoth(BASE, added, added, "(mine)")).toEqual(added);
});
