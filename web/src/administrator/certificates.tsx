import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { Empty, Failure, Loading, Pill, Screen } from "../parts/basics";
import { Choose, Filters, SearchBox, useFilters } from "../parts/filters";
import { TextField } from "../parts/form";
import { usePages } from "../parts/queries";
import { Table } from "../parts/table";
import { useToast } from "../parts/toasts";
import { OpenFile } from "../screens/files";
import { More } from "../screens/home";
import { CERTIFICATE } from "../screens/mine";
import { useCourses } from "./data";
import { AskReason, given, offer } from "./parts";
import { People } from "./person-filter";
import { useWords } from "./words";

type Certificate = Schemas["AdministeredCertificateOut"];
type Asked = { what: "revoke" | "reissue"; one: Certificate };

function Act({ asked, close }: { asked: Asked; close: () => void }) {
  const { t } = useWords();
  const { one, what } = asked;
  const say = useToast();
  const queries = useQueryClient();
  const [name, setName] = useState(one.recipient_name ?? "");
  const params = { path: { certificate_id: one.id } };
  const act = useMutation({
    mutationFn: (reason: string) =>
      what === "revoke"
        ? take(api.POST("/api/certificates/{certificate_id}/revoke/", { params, body: { reason } }))
        : take(api.POST("/api/certificates/{certificate_id}/reissue/", { params, body: { reason, recipient_name: name } })),
    onSuccess: async () => {
      say(t(what === "revoke" ? "revokedIt" : "reissuedIt"));
      close();
      await queries.invalidateQueries();
    },
  });
  const values = { name: one.recipient_name ?? one.user_id, course: one.course_title };
  const dialog = { busy: act.isPending, error: act.error, close, act: (reason: string) => act.mutate(reason) };
  return what === "revoke" ? (
    <AskReason title={t("revokeAsk", values)} lead={t("revokeLead")} action={t("revoke")} danger {...dialog} />
  ) : (
    <AskReason title={t("reissueAsk", values)} lead={t("reissueLead")} action={t("reissue")} {...dialog}>
      <TextField label={t("nameOnIt")} pointer="/recipient_name" maxLength={200} value={name} change={setName} />
    </AskReason>
  );
}

export function AdministeredCertificates() {
  const { t, day } = useWords();
  const [filters, change] = useFilters();
  const [asked, setAsked] = useState<Asked>();
  const courses = useCourses();
  const query = given(filters, ["course_id", "user_id"]);
  const list = usePages(["certificates", "all", query], (cursor) =>
    take(api.GET("/api/certificates/", { params: { query: { ...query, limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  return (
    <Screen title={t("certificatesTitle")} wide>
      <Filters>
        <SearchBox label={t("findPerson")} value={filters["q"] ?? ""} change={(q) => change({ q })} />
        <Choose label={t("course")} value={filters["course_id"] ?? ""} options={offer(courses.data, t("allCourses"))} change={(value) => change({ course_id: value })} />
      </Filters>
      {filters["user_id"] ? (
        <p className="meta">
          {t("ofOnePerson")}
          <button type="button" className="small" onClick={() => change({ user_id: undefined })}>
            {t("ofAll")}
          </button>
        </p>
      ) : (
        <People q={filters["q"] ?? ""} choose={(user_id) => change({ user_id, q: undefined })} />
      )}
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noCertificatesYet")} /> : null}
      {list.items && list.items.length > 0 ? (
        <Table
          caption={t("certificatesTitle")}
          rows={list.items}
          rowKey={(row) => row.id}
          columns={[
            {
              key: "person",
              title: t("person"),
              cell: (row) => (
                <Link to="/administer/members/$userId" params={{ userId: row.user_id }}>
                  <bdi>{row.recipient_name ?? t("erased")}</bdi>
                </Link>
              ),
            },
            {
              key: "course",
              title: t("course"),
              cell: (row) => (
                <a href={row.verification_url} target="_blank" rel="noreferrer">
                  {row.course_title}
                </a>
              ),
            },
            { key: "status", title: t("status"), cell: (row) => <Pill tone={CERTIFICATE[row.status].tone}>{t(CERTIFICATE[row.status].key)}</Pill> },
            { key: "issued", title: t("issuedDay"), brief: true, cell: (row) => day(row.issued_at) },
            { key: "valid", title: t("validTo"), brief: true, cell: (row) => (row.expires_at ? day(row.expires_at) : "–") },
            {
              key: "actions",
              title: t("actions"),
              cell: (row) => (
                <div className="row-actions">
                  <OpenFile path={`/api/certificates/${row.id}/pdf/`} label={t("openPdf")} />
                  {row.status === "valid" || row.status === "expired" ? (
                    <>
                      <button type="button" aria-label={`${t("reissue")}: ${row.recipient_name ?? ""}, ${row.course_title}`} onClick={() => setAsked({ what: "reissue", one: row })}>
                        {t("reissue")}
                      </button>
                      <button type="button" aria-label={`${t("revoke")}: ${row.recipient_name ?? ""}, ${row.course_title}`} onClick={() => setAsked({ what: "revoke", one: row })}>
                        {t("revoke")}
                      </button>
                    </>
                  ) : null}
                </div>
              ),
            },
          ]}
        />
      ) : null}
      <More list={list} />
      {asked ? <Act asked={asked} close={() => setAsked(undefined)} /> : null}
    </Screen>
  );
}
