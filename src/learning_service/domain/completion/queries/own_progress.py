"""How far the caller is in each course, with what it has come to: one statement, whatever their number."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import lessons_of, quizzes_of
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
    current = and_(Certificate.completion_id == CourseCompletion.id, Certificate.reissued_as.is_(None))
    finish = (
        select(CourseCompletion.completed_at, CourseCompletion.score, Certificate.id)
        .outerjoin(Certificate, current)
        .where(CourseCompletion.enrollment_id == Enrollment.id, Enrollment.status == "completed")
        .offset(FENCE)
        .lateral("finish")
    )
    statement = (
        enrollment_views(
            now(session),
            Enrollment.version_id,
            lessons_of(Enrollment),
            quizzes_of(Enrollment),
            finish.c.completed_at,
            finish.c.score,
            finish.c.id,
        )
        .outerjoin(finish, true())
        .where(listed_enrollments(caller))
    )
    return [
        OwnProgress(
            enrollment=EnrollmentView(*row[:-6]),
            version_id=row[-6],
            standing=read_standing(row[-5], row[-4]),
            finish=Finish(*row[-3:]),
        )
        for row in await session.execute(paged(statement, page))
    ]
