import { useEffect, useState } from "react";
import { Dialog } from "../parts/dialog";
import { CheckField } from "../parts/form";
import { useGraderWords, type GraderKey } from "./words";

export interface Doings {
  digit: (digit: string) => void;
  full: () => void;
  feedback: () => void;
  send: () => void;
  skip: () => void;
  back: () => void;
  help: () => void;
}

const SINGLE: Record<string, "full" | "feedback" | "skip" | "back" | "help"> = { f: "full", c: "feedback", n: "skip", b: "back", "?": "help" };
const NAME = "learning.keys";

/** Whether single keys do something; speech input and shaking hands press them unasked, so they can be switched off. */
export function useSingleKeys(): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => localStorage.getItem(NAME) !== "off");
  return [
    on,
    (next) => {
      localStorage.setItem(NAME, next ? "on" : "off");
      setOn(next);
    },
  ];
}

const isField = (target: EventTarget | null) => target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");

/** Does by key what the screen does by button. */
export function useKeys(doings: Doings, single: boolean): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        doings.send();
        return;
      }
      if (event.key === "Escape" && isField(event.target)) {
        (event.target as HTMLElement).blur();
        return;
      }
      if (!single || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isField(event.target)) return;
      if (/^\d$/.test(event.key)) {
        event.preventDefault();
        doings.digit(event.key);
        return;
      }
      const doing = SINGLE[event.key];
      if (!doing) return;
      event.preventDefault();
      doings[doing]();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [doings, single]);
}

const SHOWN = ["keyDigit", "keyFull", "keyFeedback", "keyEscape", "keySend", "keySkip", "keyBack", "keyHelp"] as const satisfies GraderKey[];

export function Keys({ single, setSingle, close }: { single: boolean; setSingle: (on: boolean) => void; close: () => void }) {
  const { t } = useGraderWords();
  return (
    <Dialog title={t("keysTitle")} close={close}>
      <p className="hint">{t("keysLead")}</p>
      <dl className="keys">
        {SHOWN.map((key) => (
          <div key={key}>
            <dt>
              <kbd>{t(key)}</kbd>
            </dt>
            <dd>{t(`${key}Does`)}</dd>
          </div>
        ))}
      </dl>
      <CheckField label={t("keysOn")} checked={single} change={setSingle} />
      <div className="buttons">
        <button type="button" className="primary" onClick={close}>
          {t("close")}
        </button>
      </div>
    </Dialog>
  );
}
