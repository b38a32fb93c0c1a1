"""Who lapses if nobody acts: statuses that hold now and expire within so many days, the earliest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.compliance.queries import STANDING, audiences_of, over_audiences
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import within
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.kernel.clock import now
from learning_service.domain.reports.queries.compliance import ReportFilter

_LAPSES = f"""{STANDING}, lapsing AS (
    SELECT user_id, chapter_id, requirement_id, expires_at, under_way FROM standing
    WHERE active AND status = 'complete' AND expires_at <= :instant + :days * interval '1 day'
), found AS (
    SELECT * FROM lapsing
    WHERE CAST(:after AS timestamptz) IS NULL
        OR (expires_at, user_id, requirement_id) > (:after, :after_user, :after_requirement)
    ORDER BY expires_at, user_id, requirement_id LIMIT :limit
)
SELECT user_id, m.display_name, found.chapter_id, requirement_id, expires_at, under_way
FROM found JOIN members m USING (user_id) WHERE m.organization_id = :organization_id
ORDER BY expires_at, user_id, requirement_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Lapse:
    """A member who meets a requirement now and soon no longer does."""

    user_id: str
    display_name: str
    chapter_id: str
    requirement_id: str
    expires_at: datetime
    under_way: bool


LAPSE_COLUMNS = Lapse.__slots__


async def forecast_lapses(
    session: AsyncSession,
    organization_id: str,
    wanted: ReportFilter,
    reach: Reach,
    *,
    days: int,
    after: tuple[str, ...] | None = None,
    limit: int | None = None,
) -> Sequence[Lapse]:
    """Lapses within so many days, by time, member and requirement: those after that one, or from the first."""
    audiences = await audiences_of(session, organization_id, wanted.requirement_id)
    who = within(organization_id, reach)
    if wanted.region_id is not None:
        who = and_(who, within(organization_id, Reach(regions=frozenset({wanted.region_id}))))
    if wanted.chapter_id is not None:
        who = and_(who, Member.chapter_id == wanted.chapter_id)
    at, user_id, requirement_id = after or (None, None, None)
    rows = await session.execute(
        over_audiences(_LAPSES, organization_id, audiences, who),
        {
            "organization_id": organization_id,
            "requirement_id": wanted.requirement_id,
            "user_ids": None,
            "instant": now(session),
            "days": days,
            "after": None if at is None else datetime.fromisoformat(at),
            "after_user": user_id,
            "after_requirement": requirement_id,
            "limit": limit,
        },
    )
    return [Lapse(*row) for row in rows]
