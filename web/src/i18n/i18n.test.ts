import { expect, test } from "vitest";
import { chooseLanguage, makeWords } from ".";
import { en, type Message } from "./en";
import { es } from "./es";
import { fr } from "./fr";

const holes = (message: Message): string =>
  [...new Set((typeof message === "string" ? message : `${message.one} ${message.other}`).match(/\{\w+\}/g))].toSorted().join();

test("every catalogue fills in the same values", () => {
  for (const catalogue of [es, fr]) {
    expect(Object.keys(catalogue).toSorted()).toEqual(Object.keys(en).toSorted());
    for (const [key, message] of Object.entries(en)) {
      expect(holes(catalogue[key as keyof typeof en]), key).toBe(holes(message));
    }
  }
});

test("a plural form is the language's own", () => {
  expect(makeWords("en", en, undefined).t("questions", { count: 0 })).toBe("0 questions");
  expect(makeWords("fr", fr, undefined).t("questions", { count: 0 })).toBe("0 question");
});

test("the first language that we have is chosen", () => {
  expect(chooseLanguage([null, "de-DE", "fr-CA", "es"])).toBe("fr");
  expect(chooseLanguage(["ja"])).toBe("en");
});
