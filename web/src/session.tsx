import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { speakAs, whenExpired } from "./api";
import type { Provider, SignInSettings, Tokens } from "./provider";

/** A person of the development copy's demonstration, with a token of theirs. */
export interface Person {
  user_id: string;
  name: string;
  role: "learner" | "officer" | "grader" | "administrator";
  token: string;
}

/** How one signs in here: it is not known yet, among demonstration people, at a provider, or not at all. */
export type Way = { kind: "unknown" | "none" | "arriving" } | { kind: "people"; people: Person[] } | { kind: "provider"; failed: boolean };

export interface Session {
  way: Way;
  /** Who is signed in, null before. */
  user: string | null;
  name: string | null;
  /** The service no longer takes the token; what is on the screen waits for the same person. */
  expired: boolean;
  signIn: (person: Person) => void;
  /** Leave for the identity provider. */
  leaveToSignIn: () => void;
  /** Go on as the same person with a new token. */
  resume: () => void;
  signOut: () => void;
}

interface Signed {
  user: string;
  name: string | null;
}

const Context = createContext<Session | null>(null);
/** Which demonstration person this tab is, or that it signed in: so that a reload goes on. Never a token. */
const WHO = "learning.demonstration";
const WAS_IN = "learning.signed-in";
/** So long before its end a token is renewed. */
const EARLY = 60_000;

interface Config {
  sign_in: SignInSettings | null;
}

async function read<T>(path: string): Promise<T | null> {
  const response = await fetch(path, { cache: "no-store" }).catch(() => null);
  return response?.ok ? ((await response.json()) as T) : null;
}

const readPeople = async () => (await read<{ people: Person[] }>("/app/demonstration.json"))?.people ?? [];
const here = () => window.location.pathname + window.location.search;

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [way, setWay] = useState<Way>({ kind: "unknown" });
  const [signed, setSigned] = useState<Signed | null>(null);
  const [expired, setExpired] = useState(false);
  const provider = useRef<Provider>(null);
  const tokens = useRef<Tokens>(null);

  const speak = useCallback((who: Signed, token: string) => {
    setExpired(false);
    setSigned(who);
    speakAs(token);
  }, []);

  const signIn = useCallback(
    (next: Person) => {
      sessionStorage.setItem(WHO, next.user_id);
      speak({ user: next.user_id, name: next.name }, next.token);
    },
    [speak],
  );

  const accept = useCallback(
    (given: Tokens) => {
      const other = tokens.current !== null && tokens.current.user !== given.user;
      tokens.current = given;
      sessionStorage.setItem(WAS_IN, "yes");
      // Another person must not see what the one before has on the screen.
      if (other) window.location.assign("/app/");
      else speak({ user: given.user, name: given.name }, given.access);
    },
    [speak],
  );

  const renew = useCallback(async () => {
    const next = tokens.current && (await provider.current?.renew(tokens.current));
    if (next) accept(next);
    else setExpired(true);
  }, [accept]);

  // A token is renewed before it ends, where the provider allows that; `signed` is new with each one.
  useEffect(() => {
    const given = tokens.current;
    if (!signed || !given?.refresh || !given.ends) return undefined;
    const timer = setTimeout(() => void renew(), Math.max(1000, given.ends - Date.now() - EARLY));
    return () => clearTimeout(timer);
  }, [signed, renew]);

  const leaveToSignIn = useCallback(() => {
    void provider.current?.leave(here()).catch(() => setWay({ kind: "provider", failed: true }));
  }, []);

  const signOut = useCallback(() => {
    const before = tokens.current;
    tokens.current = null;
    speakAs(null);
    sessionStorage.removeItem(WHO);
    sessionStorage.removeItem(WAS_IN);
    setExpired(false);
    setSigned(null);
    queries.clear();
    if (before) void provider.current?.farewell(before).then((address) => address && window.location.assign(address));
    else void readPeople().then((people) => setWay({ kind: "people", people }));
  }, [queries]);

  const resume = useCallback(() => {
    if (provider.current) {
      void provider.current.beside().then(accept, () => undefined);
      return;
    }
    void readPeople().then((people) => {
      const same = people.find((one) => one.user_id === signed?.user);
      if (same) signIn(same);
      else signOut();
    });
  }, [accept, signed, signIn, signOut]);

  useEffect(() => {
    whenExpired(() => void renew());
  }, [renew]);

  useEffect(() => {
    void open();

    async function open() {
      const [config, people] = await Promise.all([read<Config>("/app/config.json"), readPeople()]);
      const settings = config?.sign_in;
      if (!settings) {
        const known = people.find((one) => one.user_id === sessionStorage.getItem(WHO));
        if (known) signIn(known);
        setWay(people.length > 0 ? { kind: "people", people } : { kind: "none" });
        return;
      }
      const { Provider: Made, BACK_AT, handBack } = await import("./provider");
      provider.current ??= new Made(settings);
      if (window.location.pathname === BACK_AT) {
        const arrived = await provider.current.arrive().catch(() => "failed" as const);
        if (arrived === "failed") {
          sessionStorage.removeItem(WAS_IN);
          window.history.replaceState(null, "", "/app/");
          setWay({ kind: "provider", failed: true });
        } else if (arrived) {
          window.history.replaceState(null, "", arrived.to);
          setWay({ kind: "provider", failed: false });
          accept(arrived.tokens);
        } else {
          setWay({ kind: "arriving" });
          handBack();
        }
      } else if (sessionStorage.getItem(WAS_IN)) {
        leaveToSignIn();
      } else {
        setWay({ kind: "provider", failed: false });
      }
    }
  }, [accept, leaveToSignIn, signIn]);

  const session = useMemo<Session>(
    () => ({ way, user: signed?.user ?? null, name: signed?.name ?? null, expired, signIn, leaveToSignIn, resume, signOut }),
    [way, signed, expired, signIn, leaveToSignIn, resume, signOut],
  );
  return <Context value={session}>{children}</Context>;
}

export function useSession(): Session {
  const session = use(Context);
  if (!session) throw new Error("outside of SessionProvider");
  return session;
}
