import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { fileBody } from "../documents/documents";
import { FilePlace, FileRefused } from "../documents/upload";
import { Screen } from "../parts/basics";
import { SelectField } from "../parts/form";
import { Table } from "../parts/table";
import { Progress } from "./bulk";
import { useWords, type Key } from "./words";

type Report = Schemas["FileImportOut"] | Schemas["StartedImportOut"];
type Rejected = Report["rejected"][number];
type Kind = "assignments" | "extensions" | "completions";

const KINDS: Record<Kind, { label: Key; columns: string }> = {
  assignments: { label: "importAssignments", columns: "user_id,course_id,due_at,reason" },
  extensions: { label: "importExtensions", columns: "user_id,course_id,due_at,reason" },
  completions: { label: "importCompletions", columns: "user_id,course_id,completed_on,score" },
};

const CODES: Record<Rejected["code"], Key> = {
  "completed": "skippedDone",
  "failed": "rowFailed",
  "forbidden": "skippedForbidden",
  "nothing-to-do": "skippedNothing",
  "not-enrolled": "rowNotEnrolled",
  "not-published": "rowNotPublished",
  "unknown-course": "rowNoCourse",
  "unknown-member": "rowNoMember",
  "not-allowed": "rowNotAllowed",
  "out-of-range": "rowOutOfRange",
  "required": "wrongRequired",
  "too-long": "rowTooLong",
  "too-many": "rowTooMany",
  "twice": "rowTwice",
  "wrong-form": "wrongForm",
  "wrong-time": "wrongTime",
};

function RejectedRows({ rows }: { rows: readonly Rejected[] }) {
  const { t } = useWords();
  if (rows.length === 0) return null;
  return (
    <Table
      caption={t("rowsRejected")}
      rows={rows}
      rowKey={(row) => `${row.line}`}
      columns={[
        { key: "line", title: t("rowLine"), cell: (row) => `${t("rowLine")} ${row.line}` },
        {
          key: "why",
          title: t("rowWhy"),
          cell: (row) => (
            <>
              {t(CODES[row.code])}
              <small className="under">{row.detail}</small>
            </>
          ),
        },
      ]}
    />
  );
}

/** One file: what would become of its rows; then, when it is wanted, that it is done. */
function Imported({ kind }: { kind: Kind }) {
  const { t, number } = useWords();
  const queries = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const send = (chosen: File, query: { dry_run: boolean; partial: boolean }) => take(api.POST("/api/imports/", { params: { query: { kind, ...query } }, body: fileBody(chosen) }));
  const judge = useMutation({ mutationFn: (chosen: File): Promise<Report> => send(chosen, { dry_run: true, partial: true }) });
  const write = useMutation({ mutationFn: (chosen: File): Promise<Report> => send(chosen, { dry_run: false, partial: true }), onSuccess: () => queries.invalidateQueries() });
  const report = write.data ?? judge.data;
  const busy = judge.isPending || write.isPending;
  return (
    <>
      <FilePlace
        label={t("importRowsFile")}
        accept=".csv,.txt,text/csv"
        busy={busy}
        take={(chosen) => {
          setFile(chosen);
          write.reset();
          judge.mutate(chosen);
        }}
      >
        <p className="hint">{file ? file.name : t("importRowsDrop")}</p>
      </FilePlace>
      {judge.error ?? write.error ? <FileRefused error={judge.error ?? write.error} /> : null}
      {report ? (
        <section className="import-report">
          <p role="status" className={report.rejected.length > 0 ? "notice warn" : "notice good"}>
            {t(write.data ? "rowsWritten" : "rowsJudged", { accepted: number(report.accepted), rows: number(report.rows), rejected: number(report.rejected.length) })}
          </p>
          {write.data && "run_id" in write.data ? <Progress runId={write.data.run_id} /> : null}
          {file && !write.data && report.accepted > 0 ? (
            <div className="buttons start">
              <button type="button" className="primary" disabled={busy} onClick={() => write.mutate(file)}>
                {t("writeRows", { count: report.accepted })}
              </button>
            </div>
          ) : null}
          <RejectedRows rows={report.rejected} />
        </section>
      ) : null}
    </>
  );
}

/** Assigns, extends or completes many courses at once, as a file says. */
export function Imports() {
  const { t } = useWords();
  const [kind, setKind] = useState<Kind>("assignments");
  return (
    <Screen title={t("imports")} lead={t("importsLead")}>
      <div className="form">
        <SelectField
          label={t("importKind")}
          hint={
            <>
              {t("importColumns")} <code>{KINDS[kind].columns}</code>
            </>
          }
          value={kind}
          options={Object.entries(KINDS).map(([value, { label }]) => ({ value, label: t(label) }))}
          change={(value) => setKind(value as Kind)}
        />
        <Imported key={kind} kind={kind} />
      </div>
    </Screen>
  );
}
