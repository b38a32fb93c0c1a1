import type { Schemas } from "../api";
import { Choose, useFilters } from "../parts/filters";
import { useGraderWords } from "./words";

/** Which course the list is of; each with how much waits in it. */
export function CourseFilter({ summary }: { summary: Schemas["GradingSummaryOut"] | undefined }) {
  const { t } = useGraderWords();
  const [{ course }, change] = useFilters();
  const courses = summary?.by_course ?? [];
  const options = [
    { value: "", label: t("allCourses") },
    ...courses.map((one) => ({ value: one.course_id, label: t("courseWaiting", { title: one.course_title, count: one.pending }) })),
  ];
  return <Choose label={t("course")} value={course ?? ""} options={options} change={(value) => change({ course: value })} />;
}
