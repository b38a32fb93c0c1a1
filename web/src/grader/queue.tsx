import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Empty, Failure, Loading, Pill, plain, Screen } from "../parts/basics";
import { Filters, useFilters } from "../parts/filters";
import { useMe, usePages } from "../parts/queries";
import { Table, type Column } from "../parts/table";
import { More } from "../screens/home";
import { claimNext, listPending, readSummary, type Pending } from "./calls";
import { CourseFilter } from "./course-filter";
import { useGraderWords } from "./words";

const LOOK_AGAIN = 60_000;

function State({ one }: { one: Pending }) {
  const { t } = useGraderWords();
  const me = useMe();
  const mine = one.claimed_by === me.data?.user_id;
  return (
    <span className="pills">
      {one.claimed_by ? <Pill tone={mine ? "accent" : "plain"}>{t(mine ? "heldByYou" : "heldByOther")}</Pill> : <Pill>{t("free")}</Pill>}
      {one.decides ? <Pill tone="warn">{t("decides")}</Pill> : null}
    </span>
  );
}

const columnsOf = ({ t, moment }: ReturnType<typeof useGraderWords>): Column<Pending>[] => [
  {
    key: "answer",
    title: t("columnAnswer"),
    cell: (one) => (
      <>
        <Link to="/grading/$responseId" params={{ responseId: one.response_id }} search={true} dir="auto">
          {plain(one.question.prompt_html)}
        </Link>
        <p className="hint">
          {one.course_title} · {one.quiz_title}
        </p>
      </>
    ),
  },
  { key: "learner", title: t("columnLearner"), cell: (one) => <bdi>{one.learner?.display_name ?? one.learner?.user_id ?? t("blind")}</bdi> },
  { key: "submitted", title: t("columnHandedIn"), brief: true, cell: (one) => moment(one.submitted_at) },
  { key: "state", title: t("columnState"), cell: (one) => <State one={one} /> },
];

/** What waits for a grade, oldest first. */
export function Queue() {
  const words = useGraderWords();
  const { t, moment } = words;
  const navigate = useNavigate();
  const [{ course }] = useFilters();
  const [nothingFree, setNothingFree] = useState(false);
  const summary = useQuery({ queryKey: ["grading", "summary"], queryFn: readSummary, refetchInterval: LOOK_AGAIN });
  const list = usePages(["grading", "pending", course], (cursor) => listPending(course, cursor));
  const next = useMutation({
    mutationFn: () => claimNext(course),
    onSuccess: async (one) => {
      setNothingFree(!one);
      if (one) await navigate({ to: "/grading/$responseId", params: { responseId: one.response_id }, search: true });
    },
  });
  const error = list.error ?? summary.error;
  const waiting = summary.data?.pending ?? 0;
  const oldest = summary.data?.oldest_submitted_at;
  const lead = summary.data && waiting > 0 ? `${t("queueLead", { count: waiting })}. ${oldest ? t("oldest", { date: moment(oldest) }) : ""}` : null;
  return (
    <Screen title={t("navQueue")} lead={lead} wide>
      {error ? <Failure error={error} again={() => void Promise.all([list.refetch(), summary.refetch()])} /> : null}
      {waiting > 0 || course ? (
        <Filters>
          <CourseFilter summary={summary.data} />
          <button type="button" className="primary" disabled={next.isPending} onClick={() => next.mutate()}>
            {t("takeNext")}
          </button>
        </Filters>
      ) : null}
      {next.error ? <Failure error={next.error} /> : null}
      <p role="status">{nothingFree ? t("nothingFree") : ""}</p>
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("nothingWaits")}>{t("nothingWaitsLead")}</Empty> : null}
      {list.items?.length ? <Table caption={t("navQueue")} columns={columnsOf(words)} rows={list.items} rowKey={(one) => one.response_id} /> : null}
      <More list={list} />
    </Screen>
  );
}
