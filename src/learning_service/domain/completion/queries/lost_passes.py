"""Passes that a correction has put in doubt, for a person to decide."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Uuid, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.attempts.models import PendingResponse
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.courses.models import CourseVersion, Quiz
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import lives_within, reach_values
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.grading.models import LostPass
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, Kept, fetch, kept

_WHO = aliased(Member)
_IS_WHO = and_(_WHO.organization_id == LostPass.organization_id, _WHO.user_id == LostPass.user_id)


@dataclass(frozen=True, slots=True)
class LostPassView:
    """A pass in doubt. Without a completion, the enrollment was still open and has gone on without it."""

    id: uuid.UUID
    user_id: str
    display_name: str | None
    """None where the member was erased."""
    enrollment_id: uuid.UUID
    enrollment_status: str
    course_id: uuid.UUID
    course_title: str
    quiz_id: uuid.UUID
    quiz_title: str
    attempt_id: uuid.UUID | None
    response_id: uuid.UUID | None
    """The response whose grade was corrected, and its attempt; None for a regrade."""
    completion_id: uuid.UUID | None
    certificate_id: uuid.UUID | None
    corrected_by: str
    found_at: datetime


async def list_lost_passes(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[LostPassView]:
    """Those of the caller's members, newest first, one more than the page holds.

    A pass leaves the list when a correction or another attempt gives it back, or its certificate is revoked.
    """
    given = {
        "organization_id": caller.organization_id,
        "limit": page.limit + 1,
        **reach_values(reach_of(caller)),
    }
    if page.after is not None:
        given["after"] = uuid.UUID(page.after[0])
    read = _listed(national=caller.is_national_admin, after=page.after is not None)
    return [LostPassView(*row) for row in await fetch(session, read, given)]


@cache
def _listed(*, national: bool, after: bool) -> Kept:
    quizzes = Quiz.__table__
    statement = (
        select(
            LostPass.id,
            LostPass.user_id,
            _WHO.display_name,
            LostPass.enrollment_id,
            Enrollment.status,
            LostPass.course_id,
            CourseVersion.title,
            LostPass.quiz_id,
            quizzes.c.title,
            PendingResponse.attempt_id,
            LostPass.response_id,
            LostPass.completion_id,
            Certificate.id,
            LostPass.corrected_by,
            LostPass.found_at,
        )
        .select_from(LostPass)
        .join(Enrollment, Enrollment.id == LostPass.enrollment_id)
        .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
        .join(quizzes, quizzes.c.id == LostPass.quiz_id)
        .outerjoin(_WHO, _IS_WHO)
        .outerjoin(PendingResponse, PendingResponse.id == LostPass.response_id)
        .outerjoin(CourseCompletion, CourseCompletion.id == LostPass.completion_id)
        .outerjoin(
            Certificate,
            and_(Certificate.completion_id == LostPass.completion_id, Certificate.reissued_as.is_(None)),
        )
        .where(
            LostPass.organization_id == ORGANIZATION_ID,
            LostPass.resolved_at.is_(None),
            or_(LostPass.completion_id.is_(None), CourseCompletion.voided_at.is_(None)),
            lives_within(LostPass.user_id, national=national, chapters=False),
        )
        .order_by(LostPass.id.desc())
        .limit(LIMIT)
    )
    if after:
        statement = statement.where(LostPass.id < bindparam("after", type_=Uuid()))
    return kept(statement)
