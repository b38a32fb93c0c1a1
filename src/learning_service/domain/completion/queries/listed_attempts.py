"""The attempts of an enrollment, for those who administer its member or grade its course."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import Uuid, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.courses.models import Quiz
from learning_service.domain.directory.queries.audience import lives_within, reach_values
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.grading.queries import is_grader
from learning_service.domain.grading.rules.score import score_percent
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    Kept,
    fetch,
    fetch_first,
    kept,
)


@dataclass(frozen=True, slots=True)
class ListedAttempt:
    """An attempt with the name of what it was at, and nothing of what was asked or given."""

    attempt_id: uuid.UUID
    quiz_id: uuid.UUID
    kind: str
    title: str
    number: int
    status: str
    started_at: datetime
    submitted_at: datetime | None
    deadline_at: datetime | None
    score: Decimal | None
    passed: bool | None


async def access_attempts(session: AsyncSession, caller: Principal, enrollment_id: uuid.UUID) -> uuid.UUID:
    """The enrollment's id, for an administrator over its member or a grader of its course.

    Raises Forbidden for a caller who is neither of anything, NotFound for others.
    """
    given = {
        "organization_id": caller.organization_id,
        "row_id": enrollment_id,
        **reach_values(reach_of(caller, chapters=True)),
    }
    row = await fetch_first(session, _whose(national=caller.is_national_admin), given)
    if row is None or not (row[1] or await is_grader(session, caller, row[0])):
        if caller.is_any_admin or await is_grader(session, caller):
            raise NotFound
        raise Forbidden("This call is for administrators and graders.")
    return enrollment_id


@cache
def _whose(*, national: bool) -> Kept:
    administered = lives_within(Enrollment.user_id, national=national, chapters=True)
    asked = Enrollment.organization_id == ORGANIZATION_ID, Enrollment.id == ROW_ID
    return kept(select(Enrollment.course_id, administered).where(*asked))


async def list_attempts(
    session: AsyncSession, caller: Principal, enrollment_id: uuid.UUID, page: PageRequest
) -> Sequence[ListedAttempt]:
    """The attempts of an enrollment which the caller may see, first to last; one more than the page holds.

    The key of an enrollment, a quiz and a number finds them.
    """
    given = {
        "organization_id": caller.organization_id,
        "row_id": enrollment_id,
        "limit": page.limit + 1,
    }
    if page.after is not None:
        given["after"] = uuid.UUID(page.after[0])
    return [
        ListedAttempt(*[*row[:9], _score(row.status, row.points, row.max_points), row.passed])
        for row in await fetch(session, _listed(after=page.after is not None), given)
    ]


@cache
def _listed(*, after: bool) -> Kept:
    statement = (
        select(
            QuizAttempt.id,
            QuizAttempt.quiz_id,
            Quiz.kind,
            Quiz.title,
            QuizAttempt.number,
            QuizAttempt.status,
            QuizAttempt.started_at,
            QuizAttempt.submitted_at,
            QuizAttempt.deadline_at,
            QuizAttempt.points,
            QuizAttempt.max_points,
            QuizAttempt.passed,
        )
        .join(Quiz, and_(Quiz.organization_id == QuizAttempt.organization_id, Quiz.id == QuizAttempt.quiz_id))
        .where(QuizAttempt.organization_id == ORGANIZATION_ID, QuizAttempt.enrollment_id == ROW_ID)
        .order_by(QuizAttempt.id)
        .limit(LIMIT)
    )
    if after:
        statement = statement.where(QuizAttempt.id > bindparam("after", type_=Uuid()))
    return kept(statement)


def _score(status: str, points: Decimal | None, max_points: Decimal) -> Decimal | None:
    return score_percent(points, max_points) if status == "graded" and points is not None else None
