import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Figure } from "../administrator/parts";
import { api, take, type Schemas } from "../api";
import { Failure, Loading, Screen } from "../parts/basics";
import { useFilters } from "../parts/filters";
import { Table } from "../parts/table";
import { useCourse } from "./editor";
import { versionOf } from "./statistics";
import { useWords } from "./words";

const LOOK_AGAIN = 1000;
type Forecast = Schemas["MigrationForecastOut"];

/** How far a move of open enrollments has come. */
export function Moving({ runId }: { runId: string }) {
  const { t, number } = useWords();
  const run = useQuery({
    queryKey: ["run", runId],
    queryFn: () => take(api.GET("/api/runs/{run_id}/", { params: { path: { run_id: runId } } })),
    refetchInterval: ({ state }) => (state.data?.status === "running" ? LOOK_AGAIN : false),
  });
  if (run.error) return <Failure error={run.error} again={() => void run.refetch()} />;
  if (!run.data) return <Loading lines={2} />;
  const { status, total, done, skipped } = run.data;
  const lead = { running: "movingLead", done: "movedLead", failed: "failedLead" } as const;
  return (
    <>
      <p className={status === "failed" ? "notice bad" : status === "done" ? "notice good" : "notice"} role="status">
        {t(lead[status])}
      </p>
      {status === "running" ? <progress max={Math.max(total, 1)} value={done} aria-label={t("moveProgress")} /> : null}
      <dl className="figures">
        <Figure name={t("movedFigure")} value={number(done)} tone="main" />
        {status === "running" ? null : <Figure name={t("notMoved")} value={number(skipped)} lead={skipped > 0 ? t("notMovedLead") : ""} />}
      </dl>
    </>
  );
}

function Effects({ forecast }: { forecast: Forecast }) {
  const { t, number } = useWords();
  return (
    <>
      <dl className="figures">
        <Figure name={t("wouldMove")} value={number(forecast.enrollments)} tone="main" />
        <Figure name={t("keptItems")} value={number(forecast.kept_items)} />
        <Figure name={t("wouldComplete")} value={number(forecast.would_complete)} />
        {forecast.waiting > 0 ? <Figure name={t("moveWaiting")} value={number(forecast.waiting)} lead={t("moveWaitingLead")} /> : null}
        {forecast.staying > 0 ? <Figure name={t("moveStaying")} value={number(forecast.staying)} lead={t("moveStayingLead")} /> : null}
      </dl>
      {forecast.lost_items.length === 0 ? (
        <p className="hint">{t("nothingLost")}</p>
      ) : (
        <>
          <h2 className="section">{t("lostItems")}</h2>
          <Table
            caption={t("lostItems")}
            rows={forecast.lost_items}
            rowKey={(row) => row.key}
            columns={[
              { key: "title", title: t("title"), cell: (row) => row.title },
              { key: "enrollments", title: t("lostBy"), cell: (row) => number(row.enrollments) },
            ]}
          />
        </>
      )}
    </>
  );
}

/** What moving those under way to a version would keep and lose, and then how far it has come. */
export function Move() {
  const { courseId, number: version } = versionOf(useParams({ strict: false }));
  const { t } = useWords();
  const [{ run }, go] = useFilters();
  const course = useCourse(courseId);
  const params = { path: { course_id: courseId, number: Number(version) } };
  const ask = (dryRun: boolean) => take(api.POST("/api/courses/{course_id}/versions/{number}/migrations/", { params, body: { dry_run: dryRun } }));
  const forecast = useQuery({
    queryKey: ["move", courseId, version],
    queryFn: async () => (await ask(true)) as Forecast,
    enabled: !run,
    staleTime: 0,
  });
  const start = useMutation({
    mutationFn: async () => (await ask(false)) as unknown as Schemas["StartedOut"],
    onSuccess: (started) => go({ run: started.run_id }),
  });
  const error = course.error ?? forecast.error;
  if (error) return <Failure error={error} again={() => void Promise.all([course.refetch(), run ? null : forecast.refetch()])} />;
  if (!course.data || (!run && !forecast.data)) return <Loading />;
  return (
    <Screen title={t("moveTo", { number: Number(version) })} lead={course.data.title}>
      <Link className="back" to="/author/$courseId/versions" params={{ courseId }}>
        {t("versions")}
      </Link>
      {run ? (
        <Moving runId={run} />
      ) : forecast.data ? (
        <>
          <p className="notice">{t("moveLead")}</p>
          <Effects forecast={forecast.data} />
          {start.error ? <Failure error={start.error} /> : null}
          <div className="buttons start">
            <button type="button" className="primary" disabled={start.isPending || forecast.data.enrollments === 0} onClick={() => start.mutate()}>
              {t("moveThem")}
            </button>
          </div>
        </>
      ) : null}
    </Screen>
  );
}
