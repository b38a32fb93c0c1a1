import type { Schemas } from "learning-service-client";

export type Question = Schemas["QuestionOut"];
/** An answer as the service takes it: choices, true or false, a text, a number, pairs or an order; all absent: taken back. */
export type Answer = Schemas["Response"];

/** Whether something was answered. */
export function isGiven(answer: Answer | undefined): boolean {
  if (!answer) return false;
  const parts = (answer.answer_ids ?? answer.order ?? Object.keys(answer.matches ?? {})).length;
  return parts > 0 || typeof answer.value === "boolean" || Boolean((answer.text ?? answer.number)?.trim());
}
