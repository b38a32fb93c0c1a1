import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Screen } from "../parts/basics";
import { missing, percentOf, sharesOf } from "./compliance";
import { Choose, Filters, SearchBox, useFilters } from "../parts/filters";
import { useReach, useRegions, useRequirements } from "./data";
import { SaveFile } from "./file";
import { LostPasses } from "./lost-passes";
import { Bar, Figure, given, Legend, offer } from "./parts";
import { useWords } from "./words";

type Chapter = Schemas["ChapterComplianceOut"];
type Order = "worst" | "name";

const ORDERS: Record<Order, (a: Chapter, b: Chapter) => number> = {
  worst: (a, b) => percentOf(a) - percentOf(b) || missing(b) - missing(a) || a.chapter_name.localeCompare(b.chapter_name),
  name: (a, b) => a.chapter_name.localeCompare(b.chapter_name),
};

const fold = (text: string) => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();

function Chapters({ chapters, requirement }: { chapters: Chapter[]; requirement: string | undefined }) {
  const words = useWords();
  const { t } = words;
  return (
    <ul className="chapters">
      {chapters.map((one) => (
        <li key={one.chapter_id} className="chapter">
          <Link
            className="chapter-name"
            to="/administer/chapters/$chapterId"
            params={{ chapterId: one.chapter_id }}
            search={(requirement ? { requirement_id: requirement } : {}) as never}
          >
            {one.chapter_name}
          </Link>
          <Bar shares={sharesOf(one, words)} total={one.members} />
          <span className="chapter-percent">{one.members === 0 ? t("nobodyHere") : `${percentOf(one)} %`}</span>
          <span className={one.overdue > 0 ? "chapter-missing bad" : "chapter-missing"}>
            {missing(one) > 0 ? t("missingCount", { count: missing(one) }) : null}
            {one.overdue > 0 ? ` · ${t("overdueCount", { count: one.overdue })}` : null}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Where the organization stands: one number, bars by chapter, and from each to the names. */
export function Overview() {
  const words = useWords();
  const { t } = words;
  const { broad } = useReach();
  const [filters, change] = useFilters();
  const [order, setOrder] = useState<Order>("worst");
  const requirements = useRequirements();
  const regions = useRegions();
  const query = given(filters, ["requirement_id", "region_id"]);
  const report = useQuery({
    queryKey: ["report", "compliance", query],
    queryFn: () => take(api.GET("/api/reports/compliance/", { params: { query } })) as Promise<Schemas["ComplianceReportOut"]>,
  });
  const totals = report.data?.totals;
  const sought = fold(filters.chapter ?? "");
  const chapters = report.data?.items.filter((one) => fold(one.chapter_name).includes(sought)).toSorted(ORDERS[order]);
  return (
    <Screen title={t("overview")} lead={t("overviewLead")} wide>
      <Filters>
        <Choose
          label={t("requirement")}
          value={filters.requirement_id ?? ""}
          options={offer(requirements.data, t("allRequirements"))}
          change={(value) => change({ requirement_id: value })}
        />
        {(regions.data?.length ?? 0) > 1 ? (
          <Choose label={t("region")} value={filters.region_id ?? ""} options={offer(regions.data, t("allRegions"))} change={(value) => change({ region_id: value })} />
        ) : null}
      </Filters>
      {report.error ? <Failure error={report.error} again={() => void report.refetch()} /> : null}
      {report.isPending ? <Loading /> : null}
      {totals ? (
        <>
          <dl className="figures">
            <Figure name={t("through")} value={`${percentOf(totals)} %`} lead={t("ofPeople", { done: totals.members - missing(totals), count: totals.members })} tone="main" />
            <Figure name={t("missing")} value={words.number(missing(totals))} />
            <Figure name={t("overdue")} value={words.number(totals.overdue)} tone={totals.overdue > 0 ? "bad" : ""} />
            <Figure name={t("expiringSoon")} value={words.number(totals.expiring_30)} tone={totals.expiring_30 > 0 ? "warn" : ""} />
          </dl>
          <Bar shares={sharesOf(totals, words)} total={totals.members} />
          <Legend shares={sharesOf(totals, words)} />
        </>
      ) : null}
      {broad ? <LostPasses /> : null}
      {report.data ? (
        <section>
          <h2 className="section">{t("byChapter")}</h2>
          <Filters>
            <SearchBox label={t("findChapter")} value={filters.chapter ?? ""} change={(chapter) => change({ chapter })} />
            <Choose
              label={t("order")}
              value={order}
              options={[
                { value: "worst", label: t("worstFirst") },
                { value: "name", label: t("byName") },
              ]}
              change={(value) => setOrder(value === "name" ? "name" : "worst")}
            />
            <SaveFile path="/api/reports/compliance/" query={query} name="compliance" />
          </Filters>
          {chapters?.length === 0 ? <Empty title={t("noChapters")} /> : null}
          <Chapters chapters={chapters ?? []} requirement={filters.requirement_id} />
        </section>
      ) : null}
    </Screen>
  );
}
