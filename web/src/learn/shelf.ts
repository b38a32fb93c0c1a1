import type { Answer } from "./answers";
import type { Shelf } from "./autosave";

/** Answers of this attempt that the server does not have yet, kept for this tab. */
export function shelfOf(attemptId: string): Shelf {
  const name = `learning.answers.${attemptId}`;
  return {
    read() {
      const text = sessionStorage.getItem(name);
      return text ? (JSON.parse(text) as Answer[]) : [];
    },
    write(answers) {
      if (answers.length === 0) sessionStorage.removeItem(name);
      else sessionStorage.setItem(name, JSON.stringify(answers));
    },
  };
}
