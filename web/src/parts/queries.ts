import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, take } from "../api";
import { useWords } from "../i18n";

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** A list by its pages: what has come so far, and how to get more. */
export function usePages<T>(key: readonly unknown[], fetchPage: (cursor: string | undefined) => Promise<Page<T>>) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<T>) => last.next_cursor ?? undefined,
  });
  return { ...query, items: query.data?.pages.flatMap((page) => page.items) };
}

export const useMe = () => useQuery({ queryKey: ["me"], queryFn: () => take(api.GET("/api/me/")), staleTime: 300_000 });

/** Who did something, where only the id is known: oneself by name, what came of itself in words. */
export function useByWhom(): (userId: string) => string {
  const { t } = useWords();
  const me = useMe();
  return (userId) => (userId === "system" ? t("byItself") : userId === me.data?.user_id ? (me.data.name ?? userId) : userId);
}

export const useModules = (courseId: string) =>
  useQuery({
    queryKey: ["modules", courseId],
    queryFn: () => take(api.GET("/api/courses/{course_id}/modules/", { params: { path: { course_id: courseId } } })),
  });

export const usePreferences = (enabled: boolean) =>
  useQuery({ queryKey: ["preferences"], queryFn: () => take(api.GET("/api/users/preferences/")), enabled });

export const useUnread = (enabled: boolean) =>
  useQuery({
    queryKey: ["notifications", "unread"],
    queryFn: () => take(api.GET("/api/users/notifications/", { params: { query: { unread: true, limit: 50 } } })),
    refetchInterval: 60_000,
    enabled,
  });
