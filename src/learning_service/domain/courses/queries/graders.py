"""Reads of designated graders."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Text, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseGrader
from learning_service.domain.courses.queries.access import COURSE_ID
from learning_service.domain.directory.models import Member
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.reads import LIMIT, Kept, fetch, kept


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
    given: dict[str, Any] = {"course_id": course_id, "limit": page.limit + 1}
    if page.after is not None:
        given["after"] = page.after[0]
    rows = await fetch(session, _listed(after=page.after is not None), given)
    return [GraderView(*row) for row in rows]


@cache
def _listed(*, after: bool) -> Kept:
    statement = (
        select(CourseGrader.user_id, Member.display_name, CourseGrader.designated_at)
        .outerjoin(
            Member,
            and_(
                Member.organization_id == CourseGrader.organization_id, Member.user_id == CourseGrader.user_id
            ),
        )
        .where(CourseGrader.course_id == COURSE_ID)
    )
    if after:
        statement = statement.where(CourseGrader.user_id > bindparam("after", type_=Text()))
    return kept(statement.order_by(CourseGrader.user_id).limit(LIMIT))
