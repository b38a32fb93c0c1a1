import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useId, useState, type ReactNode } from "react";
import type { Option } from "./form";

const PAUSE = 250;

/** `value` as it was when nothing was typed for a moment. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

export type Chosen = Readonly<Record<string, string | undefined>>;

/** What the address says after the `?`, and how to change it; so a filtered list can be kept, sent and gone back to. */
export function useFilters(): [Chosen, (change: Chosen) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (next: Chosen) => {
      const kept = (old: Record<string, unknown>) => Object.fromEntries(Object.entries({ ...old, ...next }).filter(([, value]) => value));
      void navigate({ to: ".", search: kept as never, replace: true, resetScroll: false });
    },
    [navigate],
  );
  return [search as Chosen, change];
}

/** The choices above a list. */
export function Filters({ children }: { children: ReactNode }) {
  return <search className="filterbar">{children}</search>;
}

/** A field of words to look for; `change` hears of them when the typing pauses. */
export function SearchBox({ label, value, change, hint }: { label: string; value: string; change: (value: string) => void; hint?: string }) {
  const id = useId();
  const [text, setText] = useState(value);
  const settled = useSettled(text).trim();
  useEffect(() => {
    if (settled !== value) change(settled);
    // oxlint-disable-next-line react/exhaustive-deps -- only what was typed is told
  }, [settled]);
  return (
    <div className="filter grow">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="search" value={text} placeholder={hint} maxLength={200} onChange={(event) => setText(event.target.value)} />
    </div>
  );
}

export function Choose({ label, value, options, change }: { label: string; value: string; options: readonly Option[]; change: (value: string) => void }) {
  const id = useId();
  return (
    <div className="filter">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => change(event.target.value)}>
        {options.map((one) => (
          <option key={one.value} value={one.value}>
            {one.label}
          </option>
        ))}
      </select>
    </div>
  );
}
