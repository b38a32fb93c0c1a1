import { useQuery } from "@tanstack/react-query";
import { api, take, type Schemas } from "../api";
import { useMe } from "../parts/queries";

const MOST_PAGES = 10;
const MINUTES = 60_000;

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** All of a list that a field offers, up to a bound that a person could still look through. */
export async function everything<T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    // oxlint-disable-next-line no-await-in-loop -- a page says where the next one begins
    const page = await fetchPage(cursor);
    all.push(...page.items);
    if (!page.next_cursor) break;
    cursor = page.next_cursor;
  }
  return all;
}

const paged = (cursor: string | undefined) => ({ limit: 200, ...(cursor ? { cursor } : {}) });

export const useChapters = () =>
  useQuery({
    queryKey: ["chapters"],
    queryFn: () => everything((cursor) => take(api.GET("/api/directory/chapters/", { params: { query: paged(cursor) } }))),
    staleTime: 5 * MINUTES,
  });

export const useRegions = () =>
  useQuery({
    queryKey: ["regions"],
    queryFn: () => everything((cursor) => take(api.GET("/api/directory/regions/", { params: { query: paged(cursor) } }))),
    staleTime: 5 * MINUTES,
  });

export const useRequirements = () =>
  useQuery({
    queryKey: ["requirements"],
    queryFn: () => everything((cursor) => take(api.GET("/api/compliance-requirements/", { params: { query: paged(cursor) } }))),
    staleTime: MINUTES,
  });

export const useCourses = () =>
  useQuery({
    queryKey: ["courses", "all"],
    queryFn: () => everything((cursor) => take(api.GET("/api/courses/", { params: { query: paged(cursor) } }))),
    staleTime: MINUTES,
  });

/** Programs that one may author or assign. */
export const usePrograms = () =>
  useQuery({
    queryKey: ["programs", "all"],
    queryFn: () => everything((cursor) => take(api.GET("/api/programs/", { params: { query: paged(cursor) } }))),
    staleTime: MINUTES,
  });

export const useBanks = () =>
  useQuery({
    queryKey: ["banks", "all"],
    queryFn: () => everything((cursor) => take(api.GET("/api/question-banks/", { params: { query: paged(cursor) } }))),
    staleTime: MINUTES,
  });

export const useFacets = () =>
  useQuery({ queryKey: ["facets"], queryFn: () => take(api.GET("/api/directory/facets/")), staleTime: 5 * MINUTES });

/** The members of one chapter, by id: lists of who is missing know ids alone. */
export const useChapterMembers = (chapterId: string) =>
  useQuery({
    queryKey: ["members", "of", chapterId],
    queryFn: async () => {
      const members = await everything((cursor) =>
        take(api.GET("/api/directory/members/", { params: { query: { chapter_id: chapterId, ...paged(cursor) } } })),
      );
      return new Map(members.map((one) => [one.user_id, one]));
    },
  });

export interface Reach {
  /** Administers the whole organization. */
  national: boolean;
  /** Administers at least a region: makes rules, reads the audit trail, revokes. */
  broad: boolean;
}

export function reachOf(me: Schemas["MeOut"] | undefined): Reach {
  const units = me?.may.administer ?? [];
  return { national: units.some((one) => one.scope === "national"), broad: units.some((one) => one.scope !== "chapter") };
}

export const useReach = (): Reach => reachOf(useMe().data);
