/**
 * The learning service, typed: each path of its reference with what it takes and answers.
 *
 *     const api = learning({ baseUrl: "https://learning.example.org", token: () => session.token });
 *     const course = taken(await api.GET("/api/courses/{course_id}/", { params: { path: { course_id } } }));
 */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";
export type Schemas = components["schemas"];
export type LearningClient = Client<paths, "application/json">;

export interface Options {
  baseUrl: string;
  /** A bearer token, or what gives one; it is asked before each call. */
  token?: string | (() => string | Promise<string>);
  fetch?: typeof globalThis.fetch;
  /** How often a call is sent again that the service asks to repeat later (429, 503). */
  retries?: number;
  /** The longest wait before such a repetition; a call that should wait longer fails at once. */
  longestWaitSeconds?: number;
}

/** A refusal. Switch on `code`; `errors` says what is wrong where. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly requestId: string;
  readonly errors: NonNullable<Schemas["Problem"]["errors"]>;

  constructor(
    readonly response: Response,
    document: Partial<Schemas["Problem"]> | undefined,
  ) {
    super(document?.detail ?? `The service answered ${response.status}.`);
    this.name = "Problem";
    this.code = document?.code ?? "unknown";
    this.status = response.status;
    this.requestId = document?.request_id ?? response.headers.get("x-request-id") ?? "";
    this.errors = document?.errors ?? [];
  }
}

/** A client. POSTs have an `Idempotency-Key`, so a call that is sent again is done once. */
export function learning(options: Options): LearningClient {
  const { token, retries = 3, longestWaitSeconds = 30 } = options;
  const send = options.fetch ?? globalThis.fetch;
  return createClient<paths, "application/json">({
    baseUrl: options.baseUrl.replace(/\/+$/, ""),
    fetch: async (request: Request): Promise<Response> => {
      const bearer = typeof token === "function" ? await token() : token;
      if (bearer !== undefined) request.headers.set("Authorization", `Bearer ${bearer}`);
      if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
        request.headers.set("Idempotency-Key", crypto.randomUUID());
      }
      for (let tries = 0; ; tries++) {
        const response = await send(request.clone());
        const wait = secondsToWait(response);
        if (wait === undefined || tries >= retries || wait > longestWaitSeconds) return response;
        await response.body?.cancel();
        await new Promise((resolve) => setTimeout(resolve, wait * 1000));
      }
    },
  });
}

function secondsToWait(response: Response): number | undefined {
  if (response.status !== 429 && response.status !== 503) return undefined;
  const seconds = Number(response.headers.get("Retry-After") ?? "1");
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** What a call answered. Throws `Problem` for a refusal. */
export function taken<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (!result.response.ok) {
    const told = typeof result.error === "object" && result.error !== null ? result.error : undefined;
    throw new Problem(result.response, told as Partial<Schemas["Problem"]> | undefined);
  }
  return result.data as T;
}

/** All items of a list, page after page: `for await (const course of items((query) => api.GET(…)))`. */
export async function* items<T>(
  page: (query: { cursor?: string }) => Promise<{
    data?: { items: T[]; next_cursor?: string | null };
    error?: unknown;
    response: Response;
  }>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const found = taken(await page(cursor === undefined ? {} : { cursor }));
    yield* found.items;
    cursor = found.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
