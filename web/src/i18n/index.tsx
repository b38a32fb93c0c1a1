import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { en, type Catalogue, type Key, type Message } from "./en";

export type { Key };
export const LANGUAGES = { en: "English", es: "Español", fr: "Français" } as const;
export type Language = keyof typeof LANGUAGES;

const LOAD: Record<Language, () => Promise<Catalogue>> = {
  en: () => Promise.resolve(en),
  es: () => import("./es").then((module) => module.es),
  fr: () => import("./fr").then((module) => module.fr),
};

/** The language of ours that comes first among these tags (`fr-CA` is French), else English. */
export function chooseLanguage(tags: readonly (string | null | undefined)[]): Language {
  for (const tag of tags) {
    const base = tag?.toLowerCase().split("-")[0];
    if (base && base in LANGUAGES) return base as Language;
  }
  return "en";
}

export interface Words<K extends string = Key> {
  language: Language;
  catalogue: Record<K, Message>;
  timeZone: string | undefined;
  /** The text of `key`, with `{name}` filled in; `count` chooses the plural form. */
  t: (key: K, values?: Record<string, string | number>) => string;
  /** A day, where the organization is. */
  day: (moment: string) => string;
  /** A day and the time of the day, where the organization is. */
  moment: (moment: string) => string;
  /** The time of the day, where the organization is. */
  time: (moment: string) => string;
  number: (value: number) => string;
}

export function makeWords<K extends string>(language: Language, catalogue: Record<K, Message>, timeZone: string | undefined): Words<K> {
  const plural = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const zone = timeZone ? { timeZone } : {};
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", ...zone });
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", ...zone });
  const time = new Intl.DateTimeFormat(language, { timeStyle: "short", ...zone });
  return {
    language,
    catalogue,
    timeZone,
    t(key, values = {}) {
      const message = catalogue[key];
      const count = values["count"];
      const form = typeof count === "number" && plural.select(count) === "one" ? "one" : "other";
      const text = typeof message === "string" ? message : message[form];
      return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = values[name];
        return typeof value === "number" ? number.format(value) : (value ?? whole);
      });
    },
    day: (text) => day.format(new Date(text)),
    moment: (text) => moment.format(new Date(text)),
    time: (text) => time.format(new Date(text)),
    number: (value) => number.format(value),
  };
}

const Context = createContext<Words>(makeWords("en", en, undefined));

/** Words in the language given, the old ones until its catalogue has come. */
export function WordsProvider(props: { language: Language; timeZone: string | undefined; children: ReactNode }) {
  const { language, timeZone, children } = props;
  const [loaded, setLoaded] = useState<{ language: Language; catalogue: Catalogue }>({ language: "en", catalogue: en });
  useEffect(() => {
    let wanted = true;
    void LOAD[language]().then((catalogue) => {
      if (!wanted) return;
      setLoaded({ language, catalogue });
      document.documentElement.lang = language;
    });
    return () => {
      wanted = false;
    };
  }, [language]);
  const words = useMemo(() => makeWords(loaded.language, loaded.catalogue, timeZone), [loaded, timeZone]);
  return <Context value={words}>{children}</Context>;
}

export const useWords = (): Words => use(Context);

/** The words of everywhere and those of a part of the application that is loaded by itself. */
export function useWordsWith<K extends string>(own: Record<Language, Record<K, Message>>): Words<Key | K> {
  const { language, catalogue, timeZone } = useWords();
  return useMemo(
    () => makeWords<Key | K>(language, { ...catalogue, ...own[language] }, timeZone),
    [language, catalogue, timeZone, own],
  );
}
