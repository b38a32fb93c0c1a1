"""The compliance roll-up: one statement over members, statuses and open enrollments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.compliance.queries import STANDING, audiences_of, over_audiences
from learning_service.domain.directory.models import Chapter, ComplianceRequirement, Organization, Region
from learning_service.domain.directory.queries.audience import within
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, Invalid
from learning_service.domain.reports.rules import past_instant

# A status belongs to member and requirement, so without a requirement the counts are of such pairs.
_ROLL_UP = f"""{STANDING}, places AS (
    SELECT c.id AS chapter_id, c.name AS chapter_name, c.region_id FROM chapters c
    WHERE c.organization_id = :organization_id AND c.closed_at IS NULL
        AND (:national OR c.region_id = ANY(:regions) OR c.id = ANY(:chapters))
        AND (CAST(:region_id AS text) IS NULL OR c.region_id = :region_id)
        AND (CAST(:chapter_id AS text) IS NULL OR c.id = :chapter_id)
), counted AS (
    SELECT chapter_id, count(*) AS members,
        count(*) FILTER (WHERE status = 'complete') AS complete,
        count(*) FILTER (WHERE status = 'exempt') AS exempt,
        count(*) FILTER (WHERE status = 'pending') AS pending,
        count(*) FILTER (WHERE status = 'pending' AND overdue) AS overdue,
        count(*) FILTER (WHERE status = 'expired') AS expired,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'not_started') AS not_started,
        count(*) FILTER (WHERE status = 'complete' AND expires_at <= :instant + interval '30 days') AS expiring_30,
        count(*) FILTER (WHERE status = 'complete' AND expires_at <= :instant + interval '60 days') AS expiring_60,
        count(*) FILTER (WHERE status = 'complete' AND expires_at <= :instant + interval '90 days') AS expiring_90
    -- Without the OFFSET each of the counts would work the status out again.
    FROM (SELECT chapter_id, status, overdue, expires_at FROM standing WHERE active OFFSET 0) AS each
    GROUP BY chapter_id
)
SELECT chapter_id, chapter_name, region_id, coalesce(members, 0), coalesce(complete, 0), coalesce(exempt, 0),
    coalesce(pending, 0), coalesce(overdue, 0), coalesce(expired, 0), coalesce(failed, 0), coalesce(not_started, 0),
    coalesce(expiring_30, 0), coalesce(expiring_60, 0), coalesce(expiring_90, 0)
FROM places LEFT JOIN counted USING (chapter_id)
ORDER BY region_id, chapter_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class ChapterCompliance:
    """How active members who must meet it stand, each in one of complete, exempt, pending, expired,
    failed and not started.

    `overdue` are some of `pending`, and each `expiring_` includes the shorter ones.
    """

    chapter_id: str
    chapter_name: str
    region_id: str
    members: int
    complete: int
    exempt: int
    pending: int
    overdue: int
    expired: int
    failed: int
    not_started: int
    expiring_30: int
    expiring_60: int
    expiring_90: int


COLUMNS = ChapterCompliance.__slots__
COUNTS = COLUMNS[3:]


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What a report or list is about; None: everything."""

    requirement_id: str | None = None
    region_id: str | None = None
    chapter_id: str | None = None


async def read_as_of(session: AsyncSession, organization_id: str, given: str | None) -> datetime | None:
    """The instant that a report is asked for; None: now. Raises Invalid."""
    if given is None:
        return None
    organization = await session.get_one(Organization, organization_id)
    return past_instant("as_of", given, organization.timezone, now(session))


async def check_filter(
    session: AsyncSession, organization_id: str, wanted: ReportFilter, reach: Reach, *, past: bool = False
) -> None:
    """Raise Invalid for ids that the organization does not have, Forbidden for units beyond the reach.

    What was closed since then may be asked for in the `past`.
    """
    if wanted.requirement_id is not None:
        requirement = await session.get(ComplianceRequirement, (organization_id, wanted.requirement_id))
        if requirement is None or not (past or requirement.closed_at is None):
            raise Invalid.at("?requirement_id", "is not a requirement of this organization", "not-known")
    region_id = wanted.region_id
    if region_id is not None:
        found = await session.get(Region, (organization_id, region_id))
        if found is None or not (past or found.closed_at is None):
            raise Invalid.at("?region_id", "is not a region of this organization", "not-known")
        if not reach.national and region_id not in reach.regions and not reach.chapters:
            raise Forbidden("You do not administer this region.")
    if wanted.chapter_id is not None:
        region = await session.scalar(
            select(Chapter.region_id).where(
                Chapter.organization_id == organization_id,
                Chapter.id == wanted.chapter_id,
                true() if past else Chapter.closed_at.is_(None),
            )
        )
        if region is None:
            raise Invalid.at("?chapter_id", "is not a chapter of this organization", "not-known")
        if not reach.national and region not in reach.regions and wanted.chapter_id not in reach.chapters:
            raise Forbidden("You do not administer this chapter.")


async def compliance_by_chapter(
    session: AsyncSession,
    organization_id: str,
    wanted: ReportFilter,
    reach: Reach,
    *,
    as_of: datetime | None = None,
) -> Sequence[ChapterCompliance]:
    """Every chapter within the reach that the filter means, by region and id; as it was then where that is given."""
    audiences = await audiences_of(session, organization_id, wanted.requirement_id, as_of=as_of)
    past = as_of is not None
    rows = await session.execute(
        over_audiences(_ROLL_UP, organization_id, audiences, within(organization_id, reach), past=past),
        {
            "organization_id": organization_id,
            "national": reach.national,
            "regions": sorted(reach.regions),
            "chapters": sorted(reach.chapters),
            "requirement_id": wanted.requirement_id,
            "region_id": wanted.region_id,
            "chapter_id": wanted.chapter_id,
            "user_ids": None,
            "instant": as_of or now(session),
        },
    )
    return [ChapterCompliance(*row) for row in rows]


def totals_of(rows: Sequence[ChapterCompliance]) -> dict[str, int]:
    """The sums of all counts."""
    return {name: sum(getattr(row, name) for row in rows) for name in COUNTS}
