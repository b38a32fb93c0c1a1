import { api, done, Problem, take, type Schemas } from "../api";

export type Pending = Schemas["PendingResponseOut"];

const at = (id: string) => ({ params: { path: { response_id: id } } });

export const readSummary = () => take(api.GET("/api/learning/grading/summary/"));

export const claim = (id: string): Promise<Pending> => take(api.POST("/api/learning/grading/{response_id}/claim/", at(id)));

export const giveBack = (id: string): Promise<void> => done(api.DELETE("/api/learning/grading/{response_id}/claim/", at(id)));

export const grade = (id: string, body: Schemas["GradeIn"]) => take(api.POST("/api/learning/grading/{response_id}/", { ...at(id), body }));

export function listPending(course: string | undefined, cursor?: string, limit = 50) {
  const query = { limit, ...(course ? { course_id: course } : {}), ...(cursor ? { cursor } : {}) };
  return take(api.GET("/api/learning/grading/pending/", { params: { query } }));
}

/**
 * Hold the oldest answer that is free, of one course or of all; null where there is none. `except` is one that was just
 * given back: it comes last, else skipping would bring the same again.
 */
export async function claimNext(course: string | undefined, except?: string): Promise<Pending | null> {
  const { items } = await listPending(course, undefined, 200);
  const free = items.filter((one) => one.claimed_by === null && one.response_id !== except);
  const last = items.filter((one) => one.claimed_by === null && one.response_id === except);
  for (const one of [...free, ...last]) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next one is taken only where another grader was faster
      return await claim(one.response_id);
    } catch (error) {
      if (!(error instanceof Problem && (error.status === 409 || error.status === 404))) throw error;
    }
  }
  return null;
}

export type Group = Schemas["AnswerGroupOut"];

export function listGroups(course: string | undefined, cursor?: string) {
  const query = { limit: 50, ...(course ? { course_id: course } : {}), ...(cursor ? { cursor } : {}) };
  return take(api.GET("/api/learning/grading/groups/", { params: { query } }));
}

export const gradeGroup = (id: string, body: Schemas["GroupGradeIn"]) =>
  take(api.POST("/api/learning/grading/groups/{group_id}/", { params: { path: { group_id: id } }, body }));

export const readAttempt = (id: string) => take(api.GET("/api/attempts/{attempt_id}/", { params: { path: { attempt_id: id } } }));

export const override = (attempt: string, body: Schemas["OverrideIn"]) =>
  take(api.POST("/api/attempts/{attempt_id}/overrides/", { params: { path: { attempt_id: attempt } }, body }));
