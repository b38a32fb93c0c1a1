/**
 * Signing in at the organization's identity provider: OpenID Connect, authorization code with PKCE. Tokens live in this
 * module's memory alone; what has to survive the way to the provider and back are one-time values, which are taken out
 * of the tab's storage when it is back.
 */
import * as oauth from "oauth4webapi";

/** What `/app/config.json` says of the provider. */
export interface SignInSettings {
  issuer: string;
  client_id: string;
  scope: string;
  parameters: Record<string, string>;
}

export interface Tokens {
  user: string;
  name: string | null;
  access: string;
  refresh: string | null;
  identity: string | null;
  /** When the access token ends, in milliseconds; null where the provider does not say. */
  ends: number | null;
}

interface Pending {
  verifier: string;
  state: string;
  nonce: string;
  /** Where the person was. */
  to: string;
}

const PENDING = "learning.signing-in";
const CHANNEL = "learning.sign-in";
export const BACK_AT = "/app/signed-in";

export class Provider {
  readonly #settings: SignInSettings;
  readonly #client: oauth.Client;
  #server: oauth.AuthorizationServer | null = null;

  constructor(settings: SignInSettings) {
    this.#settings = settings;
    this.#client = { client_id: settings.client_id };
  }

  /** A provider on this machine speaks plain HTTP; the service's settings let no other one through. */
  get #how() {
    return { [oauth.allowInsecureRequests]: this.#settings.issuer.startsWith("http:") };
  }

  async #discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(this.#settings.issuer);
    const known = this.#server ?? (await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, this.#how)));
    this.#server = known;
    return known;
  }

  /** Leave for the provider, which sends the browser back. */
  async leave(to: string): Promise<void> {
    const { address, pending } = await this.#begin(to);
    sessionStorage.setItem(PENDING, JSON.stringify(pending));
    window.location.assign(address);
  }

  /** Sign in in a window of its own, so that this page stays as it is. Call it from a press, else browsers refuse it. */
  async beside(): Promise<Tokens> {
    const other = window.open("", "_blank", "popup,width=480,height=680");
    const { address, pending } = await this.#begin(window.location.pathname);
    if (!other) {
      await this.leave(window.location.pathname + window.location.search);
      return new Promise(() => undefined);
    }
    const channel = new BroadcastChannel(CHANNEL);
    try {
      const answered = new Promise<string>((resolve) => {
        channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
          if (typeof data === "string" && new URLSearchParams(data).get("state") === pending.state) resolve(data);
        });
      });
      other.location.assign(address);
      return await this.#exchange(new URL(`?${await answered}`, window.location.href), pending);
    } finally {
      channel.close();
    }
  }

  /** Back from the provider: the tokens and where the person was; null where this tab did not leave for it. */
  async arrive(): Promise<{ tokens: Tokens; to: string } | null> {
    const kept = sessionStorage.getItem(PENDING);
    sessionStorage.removeItem(PENDING);
    if (!kept) return null;
    const pending = JSON.parse(kept) as Pending;
    return { tokens: await this.#exchange(new URL(window.location.href), pending), to: pending.to };
  }

  /** New tokens without a word to the person; null where the provider gives none. */
  async renew(tokens: Tokens): Promise<Tokens | null> {
    if (!tokens.refresh) return null;
    try {
      const server = await this.#discover();
      const response = await oauth.refreshTokenGrantRequest(server, this.#client, oauth.None(), tokens.refresh, this.#how);
      const given = await oauth.processRefreshTokenResponse(server, this.#client, response);
      return { ...tokens, ...spoken(given), refresh: given.refresh_token ?? tokens.refresh };
    } catch {
      return null;
    }
  }

  /** Where the provider ends its own session; null where it has no such place. */
  async farewell(tokens: Tokens): Promise<string | null> {
    const end = (await this.#discover()).end_session_endpoint;
    if (!end) return null;
    const address = new URL(end);
    address.searchParams.set("client_id", this.#settings.client_id);
    address.searchParams.set("post_logout_redirect_uri", `${window.location.origin}/app/`);
    if (tokens.identity) address.searchParams.set("id_token_hint", tokens.identity);
    return address.href;
  }

  async #begin(to: string): Promise<{ address: string; pending: Pending }> {
    const server = await this.#discover();
    if (!server.authorization_endpoint) throw new Error("The identity provider has no authorization endpoint.");
    const pending = { verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), to };
    const address = new URL(server.authorization_endpoint);
    const asked = {
      ...this.#settings.parameters,
      response_type: "code",
      client_id: this.#settings.client_id,
      redirect_uri: window.location.origin + BACK_AT,
      scope: this.#settings.scope,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
    return { address: address.href, pending };
  }

  async #exchange(answer: URL, pending: Pending): Promise<Tokens> {
    const server = await this.#discover();
    const parameters = oauth.validateAuthResponse(server, this.#client, answer, pending.state);
    const back = window.location.origin + BACK_AT;
    const response = await oauth.authorizationCodeGrantRequest(server, this.#client, oauth.None(), parameters, back, pending.verifier, this.#how);
    const given = await oauth.processAuthorizationCodeResponse(server, this.#client, response, { expectedNonce: pending.nonce, requireIdToken: true });
    const claims = oauth.getValidatedIdTokenClaims(given);
    const name = claims?.["name"];
    return {
      user: claims?.sub ?? "",
      name: typeof name === "string" ? name : null,
      refresh: given.refresh_token ?? null,
      identity: given.id_token ?? null,
      ...spoken(given),
    };
  }
}

function spoken(given: oauth.TokenEndpointResponse): Pick<Tokens, "access" | "ends"> {
  return { access: given.access_token, ends: given.expires_in ? Date.now() + given.expires_in * 1000 : null };
}

/** In the window that was opened to sign in: hand the answer to the page that waits for it, and go. */
export function handBack(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(window.location.search.slice(1));
  channel.close();
  window.close();
}
