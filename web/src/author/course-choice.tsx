import { useState } from "react";
import { useCourses } from "../administrator/data";
import { Field } from "../parts/form";
import { useWords } from "./words";

/** So many courses can be looked through without a search. */
const FEW = 8;

const fold = (text: string) => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** Published courses, of which some are chosen; those in `without` are not offered. */
export function CourseChoice(props: {
  label: string;
  hint?: string;
  pointer: string;
  value: readonly string[];
  without?: readonly string[];
  change: (courses: string[]) => void;
}) {
  const { label, hint, pointer, value, without = [], change } = props;
  const { t } = useWords();
  const courses = useCourses();
  const [sought, setSought] = useState("");
  const open = courses.data?.filter((one) => one.published_version !== null && !one.archived && !without.includes(one.id)) ?? [];
  // What is chosen stays to be seen, also when the service no longer offers it.
  const gone = value.filter((id) => !open.some((one) => one.id === id)).map((id) => ({ id, title: courses.data?.find((one) => one.id === id)?.title ?? id }));
  const offered = [...gone, ...open];
  const shown = offered.filter((one) => value.includes(one.id) || fold(one.title).includes(fold(sought)));
  const toggle = (id: string) => change(value.includes(id) ? value.filter((other) => other !== id) : [...value, id]);
  return (
    <Field label={label} {...(hint ? { hint } : {})} pointer={pointer}>
      {(wired) => (
        <div className="checklist" role="group" aria-label={label} aria-describedby={wired["aria-describedby"]} id={wired.id} tabIndex={-1}>
          {offered.length > FEW ? <input type="search" aria-label={t("findCourse")} placeholder={t("findCourse")} value={sought} onChange={(event) => setSought(event.target.value)} /> : null}
          {courses.data && offered.length === 0 ? <p className="hint">{t("noOtherCourse")}</p> : null}
          <ul>
            {shown.map((one) => (
              <li key={one.id}>
                <label className="check">
                  <input type="checkbox" checked={value.includes(one.id)} onChange={() => toggle(one.id)} />
                  <span dir="auto">{one.title}</span>
                </label>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Field>
  );
}
