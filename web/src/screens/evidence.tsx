import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import type { Document } from "../documents/documents";
import { Upload } from "../documents/upload";
import { useWords, type Key } from "../i18n";
import { Failure, Pill, type Tone } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Form, SelectField, TextArea, TextField } from "../parts/form";
import { usePages } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { OpenFile } from "./files";
import { More } from "./home";

type Evidence = Schemas["OwnEvidenceOut"];

export const EVIDENCE: Record<Evidence["status"], { key: Key; tone: Tone }> = {
  pending: { key: "evidencePending", tone: "accent" },
  approved: { key: "evidenceApproved", tone: "good" },
  rejected: { key: "evidenceRejected", tone: "bad" },
};

/** A file that shows what was done: sent when it is chosen, and named then. */
export function Proof({ proof, change }: { proof: Document | undefined; change: (proof: Document | undefined) => void }) {
  const { t } = useWords();
  const words = { choose: t("evidenceFile"), drop: t("evidenceFileLead"), sending: t("evidenceSending") };
  if (!proof) return <Upload evidence label={t("evidenceFile")} accept=".pdf,.png,.jpg,.jpeg" words={words} uploaded={change} />;
  return (
    <p className="meta">
      <bdi>{proof.name ?? t("evidenceFile")}</bdi>
      <button type="button" className="small" onClick={() => change(undefined)}>
        {t("evidenceOtherFile")}
      </button>
    </p>
  );
}

function Send({ requirements, close }: { requirements: readonly Schemas["ComplianceOut"][]; close: () => void }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const [requirement, setRequirement] = useState(requirements[0]?.requirement_id ?? "");
  const [day, setDay] = useState("");
  const [note, setNote] = useState("");
  const [proof, setProof] = useState<Document>();
  const send = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/users/evidence/", {
          body: { requirement_id: requirement, completed_on: day, note: note.trim(), ...(proof ? { document: proof.reference } : {}) },
        }),
      ),
    onSuccess: async () => {
      say(t("evidenceSent"));
      close();
      await queries.invalidateQueries({ queryKey: ["evidence"] });
    },
  });
  const options = requirements.map((one) => ({ value: one.requirement_id, label: one.requirement_name }));
  return (
    <Dialog title={t("evidenceSend")} close={close}>
      <p>{t("evidenceSendLead")}</p>
      <Form send={() => send.mutate()} error={send.error}>
        <SelectField label={t("evidenceRequirement")} pointer="/requirement_id" value={requirement} options={options} change={setRequirement} />
        <TextField type="date" dir="ltr" label={t("evidenceDay")} pointer="/completed_on" value={day} change={setDay} />
        <TextArea label={t("evidenceNote")} hint={t("evidenceNoteHint")} pointer="/note" rows={3} maxLength={2000} value={note} change={setNote} />
        <Proof proof={proof} change={setProof} />
        <div className="buttons">
          <button type="button" onClick={close}>
            {t("cancel")}
          </button>
          <button type="submit" className="primary" disabled={send.isPending}>
            {t("evidenceSend")}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}

/** What a member sent to show that requirements were met elsewhere, and what became of it. */
export function OwnEvidence({ requirements }: { requirements: readonly Schemas["ComplianceOut"][] }) {
  const { t, day } = useWords();
  const [sending, setSending] = useState(false);
  const list = usePages(["evidence", "own"], (cursor) =>
    take(api.GET("/api/users/evidence/", { params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } } })),
  );
  if (requirements.length === 0 && list.items?.length === 0) return null;
  return (
    <section>
      <h2 className="section">{t("evidence")}</h2>
      <p className="hint">{t("evidenceLead")}</p>
      {requirements.length > 0 ? (
        <div className="buttons start">
          <button type="button" onClick={() => setSending(true)}>
            {t("evidenceSend")}
          </button>
        </div>
      ) : null}
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      <ul className="rows">
        {list.items?.map((one) => (
          <li key={one.id} className="row">
            <div className="row-main">
              <span className="row-title">{one.requirement_name}</span>
              <p className="meta">
                <span>{t("completedOn", { date: day(`${one.completed_on}T12:00:00Z`) })}</span>
                {one.expires_at ? <span>{t("validUntil", { date: day(one.expires_at) })}</span> : null}
              </p>
              {one.note ? <p dir="auto">{one.note}</p> : null}
              {one.reason ? <p className="hint">{t("evidenceWhy", { reason: one.reason })}</p> : null}
              {one.document_url ? <OpenFile path={one.document_url} label={t("evidenceOpenFile")} /> : null}
            </div>
            <Pill tone={EVIDENCE[one.status].tone}>{t(EVIDENCE[one.status].key)}</Pill>
          </li>
        ))}
      </ul>
      <More list={list} />
      {sending ? <Send requirements={requirements} close={() => setSending(false)} /> : null}
    </section>
  );
}
