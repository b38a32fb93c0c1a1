"""How members stand in one course: one statement over their enrollments."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.compliance.queries import ACTIVE, SET_WISE
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.kernel.clock import now

# The order is that of `enrollments.queries.standing`, without what was withdrawn.
_STANDING = f"""settings AS MATERIALIZED (
    SELECT s.active_statuses FROM organization_settings s WHERE s.organization_id = :organization_id
), places AS MATERIALIZED (
    SELECT c.id AS chapter_id, c.name AS chapter_name FROM chapters c
    WHERE c.organization_id = :organization_id
        AND (:national OR c.region_id = ANY(:regions) OR c.id = ANY(:chapters))
), people AS (
    SELECT m.user_id, m.chapter_id FROM members m JOIN places USING (chapter_id)
    WHERE m.organization_id = :organization_id AND m.erased_at IS NULL AND {ACTIVE}
), taken AS (
    SELECT e.user_id, e.id, e.status, e.awaiting_review, e.assigned_at, e.ended_at,
        c.score, c.completed_at, c.voided_at IS NULL AND coalesce(c.expires_at > :instant, true) AS valid
    FROM enrollments e LEFT JOIN course_completions c
        ON c.organization_id = e.organization_id AND c.course_id = e.course_id AND c.enrollment_id = e.id
    WHERE e.organization_id = :organization_id AND e.course_id = :course_id AND e.status <> 'withdrawn'
), standing AS MATERIALIZED (
    SELECT DISTINCT ON (user_id) taken.*, chapter_id FROM taken JOIN people USING (user_id)
    ORDER BY user_id, CASE WHEN status IN ('assigned', 'in_progress') THEN 2
        WHEN status = 'completed' AND valid THEN 1 ELSE 0 END DESC, ended_at DESC NULLS LAST, id DESC
)"""  # noqa: S608
_REPORT = text(
    f"""WITH {_STANDING}, chapters_counted AS (
    SELECT chapter_id, chapter_name, count(*) AS enrolled, count(*) FILTER (WHERE status = 'completed') AS completed,
        count(*) FILTER (WHERE status = 'failed') AS failed
    FROM standing JOIN places USING (chapter_id) GROUP BY chapter_id, chapter_name
), weeks AS (
    SELECT CAST(date_trunc('week', at AT TIME ZONE :timezone) AS date) AS week,
        count(*) FILTER (WHERE what = 'enrolled') AS enrolled, count(*) FILTER (WHERE what = 'completed') AS completed
    FROM standing CROSS JOIN LATERAL (VALUES ('enrolled', assigned_at), ('completed', completed_at)) moments(what, at)
    WHERE at IS NOT NULL AND (what = 'enrolled' OR status = 'completed') GROUP BY 1
)
SELECT count(*), count(*) FILTER (WHERE status = 'assigned'), count(*) FILTER (WHERE status = 'in_progress'),
    count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'failed'),
    count(*) FILTER (WHERE status IN ('assigned', 'in_progress') AND awaiting_review),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY CAST(score AS float8)) FILTER (WHERE status = 'completed'),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(extract(epoch FROM completed_at - assigned_at), 0) / 86400)
        FILTER (WHERE status = 'completed'),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(chapter_id, chapter_name, enrolled, completed, failed)
        ORDER BY chapter_id), '[]') FROM chapters_counted),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(week, enrolled, completed) ORDER BY week), '[]') FROM weeks)
FROM standing
"""  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class ChapterProgress:
    """How many of a chapter's members are enrolled, and how far they came."""

    chapter_id: str
    chapter_name: str
    enrolled: int
    completed: int
    failed: int


@dataclass(frozen=True, slots=True)
class WeekProgress:
    """How many enrolled and how many completed in the week that begins on this Monday."""

    week: date
    enrolled: int
    completed: int


@dataclass(frozen=True, slots=True)
class CourseReport:
    """How active members stand in a course, each counted once, in one of the four statuses."""

    enrolled: int
    assigned: int
    in_progress: int
    completed: int
    failed: int
    awaiting_review: int
    median_score: Decimal | None
    median_days: Decimal | None
    by_chapter: Sequence[ChapterProgress]
    by_week: Sequence[WeekProgress]


async def report_on_course(
    session: AsyncSession, organization_id: str, course_id: uuid.UUID, reach: Reach, *, timezone: str
) -> CourseReport:
    """How the members within the reach stand in the course.

    A member stands at the open enrollment, else at a valid completion, else at the one decided last. What was
    withdrawn is not looked at. Weeks begin on Mondays in the organization's time zone.
    """
    await session.execute(SET_WISE)
    asked = {
        "organization_id": organization_id,
        "course_id": course_id,
        "national": reach.national,
        "regions": sorted(reach.regions),
        "chapters": sorted(reach.chapters),
        "instant": now(session),
        "timezone": timezone,
    }
    row = (await session.execute(_REPORT, asked)).one()
    *counts, score, days, by_chapter, by_week = row
    chapters = [ChapterProgress(*one) for one in by_chapter]
    weeks = [WeekProgress(date.fromisoformat(week), *numbers) for week, *numbers in by_week]
    fields: tuple[Any, ...] = (*counts, _exact(score), _exact(days), chapters, weeks)
    return CourseReport(*fields)


def _exact(number: Any) -> Decimal | None:
    return None if number is None else Decimal(str(number))
