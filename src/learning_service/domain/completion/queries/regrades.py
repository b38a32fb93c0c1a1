"""Regrades, as their authors follow them."""

import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.models import Regrade
from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.enrollments.queries.enrollments import access_authored
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import ORGANIZATION_ID, ROW_ID, Kept, fetch_first, kept

_OF_VERSION = and_(
    CourseVersion.organization_id == Regrade.organization_id, CourseVersion.id == Regrade.version_id
)


async def find_regrade(
    session: AsyncSession, organization_id: str, regrade_id: uuid.UUID
) -> tuple[Regrade, CourseVersion]:
    """A regrade as it is now, and the version that it is of. Raises NotFound."""
    found = await session.execute(
        select(Regrade, CourseVersion)
        .join(CourseVersion, _OF_VERSION)
        .where(Regrade.organization_id == organization_id, Regrade.id == regrade_id)
        .execution_options(populate_existing=True)
    )
    row = found.first()
    if row is None:
        raise NotFound
    return row[0], row[1]


@dataclass(frozen=True, slots=True)
class AuthoredRegrade:
    """A regrade's row, with the course and the number of the version that it is of."""

    regrade: Any
    course_id: uuid.UUID
    version: int


async def access_regrade(session: AsyncSession, caller: Principal, regrade_id: uuid.UUID) -> AuthoredRegrade:
    """A regrade of a course that the caller may author. Raises NotFound, Forbidden."""
    own = {"organization_id": caller.organization_id, "row_id": regrade_id}
    regrade = await fetch_first(session, _regrade(), own)
    # As for a course that does not exist: callers who may author nothing are told so, whatever the id.
    await access_authored(session, caller, regrade_id if regrade is None else regrade.course_id)
    if regrade is None:
        raise NotFound
    return AuthoredRegrade(regrade, regrade.course_id, regrade.number)


@cache
def _regrade() -> Kept:
    return kept(
        select(*Regrade.__table__.columns, CourseVersion.course_id, CourseVersion.number)
        .join(CourseVersion, _OF_VERSION)
        .where(Regrade.organization_id == ORGANIZATION_ID, Regrade.id == ROW_ID)
    )
