import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Screen } from "../parts/basics";
import { Choose, Filters, useFilters } from "../parts/filters";
import { Table } from "../parts/table";
import { useCourses } from "./data";
import { Bar, Figure, Legend, offer, type Share } from "./parts";
import { useWords, type Told } from "./words";

type Report = Schemas["CourseReportOut"];
type Week = Report["by_week"][number];

const HEIGHT = 120;
const STEP = 28;

/** Pairs of columns, one for each week; the table below says the same in numbers. */
function Weeks({ weeks }: { weeks: Week[] }) {
  const { t } = useWords();
  const top = Math.max(1, ...weeks.map((week) => Math.max(week.enrolled, week.completed)));
  const tall = (value: number) => (HEIGHT * value) / top;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls sideways has to be reached by keyboard
    <div className="weeks" role="region" aria-label={t("byWeek")} tabIndex={0}>
      <svg width={weeks.length * STEP} height={HEIGHT} viewBox={`0 0 ${weeks.length * STEP} ${HEIGHT}`} role="img" aria-label={t("byWeekLead")}>
        {weeks.map((week, index) => (
          <g key={week.week} transform={`translate(${index * STEP} 0)`}>
            <rect className="accent" x={2} width={11} y={HEIGHT - tall(week.enrolled)} height={tall(week.enrolled)} />
            <rect className="good" x={14} width={11} y={HEIGHT - tall(week.completed)} height={tall(week.completed)} />
          </g>
        ))}
      </svg>
    </div>
  );
}

function sharesOf(one: { enrolled: number; completed: number; failed: number }, { t }: Told): Share[] {
  return [
    { name: t("statusCompleted"), value: one.completed, tone: "good" },
    { name: t("underWay"), value: one.enrolled - one.completed - one.failed, tone: "accent" },
    { name: t("statusFailed"), value: one.failed, tone: "bad" },
  ];
}

function InShort({ report, courseId }: { report: Report; courseId: string }) {
  const words = useWords();
  const { t, number, day } = words;
  const none = report.enrolled === 0;
  if (none) return <Empty title={t("nobodyEnrolled")} />;
  return (
    <>
      <dl className="figures">
        <Figure name={t("enrolled")} value={number(report.enrolled)} />
        <Figure name={t("statusCompleted")} value={number(report.completed)} tone="main" />
        <Figure name={t("underWay")} value={number(report.in_progress + report.assigned)} />
        <Figure name={t("statusFailed")} value={number(report.failed)} tone={report.failed > 0 ? "bad" : ""} />
        <Figure name={t("awaitingReview")} value={number(report.awaiting_review)} />
        <Figure name={t("medianScore")} value={report.median_score === null ? "–" : `${number(report.median_score)} %`} />
        <Figure name={t("medianDays")} value={report.median_days === null ? "–" : report.median_days < 1 ? `< ${number(1)}` : number(Math.round(report.median_days))} />
      </dl>
      <Legend shares={sharesOf(report, words)} />
      <h2 className="section">{t("byChapter")}</h2>
      <Table
        caption={t("byChapter")}
        rows={report.by_chapter}
        rowKey={(row) => row.chapter_id}
        columns={[
          {
            key: "chapter",
            title: t("chapter"),
            cell: (row) => (
              <Link to="/administer/enrollments" search={{ course_id: courseId, chapter_id: row.chapter_id } as never}>
                {row.chapter_name}
              </Link>
            ),
          },
          { key: "bar", title: t("progress"), cell: (row) => <Bar shares={sharesOf(row, words)} total={row.enrolled} /> },
          { key: "enrolled", title: t("enrolled"), number: true, cell: (row) => number(row.enrolled) },
          { key: "completed", title: t("statusCompleted"), number: true, cell: (row) => number(row.completed) },
          { key: "failed", title: t("statusFailed"), number: true, cell: (row) => number(row.failed) },
        ]}
      />
      {report.by_week.length > 0 ? (
        <>
          <h2 className="section">{t("byWeek")}</h2>
          <Weeks weeks={report.by_week} />
          <Legend
            shares={[
              { name: t("enrolled"), value: 0, tone: "accent" },
              { name: t("statusCompleted"), value: 0, tone: "good" },
            ]}
          />
          <details>
            <summary>{t("inNumbers")}</summary>
            <Table
              caption={t("byWeek")}
              rows={report.by_week}
              rowKey={(row) => row.week}
              columns={[
                { key: "week", title: t("weekOf"), brief: true, cell: (row) => day(`${row.week}T12:00:00`) },
                { key: "enrolled", title: t("enrolled"), number: true, cell: (row) => number(row.enrolled) },
                { key: "completed", title: t("statusCompleted"), number: true, cell: (row) => number(row.completed) },
              ]}
            />
          </details>
        </>
      ) : null}
    </>
  );
}

/** How a course goes: who is through, where, and since when. */
export function Reports() {
  const { t } = useWords();
  const [filters, change] = useFilters();
  const courses = useCourses();
  const published = courses.data?.filter((one) => one.published_version !== null);
  const courseId = filters["course_id"] ?? published?.[0]?.id ?? "";
  const report = useQuery({
    queryKey: ["report", "course", courseId],
    queryFn: () => take(api.GET("/api/reports/courses/{course_id}/", { params: { path: { course_id: courseId } } })),
    enabled: courseId !== "",
  });
  return (
    <Screen title={t("reports")} wide>
      {published?.length === 0 ? <Empty title={t("noCourseYet")} /> : null}
      {published && published.length > 0 ? (
        <Filters>
          <Choose label={t("course")} value={courseId} options={offer(published)} change={(value) => change({ course_id: value })} />
        </Filters>
      ) : null}
      {report.error ? <Failure error={report.error} again={() => void report.refetch()} /> : null}
      {courses.isPending || (report.isPending && courseId) ? <Loading /> : null}
      {report.data ? <InShort report={report.data} courseId={courseId} /> : null}
    </Screen>
  );
}
