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

type DueTerms = Pick<Rule, "due_in_days" | "due_on" | "due_from">;

/** Until when what a rule assigns is due, in words. */
export function dueOf({ due_in_days: days, due_on: on, due_from: from }: DueTerms, { t, day }: Told): string {
  if (days) return t("dueInDays", { count: days });
  if (on) return t("dueOn", { date: day(`${on}T12:00:00`) });
  if (!from) return t("noDue");
  if (from.days === 0) return t("dueOnField", { field: from.field });
  return t(from.days > 0 ? "dueDaysAfterField" : "dueDaysBeforeField", { count: Math.abs(from.days), field: from.field });
}

/** What sets a rule off, in words. */
export function whenOf(rule: Pick<Rule, "trigger" | "scheduled_on" | "repeat">, { t, day }: Told): string {
  if (!rule.scheduled_on) return t(TRIGGER[rule.trigger]);
  return t(rule.repeat ? "everyYearOn" : "triggerOn", { date: day(`${rule.scheduled_on}T12:00:00`) });
}

export function Rules() {
  const words = useWords();
  const { t } = words;
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
              title: t("courseOrProgram"),
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
              cell: (row) => whenOf(row, words),
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
