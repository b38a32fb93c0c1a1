import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** The service refused: `code` is stable, `message` is what it said. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

let token: string | null = null;
let onExpired = (): void => {};

/** Who speaks from now on. The token is kept in memory alone. */
export function speakAs(next: string | null): void {
  token = next;
}

/** Call `heard` when the service no longer takes the token. */
export function whenExpired(heard: () => void): void {
  onExpired = heard;
}

export const api = createClient<paths>({ baseUrl: "/" });

api.use({
  onRequest({ request }) {
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", crypto.randomUUID());
    }
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

function problemOf({ error, response }: Answer<unknown>): Problem {
  const said = typeof error === "object" && error !== null ? error : {};
  const code = "code" in said && typeof said.code === "string" ? said.code : "unknown";
  const detail = "detail" in said && typeof said.detail === "string" ? said.detail : response.statusText;
  return new Problem(response.status, code, detail);
}

/** The body of a good answer. Throws a Problem for a refusal, and what `fetch` throws when nothing answers. */
export async function take<T>(asked: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const answer = await asked;
  if (answer.response.ok && answer.data !== undefined && answer.data !== null) return answer.data;
  if (answer.response.status === 401) onExpired();
  throw problemOf(answer);
}

const PDF_TRIES = 20;

/** The short-lived address of a file at one of the service's file paths; waits while the file is being made. */
export async function fileAddress(path: string): Promise<string> {
  for (let tries = 0; tries < PDF_TRIES; tries++) {
    // oxlint-disable-next-line no-await-in-loop -- each look comes after the wait that the last one asked for
    const response = await fetch(path, { headers: { Accept: "application/json", Authorization: `Bearer ${token ?? ""}` } });
    if (response.status === 200) {
      // oxlint-disable-next-line no-await-in-loop
      const body = (await response.json()) as Schemas["FileAddressOut"];
      return body.url;
    }
    // oxlint-disable-next-line no-await-in-loop
    if (response.status !== 202) throw problemOf({ error: await response.json().catch(() => null), response });
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
  throw new Problem(202, "not-ready", "The file is still being made.");
}
