import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { useWords } from "../i18n";
import { Icon } from "./icons";

interface Toast {
  id: number;
  text: string;
  undo: (() => void) | undefined;
}

type Say = (text: string, undo?: () => void) => void;
const Context = createContext<Say>(() => undefined);
const SECONDS_SHOWN = 8;
const MOST = 2;
let count = 0;

/** Says what was done, at the foot of the screen, and offers to take it back. */
export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Toast[]>([]);
  const say = useCallback<Say>((text, undo) => {
    setShown((before) => [...before, { id: ++count, text, undo }].slice(-MOST));
  }, []);
  const drop = useCallback((id: number) => setShown((before) => before.filter((one) => one.id !== id)), []);
  return (
    <Context value={say}>
      {children}
      <div className="toasts" role="status">
        {shown.map((one) => (
          <Shown key={one.id} toast={one} drop={drop} />
        ))}
      </div>
    </Context>
  );
}

function Shown({ toast, drop }: { toast: Toast; drop: (id: number) => void }) {
  const { t } = useWords();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(() => drop(toast.id), SECONDS_SHOWN * 1000);
    return () => clearTimeout(timer);
  }, [held, drop, toast.id]);
  const holding = useMemo(() => ({ onFocus: () => setHeld(true), onBlur: () => setHeld(false), onPointerEnter: () => setHeld(true), onPointerLeave: () => setHeld(false) }), []);
  return (
    <div className="toast" {...holding}>
      <span>{toast.text}</span>
      {toast.undo ? (
        <button
          type="button"
          onClick={() => {
            toast.undo?.();
            drop(toast.id);
          }}
        >
          {t("undo")}
        </button>
      ) : null}
      <button type="button" className="bare" aria-label={t("close")} onClick={() => drop(toast.id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

export const useToast = (): Say => use(Context);
