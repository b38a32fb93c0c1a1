/** A course's tree as an author edits it: pure functions that answer a changed copy. */
import type { Schemas } from "../api";

/** What a quiz holds: questions, and pools that some are drawn from. */
export type Entry = NonNullable<Schemas["Quiz"]["questions"]>[number];
export type Pool = Extract<Entry, { type: "pool" }>;
export type Question = Exclude<Entry, { type: "pool" }>;
export type Lesson = Schemas["Lesson"];
export type Attestation = Schemas["Attestation"];
export type Quiz = Schemas["Quiz"];
export type Assessment = Schemas["Assessment"];
export type Item = Lesson | Attestation | Quiz;
export type Module = Schemas["Module"];
export type Tree = Schemas["Tree"];

/** Where something stands: a module, an item of it, the assessment, or the course itself. */
export type Place = { kind: "course" } | { kind: "assessment" } | { kind: "module"; module: number } | { kind: "item"; module: number; item: number };

/** The part of the tree that a pointer of the service names, and the number of the question in it. */
export function placeOf(pointer: string): { place: Place; question: number | null } {
  const [, first = "", second = "", third = "", fourth = "", fifth = "", sixth = ""] = pointer.split("/");
  const number = (text: string) => (/^\d+$/.test(text) ? Number(text) : null);
  if (first === "assessment") return { place: { kind: "assessment" }, question: second === "questions" ? number(third) : null };
  const module = first === "modules" ? number(second) : null;
  if (module === null) return { place: { kind: "course" }, question: null };
  const item = third === "items" ? number(fourth) : null;
  if (item === null) return { place: { kind: "module", module }, question: null };
  return { place: { kind: "item", module, item }, question: fifth === "questions" ? number(sixth) : null };
}

export function pointerOf(place: Place): string {
  switch (place.kind) {
    case "course":
      return "";
    case "assessment":
      return "/assessment";
    case "module":
      return `/modules/${place.module}`;
    case "item":
      return `/modules/${place.module}/items/${place.item}`;
  }
}

export const moved = <T>(list: readonly T[], from: number, to: number): T[] => {
  const next = [...list];
  const [one] = next.splice(from, 1);
  if (one !== undefined) next.splice(to, 0, one);
  return next;
};

/** Every question of a course, in the order in which they are shown. */
export function questionsOf(tree: Tree): Question[] {
  const tests = modulesOf(tree).flatMap((module) => itemsOf(module).filter((item): item is Quiz => item.kind === "quiz"));
  return [...tests, ...(tree.assessment ? [tree.assessment] : [])].flatMap((test) => test.questions ?? []).flatMap((entry) => (entry.type === "pool" ? (entry.questions ?? []) : [entry]));
}

export const modulesOf = (tree: Tree): Module[] => tree.modules ?? [];
export const itemsOf = (module: Module | undefined): Item[] => module?.items ?? [];

const withModule = (tree: Tree, index: number, change: (module: Module) => Module): Tree => ({
  ...tree,
  modules: modulesOf(tree).map((one, at) => (at === index ? change(one) : one)),
});

export const putModule = (tree: Tree, index: number, next: Partial<Module>): Tree => withModule(tree, index, (one) => ({ ...one, ...next }));

export const putItem = (tree: Tree, module: number, index: number, next: Item): Tree =>
  withModule(tree, module, (one) => ({ ...one, items: itemsOf(one).map((item, at) => (at === index ? next : item)) }));

export const addModule = (tree: Tree, title: string): Tree => ({ ...tree, modules: [...modulesOf(tree), { key: newKey(), title, items: [] }] });

export const addItem = (tree: Tree, module: number, item: Item): Tree => withModule(tree, module, (one) => ({ ...one, items: [...itemsOf(one), item] }));

export function removeAt(tree: Tree, place: Place): Tree {
  switch (place.kind) {
    case "module":
      return { ...tree, modules: modulesOf(tree).filter((_, at) => at !== place.module) };
    case "item":
      return withModule(tree, place.module, (one) => ({ ...one, items: itemsOf(one).filter((_, at) => at !== place.item) }));
    case "assessment":
      return { ...tree, assessment: null };
    case "course":
      return tree;
  }
}

/** Take an item out of its place and put it before another one, maybe of another module. */
export function moveItem(tree: Tree, from: { module: number; item: number }, to: { module: number; item: number }): Tree {
  const item = itemsOf(modulesOf(tree)[from.module])[from.item];
  if (!item) return tree;
  const without = removeAt(tree, { kind: "item", ...from });
  return withModule(without, to.module, (one) => {
    const items = [...itemsOf(one)];
    items.splice(to.item, 0, item);
    return { ...one, items };
  });
}

/** Put a module in another one's place, or an item before another one or at the end of a module. Answers the tree and the new place. */
export function moveTo(tree: Tree, from: Place, to: Place): { tree: Tree; place: Place } {
  if (from.kind === "module" && (to.kind === "module" || to.kind === "item")) {
    return { tree: { ...tree, modules: moved(modulesOf(tree), from.module, to.module) }, place: { kind: "module", module: to.module } };
  }
  if (from.kind !== "item" || (to.kind !== "module" && to.kind !== "item")) return { tree, place: from };
  const end = itemsOf(modulesOf(tree)[to.module]).length - (from.module === to.module ? 1 : 0);
  const at = { module: to.module, item: to.kind === "item" ? Math.min(to.item, end) : end };
  return { tree: moveItem(tree, from, at), place: { kind: "item", ...at } };
}

/** One step up or down; past the end of a module an item goes on in the next one. Answers the tree and the new place. */
export function step(tree: Tree, place: Place, by: -1 | 1): { tree: Tree; place: Place } {
  const modules = modulesOf(tree);
  if (place.kind === "module") {
    const to = place.module + by;
    if (to < 0 || to >= modules.length) return { tree, place };
    return { tree: { ...tree, modules: moved(modules, place.module, to) }, place: { kind: "module", module: to } };
  }
  if (place.kind !== "item") return { tree, place };
  const within = place.item + by;
  const beyond = place.module + by;
  const isWithin = within >= 0 && within < itemsOf(modules[place.module]).length;
  if (!isWithin && (beyond < 0 || beyond >= modules.length)) return { tree, place };
  const to = isWithin ? { module: place.module, item: within } : { module: beyond, item: by === 1 ? 0 : itemsOf(modules[beyond]).length };
  return { tree: moveItem(tree, place, to), place: { kind: "item", ...to } };
}

const NEW = "new-";

/** What is new has a name of its own until the service has given it a key, and keeps it here: no form begins anew then. */
const newKey = () => NEW + crypto.randomUUID();

/** The keys that the service has given to what was new here. */
export type Keys = ReadonlyMap<string, string>;

const isNew = (name: string, value: unknown): value is string => name === "key" && typeof value === "string" && value.startsWith(NEW);

/** A copy with the keys that were given; what has none yet keeps its name. */
export const withKeys = <T>(value: T, keys: Keys): T => JSON.parse(JSON.stringify(value, (name, inner: unknown) => (isNew(name, inner) ? (keys.get(inner) ?? inner) : inner))) as T;

/** A copy as the service takes it: what has no key yet says none. */
export const keyed = <T>(value: T, keys: Keys): T => JSON.parse(JSON.stringify(value, (name, inner: unknown) => (isNew(name, inner) ? keys.get(inner) : inner))) as T;

/** The keys that the service gave to what was sent: it answers each part at the same place. */
export function keysGiven(sent: unknown, stored: unknown): Map<string, string> {
  const given = new Map<string, string>();
  const walk = (mine: unknown, theirs: unknown) => {
    if (typeof mine !== "object" || typeof theirs !== "object" || !mine || !theirs) return;
    for (const [name, inner] of Object.entries(mine)) {
      const answered = (theirs as Record<string, unknown>)[name];
      if (isNew(name, inner) && typeof answered === "string") given.set(inner, answered);
      else walk(inner, answered);
    }
  };
  walk(sent, stored);
  return given;
}

export const newLesson = (title: string): Lesson => ({ kind: "lesson", key: newKey(), title, body_html: "", required: true });
export const newAttestation = (title: string): Attestation => ({ kind: "attestation", key: newKey(), title, text_html: "", required: true });
export const newQuiz = (title: string): Quiz => ({ kind: "quiz", key: newKey(), title, pass_score: 70, max_attempts: 3, required: true, questions: [] });
export const newAssessment = (title: string): Assessment => ({ key: newKey(), title, pass_score: 80, max_attempts: 2, questions: [] });

export const newEntry = (type: Entry["type"]): Entry => ({ ...(type === "pool" ? { type, draw: 1, questions: [] } : newQuestion(type)), key: newKey() });

export const newChoice = (isRight = false) => ({ key: newKey(), text: "", is_correct: isRight });

export function newQuestion(type: Question["type"]): Question {
  const common = { prompt_html: "", points: 1 };
  const two = [newChoice(true), newChoice()];
  switch (type) {
    case "multiple_choice":
      return { ...common, type, answers: two };
    case "multi_select":
      return { ...common, type, answers: two, scoring: "all_or_nothing" };
    case "true_false":
      return { ...common, type, correct: true };
    case "short_answer":
      return { ...common, type, accepted_answers: [], case_sensitive: false, review: "auto" };
    case "free_form":
      return { ...common, type, points: 5, rubric_html: "" };
    case "numeric":
      return { ...common, type, answer: null, tolerance: 0, unit: null };
    case "matching":
      return { ...common, type, pairs: [], distractors: [], scoring: "all_or_nothing" };
    case "ordering":
      return { ...common, type, items: [], scoring: "all_or_nothing" };
  }
}

const isEmptyChoice = (answer: { text?: string | null; html?: string | null }) => !answer.text?.trim() && !answer.html;

const withWords = (lines: readonly string[] | undefined): string[] => (lines ?? []).map((line) => line.trim()).filter(Boolean);

function sendableEntry(entry: Entry): Entry {
  if (entry.type !== "pool") return sendableQuestion(entry);
  return entry.bank_id ? { ...entry, tag: entry.tag?.trim() || null, questions: [] } : { ...entry, questions: (entry.questions ?? []).map(sendableQuestion) };
}

/** A question as it is sent. */
export function sendableQuestion(question: Question): Question {
  if (question.type === "multiple_choice" || question.type === "multi_select") {
    return { ...question, answers: (question.answers ?? []).filter((answer) => !isEmptyChoice(answer)) };
  }
  if (question.type === "short_answer") return { ...question, accepted_answers: withWords(question.accepted_answers) };
  if (question.type === "ordering") return { ...question, items: withWords(question.items) };
  if (question.type === "matching") {
    return { ...question, pairs: (question.pairs ?? []).filter((pair) => pair.left.trim() && pair.right.trim()), distractors: withWords(question.distractors) };
  }
  return question;
}

const withoutEmpty = <T extends { questions?: Entry[] }>(test: T): T => ({ ...test, questions: (test.questions ?? []).map(sendableEntry) });

/** The tree without what is still without a word: choices wait until they have one. */
export function sendable(tree: Tree): Tree {
  return {
    ...tree,
    modules: modulesOf(tree).map((module) => ({ ...module, items: itemsOf(module).map((item) => (item.kind === "quiz" ? withoutEmpty(item) : item)) })),
    assessment: tree.assessment ? withoutEmpty(tree.assessment) : null,
  };
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A copy that is another thing: all in it has keys of its own. */
function rekeyed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (name, inner: unknown) => (name === "key" ? newKey() : inner))) as T;
}

/**
 * Both authors' work in one tree. What only one of them changed is as that one made it; what both changed is there
 * twice, mine with `mark` behind its title.
 */
export function mergeBoth(base: Tree, mine: Tree, theirs: Tree, mark: string): Tree {
  const { modules: _, assessment: __, ...ownFields } = mine;
  const fields = Object.fromEntries(Object.entries(ownFields).filter(([name, value]) => !same(value, base[name as keyof Tree])));
  const find = (tree: Tree, key: Item["key"]) => modulesOf(tree).flatMap(itemsOf).find((one) => one.key === key);
  const copy = <T extends { title: string }>(one: T): T => ({ ...rekeyed(one), title: `${one.title} ${mark}` });
  let merged: Tree = { ...theirs, ...fields };
  const put = (change: (item: Item) => Item[], key: Item["key"]) => {
    merged = { ...merged, modules: modulesOf(merged).map((module) => ({ ...module, items: itemsOf(module).flatMap((item) => (item.key === key ? change(item) : [item])) })) };
  };
  const append = (moduleKey: string | null | undefined, item: Item) => {
    const at = modulesOf(merged).findIndex((one) => one.key === moduleKey);
    merged = at >= 0 ? addItem(merged, at, item) : { ...merged, modules: [...modulesOf(merged), { key: newKey(), title: item.title, items: [item] }] };
  };
  for (const module of modulesOf(mine)) {
    const hasKey = (one: Module) => one.key === module.key;
    const before = modulesOf(base).find(hasKey);
    const isThere = before !== undefined || modulesOf(theirs).some(hasKey);
    if (!isThere) {
      merged = { ...merged, modules: [...modulesOf(merged), { ...module, items: itemsOf(module).filter((item) => !find(base, item.key) && !find(theirs, item.key)) }] };
    } else if (before && module.title !== before.title) {
      merged = { ...merged, modules: modulesOf(merged).map((one) => (hasKey(one) ? { ...one, title: module.title } : one)) };
    }
    for (const item of itemsOf(module)) {
      const old = find(base, item.key);
      const now = find(theirs, item.key);
      if (!now && !old) {
        if (isThere) append(module.key, item);
      } else if (!now) {
        if (!same(item, old)) append(module.key, copy(item));
      } else if (!same(item, old) && !same(item, now)) put((their) => (same(now, old) ? [item] : [their, copy(item)]), now.key);
    }
  }
  const { assessment: own } = mine;
  if (own && !same(own, base.assessment)) {
    if (!theirs.assessment || same(theirs.assessment, base.assessment)) merged = { ...merged, assessment: own };
    else append(null, { ...copy(own), kind: "quiz" });
  }
  return merged;
}
