import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Choose, Filters, useFilters } from "../parts/filters";
import { useMe, usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { EVIDENCE } from "../screens/evidence";
import { OpenFile } from "../screens/files";
import { More } from "../screens/home";
import { useRequirements } from "./data";
import { DayField } from "./days";
import { AskReason, given, offer } from "./parts";
import { useWords } from "./words";

type Evidence = Schemas["EvidenceOut"];
type Asked = { decision: "approve" | "reject"; one: Evidence };

function Decide({ asked, close }: { asked: Asked; close: () => void }) {
  const { t } = useWords();
  const { one, decision } = asked;
  const say = useToast();
  const queries = useQueryClient();
  const [until, setUntil] = useState("");
  const decide = useMutation({
    mutationFn: (reason: string) =>
      take(
        api.POST("/api/evidence/{evidence_id}/", {
          params: { path: { evidence_id: one.id } },
          body: { decision, reason, ...(decision === "approve" && until ? { expires_on: until } : {}) },
        }),
      ),
    onSuccess: async () => {
      say(t(decision === "approve" ? "evidenceApprovedIt" : "evidenceRejectedIt"));
      close();
      await queries.invalidateQueries();
    },
  });
  const values = { name: one.display_name ?? one.user_id, requirement: one.requirement_name };
  const dialog = { busy: decide.isPending, error: decide.error, close, act: (reason: string) => decide.mutate(reason) };
  return decision === "approve" ? (
    <AskReason title={t("evidenceApproveAsk", values)} lead={t("evidenceApproveLead")} action={t("approve")} {...dialog}>
      <DayField label={t("validTo")} hint={t("noEndHint")} pointer="/expires_on" value={until} change={setUntil} />
    </AskReason>
  ) : (
    <AskReason title={t("evidenceRejectAsk", values)} lead={t("evidenceRejectLead")} action={t("reject")} danger {...dialog} />
  );
}

function Decisions({ one, ask }: { one: Evidence; ask: (asked: Asked) => void }) {
  const { t } = useWords();
  const me = useMe();
  // Nobody decides their own; the service refuses it.
  if (me.data?.user_id === one.user_id || one.status === "rejected") return null;
  const whose = `${one.display_name ?? one.user_id}, ${one.requirement_name}`;
  return (
    <>
      {one.status === "pending" ? (
        <button type="button" aria-label={`${t("approve")}: ${whose}`} onClick={() => ask({ decision: "approve", one })}>
          {t("approve")}
        </button>
      ) : null}
      <button type="button" aria-label={`${t(one.status === "approved" ? "takeBack" : "reject")}: ${whose}`} onClick={() => ask({ decision: "reject", one })}>
        {t(one.status === "approved" ? "takeBack" : "reject")}
      </button>
    </>
  );
}

/** What members sent to show that they met requirements elsewhere: what waits for a decision comes first. */
export function EvidenceQueue() {
  const { t, day } = useWords();
  const [filters, change] = useFilters();
  const [asked, setAsked] = useState<Asked>();
  const requirements = useRequirements();
  const status = filters["status"] ?? "pending";
  const query = { ...given(filters, ["requirement_id", "user_id"]), ...(status === "all" ? {} : { status: status as Evidence["status"] }) };
  const list = usePages(["evidence", "all", query], (cursor) =>
    take(api.GET("/api/evidence/", { params: { query: { ...query, limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  const statuses = [
    ...(["pending", "approved", "rejected"] as const).map((value) => ({ value: value as string, label: t(EVIDENCE[value].key) })),
    { value: "all", label: t("allStatuses") },
  ];
  return (
    <Screen title={t("evidence")} lead={t("evidenceQueueLead")} wide>
      <Filters>
        <Choose label={t("status")} value={status} options={statuses} change={(value) => change({ status: value })} />
        <Choose label={t("requirement")} value={filters["requirement_id"] ?? ""} options={offer(requirements.data, t("allRequirements"))} change={(value) => change({ requirement_id: value })} />
      </Filters>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t(status === "pending" ? "evidenceNoneWaits" : "evidenceNone")}>{t("evidenceNoneLead")}</Empty> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("evidence")}
          rows={list.items}
          rowKey={(row) => row.id}
          columns={[
            {
              key: "person",
              title: t("person"),
              cell: (row) => (
                <Link to="/administer/members/$userId" params={{ userId: row.user_id }}>
                  <bdi>{row.display_name ?? row.user_id}</bdi>
                </Link>
              ),
            },
            { key: "requirement", title: t("requirement"), cell: (row) => row.requirement_name },
            { key: "completed", title: t("completedDay"), brief: true, cell: (row) => day(`${row.completed_on}T12:00:00Z`) },
            { key: "note", title: t("evidenceNote"), cell: (row) => <span dir="auto">{row.note ?? "–"}</span> },
            { key: "status", title: t("status"), cell: (row) => <Pill tone={EVIDENCE[row.status].tone}>{t(EVIDENCE[row.status].key)}</Pill> },
            {
              key: "actions",
              title: t("actions"),
              cell: (row) => (
                <div className="row-actions">
                  {row.document_url ? <OpenFile path={row.document_url} label={t("evidenceOpenFile")} /> : null}
                  <Decisions one={row} ask={setAsked} />
                </div>
              ),
            },
          ]}
        />
      ) : null}
      <More list={list} />
      {asked ? <Decide asked={asked} close={() => setAsked(undefined)} /> : null}
    </Screen>
  );
}
