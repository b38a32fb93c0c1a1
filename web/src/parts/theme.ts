import { useEffect } from "react";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const NAME = "learning.theme";

export function readTheme(): Theme {
  const kept = localStorage.getItem(NAME);
  return THEMES.find((one) => one === kept) ?? "system";
}

/** Show this theme and keep it for this browser. */
export function useTheme(theme: Theme): void {
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(NAME, theme);
  }, [theme]);
}
