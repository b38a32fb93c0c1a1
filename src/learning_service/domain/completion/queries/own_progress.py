"""How far the caller is in each course, with what it has come to: one statement, whatever their number."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.queries import accommodations_of
from learning_service.domain.attempts.queries.progress import lessons_of, quizzes_of
from learning_service.domain.attempts.queries.standings import read_standing
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.completion.queries.completions import Finish
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    enrollment_views,
    listed_enrollments,
    paged,
)
from learning_service.domain.enrollments.queries.standing import standing_order
from learning_service.domain.enrollments.rules import Standing
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import FENCE
from learning_service.domain.kernel.principal import Principal


@dataclass(frozen=True, slots=True)
class OwnProgress:
    """An enrollment of the caller with all that their first screen shows of it."""

    enrollment: EnrollmentView
    version_id: uuid.UUID
    standing: Standing
    finish: Finish


async def list_own_progress(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[OwnProgress]:
    """The caller's enrollments, newest first; one more than the page holds. Index: `ix_enrollments_member`."""
    return await _read(session, paged(_statement(session, caller), page))


async def own_standings(
    session: AsyncSession, caller: Principal, course_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, OwnProgress]:
    """Where the caller stands in each of these courses, by course; nothing of what was withdrawn."""
    statement = (
        _statement(session, caller)
        .where(Enrollment.course_id == func.any(list(course_ids)))
        .ext(distinct_on(Enrollment.course_id))
        .order_by(Enrollment.course_id, *standing_order(Enrollment, now(session)))
    )
    return {own.enrollment.course_id: own for own in await _read(session, statement)}


def _statement(session: AsyncSession, caller: Principal) -> Any:
    current = and_(Certificate.completion_id == CourseCompletion.id, Certificate.reissued_as.is_(None))
    finish = (
        select(CourseCompletion.completed_at, CourseCompletion.score, Certificate.id)
        .outerjoin(Certificate, current)
        .where(CourseCompletion.enrollment_id == Enrollment.id, Enrollment.status == "completed")
        .offset(FENCE)
        .lateral("finish")
    )
    return (
        enrollment_views(
            now(session),
            Enrollment.version_id,
            lessons_of(Enrollment),
            quizzes_of(Enrollment),
            accommodations_of(Enrollment),
            finish.c.completed_at,
            finish.c.score,
            finish.c.id,
        )
        .outerjoin(finish, true())
        .where(listed_enrollments(caller))
    )


async def _read(session: AsyncSession, statement: Any) -> list[OwnProgress]:
    return [
        OwnProgress(
            enrollment=EnrollmentView(*row[:-7]),
            version_id=row[-7],
            standing=read_standing(*row[-6:-3]),
            finish=Finish(*row[-3:]),
        )
        for row in await session.execute(statement)
    ]
