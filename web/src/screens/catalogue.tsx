import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { api, take, type Schemas } from "../api";
import { useWords, type Key } from "../i18n";
import { Empty, Failure, Loading, Pill, plain, Screen, type Tone } from "../parts/basics";
import { useSettled } from "../parts/filters";
import { usePages } from "../parts/queries";
import { More } from "./home";
import { OpenPrograms } from "./programs";

export const STATUS: Record<Schemas["MineOut"]["status"], { key: Key; tone: Tone }> = {
  assigned: { key: "statusAssigned", tone: "warn" },
  in_progress: { key: "statusInProgress", tone: "accent" },
  completed: { key: "statusCompleted", tone: "good" },
  failed: { key: "statusFailed", tone: "bad" },
};

function Card({ course }: { course: Schemas["ListedCourseOut"] }) {
  const { t } = useWords();
  const mine = course.mine;
  return (
    <li className="card">
      <div className="pills">
        {mine ? <Pill tone={STATUS[mine.status].tone}>{t(STATUS[mine.status].key)}</Pill> : null}
        {course.category ? <Pill>{course.category}</Pill> : null}
      </div>
      <h2>
        <Link className="cover" to="/courses/$courseId" params={{ courseId: course.id }}>
          {course.title}
        </Link>
      </h2>
      <p className="excerpt">{plain(course.description_html)}</p>
      <p className="meta">
        {course.estimated_minutes ? <span>{t("minutes", { count: course.estimated_minutes })}</span> : null}
        {course.credit_hours ? <span>{t("creditHours", { count: course.credit_hours })}</span> : null}
        <span>{t("passScore", { score: course.pass_score })}</span>
      </p>
    </li>
  );
}

export function Catalogue() {
  const { t } = useWords();
  const [text, setText] = useState("");
  const [category, setCategory] = useState<string | null>(null);
  const q = useSettled(text).trim();
  const categories = useQuery({
    queryKey: ["categories"],
    queryFn: () => take(api.GET("/api/courses/categories/", { params: { query: { limit: 100 } } })),
    placeholderData: keepPreviousData,
  });
  const list = usePages(["courses", q, category], (cursor) =>
    take(
      api.GET("/api/courses/", {
        params: {
          query: { limit: 24, expand: "mine", ...(q ? { q } : {}), ...(category ? { category } : {}), ...(cursor ? { cursor } : {}) },
        },
      }),
    ),
  );
  const items = useDeferredValue(list.items);
  const named = categories.data?.items ?? [];
  return (
    <Screen title={t("navCatalogue")} wide>
      <search className="filters">
        <label htmlFor="q">{t("search")}</label>
        <input id="q" type="search" value={text} placeholder={t("searchHint")} maxLength={200} onChange={(event) => setText(event.target.value)} />
        {named.length > 0 ? (
          <div className="chips" role="group" aria-label={t("category")}>
            <button type="button" aria-pressed={category === null} onClick={() => setCategory(null)}>
              {t("allCategories")}
            </button>
            {named.map((one) => (
              <button key={one.category} type="button" aria-pressed={category === one.category} onClick={() => setCategory(one.category)}>
                {one.category} <span className="count">{one.courses}</span>
              </button>
            ))}
          </div>
        ) : null}
      </search>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {!items && !list.error ? <Loading /> : null}
      <p className="visually-hidden" role="status">
        {items ? t("courses", { count: items.length }) : ""}
      </p>
      {items?.length === 0 ? <Empty title={q || category ? t("noCourses") : t("emptyCatalogue")}>{q ? t("noCoursesLead") : null}</Empty> : null}
      <ul className="cards">
        {items?.map((course) => (
          <Card key={course.id} course={course} />
        ))}
      </ul>
      <More list={list} />
      {q || category ? null : <OpenPrograms />}
    </Screen>
  );
}
