import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "../api";
import { FilePlace, FileRefused } from "../documents/upload";
import { Pill, type Tone } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Table } from "../parts/table";
import { TYPE } from "./question-form";
import { useWords, type Key } from "./words";

type Report = Schemas["ImportOut"];
type Status = Report["questions"][number]["status"];

const STATUS: Record<Status, { key: Key; tone: Tone }> = {
  accepted: { key: "importAccepted", tone: "good" },
  warned: { key: "importWarned", tone: "warn" },
  refused: { key: "importRefused", tone: "bad" },
};
const FILES = ".gift,.txt,.xml,.zip,.imscc";

/** What became of each question of a file, or would. */
function Told({ report }: { report: Report }) {
  const { t } = useWords();
  return (
    <Table
      caption={t("importReport")}
      rows={report.questions}
      rowKey={(row) => `${row.line} ${row.name}`}
      columns={[
        { key: "name", title: t("prompt"), cell: (row) => <bdi>{row.name}</bdi> },
        { key: "line", title: t("importLine"), number: true, cell: (row) => row.line },
        { key: "type", title: t("kindOfQuestion"), cell: (row) => (row.type && row.type in TYPE ? t(TYPE[row.type as keyof typeof TYPE]) : "–") },
        {
          key: "status",
          title: t("state"),
          cell: (row) => (
            <>
              <Pill tone={STATUS[row.status].tone}>{t(STATUS[row.status].key)}</Pill>
              {row.messages.map((one) => (
                <small key={one.code + one.detail} className="under">
                  {one.detail}
                </small>
              ))}
            </>
          ),
        },
      ]}
    />
  );
}

/** Takes questions out of a file: first says what would become of each, then does it. */
export function ImportQuestions(props: { lead: string; send: (file: File, dryRun: boolean) => Promise<Report>; done: () => void; close: () => void }) {
  const { lead, send, done, close } = props;
  const { t } = useWords();
  const [file, setFile] = useState<File | null>(null);
  const look = useMutation({ mutationFn: (chosen: File) => send(chosen, true) });
  const take = useMutation({ mutationFn: (chosen: File) => send(chosen, false), onSuccess: done });
  const report = take.data ?? look.data;
  const good = report ? report.accepted + report.warned : 0;
  const busy = look.isPending || take.isPending;
  return (
    <Dialog title={t("importQuestions")} close={close} wide>
      <p>{lead}</p>
      {take.data ? null : (
        <FilePlace
          label={t("importFile")}
          accept={FILES}
          busy={busy}
          take={(chosen) => {
            setFile(chosen);
            look.mutate(chosen);
          }}
        >
          <p className="hint">{file ? file.name : t("importFileHint")}</p>
        </FilePlace>
      )}
      {look.error ?? take.error ? <FileRefused error={look.error ?? take.error} /> : null}
      {report ? (
        <>
          <p role="status">
            <strong>{t(take.data ? "importDone" : "importWould", { count: good })}</strong> {report.refused > 0 ? t("importLeftOut", { count: report.refused }) : null}
          </p>
          <Told report={report} />
        </>
      ) : null}
      <div className="buttons">
        <button type="button" className={take.data ? "primary" : ""} onClick={close}>
          {t(take.data ? "close" : "cancel")}
        </button>
        {file && report && !take.data && good > 0 ? (
          <button type="button" className="primary" disabled={busy} onClick={() => take.mutate(file)}>
            {t("importTake", { count: good })}
          </button>
        ) : null}
      </div>
    </Dialog>
  );
}
