"""Looking again at an enrollment that failed, beside the member's other enrollments of the course.

Standing first: a member who has gone on elsewhere is not set back by what becomes of an older enrollment.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position, find_position
from learning_service.domain.completion.actions.outcomes import (
    Outcome,
    complete_enrollment,
    reopen_enrollment,
    settle,
)
from learning_service.domain.completion.actions.withdrawals import withdraw
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.enrollments import last_completion
from learning_service.domain.enrollments.queries.standing import (
    COMPLETED_ELSEWHERE,
    OPEN,
    has_valid_completion,
    hold_entrance,
)
from learning_service.domain.enrollments.rules import decide, renewal_opens
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.queries import organization_settings
from learning_service.domain.records.audit import SYSTEM_ACTOR


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The member's other enrollments of the course, as far as they matter."""

    open: uuid.UUID | None
    completed: bool
    """Whether one has a completion that counts, and this one could not be its renewal."""

    @property
    def goes_on(self) -> bool:
        """Whether the member has gone on there, so that this one cannot go on too."""
        return self.open is not None or self.completed


async def hold_elsewhere(session: AsyncSession, position: Position) -> Elsewhere:
    """Read the other enrollments and hold what could change them until the transaction ends.

    That is the course's entrance, and the open enrollment, whose learner may be completing it. The position must be
    locked. A transaction that completes an open enrollment locks no other, so none wait in a circle.
    """
    await hold_entrance(session, position.course_id, alone=True)
    held = select(Enrollment.id).where(_other(position), Enrollment.status.in_(OPEN)).with_for_update()
    open_ = await session.scalar(held)
    return Elsewhere(open_, await completed_elsewhere(session, position))


def _other(position: Position) -> ColumnElement[bool]:
    return and_(
        Enrollment.organization_id == position.organization_id,
        Enrollment.user_id == position.user_id,
        Enrollment.course_id == position.course_id,
        Enrollment.id != position.enrollment_id,
    )


async def completed_elsewhere(session: AsyncSession, position: Position) -> bool:
    """Whether another enrollment has a completion that counts, and this one could not be its renewal."""
    valid = and_(_other(position), has_valid_completion(Enrollment, now(session)))
    newer = Enrollment.id > position.enrollment_id
    found = await session.scalar(select(newer).where(valid).order_by(newer.desc()).limit(1))
    return found is not None and (found or not await _can_be_renewed(session, position))


async def _can_be_renewed(session: AsyncSession, position: Position) -> bool:
    """Whether the completion of the course that lasts longest is over, or in its renewal window."""
    lasting = await _lasting(session, position)
    if lasting is None:
        return True
    if lasting.expires_at is None:
        return False
    window = (await organization_settings(session, position.organization_id)).recertification_window_days
    return renewal_opens(lasting.completed_at, lasting.expires_at, window) <= now(session)


async def _lasting(session: AsyncSession, position: Position) -> CourseCompletion | None:
    return await last_completion(
        session,
        organization_id=position.organization_id,
        user_id=position.user_id,
        course_id=position.course_id,
    )


async def reconsider(
    session: AsyncSession, position: Position, version: CompiledVersion, *, actor_id: str
) -> tuple[str, Outcome | None]:
    """Settle after something that may also have undone a failure: a grant, or a correction.

    A failed enrollment that could still be completed goes on, unless the member has gone on elsewhere. One that is
    completed after all ends an open one of the course, but is not completed beside a completion that counts, unless
    it renews that.
    Gives the status afterwards. The position must be locked.
    """
    if position.status != "failed":
        settled = await settle(session, position, version, actor_id=actor_id)
        return (position.status if settled is None else settled.status), settled
    decision = decide(version.shape, position.standing())
    if decision.status == "failed":
        return "failed", None
    elsewhere = await hold_elsewhere(session, position)
    if decision.status == "completed" and not elsewhere.completed:
        outcome = await complete_enrollment(session, position, version, decision.score, actor_id)
        if elsewhere.open is not None:
            await withdraw_superfluous(session, position.organization_id, elsewhere.open)
        return outcome.status, outcome
    if decision.status == "in_progress" and not elsewhere.goes_on:
        await reopen_enrollment(session, position, version, actor_id)
        return "in_progress", None
    return "failed", None


async def withdraw_superfluous(session: AsyncSession, organization_id: str, open_id: uuid.UUID) -> None:
    """Withdraw the open enrollment of a course that was completed beside it.

    Unless it is a renewal still wanted, or the completion is over already. Raises Unmarked.
    """
    other = await find_position(session, organization_id, "enrollment", open_id, user_id=None, lock=True)
    if other is None or not other.is_open:
        return
    lasting = await _lasting(session, other)
    if lasting is None:
        return
    over = lasting.expires_at is not None and lasting.expires_at <= now(session)
    if over or (other.source == "recertification" and await _can_be_renewed(session, other)):
        return
    await withdraw(session, other, because=COMPLETED_ELSEWHERE, actor_id=SYSTEM_ACTOR)
