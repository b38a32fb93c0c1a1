import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Choose, Filters, useFilters } from "../parts/filters";
import { Table } from "../parts/table";
import { percentOf } from "./compliance";
import { everything, useChapters, useRegions, useRequirements } from "./data";
import { SaveFile } from "./file";
import { given, Legend, offer } from "./parts";
import { useWords } from "./words";
import { byWeek, type Week } from "./weeks";

// The chart's library comes when a chart is looked at.
const LineChart = lazy(() => import("./line-chart"));

type Lapse = Schemas["LapseOut"];
type Moment = Schemas["ComplianceMomentOut"];
type Query = Record<string, string>;

const MONTHS = ["12", "24", "36"];
const DAYS = ["30", "90", "180", "365"];
const FILTERS = ["requirement_id", "region_id", "chapter_id"];
const HEIGHT = 120;
const STEP = 34;

const pad = (number: number) => String(number).padStart(2, "0");

/** The first day of the month so many months ago. */
function monthsAgo(months: number): string {
  const now = new Date();
  const then = new Date(now.getFullYear(), now.getMonth() - months, 1);
  return `${then.getFullYear()}-${pad(then.getMonth() + 1)}-01`;
}

function History({ query, months }: { query: Query; months: number }) {
  const { t, language, timeZone, number } = useWords();
  const from = monthsAgo(months);
  const history = useQuery({
    queryKey: ["report", "history", query, from],
    queryFn: () => take(api.GET("/api/reports/compliance/history/", { params: { query: { ...query, from } } })),
  });
  const moments = useMemo(() => history.data?.items.filter((one) => one.members > 0) ?? [], [history.data]);
  const times = useMemo(() => moments.map((one) => Date.parse(one.at) / 1000), [moments]);
  const lines = useMemo(() => [{ name: t("through"), colour: "--pine", values: moments.map(percentOf) }], [moments, t]);
  const zone = useMemo(() => (timeZone ? { timeZone } : {}), [timeZone]);
  const month = useCallback((seconds: number) => new Date(seconds * 1000).toLocaleDateString(language, { month: "short", year: "2-digit", ...zone }), [language, zone]);
  const named = (one: Moment) => new Date(one.at).toLocaleDateString(language, { month: "long", year: "numeric", ...zone });
  if (history.error) return <Failure error={history.error} again={() => void history.refetch()} />;
  if (!history.data) return <Loading />;
  if (moments.length === 0) return <Empty title={t("nobodyHere")} />;
  return (
    <>
      <Suspense fallback={<Loading />}>
        <LineChart label={t("historyLead")} times={times} lines={lines} month={month} />
      </Suspense>
      <details>
        <summary>{t("inNumbers")}</summary>
        <Table
          caption={t("history")}
          rows={moments.toReversed()}
          rowKey={(row) => row.at}
          columns={[
            { key: "month", title: t("month"), cell: named },
            { key: "through", title: t("through"), number: true, cell: (row) => `${percentOf(row)} %` },
            { key: "members", title: t("people"), number: true, cell: (row) => number(row.members) },
            { key: "overdue", title: t("overdue"), number: true, cell: (row) => number(row.overdue) },
            { key: "expired", title: t("compExpired"), number: true, cell: (row) => number(row.expired) },
          ]}
        />
      </details>
    </>
  );
}

/** A column for each week, out of those whose renewal is under way and the others. */
function Columns({ weeks, chosen, choose }: { weeks: Week<Lapse>[]; chosen: number | undefined; choose: (week: number | undefined) => void }) {
  const { t, day } = useWords();
  const top = Math.max(1, ...weeks.map((week) => week.lapses.length));
  const tall = (count: number) => (HEIGHT * count) / top;
  return (
    <ul className="columns" aria-label={t("forecast")}>
      {weeks.map((week, index) => (
        <li key={week.from}>
          <button
            type="button"
            aria-pressed={chosen === index}
            disabled={week.lapses.length === 0}
            aria-label={t("weekNamed", { date: day(new Date(week.from).toISOString()), count: week.lapses.length })}
            onClick={() => choose(chosen === index ? undefined : index)}
          >
            <svg width={STEP} height={HEIGHT} viewBox={`0 0 ${STEP} ${HEIGHT}`} aria-hidden="true">
              <rect className="warn" x={4} width={STEP - 8} y={HEIGHT - tall(week.lapses.length)} height={tall(week.lapses.length - week.underWay)} />
              <rect className="accent" x={4} width={STEP - 8} y={HEIGHT - tall(week.underWay)} height={tall(week.underWay)} />
            </svg>
            <span aria-hidden="true">{week.lapses.length || ""}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Forecast({ query, days }: { query: Query; days: number }) {
  const { t, day } = useWords();
  const [chosen, setChosen] = useState<number>();
  const chapters = useChapters();
  const requirements = useRequirements();
  const forecast = useQuery({
    queryKey: ["report", "forecast", query, days],
    queryFn: async () => {
      const lapses = await everything((cursor) =>
        take(api.GET("/api/reports/compliance/forecast/", { params: { query: { ...query, days: String(days), limit: 200, ...(cursor ? { cursor } : {}) } } })),
      );
      return { at: Date.now(), lapses };
    },
  });
  const weeks = useMemo(() => (forecast.data ? byWeek(forecast.data.lapses, forecast.data.at, days) : []), [forecast.data, days]);
  if (forecast.error) return <Failure error={forecast.error} again={() => void forecast.refetch()} />;
  if (!forecast.data) return <Loading />;
  const all = forecast.data.lapses;
  if (all.length === 0) return <Empty title={t("nobodyLapses")} />;
  const shown = chosen === undefined ? all : (weeks[chosen]?.lapses ?? []);
  const rows = shown.slice(0, MOST_SHOWN);
  const nameOf = (id: string) => chapters.data?.find((one) => one.id === id)?.name ?? id;
  return (
    <>
      <p className="hint">{t("forecastLead", { count: days })}</p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls sideways has to be reached by keyboard */}
      <div className="columns-place" role="group" aria-label={t("forecast")} tabIndex={0}>
        <Columns weeks={weeks} chosen={chosen} choose={setChosen} />
      </div>
      <Legend
        shares={[
          { name: t("notUnderWay"), value: 0, tone: "warn" },
          { name: t("underWayToo"), value: 0, tone: "accent" },
        ]}
      />
      {chosen === undefined ? null : (
        <p className="press">
          <button type="button" onClick={() => setChosen(undefined)}>
            {t("allWeeks")}
          </button>
        </p>
      )}
      <Table
        caption={t("forecast")}
        rows={rows}
        rowKey={(row) => `${row.user_id} ${row.requirement_id}`}
        columns={[
          {
            key: "person",
            title: t("person"),
            cell: (row) => (
              <Link to="/administer/members/$userId" params={{ userId: row.user_id }}>
                <bdi>{row.display_name}</bdi>
              </Link>
            ),
          },
          { key: "chapter", title: t("chapter"), cell: (row) => nameOf(row.chapter_id) },
          { key: "requirement", title: t("requirement"), cell: (row) => requirements.data?.find((one) => one.id === row.requirement_id)?.name ?? row.requirement_id },
          { key: "lapses", title: t("lapsesOn"), brief: true, cell: (row) => day(row.expires_at) },
          { key: "way", title: t("state"), cell: (row) => <Pill tone={row.under_way ? "accent" : "warn"}>{t(row.under_way ? "underWayToo" : "notUnderWay")}</Pill> },
        ]}
      />
      {shown.length > rows.length ? <p className="hint">{t("moreThanShown", { count: rows.length })}</p> : null}
    </>
  );
}

/** So many names are looked through; a week or a chapter has fewer. */
const MOST_SHOWN = 200;

/** How compliance has gone, month by month, and who lapses next, week by week and by name. */
export function Trends() {
  const { t } = useWords();
  const [filters, change] = useFilters();
  const requirements = useRequirements();
  const regions = useRegions();
  const chapters = useChapters();
  const query = given(filters, FILTERS);
  const months = filters["months"] ?? MONTHS[0] ?? "12";
  const days = filters["days"] ?? "90";
  const within = chapters.data?.filter((one) => !filters["region_id"] || one.region_id === filters["region_id"]);
  return (
    <Screen title={t("outlook")} lead={t("outlookLead")} wide>
      <Filters>
        <Choose label={t("requirement")} value={filters["requirement_id"] ?? ""} options={offer(requirements.data, t("allRequirements"))} change={(value) => change({ requirement_id: value })} />
        {(regions.data?.length ?? 0) > 1 ? (
          <Choose label={t("region")} value={filters["region_id"] ?? ""} options={offer(regions.data, t("allRegions"))} change={(value) => change({ region_id: value, chapter_id: undefined })} />
        ) : null}
        {(chapters.data?.length ?? 0) > 1 ? (
          <Choose label={t("chapter")} value={filters["chapter_id"] ?? ""} options={offer(within, t("allChapters"))} change={(value) => change({ chapter_id: value })} />
        ) : null}
      </Filters>
      <section>
        <h2 className="section">{t("history")}</h2>
        <p className="hint">{t("historyLead")}</p>
        <Filters>
          <Choose label={t("timeSpan")} value={months} options={MONTHS.map((value) => ({ value, label: t("lastMonths", { count: Number(value) }) }))} change={(value) => change({ months: value })} />
          {filters["chapter_id"] ? (
            <Link to="/administer/chapters/$chapterId" params={{ chapterId: filters["chapter_id"] }} search={given(filters, ["requirement_id"]) as never}>
              {t("whoIsMissing")}
            </Link>
          ) : null}
          <SaveFile path="/api/reports/compliance/history/" query={{ ...query, from: monthsAgo(Number(months)) }} name="compliance-history" />
        </Filters>
        <History query={query} months={Number(months)} />
      </section>
      <section>
        <h2 className="section">{t("forecast")}</h2>
        <Filters>
          <Choose label={t("timeSpan")} value={days} options={DAYS.map((value) => ({ value, label: t("nextDays", { count: Number(value) }) }))} change={(value) => change({ days: value })} />
          <SaveFile path="/api/reports/compliance/forecast/" query={{ ...query, days }} name="compliance-forecast" />
        </Filters>
        <Forecast key={JSON.stringify([query, days])} query={query} days={Number(days)} />
      </section>
    </Screen>
  );
}
