import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, Problem, take, type Schemas } from "../api";
import { keyed, keysGiven, mergeBoth, sendable, withKeys, type Keys, type Tree } from "./tree";

/** How far what the author sees is kept. */
export type Keeping = "saved" | "waiting" | "saving" | "refused" | "offline" | "conflict";

interface Kept {
  tree: Tree;
  etag: string;
}

const PAUSE = 800;
const AGAIN = 4000;

/** The draft and the tag that the next change of it has to name. */
export async function fetchDraft(courseId: string): Promise<Kept> {
  const answer = await api.GET("/api/courses/{course_id}/draft/", { params: { path: { course_id: courseId } } });
  const tree = await take(Promise.resolve(answer));
  return { tree, etag: answer.response.headers.get("etag") ?? "" };
}

async function store(courseId: string, tree: Tree, etag: string): Promise<Kept & { removed: Schemas["RemovedHtmlOut"][] }> {
  const params = { path: { course_id: courseId }, header: { "If-Match": etag } };
  const answer = await api.PUT("/api/courses/{course_id}/draft/", { params, body: tree });
  const { removed_html: removed = [], ...stored } = await take(Promise.resolve(answer));
  return { tree: stored, etag: answer.response.headers.get("etag") ?? "", removed };
}

export interface Draft {
  tree: Tree;
  keeping: Keeping;
  /** What the service said against the last change, or what it took out of a text. */
  error: unknown;
  removed: Schemas["RemovedHtmlOut"][];
  /** Counts how often the tree has come from elsewhere: a form that shows it begins anew then. */
  round: number;
  change: (change: (tree: Tree) => Tree) => void;
  /** Keep what waits now; true when everything is kept. */
  flush: () => Promise<boolean>;
  /** The key that the service knows a part by, null before it is kept. */
  keyOf: (part: { key?: string | null } | null | undefined) => string | null;
  /** After another author's change: both, mine alone, or theirs alone. */
  settle: (how: "both" | "mine" | "theirs", mark: string) => Promise<void>;
}

/** A course's draft, kept a moment after each change, one change after the other. */
export function useDraft(courseId: string, opened: Kept): Draft {
  const queries = useQueryClient();
  const [tree, setTree] = useState(opened.tree);
  const [keeping, setKeeping] = useState<Keeping>("saved");
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const [removed, setRemoved] = useState<Draft["removed"]>([]);
  const now = useRef(opened.tree);
  const base = useRef(opened);
  const sent = useRef(opened.tree);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const keys = useRef<Keys>(new Map());
  const running = useRef<Promise<boolean>>(Promise.resolve(true));

  const keepInTurn = useRef<() => Promise<boolean>>(() => Promise.resolve(true));

  const put = useCallback((next: Tree) => {
    now.current = next;
    setTree(next);
  }, []);

  const keep = useCallback(async (): Promise<boolean> => {
    clearTimeout(timer.current);
    if (now.current === sent.current) return true;
    const mine = now.current;
    setKeeping("saving");
    try {
      const filled = sendable(mine);
      const stored = await store(courseId, keyed(filled, keys.current), base.current.etag);
      base.current = stored;
      keys.current = new Map([...keys.current, ...keysGiven(filled, stored.tree)]);
      const unchanged = now.current === mine;
      sent.current = mine;
      setError(null);
      setRemoved(stored.removed);
      setKeeping(unchanged ? "saved" : "waiting");
      if (unchanged) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "course" || queryKey[0] === "diff" });
      return unchanged;
    } catch (failure) {
      setError(failure);
      if (failure instanceof Problem && failure.status === 412) setKeeping("conflict");
      else if (failure instanceof Problem && failure.status < 500) setKeeping("refused");
      else {
        setKeeping("offline");
        timer.current = setTimeout(() => void keepInTurn.current(), AGAIN);
      }
      return false;
    }
  }, [courseId, queries]);

  useEffect(() => {
    keepInTurn.current = () => {
      running.current = running.current.then(keep);
      return running.current;
    };
  }, [keep]);

  const change = useCallback(
    (make: (tree: Tree) => Tree) => {
      put(make(now.current));
      setKeeping((before) => (before === "conflict" ? before : "waiting"));
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void keepInTurn.current(), PAUSE);
    },
    [put],
  );

  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (now.current !== sent.current) event.preventDefault();
    };
    window.addEventListener("beforeunload", leave);
    return () => {
      window.removeEventListener("beforeunload", leave);
      void keepInTurn.current();
    };
  }, []);

  const settle = useCallback(
    async (how: "both" | "mine" | "theirs", mark: string) => {
      const theirs = await fetchDraft(courseId);
      const mine = how === "both" ? mergeBoth(base.current.tree, withKeys(now.current, keys.current), theirs.tree, mark) : how === "mine" ? now.current : theirs.tree;
      base.current = theirs;
      sent.current = theirs.tree;
      put(mine);
      setRound((before) => before + 1);
      setError(null);
      setKeeping("saved");
      await keepInTurn.current();
    },
    [courseId, put],
  );

  const keyOf: Draft["keyOf"] = (part) => (part ? (keyed({ key: part.key ?? null }, keys.current).key ?? null) : null);

  return { tree, keeping, error, removed, round, change, flush: () => keepInTurn.current(), keyOf, settle };
}

/** The draft as it was when its editor was opened; never taken out of a cache, because its tag would be an old one. */
export const useOpened = (courseId: string) =>
  useQuery({ queryKey: ["draft", courseId], queryFn: () => fetchDraft(courseId), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false });

/** Who changed the draft last, where the person may read that; else null. */
export async function lastAuthor(courseId: string): Promise<string | null> {
  const query = { course_id: courseId, action: "course.draft_saved" as const, limit: 1 };
  const page = await take(api.GET("/api/audit/", { params: { query } })).catch(() => null);
  const entry = page?.items[0];
  return entry ? (entry.actor_name ?? entry.actor) : null;
}
