import { learning, Problem, taken, type Schemas } from "learning-service-client";

export { Problem, type Schemas };

let token: string | null = null;
let newest: Promise<string> | null = null;
let tellToken: ((token: string) => void) | null = null;
let onExpired = (): void => {};

/** Who speaks from now on; calls that wait for a new token go on. The token is kept in memory alone. */
export function speakAs(next: string | null): void {
  token = next;
  if (!next) return;
  tellToken?.(next);
  newest = null;
  tellToken = null;
}

/** Call `heard` when the service no longer takes the token. It answers with a new one by `speakAs`. */
export function whenExpired(heard: () => void): void {
  onExpired = heard;
}

/** The next token that somebody signs in with. */
function nextToken(): Promise<string> {
  newest ??= new Promise((resolve) => {
    tellToken = resolve;
  });
  return newest;
}

/** Send a request; one that the token was too old for is sent again with the next one, so that nothing is lost. */
async function send(request: Request): Promise<Response> {
  const mine = token;
  const response = await fetch(request.clone());
  if (response.status !== 401) return response;
  if (token === mine) onExpired();
  const next = token !== mine && token ? token : await nextToken();
  request.headers.set("Authorization", `Bearer ${next}`);
  return fetch(request);
}

export const api = learning({ baseUrl: "", token: () => token ?? nextToken(), fetch: send as typeof fetch });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer. Throws a Problem for a refusal, and what `fetch` throws when nothing answers. */
export async function take<T>(asked: Promise<Answer<T>>): Promise<NonNullable<T>> {
  return taken(await asked) as NonNullable<T>;
}

/** Wait for a call that answers without a body. */
export async function done(asked: Promise<Answer<unknown>>): Promise<void> {
  taken(await asked);
}

const PDF_TRIES = 20;

/** The short-lived address of a file at one of the service's file paths; waits while the file is being made. */
export async function fileAddress(path: string): Promise<string> {
  for (let tries = 0; tries < PDF_TRIES; tries++) {
    const headers = { Accept: "application/json", Authorization: `Bearer ${token ?? ""}` };
    // oxlint-disable-next-line no-await-in-loop -- each look comes after the wait that the last one asked for
    const response = await send(new Request(path, { headers }));
    if (response.status !== 202) {
      // oxlint-disable-next-line no-await-in-loop
      const body: unknown = await response.json().catch(() => null);
      return taken<Schemas["FileAddressOut"]>({ data: body as Schemas["FileAddressOut"], error: body, response }).url;
    }
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
  throw new Error("The file is still being made.");
}

/** The token for what `fetch` cannot send: a file whose progress is shown. */
export const bearer = (): string => token ?? "";

/** What a call answers as a file of this type. */
export async function fetchFile(path: string, type: string): Promise<Blob> {
  const headers = { Accept: type, Authorization: `Bearer ${token ?? ""}` };
  const response = await send(new Request(path, { headers }));
  if (response.ok) return response.blob();
  const body: unknown = await response.json().catch(() => null);
  return taken<Blob>({ error: body, response });
}
