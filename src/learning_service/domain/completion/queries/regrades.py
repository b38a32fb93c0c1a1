"""Regrades, as their authors follow them."""

import uuid
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.models import Regrade
from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.enrollments.queries.enrollments import access_authored
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.principal import Principal


async def find_regrade(
    session: AsyncSession, organization_id: str, regrade_id: uuid.UUID
) -> tuple[Regrade, CourseVersion]:
    """A regrade as it is now, and the version that it is of. Raises NotFound."""
    found = await session.execute(
        select(Regrade, CourseVersion)
        .join(
            CourseVersion,
            and_(
                CourseVersion.organization_id == Regrade.organization_id,
                CourseVersion.id == Regrade.version_id,
            ),
        )
        .where(Regrade.organization_id == organization_id, Regrade.id == regrade_id)
        .execution_options(populate_existing=True)
    )
    row = found.first()
    if row is None:
        raise NotFound
    return row[0], row[1]


@dataclass(frozen=True, slots=True)
class AuthoredRegrade:
    """A regrade, with the course and the number of the version that it is of."""

    regrade: Regrade
    course_id: uuid.UUID
    version: int


async def access_regrade(session: AsyncSession, caller: Principal, regrade_id: uuid.UUID) -> AuthoredRegrade:
    """A regrade of a course that the caller may author. Raises NotFound, Forbidden."""
    try:
        regrade, version = await find_regrade(session, caller.organization_id, regrade_id)
    except NotFound:
        # As for a course that does not exist: callers who may author nothing are told so, whatever the id.
        await access_authored(session, caller, regrade_id)
        raise
    await access_authored(session, caller, version.course_id)
    return AuthoredRegrade(regrade, version.course_id, version.number)
