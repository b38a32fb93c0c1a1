import { useWords } from "../i18n";
import { useSession } from "../session";
import { Dialog } from "../parts/dialog";

/** The session has ended: who signs in again goes on where the screen stands, and what waited is sent. */
export function SignInAgain() {
  const { people, user, name, signIn, signOut } = useSession();
  const { t } = useWords();
  const same = people?.find((one) => one.user_id === user);
  return (
    <Dialog title={t("expiredTitle")} close={() => undefined}>
      <p>{t("expired")}</p>
      <div className="buttons">
        <button type="button" onClick={signOut}>
          {t("signOut")}
        </button>
        <button type="button" className="primary" disabled={!same} onClick={() => same && signIn(same)}>
          {t("goOnAs", { name: name ?? "" })}
        </button>
      </div>
    </Dialog>
  );
}
