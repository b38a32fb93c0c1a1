import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { useWords, type Key } from "../i18n";
import { Empty, Failure, Loading, Pill, Screen, type Tone } from "../parts/basics";
import { usePages } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { OwnEvidence } from "./evidence";
import { OpenFile } from "./files";
import { More } from "./home";
import { useOwnPrograms } from "./programs";

const query = (cursor: string | undefined) => ({ params: { query: { limit: 50, ...(cursor ? { cursor } : {}) } } });

export const CERTIFICATE: Record<Schemas["CertificateOut"]["status"], { key: Key; tone: Tone }> = {
  valid: { key: "certValid", tone: "good" },
  expired: { key: "certExpired", tone: "warn" },
  revoked: { key: "certRevoked", tone: "bad" },
  superseded: { key: "certSuperseded", tone: "plain" },
};

function Certificate({ one }: { one: Schemas["CertificateOut"] }) {
  const { t, day } = useWords();
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(one.verification_url).then(() => setCopied(true));
  return (
    <li className="card certificate">
      <div className="pills">
        <Pill tone={CERTIFICATE[one.status].tone}>{t(CERTIFICATE[one.status].key)}</Pill>
      </div>
      <h2>{one.course_title}</h2>
      <p className="meta">
        <span>{t("issued", { date: day(one.issued_at) })}</span>
        <span>{one.expires_at ? t("validUntil", { date: day(one.expires_at) }) : t("noEnd")}</span>
      </p>
      <div className="buttons start">
        <OpenFile primary path={`/api/certificates/${one.id}/pdf/`} label={t("openPdf")} />
        <a className="button" href={one.verification_url} target="_blank" rel="noreferrer">
          {t("verification")}
        </a>
        {"share" in navigator ? (
          <button type="button" onClick={() => void navigator.share({ title: one.course_title, url: one.verification_url }).catch(() => undefined)}>
            {t("share")}
          </button>
        ) : null}
        <button type="button" onClick={copy}>
          {t(copied ? "copied" : "copyLink")}
        </button>
      </div>
    </li>
  );
}

export function Certificates() {
  const { t } = useWords();
  const list = usePages(["certificates"], (cursor) => take(api.GET("/api/users/certificates/", query(cursor))));
  return (
    <Screen title={t("navCertificates")} wide>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noCertificates")}>{t("noCertificatesLead")}</Empty> : null}
      {list.items?.length ? (
        <div className="buttons start">
          <OpenFile path="/api/users/transcript/pdf/" label={t("openTranscript")} />
        </div>
      ) : null}
      <ul className="cards">
        {list.items?.map((one) => (
          <Certificate key={one.id} one={one} />
        ))}
      </ul>
      <More list={list} />
    </Screen>
  );
}

const COMPLIANCE: Record<string, { key: Key; tone: Tone }> = {
  complete: { key: "compComplete", tone: "good" },
  exempt: { key: "compExempt", tone: "plain" },
  pending: { key: "compPending", tone: "accent" },
  expired: { key: "compExpired", tone: "bad" },
  failed: { key: "compFailed", tone: "bad" },
  not_started: { key: "compNotStarted", tone: "warn" },
};

export function Requirements() {
  const { t, day } = useWords();
  const list = usePages(["compliance"], (cursor) => take(api.GET("/api/users/compliance/", query(cursor))));
  const skills = usePages(["skills"], (cursor) => take(api.GET("/api/users/skills/", query(cursor))));
  return (
    <Screen title={t("requirements")} lead={t("requirementsLead")}>
      {list.error ? <Failure error={list.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <p>{t("noRequirements")}</p> : null}
      <ul className="rows">
        {list.items?.map((one) => {
          const status = COMPLIANCE[one.status];
          return (
            <li key={one.requirement_id} className="row">
              <div className="row-main">
                <span className="row-title">{one.requirement_name}</span>
                <p className="meta">
                  {one.completed_at ? <span>{t("completedOn", { date: day(one.completed_at) })}</span> : null}
                  {one.expires_at ? <span>{t("validUntil", { date: day(one.expires_at) })}</span> : null}
                  {one.due_at ? <span>{t("dueOn", { date: day(one.due_at) })}</span> : null}
                </p>
              </div>
              {status ? <Pill tone={status.tone}>{t(status.key)}</Pill> : null}
            </li>
          );
        })}
      </ul>
      <More list={list} />
      {list.items ? <OwnEvidence requirements={list.items} /> : null}
      <h2 className="section">{t("skills")}</h2>
      {skills.error ? <Failure error={skills.error} again={() => void skills.refetch()} /> : null}
      {skills.items?.length === 0 ? <p className="hint">{t("noSkills")}</p> : null}
      <ul className="rows">
        {skills.items?.map((one) => (
          <li key={one.skill_id} className="row">
            <div className="row-main">
              <Link className="row-title" to="/courses/$courseId" params={{ courseId: one.course_id }}>
                {one.name}
              </Link>
              <p className="meta">
                <span>{t("acquired", { date: day(one.acquired_at) })}</span>
              </p>
            </div>
          </li>
        ))}
      </ul>
      <More list={skills} />
    </Screen>
  );
}

const NOTE: Record<Schemas["NotificationOut"]["kind"], Key> = {
  assigned: "noteAssigned",
  due_soon: "noteDueSoon",
  overdue: "noteOverdue",
  graded: "noteGraded",
  completed: "noteCompleted",
  failed: "noteFailed",
  certificate_ready: "noteCertificate",
  expiring: "noteExpiring",
  migrated: "noteMigrated",
  evidence_approved: "noteEvidenceApproved",
  evidence_rejected: "noteEvidenceRejected",
  evidence_expiring: "noteEvidenceExpiring",
  invited: "noteInvited",
};

export function Notifications() {
  const { t, moment } = useWords();
  const queries = useQueryClient();
  const programs = useOwnPrograms();
  const isProgram = (id: string) => programs.data?.items.some((one) => one.program_id === id) ?? false;
  const list = usePages(["notifications", "list"], (cursor) => take(api.GET("/api/users/notifications/", query(cursor))));
  const read = useMutation({
    mutationFn: () => take(api.POST("/api/users/notifications/read/", { body: { all: true } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
  return (
    <Screen title={t("navNotifications")}>
      {list.error ?? read.error ? <Failure error={list.error ?? read.error} again={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading /> : null}
      {list.items?.length === 0 ? <Empty title={t("noNotifications")}>{t("noNotificationsLead")}</Empty> : null}
      {list.items?.some((one) => !one.read) ? (
        <button type="button" className="read-all" disabled={read.isPending} onClick={() => read.mutate()}>
          {t("markAllRead")}
        </button>
      ) : null}
      <ul className="rows">
        {list.items?.map((one) => (
          <li key={one.id} className={one.read ? "row" : "row new"}>
            <div className="row-main">
              {one.certificate_id ? (
                <Link className="row-title" to="/certificates">
                  {one.title}
                </Link>
              ) : one.course_id && isProgram(one.course_id) ? (
                <Link className="row-title" to="/">
                  {one.title}
                </Link>
              ) : one.course_id ? (
                <Link className="row-title" to="/courses/$courseId" params={{ courseId: one.course_id }}>
                  {one.title}
                </Link>
              ) : (
                <Link className="row-title" to="/requirements">
                  {one.title}
                </Link>
              )}
              <p className="meta">
                <span>{t(NOTE[one.kind])}</span>
                {one.kept === null || one.lost === null ? null : <span>{t("noteKept", { kept: one.kept, lost: one.lost })}</span>}
                <span>{moment(one.at)}</span>
              </p>
            </div>
            {one.kind === "invited" && one.enrollment_id ? <MoveButton enrollmentId={one.enrollment_id} /> : null}
            {one.read ? null : <Pill tone="accent">{t("isNew")}</Pill>}
          </li>
        ))}
      </ul>
      <More list={list} />
    </Screen>
  );
}

/** The way to the new version; the service tells of it for as long as the learner is on an older one. */
function MoveButton({ enrollmentId }: { enrollmentId: string }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const move = useMutation({
    mutationFn: () => take(api.POST("/api/users/enrollments/{enrollment_id}/move/", { params: { path: { enrollment_id: enrollmentId } } })),
    onSuccess: async () => {
      say(t("movedToNew"));
      await queries.invalidateQueries();
    },
  });
  return (
    <>
      {move.error ? <Failure error={move.error} /> : null}
      <button type="button" className="small" disabled={move.isPending} onClick={() => move.mutate()}>
        {t("moveToNew")}
      </button>
    </>
  );
}
