"""What is known of enrollments that are changed many at once."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.queries.enrollments import administered
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import in_lock_order
from learning_service.domain.kernel.planning import looked_up
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.reminders.queries.mails import is_active


@dataclass(frozen=True, slots=True)
class Judged:
    """An enrollment that the caller administers, as far as it decides what may be done with it."""

    id: uuid.UUID
    user_id: str
    course_id: uuid.UUID
    status: str
    due_at: datetime | None
    awaiting_review: bool
    has_address: bool
    is_active: bool
    beyond_chapters: bool
    """Whether the caller administers its member otherwise than by their chapter."""


async def hold_enrollments(
    session: AsyncSession, caller: Principal, ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, Judged]:
    """Those of these enrollments that the caller administers, by id; locked."""
    who = looked_up(
        Member,
        "who",
        Member.organization_id == Enrollment.organization_id,
        Member.user_id == Enrollment.user_id,
    )
    wanted = (
        select(
            Enrollment.id,
            Enrollment.user_id,
            Enrollment.course_id,
            Enrollment.status,
            Enrollment.due_at,
            Enrollment.awaiting_review,
            who.email.is_not(None),
            is_active(Enrollment.organization_id, Enrollment.user_id),
            administered(caller, Enrollment.user_id, chapters=False),
        )
        .join(who, true())
        .where(
            Enrollment.organization_id == caller.organization_id,
            Enrollment.id == func.any(list(ids)),
            administered(caller, Enrollment.user_id, chapters=True),
        )
    )
    rows = await session.execute(in_lock_order(wanted).with_for_update(of=Enrollment))
    return {row[0]: Judged(*row) for row in rows}
