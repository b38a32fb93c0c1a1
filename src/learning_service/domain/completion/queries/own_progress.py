"""How far the caller is in each course, with what it has come to: one statement, whatever their number."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Uuid, any_, bindparam, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.queries import accommodations_of
from learning_service.domain.attempts.queries.progress import lessons_done, quizzes_of
from learning_service.domain.attempts.queries.standings import read_standing
from learning_service.domain.completion.queries.completions import Finish, finish_of
from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    enrollment_views,
    page_values,
    paged,
)
from learning_service.domain.enrollments.queries.standing import WITHDRAWN, standing_order
from learning_service.domain.enrollments.rules import Standing
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import INSTANT, ORGANIZATION_ID, USER_ID, Kept, fetch, kept


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
    given = {**_own(session, caller), **page_values(page)}
    rows = await fetch(session, _listed(after=page.after is not None), given)
    return [read_progress(row) for row in rows]


@cache
def _listed(*, after: bool) -> Kept:
    return kept(paged(own_progress(), after=after))


async def own_standings(
    session: AsyncSession, caller: Principal, course_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, OwnProgress]:
    """Where the caller stands in each of these courses, by course; nothing of what was withdrawn."""
    given = {**_own(session, caller), "courses": list(course_ids)}
    found = [read_progress(row) for row in await fetch(session, _standings(), given)]
    return {own.enrollment.course_id: own for own in found}


@cache
def _standings() -> Kept:
    return kept(
        own_progress()
        .where(Enrollment.course_id == any_(bindparam("courses", type_=ARRAY(Uuid()))))
        .ext(distinct_on(Enrollment.course_id))
        .order_by(Enrollment.course_id, *standing_order(Enrollment, INSTANT))
    )


@cache
def own_progress() -> Any:
    """A member's enrollments, in no order; parameters `organization_id`, `user_id` and `instant`.

    Its columns are those that `read_progress` takes. Made once: to put it together took half of the call's time.
    """
    finish = finish_of(Enrollment)
    return (
        enrollment_views(
            INSTANT,
            Enrollment.version_id,
            lessons_done(Enrollment),
            quizzes_of(Enrollment),
            accommodations_of(Enrollment),
            finish.c.completed_at,
            finish.c.score,
            finish.c.id,
        )
        .outerjoin(finish, true())
        .where(
            Enrollment.organization_id == ORGANIZATION_ID,
            Enrollment.user_id == USER_ID,
            Enrollment.status != WITHDRAWN,
            CourseVersion.program.is_(None),
        )
    )


def read_progress(row: Sequence[Any]) -> OwnProgress:
    """A row of `own_progress`."""
    return OwnProgress(
        enrollment=EnrollmentView(*row[:-7]),
        version_id=row[-7],
        standing=read_standing(*row[-6:-3]),
        finish=Finish(*row[-3:]),
    )


def _own(session: AsyncSession, caller: Principal) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "user_id": caller.user_id,
        "instant": now(session),
    }
