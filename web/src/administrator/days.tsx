import { Pill } from "../parts/basics";
import { TextField } from "../parts/form";
import { useWords } from "./words";

const DAY = 86_400_000;

/** The day that comes so many days after today, here. */
export function inDays(days: number): string {
  const then = new Date(Date.now() + days * DAY);
  return `${then.getFullYear()}-${String(then.getMonth() + 1).padStart(2, "0")}-${String(then.getDate()).padStart(2, "0")}`;
}

/** The last second of a day, here. */
export const endOfDay = (day: string): string => new Date(`${day}T23:59:59`).toISOString();

export function DayField(props: { label: string; hint?: string; pointer?: string; value: string; change: (day: string) => void }) {
  return <TextField type="date" dir="ltr" {...props} />;
}

const isPast = (at: string) => Date.parse(at) < Date.now();

/** Until when; in the colour of what is late where it is late and still open. */
export function DueDay({ at, late }: { at: string; late?: boolean }) {
  const { day } = useWords();
  return (late ?? isPast(at)) ? <Pill tone="bad">{day(at)}</Pill> : day(at);
}
