import { useWordsWith, type Key as SharedKey, type Words } from "../../i18n";
import { en } from "./en";
import { es } from "./es";
import { fr } from "./fr";

export type Key = SharedKey | keyof typeof en;
export type Told = Words<Key>;

const OWN = { en, es, fr };

/** The words of everywhere and of the author's screens. */
export const useWords = (): Told => useWordsWith<keyof typeof en>(OWN);
