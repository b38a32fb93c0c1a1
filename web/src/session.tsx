import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { speakAs, whenExpired } from "./api";

/** A person of the development copy's demonstration, with a token of theirs. */
export interface Person {
  user_id: string;
  name: string;
  role: "learner" | "officer" | "grader" | "administrator";
  token: string;
}

export interface Session {
  /** Null until it is known; empty where this installation has no demonstration. */
  people: Person[] | null;
  /** Who is signed in, null before. */
  user: string | null;
  name: string | null;
  /** The service no longer takes the token; what is on the screen waits for the same person. */
  expired: boolean;
  signIn: (person: Person) => void;
  /** Go on as the same person with a new token. */
  resume: () => void;
  signOut: () => void;
}

const Context = createContext<Session | null>(null);
/** Which demonstration person this tab is: a name only, so that a reload goes on; never a token. */
const WHO = "learning.demonstration";

async function fetchPeople(): Promise<Person[]> {
  const response = await fetch("/app/demonstration.json", { cache: "no-store" }).catch(() => null);
  if (!response?.ok) return [];
  return ((await response.json()) as { people: Person[] }).people;
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [people, setPeople] = useState<Person[] | null>(null);
  const [person, setPerson] = useState<Person | null>(null);
  const [expired, setExpired] = useState(false);

  const signIn = useCallback((next: Person) => {
    sessionStorage.setItem(WHO, next.user_id);
    setExpired(false);
    setPerson(next);
    speakAs(next.token);
  }, []);

  const leave = useCallback(() => {
    speakAs(null);
    sessionStorage.removeItem(WHO);
    setExpired(false);
    setPerson(null);
    queries.clear();
    void fetchPeople().then(setPeople);
  }, [queries]);

  const resume = useCallback(() => {
    void fetchPeople().then((found) => {
      const same = found.find((one) => one.user_id === person?.user_id);
      if (same) signIn(same);
      else leave();
    });
  }, [person, signIn, leave]);

  useEffect(() => {
    whenExpired(() => setExpired(true));
    void fetchPeople().then((found) => {
      const known = found.find((one) => one.user_id === sessionStorage.getItem(WHO));
      if (known) signIn(known);
      setPeople(found);
    });
  }, [signIn]);

  const session = useMemo(
    () => ({ people, user: person?.user_id ?? null, name: person?.name ?? null, expired, signIn, resume, signOut: leave }),
    [people, person, expired, signIn, resume, leave],
  );
  return <Context value={session}>{children}</Context>;
}

export function useSession(): Session {
  const session = use(Context);
  if (!session) throw new Error("outside of SessionProvider");
  return session;
}
