import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../api";
import { LANGUAGES, useWords, type Key } from "../i18n";
import { Failure, Loading, Screen } from "../parts/basics";
import { usePreferences } from "../parts/queries";
import { readTheme, THEMES, useTheme, type Theme } from "../parts/theme";

const MAILS: Record<keyof Schemas["MailOut"], Key> = {
  assigned: "mailAssigned",
  reminders: "mailReminders",
  results: "mailResults",
  digest: "mailDigest",
};
const THEME: Record<Theme, Key> = { system: "themeSystem", light: "themeLight", dark: "themeDark" };

export function Preferences() {
  const { t } = useWords();
  const queries = useQueryClient();
  const preferences = usePreferences(true);
  const change = useMutation({
    mutationFn: (body: Schemas["PreferencesChangeIn"]) => take(api.PATCH("/api/users/preferences/", { body })),
    onSuccess: (kept) => queries.setQueryData(["preferences"], kept),
  });
  const { data } = preferences;
  return (
    <Screen title={t("preferences")}>
      {preferences.error ? <Failure error={preferences.error} again={() => void preferences.refetch()} /> : null}
      {preferences.isPending ? <Loading /> : null}
      {change.error ? <Failure error={change.error} /> : null}
      <p className="visually-hidden" role="status">
        {change.isSuccess ? t("saved") : ""}
      </p>
      {data ? (
        <div className="field">
          <label htmlFor="language">{t("language")}</label>
          <p className="hint">{t("languageLead")}</p>
          <select id="language" value={data.locale ?? ""} onChange={(event) => change.mutate({ locale: event.target.value || null })}>
            <option value="">{t("languageDefault")}</option>
            {data.locale && !(data.locale in LANGUAGES) ? <option value={data.locale}>{data.locale}</option> : null}
            {Object.entries(LANGUAGES).map(([tag, name]) => (
              <option key={tag} value={tag} lang={tag}>
                {name}
              </option>
            ))}
          </select>
        </div>
      ) : null}
      <Appearance />
      {data ? (
        <fieldset className="field">
          <legend>{t("mails")}</legend>
          <p className="hint">{t("mailsLead")}</p>
          {(Object.keys(MAILS) as (keyof Schemas["MailOut"])[]).map((kind) => {
            const required = data.required_mails.includes(kind);
            return (
              <label key={kind} className="choice">
                <input
                  type="checkbox"
                  checked={required || data.mail[kind]}
                  disabled={required}
                  onChange={(event) => change.mutate({ mail: { [kind]: event.target.checked } })}
                />
                <span>
                  {t(MAILS[kind])}
                  {required ? <small className="required">{t("mailRequired")}</small> : null}
                </span>
              </label>
            );
          })}
        </fieldset>
      ) : null}
    </Screen>
  );
}

function Appearance() {
  const { t } = useWords();
  const [theme, setTheme] = useState(readTheme);
  useTheme(theme);
  return (
    <fieldset className="field">
      <legend>{t("appearance")}</legend>
      {THEMES.map((one) => (
        <label key={one} className="choice">
          <input type="radio" name="theme" checked={theme === one} onChange={() => setTheme(one)} />
          <span>{t(THEME[one])}</span>
        </label>
      ))}
    </fieldset>
  );
}
