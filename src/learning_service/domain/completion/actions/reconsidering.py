"""Looking again at an enrollment that failed, beside the member's other enrollments of the course.

Standing first: a member who has gone on elsewhere is not set back by what becomes of an older enrollment.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.actions.completing import Outcome, complete_enrollment
from learning_service.domain.completion.actions.outcomes import reopen_enrollment, settle
from learning_service.domain.completion.actions.withdrawals import withdraw
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.enrollments import last_completion, last_completions
from learning_service.domain.enrollments.queries.standing import (
    COMPLETED_ELSEWHERE,
    OPEN,
    HeldEnrollment,
    has_valid_completion,
    hold_rows,
    try_entrance,
)
from learning_service.domain.enrollments.rules import decide, renewal_opens
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Unavailable
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
    locked, and `hold_to_reconsider` have been called before: what it held is not waited for. Raises Unavailable where
    the enrollment failed only since then, and others hold the entrance.
    """
    if not await try_entrance(session, position.course_id):
        raise Unavailable("Others are changing enrollments in this course; try again.", retry_after=1)
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


async def completed_beside(
    session: AsyncSession, organization_id: str, ids: Sequence[uuid.UUID], *, or_open: bool = False
) -> frozenset[uuid.UUID]:
    """Those of these enrollments whose member has a completion of the course that counts in another one.

    `or_open`: those too with another one that is open.
    """
    other = aliased(Enrollment)
    beside = exists().where(
        other.organization_id == organization_id,
        other.user_id == Enrollment.user_id,
        other.course_id == Enrollment.course_id,
        other.id != Enrollment.id,
        or_(other.status.in_(OPEN if or_open else ()), has_valid_completion(other, now(session))),
    )
    found = await session.scalars(
        select(Enrollment.id).where(
            Enrollment.organization_id == organization_id, Enrollment.id == func.any(list(ids)), beside
        )
    )
    return frozenset(found)


async def _can_be_renewed(session: AsyncSession, position: Position) -> bool:
    """Whether the completion of the course that lasts longest is over, or in its renewal window."""
    lasting = await last_completion(
        session,
        organization_id=position.organization_id,
        user_id=position.user_id,
        course_id=position.course_id,
    )
    window = (await organization_settings(session, position.organization_id)).recertification_window_days
    return lasting is None or _opens(lasting, window, now(session))


def _opens(lasting: CourseCompletion, window_days: int, instant: datetime) -> bool:
    """Whether a completion may be renewed at that instant."""
    if lasting.expires_at is None:
        return False
    return renewal_opens(lasting.completed_at, lasting.expires_at, window_days) <= instant


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
            await withdraw_superfluous(session, position.organization_id, [elsewhere.open])
        return outcome.status, outcome
    if decision.status == "in_progress" and not elsewhere.goes_on:
        await reopen_enrollment(session, position, version, actor_id)
        return "in_progress", None
    return "failed", None


async def withdraw_superfluous(
    session: AsyncSession, organization_id: str, open_ids: Sequence[uuid.UUID]
) -> None:
    """Withdraw open enrollments of courses that were completed beside them, in statements that do not grow with them.

    Except renewals still wanted, and where the completion is over already. Raises Unmarked.
    """
    held = await hold_rows(session, organization_id, open_ids)
    others = [one for one in held if one.status in OPEN]
    pairs = {(one.user_id, one.course_id) for one in others}
    lasting = await last_completions(session, organization_id, pairs)
    window = (await organization_settings(session, organization_id)).recertification_window_days
    superfluous = [
        one
        for one in others
        if _outdoes(lasting.get((one.user_id, one.course_id)), one, window, now(session))
    ]
    await withdraw(session, organization_id, superfluous, because=COMPLETED_ELSEWHERE, actor_id=SYSTEM_ACTOR)


def _outdoes(
    lasting: CourseCompletion | None, other: HeldEnrollment, window_days: int, instant: datetime
) -> bool:
    """Whether the completion that lasts longest leaves nothing to be done in an open enrollment."""
    if lasting is None or (lasting.expires_at is not None and lasting.expires_at <= instant):
        return False
    return other.source != "recertification" or not _opens(lasting, window_days, instant)
