import { Link } from "@tanstack/react-router";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { More } from "../screens/home";
import { describe } from "./audience-field";
import { useWords, type Key, type Told } from "./words";

export type Rule = Schemas["RuleOut"];

export const TRIGGER: Record<Rule["trigger"], Key> = {
  membership_status_change: "triggerMembership",
  scheduled_date: "triggerScheduled",
  manual: "triggerManual",
};

/** Until when a rule's course is due, in words. */
export function dueOf(rule: Pick<Rule, "due_in_days" | "due_on">, { t, day }: Told): string {
  if (rule.due_in_days) return t("dueInDays", { count: rule.due_in_days });
  return rule.due_on ? t("dueOn", { date: day(`${rule.due_on}T12:00:00`) }) : t("noDue");
}

export function Rules() {
  const words = useWords();
  const { t, day } = words;
  const list = usePages(["rules"], (cursor) => take(api.GET("/api/assignment-rules/", { params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } } })));
  return (
    <Screen title={t("rules")} lead={t("rulesLead")} wide>
      <p className="press">
        <Link className="button primary" to="/administer/rules/new">
          {t("newRule")}
        </Link>
      </p>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noRules")}>{t("noRulesLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("rules")}
          rows={list.items}
          rowKey={(row) => row.id}
          columns={[
            {
              key: "course",
              title: t("course"),
              cell: (row) => (
                <Link to="/administer/rules/$ruleId" params={{ ruleId: row.id }}>
                  {row.course_title}
                </Link>
              ),
            },
            { key: "whom", title: t("whom"), cell: (row) => describe(row.audience_filter, words) },
            {
              key: "trigger",
              title: t("when"),
              cell: (row) => (row.scheduled_on ? t("triggerOn", { date: day(`${row.scheduled_on}T12:00:00`) }) : t(TRIGGER[row.trigger])),
            },
            { key: "due", title: t("due"), cell: (row) => dueOf(row, words) },
            { key: "state", title: t("state"), cell: (row) => <Pill tone={row.active ? "good" : "plain"}>{t(row.active ? "active" : "resting")}</Pill> },
          ]}
        />
      ) : null}
      <More list={list} />
    </Screen>
  );
}
