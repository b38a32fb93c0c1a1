import { useWords } from "../i18n";
import { useSession } from "../session";
import { Dialog } from "../parts/dialog";

/** The session has ended: who signs in again goes on where the screen stands, and what waited is sent. */
export function SignInAgain() {
  const { name, resume, signOut } = useSession();
  const { t } = useWords();
  return (
    <Dialog title={t("expiredTitle")} close={() => undefined}>
      <p>{t("expired")}</p>
      <div className="buttons">
        <button type="button" onClick={signOut}>
          {t("signOut")}
        </button>
        <button type="button" className="primary" onClick={resume}>
          {t("goOnAs", { name: name ?? "" })}
        </button>
      </div>
    </Dialog>
  );
}
