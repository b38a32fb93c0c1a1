"""What administrators change about an enrollment: its due time, more time, more attempts, its existence."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.actions.attempts import (
    GRACE,
    attempts_granted,
    attempts_used,
)
from learning_service.domain.attempts.actions.beginning import refuse_withdrawn
from learning_service.domain.attempts.models import EnrollmentGrant, QuizAttempt, QuizProgress
from learning_service.domain.attempts.queries.positions import Position, QuizCount, find_position, version_of
from learning_service.domain.completion.actions.holding import hold_to_reconsider
from learning_service.domain.completion.actions.reconsidering import hold_elsewhere, reconsider
from learning_service.domain.completion.actions.withdrawals import Held, withdraw
from learning_service.domain.courses.queries.compiled import CompiledQuiz
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import BY_ADMINISTRATOR, WITHDRAWN, hold_rows
from learning_service.domain.exemptions.actions import note_removal
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Invalid, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act


class UnlimitedAttempts(Conflict):
    """The quiz has no limit, so there is nothing to grant."""

    code = "unlimited-attempts"


class NewerEnrollment(Conflict):
    """The member has gone on in another enrollment of the course: open, or completed and valid."""

    code = "newer-enrollment"


class EnrollmentCompleted(Conflict):
    """A completed enrollment is not withdrawn; its certificate can be revoked."""

    code = "completed"


class EnrollmentBegun(Conflict):
    """The member has begun to learn here; history stays."""

    code = "enrollment-begun"


@dataclass(frozen=True, slots=True)
class EnrollmentChange:
    """Changes of an enrollment: `fields` names those that were sent."""

    fields: frozenset[str]
    due_at: datetime | None = None
    extra_time_seconds: int = 0
    reason: str | None = None


async def change_enrollment(
    session: AsyncSession, enrollment_id: uuid.UUID, change: EnrollmentChange, *, actor: Principal
) -> None:
    """Change the due time and the extra time. Extra time also moves the deadline of an attempt under way.

    An attempt that is overdue already stays so. Raises NotFound, EnrollmentWithdrawn, Invalid.
    """
    position = await _hold(session, enrollment_id, actor)
    refuse_withdrawn(position)
    values: dict[str, Any] = {}
    if "due_at" in change.fields and change.due_at != position.due_at:
        if change.due_at is not None and change.due_at <= now(session):
            raise Invalid.at("/due_at", "must be in the future", "wrong-time")
        values["due_at"] = change.due_at
        note_grant(
            session, position.enrollment_id, "due_at", actor, reason=change.reason, due_at=change.due_at
        )
    if "extra_time_seconds" in change.fields and change.extra_time_seconds != position.extra_time_seconds:
        values["extra_time_seconds"] = change.extra_time_seconds
        await _move_deadlines(session, position, change.extra_time_seconds)
        note_grant(
            session,
            position.enrollment_id,
            "extra_time",
            actor,
            reason=change.reason,
            amount=change.extra_time_seconds,
        )
    if values:
        await _update(session, position, **values)
        _audit(session, position, "enrollment.changed", actor, {"fields": sorted(values)}, change.reason)
    await session.flush()


async def _move_deadlines(session: AsyncSession, position: Position, seconds: int) -> None:
    more = timedelta(seconds=seconds - position.extra_time_seconds)
    await session.execute(
        update(QuizAttempt)
        .where(
            QuizAttempt.enrollment_id == position.enrollment_id,
            QuizAttempt.status == "in_progress",
            QuizAttempt.deadline_at >= now(session) - GRACE,
        )
        .values(deadline_at=QuizAttempt.deadline_at + more)
    )


async def grant_attempts(
    session: AsyncSession,
    enrollment_id: uuid.UUID,
    *,
    quiz_id: uuid.UUID,
    kind: str,
    extra: int,
    reason: str,
    actor: Principal,
) -> None:
    """Allow more attempts at a quiz or the assessment. A failed enrollment that can be completed again goes on.

    Raises NotFound, Invalid where the quiz is none of the enrollment's version, EnrollmentWithdrawn, NewerEnrollment,
    UnlimitedAttempts.
    """
    await hold_to_reconsider(session, actor.organization_id, [enrollment_id])
    position = await _hold(session, enrollment_id, actor)
    version = await version_of(session, position)
    quiz = version.quizzes.get(quiz_id)
    if quiz is None or quiz.kind != kind:
        raise Invalid.at(f"/{kind}_id", f"is no {kind} of this enrollment's version", "not-known")
    refuse_withdrawn(position)
    if not position.is_open and (await hold_elsewhere(session, position)).goes_on:
        raise NewerEnrollment("The member has another enrollment of this course, open or completed since.")
    after = await _allow_more(session, position, quiz, extra)
    note_grant(
        session, position.enrollment_id, "attempts", actor, reason=reason, quiz_id=quiz.id, amount=extra
    )
    _audit(
        session,
        position,
        "enrollment.attempts_granted",
        actor,
        {"quiz_id": str(quiz.id), "extra": extra},
        reason,
    )
    await _update(session, position)
    await reconsider(session, after, version, actor_id=actor.user_id)
    await session.flush()


async def _allow_more(session: AsyncSession, position: Position, quiz: CompiledQuiz, extra: int) -> Position:
    allowed = attempts_granted(position, quiz)
    if allowed is None:
        raise UnlimitedAttempts("Attempts at this quiz are not limited.")
    await session.execute(
        insert(QuizProgress)
        .values(
            enrollment_id=position.enrollment_id,
            quiz_id=quiz.id,
            organization_id=position.organization_id,
            attempts_used=attempts_used(position, quiz.id),
            attempts_allowed=allowed + extra,
        )
        .on_conflict_do_update(
            index_elements=["organization_id", "enrollment_id", "quiz_id"],
            set_={"attempts_allowed": allowed + extra},
        )
    )
    before = position.quizzes.get(quiz.id) or QuizCount(0, allowed, None, None, None)
    return position.with_count(quiz.id, replace(before, allowed=allowed + extra))


async def withdraw_enrollment(
    session: AsyncSession, enrollment_id: uuid.UUID, *, reason: str, actor: Principal
) -> None:
    """Close an enrollment without an outcome, also one that was begun or has failed. Doing so twice changes nothing.

    Raises NotFound, EnrollmentCompleted.
    """
    held = await hold_rows(session, actor.organization_id, [enrollment_id])
    if not held:
        raise NotFound
    if held[0].status == WITHDRAWN:
        return
    if held[0].status == "completed":
        raise EnrollmentCompleted("The enrollment is completed.")
    await withdraw_held(session, held, reason=reason, actor=actor)


async def withdraw_held(
    session: AsyncSession, held: Sequence[Held], *, reason: str, actor: Principal
) -> None:
    """Close enrollments without an outcome that are neither completed nor withdrawn. Raises Unmarked."""
    for one in held:
        note_grant(session, one.id, "withdrawal", actor, reason=reason)
    await withdraw(session, actor.organization_id, held, because=BY_ADMINISTRATOR, actor_id=actor.user_id)


async def delete_enrollment(session: AsyncSession, enrollment_id: uuid.UUID, *, actor: Principal) -> None:
    """Remove an enrollment that has not been begun; rules do not make it again. Raises NotFound, EnrollmentBegun."""
    position = await _hold(session, enrollment_id, actor)
    tried = exists().where(QuizAttempt.enrollment_id == position.enrollment_id)
    if not position.is_open or position.lessons or await session.scalar(select(tried)):
        raise EnrollmentBegun("Only an enrollment that has not been begun can be removed.")
    _audit(session, position, "enrollment.removed", actor, {"course_id": str(position.course_id)}, None)
    await session.flush()
    await session.execute(delete(Enrollment).where(Enrollment.id == position.enrollment_id))
    await note_removal(
        session,
        organization_id=position.organization_id,
        course_id=position.course_id,
        user_id=position.user_id,
    )


async def _hold(session: AsyncSession, enrollment_id: uuid.UUID, actor: Principal) -> Position:
    position = await find_position(
        session, actor.organization_id, "enrollment", enrollment_id, user_id=None, lock=True
    )
    if position is None:
        raise NotFound
    return position


async def _update(session: AsyncSession, position: Position, **values: Any) -> None:
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(revision=Enrollment.revision + 1, **values)
    )


def note_grant(
    session: AsyncSession,
    enrollment_id: uuid.UUID,
    kind: str,
    actor: Principal,
    *,
    reason: str | None,
    quiz_id: uuid.UUID | None = None,
    amount: int | None = None,
    due_at: datetime | None = None,
) -> None:
    """Keep what an administrator gave the enrollment, and why."""
    session.add(
        EnrollmentGrant(
            id=new_id(),
            organization_id=actor.organization_id,
            enrollment_id=enrollment_id,
            kind=kind,
            quiz_id=quiz_id,
            amount=amount,
            due_at=due_at,
            reason=reason,
            granted_by=actor.user_id,
            granted_at=now(session),
        )
    )


def _audit(
    session: AsyncSession,
    position: Position,
    action: AuditAction,
    actor: Principal,
    details: dict[str, Any],
    reason: str | None,
) -> None:
    """The reason's text is personal: the trail says only that there is one, the grant keeps it."""
    record_act(
        session,
        actor,
        action,
        ("enrollment", position.enrollment_id),
        user_id=position.user_id,
        course_id=position.course_id,
        enrollment_id=position.enrollment_id,
        details={**details, "reason_given": reason is not None},
    )
