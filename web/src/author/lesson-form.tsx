import { documentId, useDocument } from "../documents/documents";
import { Upload } from "../documents/upload";
import { Pill } from "../parts/basics";
import { CheckField, TextField } from "../parts/form";
import { OpenFile } from "../screens/files";
import type { Attestation, Lesson } from "./tree";
import { RichField } from "./text";
import { useWords } from "./words";

/** A deck or a picture of a lesson: sends it, says how far its conversion is, shows it. */
export function DocumentField(props: { label: string; hint: string; accept: string; value: string | null | undefined; change: (reference: string | null) => void }) {
  const { label, hint, accept, value, change } = props;
  const { t } = useWords();
  const id = documentId(value);
  const document = useDocument(id);
  const found = document.data;
  return (
    <div className="control">
      <Upload label={label} accept={accept} words={{ choose: t("chooseFile"), drop: hint, sending: t("sending") }} uploaded={(made) => change(made.reference)} />
      {value ? (
        <div className="attached">
          <p>
            <strong>
              <bdi>{found?.name ?? value}</bdi>
            </strong>{" "}
            {found?.status === "converting" ? <Pill tone="accent">{t("converting")}</Pill> : null}
            {found?.status === "ready" ? <Pill tone="good">{found.pages ? t("pages", { count: found.pages }) : t("ready")}</Pill> : null}
            {found?.status === "failed" ? <Pill tone="bad">{t("conversionFailed")}</Pill> : null}
          </p>
          {found?.status === "converting" ? <progress aria-label={t("converting")} /> : null}
          {found?.status === "failed" && found.error ? <p className="hint">{found.error}</p> : null}
          <div className="row-actions">
            {id && found?.status === "ready" ? <OpenFile path={`/api/documents/${id}/file/`} label={t("look")} /> : null}
            <button type="button" onClick={() => change(null)}>
              {t("takeOut")}
            </button>
          </div>
        </div>
      ) : null}
    </div>
  );
}

export function AttestationForm({ attestation, change }: { attestation: Attestation; change: (next: Attestation) => void }) {
  const { t } = useWords();
  const put = (next: Partial<Attestation>) => change({ ...attestation, ...next });
  return (
    <div className="form">
      <TextField label={t("title")} maxLength={200} value={attestation.title} change={(title) => put({ title })} />
      <RichField label={t("attestationText")} value={attestation.text_html ?? ""} change={(html) => put({ text_html: html })} />
      <p className="hint">{t("attestationHint")}</p>
      <CheckField label={t("required")} hint={t("requiredHint")} checked={attestation.required ?? true} change={(required) => put({ required })} />
    </div>
  );
}

export function LessonForm({ lesson, change }: { lesson: Lesson; change: (next: Lesson) => void }) {
  const { t } = useWords();
  const put = (next: Partial<Lesson>) => change({ ...lesson, ...next });
  return (
    <div className="form">
      <TextField label={t("title")} maxLength={200} value={lesson.title} change={(title) => put({ title })} />
      <RichField label={t("lessonText")} value={lesson.body_html ?? ""} change={(html) => put({ body_html: html })} />
      <DocumentField
        label={t("slides")}
        hint={t("slidesHint")}
        accept=".pptx,.ppt,.odp,application/pdf"
        value={lesson.document_url}
        change={(reference) => put({ document_url: reference })}
      />
      <DocumentField label={t("picture")} hint={t("pictureHint")} accept="image/png,image/jpeg" value={lesson.image_url} change={(reference) => put({ image_url: reference })} />
      <TextField label={t("video")} hint={t("videoHint")} type="url" dir="ltr" value={lesson.video_url ?? ""} change={(url) => put({ video_url: url || null })} />
      <CheckField label={t("required")} hint={t("requiredHint")} checked={lesson.required ?? true} change={(required) => put({ required })} />
    </div>
  );
}
