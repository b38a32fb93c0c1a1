"""The compliance roll-up through time: the same report as of the end of each month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Organization
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.kernel.clock import now
from learning_service.domain.reports.queries.compliance import (
    ReportFilter,
    compliance_by_chapter,
    totals_of,
)
from learning_service.domain.reports.rules import last_moment_of, month_ends, past_span


@dataclass(frozen=True, slots=True)
class Moment:
    """The totals of the report as of a moment."""

    at: datetime
    totals: Mapping[str, int]


async def moments_asked(
    session: AsyncSession, organization_id: str, since: str | None, until: str | None
) -> Sequence[datetime]:
    """The moments of a series by month between two days; by default those of twelve months. Raises Invalid."""
    timezone = (await session.get_one(Organization, organization_id)).timezone
    first, last = past_span(since, until, timezone, now(session))
    return [last_moment_of(day, timezone, now(session)) for day in month_ends(first, last)]


async def compliance_over_time(
    session: AsyncSession,
    organization_id: str,
    wanted: ReportFilter,
    reach: Reach,
    moments: Sequence[datetime],
) -> Sequence[Moment]:
    """The totals as of each of these moments."""
    found: list[Moment] = []
    for at in moments:
        rows = await compliance_by_chapter(session, organization_id, wanted, reach, as_of=at)
        found.append(Moment(at, totals_of(rows)))
    return found
