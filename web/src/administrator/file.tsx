import { useMutation } from "@tanstack/react-query";
import { fetchFile } from "../api";
import { keepFile } from "../documents/documents";
import { Failure } from "../parts/basics";
import { useWords } from "./words";

const KINDS = {
  csv: "text/csv",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** Saves what a call answers, as a CSV file or as a workbook of Excel. */
export function SaveFile(props: { path: string; query: Record<string, string>; name: string }) {
  const { path, query, name } = props;
  const { t } = useWords();
  const save = useMutation({
    mutationFn: async (kind: keyof typeof KINDS) => {
      const file = await fetchFile(`${path}?${new URLSearchParams(query).toString()}`, KINDS[kind]);
      keepFile(file, `${name}.${kind}`);
    },
  });
  return (
    <div className="filter end">
      <div className="buttons">
        <button type="button" disabled={save.isPending} onClick={() => save.mutate("csv")}>
          {save.isPending && save.variables === "csv" ? t("making") : t("saveCsv")}
        </button>
        <button type="button" disabled={save.isPending} onClick={() => save.mutate("xlsx")}>
          {save.isPending && save.variables === "xlsx" ? t("making") : t("saveExcel")}
        </button>
      </div>
      {save.error ? <Failure error={save.error} /> : null}
    </div>
  );
}
