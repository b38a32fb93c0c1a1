import { useMutation } from "@tanstack/react-query";
import { fileAddress } from "../api";
import { useWords } from "../i18n";
import { Failure } from "../parts/basics";

/** Opens a file of the service in a tab of its own; in this one where the browser allows no other. */
export function OpenFile({ path, label, primary = false }: { path: string; label: string; primary?: boolean }) {
  const { t } = useWords();
  const open = useMutation({
    mutationFn: () => fileAddress(path),
    onSuccess: (address) => {
      const tab = window.open(address, "_blank");
      if (tab) tab.opener = null;
      else window.location.assign(address);
    },
  });
  return (
    <>
      <button type="button" className={primary ? "primary" : ""} disabled={open.isPending} onClick={() => open.mutate()}>
        {open.isPending ? t("making") : label}
      </button>
      {open.error ? <Failure error={open.error} /> : null}
    </>
  );
}
