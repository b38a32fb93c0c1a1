"""Reads of designated graders."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseGrader
from learning_service.domain.kernel.paging import PageRequest


async def list_graders(
    session: AsyncSession, course_id: uuid.UUID, page: PageRequest
) -> Sequence[CourseGrader]:
    """Who may grade the course, by id; one more than the page holds."""
    statement = select(CourseGrader).where(CourseGrader.course_id == course_id)
    if page.after is not None:
        statement = statement.where(CourseGrader.user_id > page.after[0])
    rows = await session.scalars(statement.order_by(CourseGrader.user_id).limit(page.limit + 1))
    return rows.all()
