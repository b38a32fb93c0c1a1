"""What enrollments have come to: when they were completed, with which score, and their certificates."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Uuid, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import Certificate
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.kernel.planning import FENCE
from learning_service.domain.kernel.reads import Kept, fetch, kept


@dataclass(frozen=True, slots=True)
class Finish:
    """What an enrollment has come to; nothing of all that before it is completed."""

    completed_at: datetime | None = None
    score: Decimal | None = None
    certificate_id: uuid.UUID | None = None


FINISHES = (
    select(
        CourseCompletion.enrollment_id,
        CourseCompletion.completed_at,
        CourseCompletion.score,
        Certificate.id.label("certificate_id"),
    )
    .outerjoin(
        Certificate,
        and_(Certificate.completion_id == CourseCompletion.id, Certificate.reissued_as.is_(None)),
    )
    .where(CourseCompletion.enrollment_id == func.any(bindparam("enrollment_ids", type_=ARRAY(Uuid()))))
)
"""Of completed enrollments: the id, then what `Finish` takes. Parameter `enrollment_ids`."""


def finish_of(held: Any) -> Any:
    """What `Finish` takes, of the one enrollment that a statement is at: to be joined outside, with `true()`."""
    current = and_(Certificate.completion_id == CourseCompletion.id, Certificate.reissued_as.is_(None))
    return (
        select(CourseCompletion.completed_at, CourseCompletion.score, Certificate.id)
        .outerjoin(Certificate, current)
        .where(CourseCompletion.enrollment_id == held.id, held.status == "completed")
        .offset(FENCE)
        .lateral("finish")
    )


async def finishes(session: AsyncSession, views: Sequence[EnrollmentView]) -> Mapping[uuid.UUID, Finish]:
    """What these enrollments have come to, by id: one statement, none where nothing is completed."""
    found = {view.id: Finish() for view in views}
    completed = [view.id for view in views if view.status == "completed"]
    if not completed:
        return found
    rows = await fetch(session, _finishes(), {"enrollment_ids": completed})
    return found | {row[0]: Finish(*row[1:]) for row in rows}


@cache
def _finishes() -> Kept:
    return kept(FINISHES)
