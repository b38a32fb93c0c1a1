/** The whole path, from a course to a certificate, against the service at LEARNING_URL. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { items, learning, Problem, type Schemas, taken } from "./index.js";

const { LEARNING_URL: baseUrl = "", ADMIN_TOKEN: admins = "", MEMBER_TOKEN: members = "" } = process.env;
const admin = learning({ baseUrl, token: admins });
const member = learning({ baseUrl, token: () => Promise.resolve(members) });

const choice = {
  type: "multiple_choice" as const,
  prompt_html: "<p>Which?</p>",
  points: 1,
  answers: [
    { text: "right", is_correct: true },
    { text: "wrong", is_correct: false },
  ],
};

function right(questions: Schemas["QuestionOut"][]): Schemas["Response"][] {
  return questions.map((question) => ({
    question_id: question.id,
    answer_ids: (question.answers ?? []).filter((answer) => answer.text === "right").map((answer) => answer.id),
  }));
}

test("from a course to a certificate", async () => {
  const course = taken(await admin.POST("/api/courses/", { body: { title: "Hazing", scope: "national" } }));
  const path = { course_id: course.id };
  const draft = await admin.GET("/api/courses/{course_id}/draft/", { params: { path } });
  const ifMatch = draft.response.headers.get("etag") ?? "";
  taken(
    await admin.PUT("/api/courses/{course_id}/draft/", {
      params: { path, header: { "If-Match": ifMatch } },
      body: {
        title: "Hazing",
        pass_score: 80,
        modules: [
          {
            title: "Know the law",
            items: [
              { kind: "lesson", title: "What it is", body_html: "<p>Read.</p>" },
              { kind: "quiz", title: "Check", pass_score: 70, questions: [choice] },
            ],
          },
        ],
        assessment: { title: "Final", pass_score: 80, questions: [choice] },
      },
    }),
  );
  taken(await admin.POST("/api/courses/{course_id}/publish/", { params: { path } }));

  taken(await member.POST("/api/courses/{course_id}/enroll/", { params: { path } }));
  const modules = taken(await member.GET("/api/courses/{course_id}/modules/", { params: { path } }));
  assert.ok("enrollment" in modules);
  for (const item of modules.items.flatMap((module) => module.items)) {
    if (item.kind === "lesson") {
      taken(await member.POST("/api/lessons/{lesson_id}/complete/", { params: { path: { lesson_id: item.id } } }));
      continue;
    }
    const quiz = { quiz_id: item.id };
    const shown = taken(await member.GET("/api/quizzes/{quiz_id}/", { params: { path: quiz } }));
    const responses = right(shown.questions as Schemas["QuestionOut"][]);
    const done = taken(
      await member.POST("/api/quizzes/{quiz_id}/submit/", { params: { path: quiz }, body: { responses } }),
    );
    assert.equal(done.passed, true);
  }
  const final = { quiz_id: modules.assessment?.id ?? "" };
  const shown = taken(await member.GET("/api/assessments/{quiz_id}/", { params: { path: final } }));
  const last = taken(
    await member.POST("/api/assessments/{quiz_id}/submit/", {
      params: { path: final },
      body: { responses: right(shown.questions as Schemas["QuestionOut"][]) },
    }),
  );
  assert.equal(last.enrollment?.status, "completed");

  const mine: string[] = [];
  for await (const one of items((query) =>
    member.GET("/api/users/certificates/", { params: { query: { limit: 1, ...query } } }),
  )) {
    mine.push(one.id);
  }
  const certificate_id = mine[0] ?? "";
  const stranger = learning({ baseUrl });
  const state = taken(
    await stranger.GET("/api/certificates/{certificate_id}/verify/", { params: { path: { certificate_id } } }),
  );
  assert.equal(state.status, "valid");
});

test("a refusal is a problem with its code", async () => {
  const call = member.POST("/api/courses/", { body: { title: "Mine", scope: "national" } });
  await assert.rejects(
    async () => taken(await call),
    (error) => error instanceof Problem && error.code === "forbidden" && error.status === 403,
  );
});

test("pages follow each other", async () => {
  for (const title of ["One", "Two", "Three"]) {
    taken(await admin.POST("/api/courses/", { body: { title, scope: "national" } }));
  }
  const titles: string[] = [];
  for await (const course of items((query) =>
    admin.GET("/api/courses/", { params: { query: { limit: 1, status: "draft", ...query } } }),
  )) {
    titles.push(course.title);
  }
  assert.deepEqual(titles.slice(0, 3), ["Three", "Two", "One"]);
});

test("a call that the service is too busy for is sent again, with the same key", async () => {
  const keys: (string | null)[] = [];
  const busy: typeof fetch = async (input) => {
    const request = input as Request;
    keys.push(request.headers.get("Idempotency-Key"));
    if (keys.length < 3) return new Response(null, { status: 503, headers: { "Retry-After": "0" } });
    return fetch(request);
  };
  const patient = learning({ baseUrl, token: admins, fetch: busy });
  taken(await patient.POST("/api/courses/", { body: { title: "Once", scope: "national" } }));
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.ok(keys[0]);
});
