import type { Schemas } from "learning-service-client";

export type Question = Schemas["QuestionOut"];
/** An answer as the service takes it: choices, true or false, or a text; all absent: taken back. */
export type Answer = Schemas["Response"];

/** Whether something was answered. */
export function isGiven(answer: Answer | undefined): boolean {
  if (!answer) return false;
  return (answer.answer_ids?.length ?? 0) > 0 || typeof answer.value === "boolean" || Boolean(answer.text?.trim());
}
