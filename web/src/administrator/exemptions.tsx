import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, done, take, type Schemas } from "../api";
import type { Document } from "../documents/documents";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Confirm } from "../parts/dialog";
import { Choose, Filters, SearchBox, useFilters } from "../parts/filters";
import { SelectField } from "../parts/form";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { Proof } from "../screens/evidence";
import { OpenFile } from "../screens/files";
import { More } from "../screens/home";
import { useCourses, useRequirements } from "./data";
import { DayField } from "./days";
import { AskReason, given, offer } from "./parts";
import { useWords } from "./words";

type Exemption = Schemas["ExemptionOut"];

const OFFERED = 8;

/** The `requirement:` or `course:` before an id, as one field offers both. */
const subject = (chosen: string): { requirement_id: string } | { course_id: string } => {
  const [kind, ...id] = chosen.split(":");
  return kind === "course" ? { course_id: id.join(":") } : { requirement_id: id.join(":") };
};

function Grant({ close }: { close: () => void }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const [q, setQ] = useState("");
  const [person, setPerson] = useState("");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [proof, setProof] = useState<Document>();
  const requirements = useRequirements();
  const courses = useCourses();
  const people = useQuery({
    queryKey: ["members", "found", q],
    queryFn: () => take(api.GET("/api/directory/members/", { params: { query: { q, limit: OFFERED } } })),
    enabled: q !== "",
  });
  const grant = useMutation({
    mutationFn: (reason: string) =>
      take(
        api.POST("/api/exemptions/", {
          body: { user_id: person, reason, ...subject(from), ...(until ? { expires_on: until } : {}), ...(proof ? { document: proof.reference } : {}) },
        }),
      ),
    onSuccess: async () => {
      say(t("exemptedIt"));
      close();
      await queries.invalidateQueries();
    },
  });
  const found = people.data?.items.map((one) => ({ id: one.user_id, name: one.display_name }));
  const open = courses.data?.filter((one) => one.published_version !== null && !one.archived);
  const subjects = [
    { value: "", label: t("exemptChoose") },
    ...offer(requirements.data).map((one) => ({ value: `requirement:${one.value}`, label: one.label })),
    ...offer(open).map((one) => ({ value: `course:${one.value}`, label: `${t("course")}: ${one.label}` })),
  ];
  return (
    <AskReason title={t("exempt")} lead={t("exemptLead")} action={t("exempt")} busy={grant.isPending || !person || !from} error={grant.error} close={close} act={(reason) => grant.mutate(reason)}>
      <SearchBox label={t("findPerson")} value={q} change={setQ} />
      <SelectField label={t("person")} pointer="/user_id" value={person} options={offer(found, t("exemptWhom"))} change={setPerson} />
      <SelectField label={t("exemptFrom")} pointer="/requirement_id" value={from} options={subjects} change={setFrom} />
      <DayField label={t("exemptUntil")} hint={t("noEndHint")} pointer="/expires_on" value={until} change={setUntil} />
      <Proof proof={proof} change={setProof} />
    </AskReason>
  );
}

function End({ one, close }: { one: Exemption; close: () => void }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => done(api.DELETE("/api/exemptions/{exemption_id}/", { params: { path: { exemption_id: one.id } } })),
    onSuccess: async () => {
      say(t("exemptionEnded"));
      close();
      await queries.invalidateQueries();
    },
  });
  const values = { name: one.display_name ?? one.user_id, subject: one.requirement_name ?? one.course_title ?? "" };
  return (
    <Confirm title={t("exemptionEndAsk", values)} action={t("exemptionEnd")} busy={end.isPending} error={end.error} confirm={() => end.mutate()} close={close}>
      <p>{t("exemptionEndLead")}</p>
    </Confirm>
  );
}

/** Who need not meet a requirement or do a course: granted with a reason, and taken back. */
export function Exemptions() {
  const { t, day } = useWords();
  const [filters, change] = useFilters();
  const [granting, setGranting] = useState(false);
  const [ending, setEnding] = useState<Exemption>();
  const requirements = useRequirements();
  const query = { ...given(filters, ["requirement_id", "user_id"]), in_force: filters["in_force"] !== "false" };
  const list = usePages(["exemptions", query], (cursor) =>
    take(api.GET("/api/exemptions/", { params: { query: { ...query, limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  const states = [
    { value: "true", label: t("exemptionsInForce") },
    { value: "false", label: t("exemptionsPast") },
  ];
  return (
    <Screen title={t("exemptions")} lead={t("exemptionsLead")} wide>
      <div className="buttons start">
        <button type="button" className="primary" onClick={() => setGranting(true)}>
          {t("exempt")}
        </button>
      </div>
      <Filters>
        <Choose label={t("status")} value={filters["in_force"] ?? "true"} options={states} change={(value) => change({ in_force: value })} />
        <Choose label={t("requirement")} value={filters["requirement_id"] ?? ""} options={offer(requirements.data, t("allRequirements"))} change={(value) => change({ requirement_id: value })} />
      </Filters>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("exemptionsNone")} /> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("exemptions")}
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
            {
              key: "subject",
              title: t("exemptFrom"),
              cell: (row) => row.requirement_name ?? <>{row.course_title} <Pill>{t("course")}</Pill></>,
            },
            { key: "reason", title: t("reason"), cell: (row) => <span dir="auto">{row.reason ?? "–"}</span> },
            { key: "granted", title: t("exemptSince"), brief: true, cell: (row) => day(row.granted_at) },
            { key: "until", title: t("exemptUntil"), brief: true, cell: (row) => (row.expires_on ? day(`${row.expires_on}T12:00:00Z`) : "–") },
            {
              key: "actions",
              title: t("actions"),
              cell: (row) => (
                <div className="row-actions">
                  {row.document_url ? <OpenFile path={row.document_url} label={t("evidenceOpenFile")} /> : null}
                  {filters["in_force"] === "false" ? null : (
                    <button type="button" aria-label={`${t("exemptionEnd")}: ${row.display_name ?? row.user_id}`} onClick={() => setEnding(row)}>
                      {t("exemptionEnd")}
                    </button>
                  )}
                </div>
              ),
            },
          ]}
        />
      ) : null}
      <More list={list} />
      {granting ? <Grant close={() => setGranting(false)} /> : null}
      {ending ? <End one={ending} close={() => setEnding(undefined)} /> : null}
    </Screen>
  );
}
