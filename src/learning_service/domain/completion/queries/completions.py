"""What enrollments have come to: when they were completed, with which score, and their certificates."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Select, Uuid, bindparam, column, func, select, true
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


# Joined, certificates would be compared by pairs where statistics are from before a load.
_CERTIFICATE = (
    select(Certificate.id)
    .where(
        Certificate.organization_id == CourseCompletion.organization_id,
        Certificate.completion_id == CourseCompletion.id,
        Certificate.reissued_as.is_(None),
    )
    .scalar_subquery()
    .label("id")
)


def _finish(*where: Any) -> Any:
    """What `Finish` takes, looked up for each row of what this is joined to."""
    finish = select(CourseCompletion.completed_at, CourseCompletion.score, _CERTIFICATE)
    return finish.where(*where).offset(FENCE).lateral("finish")


def _of_each() -> Select[Any]:
    ids = func.unnest(bindparam("enrollment_ids", type_=ARRAY(Uuid())))
    each = ids.table_valued(column("enrollment_id", Uuid())).render_derived(name="each_one")
    finish = _finish(CourseCompletion.enrollment_id == each.c.enrollment_id)
    found = finish.c.completed_at, finish.c.score, finish.c.id.label("certificate_id")
    return select(each.c.enrollment_id, *found).select_from(each).join(finish, true())


FINISHES = _of_each()
"""Of completed enrollments: the id, then what `Finish` takes. Parameter `enrollment_ids`."""


def finish_of(held: Any) -> Any:
    """What `Finish` takes, of the one enrollment that a statement is at: to be joined outside, with `true()`."""
    return _finish(CourseCompletion.enrollment_id == held.id, held.status == "completed")


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
