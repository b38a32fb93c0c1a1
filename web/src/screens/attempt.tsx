import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { api, take, type Schemas } from "../api";
import { useWords } from "../i18n";
import { ServerClock } from "../learn/clock";
import { Failure, Loading } from "../parts/basics";
import { useModules } from "../parts/queries";
import { stepsOf } from "./course";
import { asKind } from "./quiz";
import { Result } from "./result";
import { Taking } from "./taking";

export interface Place {
  courseId: string;
  kind: "quizzes" | "assessments";
  itemId: string;
  attemptId: string;
}

export interface TimedAttempt {
  attempt: Schemas["AttemptOut"];
  clock: ServerClock;
}

export async function readAttempt(id: string): Promise<TimedAttempt> {
  const sentAt = Date.now();
  const attempt = await take(api.GET("/api/attempts/{attempt_id}/", { params: { path: { attempt_id: id } } }));
  const clock = new ServerClock();
  clock.learn(attempt.server_time, sentAt, Date.now());
  return { attempt, clock };
}

export function AttemptScreen() {
  const params = useParams({ from: "/courses/$courseId/$kind/$itemId/attempts/$attemptId" });
  const place: Place = { ...params, kind: asKind(params.kind) };
  const { t } = useWords();
  const modules = useModules(place.courseId);
  const title = modules.data && stepsOf(modules.data).find((item) => item.id === place.itemId)?.title;
  const query = useQuery({
    queryKey: ["attempt", place.attemptId],
    queryFn: () => readAttempt(place.attemptId),
    // What is being typed must not be laid over by an older answer of the server.
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 0,
  });
  const { refetch } = query;
  const handedIn = useCallback(() => void refetch(), [refetch]);
  if (query.error) return <Failure error={query.error} again={() => void query.refetch()} />;
  if (!query.data || modules.isPending) return <Loading />;
  return (
    <>
      <Link className="back" to="/courses/$courseId/$kind/$itemId" params={place}>
        {title ?? t("attempts")}
      </Link>
      {query.data.attempt.status === "in_progress" ? (
        <Taking key={place.attemptId} timed={query.data} place={place} title={title ?? t("attempts")} handedIn={handedIn} />
      ) : (
        <Result attempt={query.data.attempt} place={place} />
      )}
    </>
  );
}
