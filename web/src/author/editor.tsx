import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api, take } from "../api";
import { fileBody } from "../documents/documents";
import { Failure, Loading, Screen } from "../parts/basics";
import { Confirm } from "../parts/dialog";
import { useFilters } from "../parts/filters";
import { TextField } from "../parts/form";
import { errorsOf, tellField } from "../parts/problems";
import { lastAuthor, useDraft, useOpened, type Draft, type Keeping } from "./draft";
import { ImportQuestions } from "./import";
import { AttestationForm, DocumentField, LessonForm } from "./lesson-form";
import { Outline } from "./outline";
import { QuizForm } from "./quiz-form";
import { itemsOf, modulesOf, placeOf, pointerOf, putItem, putModule, removeAt, type Place, type Tree } from "./tree";
import { RichField } from "./text";
import { useWords, type Key } from "./words";

const KEEPING: Record<Keeping, Key> = {
  saved: "keptAll",
  waiting: "keeping",
  saving: "keeping",
  refused: "keptNot",
  offline: "keptOffline",
  conflict: "keptConflict",
};

export const useCourse = (courseId: string) =>
  useQuery({ queryKey: ["course", courseId], queryFn: () => take(api.GET("/api/courses/{course_id}/", { params: { path: { course_id: courseId } } })) });

/** Someone else has changed the draft: says who, and lets both works be kept. */
function Conflict({ courseId, draft }: { courseId: string; draft: Draft }) {
  const { t } = useWords();
  const who = useQuery({ queryKey: ["draft", courseId, "author"], queryFn: () => lastAuthor(courseId), staleTime: 0 });
  const settle = (how: "both" | "mine" | "theirs") => () => void draft.settle(how, t("myVersion"));
  return (
    <div className="notice warn" role="alert">
      <p>
        <strong>{who.data ? t("changedBy", { name: who.data }) : t("changedBySomeone")}</strong> {t("conflictLead")}
      </p>
      <div className="buttons start">
        <button type="button" className="primary" onClick={settle("both")}>
          {t("keepBoth")}
        </button>
        <button type="button" onClick={settle("mine")}>
          {t("keepMine")}
        </button>
        <button type="button" onClick={settle("theirs")}>
          {t("keepTheirs")}
        </button>
      </div>
    </div>
  );
}

function Told({ draft, go }: { draft: Draft; go: (pointer: string) => void }) {
  const words = useWords();
  const { t } = words;
  const wrong = errorsOf(draft.error);
  if (draft.keeping === "refused") {
    return (
      <div className="notice bad" role="alert">
        <p>{t("refusedLead")}</p>
        {wrong.length === 0 ? <Failure error={draft.error} /> : null}
        <ul className="bullets">
          {wrong.map((one) => (
            <li key={`${one.pointer} ${one.code}`}>
              <button type="button" className="linklike" onClick={() => go(one.pointer)}>
                {nameOf(draft.tree, one.pointer) || t("aboutCourse")}
              </button>
              {`: ${tellField(one, words)}`}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  if (draft.removed.length === 0) return null;
  return (
    <div className="notice warn" role="status">
      <p>{t("removedLead")}</p>
      <ul className="bullets">
        {draft.removed.map((one) => (
          <li key={one.pointer}>{`${nameOf(draft.tree, one.pointer) || t("aboutCourse")}: ${one.removed.join(", ")}`}</li>
        ))}
      </ul>
    </div>
  );
}

/** What stands at a pointer, by its title. */
export function nameOf(tree: Tree, pointer: string): string {
  const { place, question } = placeOf(pointer);
  const after = question === null ? "" : ` · ${question + 1}`;
  switch (place.kind) {
    case "course":
      return "";
    case "assessment":
      return (tree.assessment?.title ?? "") + after;
    case "module":
      return modulesOf(tree)[place.module]?.title ?? "";
    case "item":
      return (itemsOf(modulesOf(tree)[place.module])[place.item]?.title ?? "") + after;
  }
}

function CourseForm({ tree, change }: { tree: Tree; change: (next: Tree) => void }) {
  const { t } = useWords();
  const put = (next: Partial<Tree>) => change({ ...tree, ...next });
  const number = (text: string) => (text === "" ? null : Number(text));
  return (
    <div className="form">
      <TextField label={t("title")} maxLength={200} value={tree.title} change={(title) => put({ title })} />
      <RichField label={t("description")} value={tree.description_html ?? ""} change={(html) => put({ description_html: html })} />
      <DocumentField label={t("picture")} hint={t("pictureHint")} accept="image/png,image/jpeg" value={tree.image_url} change={(reference) => put({ image_url: reference })} />
      <div className="three">
        <TextField label={t("passAt")} type="number" min={0} max={100} value={String(tree.pass_score ?? 80)} change={(text) => put({ pass_score: Number(text) })} />
        <TextField label={t("minutesAbout")} type="number" min={1} value={tree.estimated_minutes?.toString() ?? ""} change={(text) => put({ estimated_minutes: number(text) })} />
        <TextField label={t("creditHoursTitle")} type="number" min={0} step="any" value={tree.credit_hours?.toString() ?? ""} change={(text) => put({ credit_hours: number(text) })} />
      </div>
    </div>
  );
}

function Part({ tree, at, question, change }: { tree: Tree; at: Place; question: number | null; change: Draft["change"] }) {
  const { t } = useWords();
  if (at.kind === "assessment" && tree.assessment) {
    return <QuizForm test={tree.assessment} question={question} change={(next) => change((before) => ({ ...before, assessment: next }))} />;
  }
  if (at.kind === "module") {
    const module = modulesOf(tree)[at.module];
    if (module) {
      return (
        <div className="form">
          <TextField label={t("moduleTitle")} maxLength={200} value={module.title} change={(title) => change((before) => putModule(before, at.module, { title }))} />
        </div>
      );
    }
  }
  if (at.kind === "item") {
    const item = itemsOf(modulesOf(tree)[at.module])[at.item];
    if (item?.kind === "lesson") return <LessonForm lesson={item} change={(next) => change((before) => putItem(before, at.module, at.item, next))} />;
    if (item?.kind === "attestation") return <AttestationForm attestation={item} change={(next) => change((before) => putItem(before, at.module, at.item, next))} />;
    if (item) return <QuizForm test={item} question={question} change={(next) => change((before) => putItem(before, at.module, at.item, next))} />;
  }
  return <CourseForm tree={tree} change={(next) => change(() => next)} />;
}

/** A tree's part keeps its place in the editor by its key, so that a move or a new key does not lose what is typed. */
function idOf(tree: Tree, at: Place): string {
  if (at.kind === "item") return itemsOf(modulesOf(tree)[at.module])[at.item]?.key ?? pointerOf(at);
  if (at.kind === "module") return modulesOf(tree)[at.module]?.key ?? pointerOf(at);
  return at.kind;
}

/** Takes questions out of a file into what is shown: a quiz, else a new one of the module or the course. */
function Import({ courseId, draft, at }: { courseId: string; draft: Draft; at: Place }) {
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  const module = at.kind === "item" || at.kind === "module" ? modulesOf(draft.tree)[at.module] : undefined;
  const item = at.kind === "item" ? itemsOf(module)[at.item] : undefined;
  if (item && item.kind !== "quiz") return null;
  const test = at.kind === "assessment" ? draft.tree.assessment : item;
  const lead = test ? t("importIntoQuiz", { name: test.title || t("untitled") }) : module ? t("importIntoModule", { name: module.title || t("untitled") }) : t("importIntoCourse");
  const open = async () => {
    // What the file is added to must be there first.
    if (await draft.flush()) setOpen(true);
  };
  return (
    <>
      <button type="button" onClick={() => void open()}>
        {t("importQuestions")}
      </button>
      {isOpen ? (
        <ImportQuestions
          lead={lead}
          send={(file, dryRun) => {
            const [quiz, into] = [draft.keyOf(test), draft.keyOf(module)];
            const query = { dry_run: dryRun, ...(quiz ? { quiz } : into ? { module: into } : {}) };
            return take(api.POST("/api/courses/{course_id}/draft/imports/", { params: { path: { course_id: courseId }, query }, body: fileBody(file) }));
          }}
          done={() => void draft.settle("theirs", "")}
          close={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}

function Editing({ courseId, opened }: { courseId: string; opened: { tree: Tree; etag: string } }) {
  const { t } = useWords();
  const draft = useDraft(courseId, opened);
  const [filters, setFilters] = useFilters();
  const [removing, setRemoving] = useState(false);
  const { place: at, question } = placeOf(filters["at"] ?? "");
  const goTo = (pointer: string) => setFilters({ at: pointer });
  const go = (place: Place) => goTo(pointerOf(place));
  const part = useRef<HTMLDivElement>(null);
  const [added, setAdded] = useState<string | null>(null);
  const choose = (place: Place, isNew = false) => {
    setAdded(isNew ? pointerOf(place) : null);
    go(place);
    // On a telephone the part stands below the outline.
    if (window.matchMedia("(width < 1000px)").matches) requestAnimationFrame(() => part.current?.scrollIntoView({ block: "start" }));
  };
  const { tree } = draft;
  // A part that is new has no key yet; the form must not begin anew when it gets one.
  const [shown, setShown] = useState({ pointer: pointerOf(at), id: idOf(tree, at), round: 0 });
  const pointer = pointerOf(at);
  useEffect(() => {
    if (added !== pointer) return;
    // What is new wants its title first.
    const title = part.current?.querySelector("input");
    title?.focus();
    title?.select();
  }, [added, pointer]);
  if (shown.pointer !== pointer) {
    const id = idOf(tree, at);
    setShown({ pointer, id, round: id === shown.id ? shown.round : shown.round + 1 });
  }
  return (
    <Screen title={tree.title || t("untitled")} wide>
      <div className="author-bar">
        <span className={`save ${draft.keeping === "refused" || draft.keeping === "conflict" ? "offline" : ""}`} role="status">
          {t(KEEPING[draft.keeping])}
        </span>
        <Link className="button" to="/author/$courseId/preview" params={{ courseId }}>
          {t("preview")}
        </Link>
        <Link className="button" to="/author/$courseId/policy" params={{ courseId }}>
          {t("policy")}
        </Link>
        <Link className="button" to="/author/$courseId/versions" params={{ courseId }}>
          {t("versions")}
        </Link>
        <Link className="button primary" to="/author/$courseId/publish" params={{ courseId }}>
          {t("checkAndPublish")}
        </Link>
      </div>
      {draft.keeping === "conflict" ? <Conflict courseId={courseId} draft={draft} /> : <Told draft={draft} go={goTo} />}
      <div className="author-desk">
        <Outline tree={tree} at={at} choose={choose} go={go} change={draft.change} />
        <div className="author-part" ref={part}>
          <Part key={`${draft.round} ${shown.round} ${question ?? ""}`} tree={tree} at={at} question={question} change={draft.change} />
          <div className="buttons start">
            <Import courseId={courseId} draft={draft} at={at} />
            {at.kind === "course" ? null : (
              <button type="button" onClick={() => setRemoving(true)}>
                {t("removeThis")}
              </button>
            )}
          </div>
        </div>
      </div>
      {removing ? (
        <Confirm
          title={t("removeAsk", { name: nameOf(tree, pointer) || t("untitled") })}
          action={t("removeThis")}
          confirm={() => {
            draft.change((before) => removeAt(before, at));
            setRemoving(false);
            go({ kind: "course" });
          }}
          close={() => setRemoving(false)}
        >
          <p>{t("removeThisLead")}</p>
        </Confirm>
      ) : null}
    </Screen>
  );
}

/** A course's draft: its outline beside the part that is edited, kept as one writes. */
export function CourseEditor() {
  const { courseId } = useParams({ strict: false }) as { courseId: string };
  const opened = useOpened(courseId);
  if (opened.error) return <Failure error={opened.error} again={() => void opened.refetch()} />;
  if (!opened.data || opened.isFetching) return <Loading />;
  return <Editing key={courseId} courseId={courseId} opened={opened.data} />;
}
