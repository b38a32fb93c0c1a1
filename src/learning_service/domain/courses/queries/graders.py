"""Reads of designated graders."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseGrader
from learning_service.domain.directory.models import Member
from learning_service.domain.kernel.paging import PageRequest


@dataclass(frozen=True, slots=True)
class GraderView:
    """A person who may grade a course; without a name where that is no member."""

    user_id: str
    display_name: str | None
    designated_at: datetime


async def list_graders(
    session: AsyncSession, course_id: uuid.UUID, page: PageRequest
) -> Sequence[GraderView]:
    """Who may grade the course, by id; one more than the page holds."""
    statement = (
        select(CourseGrader.user_id, Member.display_name, CourseGrader.designated_at)
        .outerjoin(
            Member,
            and_(
                Member.organization_id == CourseGrader.organization_id, Member.user_id == CourseGrader.user_id
            ),
        )
        .where(CourseGrader.course_id == course_id)
    )
    if page.after is not None:
        statement = statement.where(CourseGrader.user_id > page.after[0])
    rows = await session.execute(statement.order_by(CourseGrader.user_id).limit(page.limit + 1))
    return [GraderView(*row) for row in rows]
