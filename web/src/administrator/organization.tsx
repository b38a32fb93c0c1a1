import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type CSSProperties } from "react";
import { api, take, type Schemas } from "../api";
import { documentId, useDocument, useFileAddress } from "../documents/documents";
import { Upload } from "../documents/upload";
import { Failure, Loading, Screen } from "../parts/basics";
import { CheckField, Field, Form, SelectField, TextField } from "../parts/form";
import { useMe } from "../parts/queries";
import { useToast } from "../parts/toasts";
import { useFacets } from "./data";
import { useWords, type Key } from "./words";

type Settings = Schemas["OrganizationSettingsOut"];
type Mail = Settings["required_mails"][number];
type Role = Settings["skills_by"][number];

const MAILS: Record<Mail, Key> = { assigned: "mailAssigned", reminders: "mailReminders", results: "mailResults", digest: "mailDigest" };
const ROLES: Record<Role, Key> = { national_admin: "roleNational", regional_admin: "roleRegional", chapter_admin: "roleChapter" };
const now = () => new Date().toISOString();
const COLOUR = "#1f5c56";
const EXAMPLE_SCORE = 92.5;

const daysOf = (text: string) => text.split(/[\s,;]+/).filter(Boolean).map(Number);
const linesOf = (text: string) => text.split(/[\s,;]+/).filter(Boolean);

/** What a learner will hold in their hands, about as it will look. */
function Signature({ name, title, image }: { name: string; title: string | null; image: string | null }) {
  const address = useFileAddress(documentId(image));
  return (
    <span className="paper-signature">
      {address.data ? <img src={address.data} alt="" /> : null}
      <span className="paper-line">
        {name}
        <small>{title}</small>
      </span>
    </span>
  );
}

function CertificatePreview({ settings }: { settings: Settings }) {
  const { t, day, number } = useWords();
  const logo = useFileAddress(documentId(settings.logo)).data;
  const seal = useFileAddress(documentId(settings.seal)).data;
  const me = useMe();
  return (
    <figure className="paper-place">
      <figcaption className="hint">{t("certificatePreview")}</figcaption>
      <div className={`paper ${settings.orientation} ${settings.paper}`} style={{ "--mark": settings.primary_color ?? COLOUR } as CSSProperties}>
        {logo ? <img src={logo} alt={t("logo")} /> : null}
        <p className="paper-organization">{me.data?.organization?.name}</p>
        <p className="paper-title">{t("certificateTitle")}</p>
        <p className="paper-name">Zoë Castellanos-Nguyễn</p>
        <p>{t("certificateSays")}</p>
        <p className="paper-course">{t("certificateCourse")}</p>
        {settings.score_on_certificates ? <p>{t("certificateScore", { score: number(EXAMPLE_SCORE) })}</p> : null}
        <div className="paper-foot">
          {settings.signatory_name ? <Signature name={settings.signatory_name} title={settings.signatory_title} image={settings.signature_image} /> : null}
          {seal ? <img className="paper-seal" src={seal} alt={t("seal")} /> : null}
          {settings.second_signatory_name ? (
            <Signature name={settings.second_signatory_name} title={settings.second_signatory_title} image={settings.second_signature_image} />
          ) : null}
          <span className="paper-line">
            {day(now())}
            <small />
          </span>
        </div>
      </div>
    </figure>
  );
}

function Picture({ label, remove, reference, change }: { label: string; remove: string; reference: string | null; change: (reference: string | null) => void }) {
  const { t } = useWords();
  const id = documentId(reference);
  const document = useDocument(id);
  return (
    <div className="control">
      <Upload
        label={label}
        accept="image/png,image/jpeg"
        words={{ choose: t("chooseFile"), drop: t("dropPicture"), sending: t("sending") }}
        uploaded={(made) => change(made.reference)}
      />
      {document.data?.status === "converting" ? <p role="status">{t("making")}</p> : null}
      {document.data?.status === "failed" ? <p className="notice bad">{document.data.error}</p> : null}
      {reference ? (
        <button type="button" className="small" onClick={() => change(null)}>
          {remove}
        </button>
      ) : null}
    </div>
  );
}

function Brand({ value, put }: { value: Settings; put: (change: Partial<Settings>) => void }) {
  const { t } = useWords();
  return (
    <>
      <h2 className="section">{t("brand")}</h2>
      <Picture label={t("logo")} remove={t("removeLogo")} reference={value.logo} change={(logo) => put({ logo })} />
      <Field label={t("colour")} hint={t("colourHint")} pointer="/primary_color">
        {(wired) => (
          <div className="colour">
            <input type="color" {...wired} value={value.primary_color ?? COLOUR} onChange={(event) => put({ primary_color: event.target.value })} />
            <code>{value.primary_color ?? t("noColour")}</code>
            {value.primary_color ? (
              <button type="button" className="small" onClick={() => put({ primary_color: null })}>
                {t("ownColourOff")}
              </button>
            ) : null}
          </div>
        )}
      </Field>
      <TextField label={t("signatoryName")} pointer="/signatory_name" maxLength={200} value={value.signatory_name ?? ""} change={(text) => put({ signatory_name: text || null })} />
      <TextField label={t("signatoryTitle")} pointer="/signatory_title" maxLength={200} value={value.signatory_title ?? ""} change={(text) => put({ signatory_title: text || null })} />
      <Picture label={t("signatureImage")} remove={t("removeSignature")} reference={value.signature_image} change={(signature_image) => put({ signature_image })} />
      <TextField
        label={t("secondSignatoryName")}
        hint={t("secondSignatoryHint")}
        pointer="/second_signatory_name"
        maxLength={200}
        value={value.second_signatory_name ?? ""}
        change={(text) => put({ second_signatory_name: text || null })}
      />
      {value.second_signatory_name ? (
        <>
          <TextField
            label={t("secondSignatoryTitle")}
            pointer="/second_signatory_title"
            maxLength={200}
            value={value.second_signatory_title ?? ""}
            change={(text) => put({ second_signatory_title: text || null })}
          />
          <Picture
            label={t("secondSignatureImage")}
            remove={t("removeSecondSignature")}
            reference={value.second_signature_image}
            change={(second_signature_image) => put({ second_signature_image })}
          />
        </>
      ) : null}
      <Picture label={t("seal")} remove={t("removeSeal")} reference={value.seal} change={(seal) => put({ seal })} />
      <TextField label={t("website")} hint={t("websiteHint")} pointer="/website" type="url" dir="ltr" value={value.website ?? ""} change={(text) => put({ website: text || null })} />
      <SelectField
        label={t("paper")}
        pointer="/paper"
        value={value.paper}
        options={[
          { value: "a4", label: "A4" },
          { value: "letter", label: "US Letter" },
        ]}
        change={(paper) => put({ paper: paper as Settings["paper"] })}
      />
      <SelectField
        label={t("orientation")}
        pointer="/orientation"
        value={value.orientation}
        options={[
          { value: "landscape", label: t("landscape") },
          { value: "portrait", label: t("portrait") },
        ]}
        change={(orientation) => put({ orientation: orientation as Settings["orientation"] })}
      />
      <CheckField
        label={t("scoreOnCertificates")}
        hint={t("scoreOnCertificatesHint")}
        checked={value.score_on_certificates}
        change={(on) => put({ score_on_certificates: on })}
      />
    </>
  );
}

function Mails({ value, put }: { value: Settings; put: (change: Partial<Settings>) => void }) {
  const { t } = useWords();
  const [before, setBefore] = useState(value.reminder_days.join(", "));
  const [after, setAfter] = useState(value.overdue_days.join(", "));
  return (
    <>
      <h2 className="section">{t("mails")}</h2>
      <TextField
        label={t("reminderDays")}
        hint={t("daysHint")}
        pointer="/reminder_days"
        inputMode="numeric"
        value={before}
        change={(text) => {
          setBefore(text);
          put({ reminder_days: daysOf(text) });
        }}
      />
      <TextField
        label={t("overdueDays")}
        hint={t("daysHint")}
        pointer="/overdue_days"
        inputMode="numeric"
        value={after}
        change={(text) => {
          setAfter(text);
          put({ overdue_days: daysOf(text) });
        }}
      />
      <TextField label={t("frontendUrl")} hint={t("frontendUrlHint")} pointer="/frontend_url" type="url" dir="ltr" value={value.frontend_url ?? ""} change={(text) => put({ frontend_url: text || null })} />
      <TextField label={t("locale")} hint={t("localeHint")} pointer="/locale" dir="ltr" value={value.locale ?? ""} change={(text) => put({ locale: text || null })} />
      <CheckField label={t("weeklyDigest")} checked={value.officer_digest === "weekly"} change={(on) => put({ officer_digest: on ? "weekly" : "none" })} />
      <fieldset className="field">
        <legend>{t("requiredMails")}</legend>
        <p className="hint">{t("requiredMailsHint")}</p>
        {(Object.keys(MAILS) as Mail[]).map((one) => (
          <CheckField
            key={one}
            label={t(MAILS[one])}
            checked={value.required_mails.includes(one)}
            change={(on) => put({ required_mails: on ? [...value.required_mails, one] : value.required_mails.filter((other) => other !== one) })}
          />
        ))}
      </fieldset>
    </>
  );
}

function Policy({ value, put }: { value: Settings; put: (change: Partial<Settings>) => void }) {
  const { t } = useWords();
  const facets = useFacets();
  const [hosts, setHosts] = useState(value.video_hosts.join(", "));
  const statuses = [...new Set([...(facets.data?.statuses ?? []), ...(value.active_statuses ?? [])])];
  return (
    <>
      <h2 className="section">{t("policy")}</h2>
      <TextField
        label={t("window")}
        hint={t("windowHint")}
        pointer="/recertification_window_days"
        type="number"
        min={1}
        max={365}
        value={String(value.recertification_window_days)}
        change={(text) => put({ recertification_window_days: Number(text) })}
      />
      <CheckField label={t("blindGrading")} hint={t("blindGradingHint")} checked={value.blind_grading} change={(on) => put({ blind_grading: on })} />
      <SelectField
        label={t("revokedPdf")}
        pointer="/revoked_pdf"
        value={value.revoked_pdf}
        options={[
          { value: "mark", label: t("revokedMark") },
          { value: "refuse", label: t("revokedRefuse") },
        ]}
        change={(next) => put({ revoked_pdf: next as Settings["revoked_pdf"] })}
      />
      <TextField
        label={t("videoHosts")}
        hint={t("videoHostsHint")}
        pointer="/video_hosts"
        dir="ltr"
        value={hosts}
        change={(text) => {
          setHosts(text);
          put({ video_hosts: linesOf(text) });
        }}
      />
      <fieldset className="field">
        <legend>{t("activeStatuses")}</legend>
        <p className="hint">{t("activeStatusesHint")}</p>
        {statuses.map((one) => {
          const chosen = value.active_statuses ?? [];
          const next = chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one];
          return <CheckField key={one} label={one} checked={chosen.includes(one)} change={() => put({ active_statuses: next.length > 0 ? next : null })} />;
        })}
      </fieldset>
      <fieldset className="field">
        <legend>{t("skillsBy")}</legend>
        {(Object.keys(ROLES) as Role[]).map((one) => (
          <CheckField
            key={one}
            label={t(ROLES[one])}
            checked={value.skills_by.includes(one)}
            change={(on) => put({ skills_by: on ? [...value.skills_by, one] : value.skills_by.filter((other) => other !== one) })}
          />
        ))}
      </fieldset>
    </>
  );
}

function SettingsForm({ stored }: { stored: Settings }) {
  const { t } = useWords();
  const say = useToast();
  const queries = useQueryClient();
  const [change, setChange] = useState<Partial<Settings>>({});
  const value = { ...stored, ...change };
  const put = (next: Partial<Settings>) => setChange((before) => ({ ...before, ...next }));
  const save = useMutation({
    mutationFn: () => take(api.PATCH("/api/organization/", { body: change })),
    onSuccess: async (kept) => {
      queries.setQueryData(["organization"], kept);
      setChange({});
      say(t("saved"));
      await queries.invalidateQueries({ queryKey: ["me"] });
    },
  });
  const changed = Object.keys(change).length > 0;
  return (
    <div className="two">
      <Form send={() => save.mutate()} error={save.error}>
        <Brand value={value} put={put} />
        <Mails value={value} put={put} />
        <Policy value={value} put={put} />
        <div className="handin">
          <span className="save" role="status">
            {changed ? t("notSavedYet") : ""}
          </span>
          <button type="submit" className="primary" disabled={save.isPending || !changed}>
            {t("save")}
          </button>
        </div>
      </Form>
      <CertificatePreview settings={value} />
    </div>
  );
}

/** What the learning service keeps of an organization: how it looks, what it mails, how it judges. */
export function Organization() {
  const { t } = useWords();
  const settings = useQuery({ queryKey: ["organization"], queryFn: () => take(api.GET("/api/organization/")) });
  return (
    <Screen title={t("organization")} wide>
      {settings.error ? <Failure error={settings.error} again={() => void settings.refetch()} /> : null}
      {settings.isPending ? <Loading /> : null}
      {settings.data ? <SettingsForm stored={settings.data} /> : null}
    </Screen>
  );
}
