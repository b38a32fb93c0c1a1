import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Ask } from "../administrator/parts";
import { api, take } from "../api";
import { Empty, Failure, Loading, Screen } from "../parts/basics";
import { Filters, SearchBox, useFilters } from "../parts/filters";
import { TextField } from "../parts/form";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { More } from "../screens/home";
import { SCOPE, useUnit } from "./units";
import { useWords } from "./words";

function New({ close }: { close: () => void }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [title, setTitle] = useState("");
  const unit = useUnit();
  const make = useMutation({
    mutationFn: () => take(api.POST("/api/question-banks/", { body: { title, ...unit.body } })),
    onSuccess: async (bank) => {
      await queries.invalidateQueries({ queryKey: ["banks"] });
      await navigate({ to: "/author/banks/$bankId", params: { bankId: bank.id } });
    },
  });
  return (
    <Ask title={t("newBank")} lead={t("newBankLead")} action={t("makeCourse")} busy={make.isPending} error={make.error} close={close} act={() => make.mutate()}>
      <TextField label={t("title")} pointer="/title" maxLength={200} value={title} change={setTitle} />
      {unit.fields}
    </Ask>
  );
}

/** The question banks that one may author, and the way to a new one. */
export function Banks() {
  const { t, day } = useWords();
  const [filters, change] = useFilters();
  const [making, setMaking] = useState(false);
  const q = filters["q"];
  const list = usePages(["banks", q], (cursor) =>
    take(api.GET("/api/question-banks/", { params: { query: { limit: 50, ...(q ? { q } : {}), ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <Screen title={t("banks")} lead={t("banksLead")} wide>
      <p className="press">
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          {t("newBank")}
        </button>
      </p>
      <Filters>
        <SearchBox label={t("findBank")} value={q ?? ""} change={(next) => change({ q: next })} />
      </Filters>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noBanks")}>{q ? t("noBanksLead") : t("noBankYetLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("banks")}
          rows={list.items}
          rowKey={(row) => row.id}
          columns={[
            {
              key: "title",
              title: t("title"),
              cell: (row) => (
                <Link to="/author/banks/$bankId" params={{ bankId: row.id }}>
                  {row.title}
                </Link>
              ),
            },
            { key: "questions", title: t("questionsTitle"), number: true, cell: (row) => row.question_count },
            { key: "scope", title: t("openTo"), cell: (row) => (row.scope_id ? `${t(SCOPE[row.scope])}: ${row.scope_id}` : t(SCOPE[row.scope])) },
            { key: "at", title: t("lastChanged"), brief: true, cell: (row) => day(row.updated_at) },
          ]}
        />
      ) : null}
      <More list={list} />
      {making ? <New close={() => setMaking(false)} /> : null}
    </Screen>
  );
}
