"""The compliance roll-up: one statement over members, statuses and open enrollments."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.clock import now
from learning_service.domain.directory.models import Chapter, ComplianceRequirement, Region
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.errors import Forbidden, Invalid

# A status belongs to member and requirement, so without a requirement the counts are of such pairs.
_ROLL_UP = text(
    """
WITH places AS (
    SELECT c.id AS chapter_id, c.region_id FROM chapters c
    WHERE c.organization_id = :organization_id
        AND (:national OR c.region_id = ANY(:regions) OR c.id = ANY(:chapters))
        AND (CAST(:region_id AS text) IS NULL OR c.region_id = :region_id)
        AND (CAST(:chapter_id AS text) IS NULL OR c.id = :chapter_id)
), people AS (
    SELECT m.user_id, m.chapter_id FROM members m JOIN places USING (chapter_id)
    WHERE m.organization_id = :organization_id AND m.erased_at IS NULL
), linked AS (
    SELECT c.id AS course_id, c.linked_compliance_requirement AS requirement_id FROM courses c
    WHERE c.organization_id = :organization_id AND c.linked_compliance_requirement IS NOT NULL
        AND (CAST(:requirement_id AS text) IS NULL OR c.linked_compliance_requirement = :requirement_id)
), under_way AS (
    SELECT e.user_id, linked.requirement_id, bool_or(
            coalesce(e.due_at < :instant AND NOT e.awaiting_review, false)) AS overdue
    FROM enrollments e JOIN linked USING (course_id)
    WHERE e.organization_id = :organization_id AND e.status IN ('assigned', 'in_progress')
    GROUP BY e.user_id, linked.requirement_id
), shown AS (
    SELECT s.user_id, s.requirement_id, s.expires_at,
        s.expires_at IS NULL OR s.expires_at > :instant AS valid
    FROM chapter_compliance_statuses s
    WHERE s.organization_id = :organization_id
        AND (CAST(:requirement_id AS text) IS NULL OR s.requirement_id = :requirement_id)
), standing AS (
    SELECT user_id, coalesce(shown.valid, false) AS valid, shown.valid IS NOT NULL AS met_once,
        shown.expires_at, under_way.overdue
    FROM shown FULL JOIN under_way USING (user_id, requirement_id)
), counted AS (
    SELECT people.chapter_id,
        count(*) FILTER (WHERE valid) AS complete,
        count(*) FILTER (WHERE NOT valid AND overdue IS NOT NULL) AS pending,
        count(*) FILTER (WHERE NOT valid AND overdue) AS overdue,
        count(*) FILTER (WHERE NOT valid AND overdue IS NULL AND met_once) AS expired,
        count(*) FILTER (WHERE valid AND expires_at <= :instant + interval '30 days') AS expiring_30,
        count(*) FILTER (WHERE valid AND expires_at <= :instant + interval '60 days') AS expiring_60,
        count(*) FILTER (WHERE valid AND expires_at <= :instant + interval '90 days') AS expiring_90
    FROM standing JOIN people USING (user_id) GROUP BY people.chapter_id
), heads AS (
    SELECT chapter_id, count(*) AS members FROM people GROUP BY chapter_id
)
SELECT chapter_id, region_id, coalesce(members, 0), coalesce(complete, 0), coalesce(pending, 0),
    coalesce(overdue, 0), coalesce(expired, 0), coalesce(expiring_30, 0), coalesce(expiring_60, 0),
    coalesce(expiring_90, 0)
FROM places LEFT JOIN heads USING (chapter_id) LEFT JOIN counted USING (chapter_id)
ORDER BY region_id, chapter_id
"""
)

# Over thousands of members loops are never right; a planner whose statistics are from before a large load
# chooses them all the same.
_SET_WISE = text("SELECT set_config('enable_nestloop', 'off', true)")


@dataclass(frozen=True, slots=True)
class ChapterCompliance:
    """How a chapter stands. `expired` have no renewal under way; each `expiring_` includes the shorter ones."""

    chapter_id: str
    region_id: str
    members: int
    complete: int
    pending: int
    overdue: int
    expired: int
    expiring_30: int
    expiring_60: int
    expiring_90: int


COLUMNS = ChapterCompliance.__slots__
COUNTS = COLUMNS[2:]


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What a report or list is about; None: everything."""

    requirement_id: str | None = None
    region_id: str | None = None
    chapter_id: str | None = None


async def check_filter(
    session: AsyncSession, organization_id: str, wanted: ReportFilter, reach: Reach
) -> None:
    """Raise Invalid for ids that the organization does not have, Forbidden for units beyond the reach."""
    if wanted.requirement_id is not None:
        requirement = await session.get(ComplianceRequirement, (organization_id, wanted.requirement_id))
        if requirement is None:
            raise Invalid.at("?requirement_id", "is not a requirement of this organization")
    region_id = wanted.region_id
    if region_id is not None:
        if await session.get(Region, (organization_id, region_id)) is None:
            raise Invalid.at("?region_id", "is not a region of this organization")
        if not reach.national and region_id not in reach.regions and not reach.chapters:
            raise Forbidden("You do not administer this region.")
    if wanted.chapter_id is not None:
        region = await session.scalar(
            select(Chapter.region_id).where(
                Chapter.organization_id == organization_id, Chapter.id == wanted.chapter_id
            )
        )
        if region is None:
            raise Invalid.at("?chapter_id", "is not a chapter of this organization")
        if not reach.national and region not in reach.regions and wanted.chapter_id not in reach.chapters:
            raise Forbidden("You do not administer this chapter.")


async def compliance_by_chapter(
    session: AsyncSession, organization_id: str, wanted: ReportFilter, reach: Reach
) -> Sequence[ChapterCompliance]:
    """Every chapter within the reach that the filter means, by region and id."""
    await session.execute(_SET_WISE)
    rows = await session.execute(
        _ROLL_UP,
        {
            "organization_id": organization_id,
            "national": reach.national,
            "regions": sorted(reach.regions),
            "chapters": sorted(reach.chapters),
            "requirement_id": wanted.requirement_id,
            "region_id": wanted.region_id,
            "chapter_id": wanted.chapter_id,
            "instant": now(session),
        },
    )
    return [ChapterCompliance(*row) for row in rows]


def totals_of(rows: Sequence[ChapterCompliance]) -> dict[str, int]:
    """The sums of all counts."""
    return {name: sum(getattr(row, name) for row in rows) for name in COUNTS}
