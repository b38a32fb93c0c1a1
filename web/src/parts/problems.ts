import { Problem, type Schemas } from "../api";
import type { Key, Words } from "../i18n";

type FieldError = NonNullable<Schemas["Problem"]["errors"]>[number];

/** What can be done about a refusal; a code that is not here shows what the service said. */
const REMEDY: Record<string, Key> = {
  "conflict": "remedyConflict",
  "precondition-failed": "remedyStale",
  "precondition-required": "remedyStale",
  "forbidden": "remedyForbidden",
  "not-a-member": "remedyForbidden",
  "already-completed": "remedyAlreadyCompleted",
  "withdrawn": "remedyWithdrawn",
  "enrollment-failed": "courseFailed",
  "no-attempts-left": "remedyNoAttempts",
  "attempt-closed": "saveClosed",
  "attempt-not-started": "remedyNotStarted",
  "not-published": "remedyNotPublished",
  "claimed": "remedyClaimed",
  "already-graded": "remedyAlreadyGraded",
  "body-too-large": "remedyTooLarge",
  "quota-exceeded": "remedyQuota",
  "rate-limited": "remedyBusy",
  "unavailable": "remedyBusy",
  "pdf-not-made": "remedyPdf",
  "internal-error": "remedyFault",
  "invalid": "remedyInvalid",
};

const WRONG: Record<string, Key> = {
  "required": "wrongRequired",
  "empty": "wrongRequired",
  "too-long": "wrongTooLong",
  "too-short": "wrongTooShort",
  "too-large": "wrongTooLarge",
  "too-small": "wrongTooSmall",
  "not-one-of": "wrongChoice",
  "not-known": "wrongUnknown",
  "wrong-form": "wrongForm",
  "wrong-time": "wrongTime",
  "twice": "wrongTwice",
};

/** What went wrong and what to do about it, in the person's words. */
export function tell(error: unknown, { t }: Pick<Words, "t">): { said: string; detail: string | null } {
  if (!(error instanceof Problem)) return { said: t("offline"), detail: null };
  const remedy = REMEDY[error.code];
  if (error.status >= 500) return { said: t(remedy ?? "remedyFault"), detail: t("requestId", { id: error.requestId }) };
  return remedy ? { said: t(remedy), detail: null } : { said: error.message, detail: null };
}

/** What is wrong with one field, in the person's words where the code has some. */
export function tellField(wrong: FieldError, { t }: Pick<Words, "t">): string {
  const params = (wrong.params ?? {}) as Record<string, string | number>;
  const key = WRONG[wrong.code];
  if (!key) return wrong.detail;
  const bound = params["most"] ?? params["below"] ?? params["least"] ?? params["above"] ?? "";
  return wrong.code === "too-short" && bound === 1 ? t("wrongRequired") : t(key, { bound });
}

/** The places that a refusal names. */
export const errorsOf = (error: unknown): readonly FieldError[] => (error instanceof Problem ? error.errors : []);
