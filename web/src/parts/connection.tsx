import { useSyncExternalStore } from "react";
import { useWords } from "../i18n";

function listen(hear: () => void): () => void {
  window.addEventListener("online", hear);
  window.addEventListener("offline", hear);
  return () => {
    window.removeEventListener("online", hear);
    window.removeEventListener("offline", hear);
  };
}

/** Whether the browser has a network at all. */
export const useOnline = (): boolean => useSyncExternalStore(listen, () => navigator.onLine);

/** Says that there is no network, and that nothing is lost by it. */
export function Connection() {
  const { t } = useWords();
  const online = useOnline();
  return (
    <div role="status" className={online ? "connection" : "connection off"}>
      {online ? "" : t("noNetwork")}
    </div>
  );
}
