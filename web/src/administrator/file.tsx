import { useMutation } from "@tanstack/react-query";
import { fetchFile } from "../api";
import { keepFile } from "../documents/documents";
import { Failure } from "../parts/basics";
import { useWords } from "./words";

/** Saves what a call answers as a CSV file. */
export function SaveFile(props: { path: string; query: Record<string, string>; name: string; label: string }) {
  const { path, query, name, label } = props;
  const { t } = useWords();
  const save = useMutation({
    mutationFn: () => fetchFile(`${path}?${new URLSearchParams(query).toString()}`, "text/csv"),
    onSuccess: (file) => keepFile(file, name),
  });
  return (
    <div className="filter end">
      <button type="button" disabled={save.isPending} onClick={() => save.mutate()}>
        {save.isPending ? t("making") : label}
      </button>
      {save.error ? <Failure error={save.error} /> : null}
    </div>
  );
}
