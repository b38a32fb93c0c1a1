import { Link } from "@tanstack/react-router";
import { api, take } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { More } from "../screens/home";
import { SCOPE } from "./units";
import { useWords } from "./words";

/** The programs that one may author or assign, and the way to a new one. */
export function AuthoredPrograms() {
  const { t } = useWords();
  const list = usePages(["programs", "authored"], (cursor) => take(api.GET("/api/programs/", { params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } } })));
  return (
    <Screen title={t("programs")} lead={t("programsLead")} wide>
      <p className="press">
        <Link className="button primary" to="/author/programs/new">
          {t("newProgram")}
        </Link>
      </p>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noPrograms")}>{t("noProgramsLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("programs")}
          rows={list.items}
          rowKey={(row) => row.id}
          columns={[
            {
              key: "title",
              title: t("title"),
              cell: (row) => (
                <Link to="/author/programs/$programId" params={{ programId: row.id }}>
                  {row.title}
                </Link>
              ),
            },
            {
              key: "state",
              title: t("state"),
              cell: (row) => (
                <span className="pills">
                  {row.published_version === null ? null : <Pill tone="good">{t("publishedAs", { number: row.published_version })}</Pill>}
                  {row.draft_version === null ? null : <Pill tone="accent">{t("draft")}</Pill>}
                </span>
              ),
            },
            { key: "steps", title: t("programSteps"), number: true, cell: (row) => row.steps.length },
            { key: "scope", title: t("openTo"), cell: (row) => (row.scope_id ? `${t(SCOPE[row.scope])}: ${row.scope_id}` : t(SCOPE[row.scope])) },
          ]}
        />
      ) : null}
      <More list={list} />
    </Screen>
  );
}
