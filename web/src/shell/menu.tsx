import { useEffect, useRef, type ReactNode } from "react";

/** A button that opens what belongs to it. Escape, a press elsewhere and a choice close it. */
export function Menu({ className, label, children }: { className: string; label: ReactNode; children: ReactNode }) {
  const place = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const menu = place.current;
    if (!menu) return undefined;
    const leave = ({ target }: Event) => {
      if (target instanceof Node && !menu.contains(target)) menu.open = false;
    };
    const choose = ({ target }: Event) => {
      if (target instanceof Element && target.closest(".menu a, .menu button")) menu.open = false;
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("focusin", leave);
    document.addEventListener("keydown", escape);
    menu.addEventListener("click", choose);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("focusin", leave);
      document.removeEventListener("keydown", escape);
      menu.removeEventListener("click", choose);
    };
  }, []);
  return (
    <details className={className} ref={place}>
      <summary>{label}</summary>
      <div className="menu">{children}</div>
    </details>
  );
}
