import { Link, Navigate } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { useWords, type Words } from "../i18n";
import { Empty, Failure, Loading, Pill, Progress, Screen } from "../parts/basics";
import { useMe, usePages } from "../parts/queries";
import { areasOf } from "../shell/areas";
import { Programs } from "./programs";

type Entry = Schemas["ListedProgressOut"];

const isOpen = (entry: Entry) => entry.status === "assigned" || entry.status === "in_progress";

/** What presses most comes first: by due date, then what was begun. */
function byUrgency(a: Entry, b: Entry): number {
  if (a.awaiting_review !== b.awaiting_review) return a.awaiting_review ? 1 : -1;
  if (a.due_at !== b.due_at) return (a.due_at ?? "9999").localeCompare(b.due_at ?? "9999");
  return b.percent - a.percent;
}

export function Due({ entry, words }: { entry: Pick<Entry, "due_at" | "overdue">; words: Words }) {
  if (!entry.due_at) return null;
  const { t, day } = words;
  const text = t(entry.overdue ? "wasDue" : "dueOn", { date: day(entry.due_at) });
  return <Pill tone={entry.overdue ? "bad" : "plain"}>{text}</Pill>;
}

/** A link to where to go on: the next lesson or quiz, else the course. */
export function GoOn({ entry, children, className }: { entry: Entry; children: string; className: string }) {
  const params = { courseId: entry.course_id };
  const next = entry.next_item;
  if (next?.kind === "lesson" || next?.kind === "attestation") {
    return (
      <Link className={className} to="/courses/$courseId/lessons/$itemId" params={{ ...params, itemId: next.id }}>
        {children}
      </Link>
    );
  }
  if (next) {
    const kind = next.kind === "quiz" ? "quizzes" : "assessments";
    return (
      <Link className={className} to="/courses/$courseId/$kind/$itemId" params={{ ...params, kind, itemId: next.id }}>
        {children}
      </Link>
    );
  }
  return (
    <Link className={className} to="/courses/$courseId" params={params}>
      {children}
    </Link>
  );
}

function Now({ entry }: { entry: Entry }) {
  const words = useWords();
  const { t } = words;
  return (
    <article className="now">
      <div className="pills">
        <Due entry={entry} words={words} />
        {entry.awaiting_review ? <Pill tone="accent">{t("awaitingReview")}</Pill> : null}
      </div>
      <h2>
        <Link to="/courses/$courseId" params={{ courseId: entry.course_id }}>
          {entry.course_title}
        </Link>
      </h2>
      <Progress percent={entry.percent} label={t("stepsDone", { done: entry.items_completed, total: entry.items_total })} />
      {entry.next_item ? <p className="next">{t("next", { title: entry.next_item.title })}</p> : null}
      {entry.awaiting_review ? null : (
        <GoOn entry={entry} className="button primary">
          {t(entry.percent === 0 ? "begin" : "goOn")}
        </GoOn>
      )}
    </article>
  );
}

function Row({ entry }: { entry: Entry }) {
  const words = useWords();
  const { t, day } = words;
  return (
    <li className="row">
      <div className="row-main">
        <Link className="row-title" to="/courses/$courseId" params={{ courseId: entry.course_id }}>
          {entry.course_title}
        </Link>
        <div className="meta">
          {isOpen(entry) ? <span>{t("percentDone", { percent: entry.percent })}</span> : null}
          {entry.completed_at ? <span>{t("completedOn", { date: day(entry.completed_at) })}</span> : null}
          {typeof entry.score === "number" ? <span>{t("withScore", { score: entry.score })}</span> : null}
          {isOpen(entry) ? <Due entry={entry} words={words} /> : null}
          {entry.awaiting_review ? <Pill tone="accent">{t("awaitingReview")}</Pill> : null}
        </div>
      </div>
      {entry.certificate_id ? (
        <Link className="button" to="/certificates">
          {t("seeCertificate")}
        </Link>
      ) : null}
    </li>
  );
}

function Section({ title, entries }: { title: string; entries: Entry[] }) {
  if (entries.length === 0) return null;
  return (
    <section>
      <h2 className="section">{title}</h2>
      <ul className="rows">
        {entries.map((entry) => (
          <Row key={entry.enrollment_id} entry={entry} />
        ))}
      </ul>
    </section>
  );
}

export function Home() {
  const me = useMe();
  const [other] = me.data && !me.data.is_member ? areasOf(me.data) : [];
  const { t } = useWords();
  const member = me.data?.is_member === true;
  const name = me.data?.name ?? me.data?.user_id ?? "";
  // Who does not learn here begins with what they do.
  if (other) return <Navigate to={other.places[0].to} replace />;
  if (me.error) return <Failure error={me.error} again={() => void me.refetch()} />;
  if (!me.data) return <Loading />;
  return (
    <Screen title={t("welcome", { name })}>
      {member ? <Learning /> : <Empty title={t("notAMember")}>{t("nothingForYou")}</Empty>}
    </Screen>
  );
}

function Learning() {
  const { t } = useWords();
  const list = usePages(["progress"], (cursor) =>
    take(api.GET("/api/users/enrollments/progress/", { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } } })),
  );
  if (list.error) return <Failure error={list.error} again={() => void list.refetch()} />;
  if (!list.items) return <Loading />;
  const open = list.items.filter(isOpen).toSorted(byUrgency);
  const [first, ...others] = open;
  return (
    <>
      {first ? (
        <Now entry={first} />
      ) : (
        <Empty title={t("nothingOpen")}>
          <p>{t("nothingOpenLead")}</p>
          <Link className="button primary" to="/courses">
            {t("openCatalogue")}
          </Link>
        </Empty>
      )}
      <Programs />
      <Section title={t("toDo")} entries={others} />
      <Section title={t("completed")} entries={list.items.filter((entry) => entry.status === "completed")} />
      <Section title={t("failed")} entries={list.items.filter((entry) => entry.status === "failed")} />
      <More list={list} />
    </>
  );
}

export function More({ list }: { list: { hasNextPage: boolean; isFetching: boolean; fetchNextPage: () => unknown } }) {
  const { t } = useWords();
  if (!list.hasNextPage) return null;
  return (
    <button type="button" className="more" disabled={list.isFetching} onClick={() => void list.fetchNextPage()}>
      {t("more")}
    </button>
  );
}
