"""One change of many enrollments: each is judged by itself, and each effect happens once."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.actions.attempts import attempts_allowed, attempts_used
from learning_service.domain.attempts.queries.positions import find_position, version_of
from learning_service.domain.completion.actions.enrollment_changes import (
    NewerEnrollment,
    grant_attempts,
    note_grant,
    withdraw_held,
)
from learning_service.domain.completion.actions.holding import hold_to_reconsider
from learning_service.domain.completion.queries.bulk import Judged, hold_enrollments
from learning_service.domain.completion.rules.bulk import Bulk
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN, WITHDRAWN
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act
from learning_service.domain.reminders.actions.mails import plan_mails
from learning_service.domain.reminders.models import Reminder
from learning_service.domain.reminders.rules import kind_by_hand

SkipReason: TypeAlias = Literal[
    "not-found", "forbidden", "completed", "withdrawn", "nothing-to-do", "no-address"
]
FOR_CHAPTERS = ("extend", "remind")
"""What administrators of a chapter may do, too."""
NOT_FOR_ONESELF = ("extend", "grant_attempts")


@dataclass(frozen=True, slots=True)
class Skipped:
    """An enrollment with which nothing was done, and why."""

    enrollment_id: uuid.UUID
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class BulkDone:
    """What was done: with how many, and with which nothing."""

    done: int
    skipped: Sequence[Skipped]


async def change_many(
    session: AsyncSession, ids: Sequence[uuid.UUID], bulk: Bulk, *, actor: Principal, mails_per_second: int
) -> BulkDone:
    """Do it to each of these enrollments that allows it. Raises Invalid for a due time in the past, Unmarked."""
    if bulk.due_at is not None and bulk.due_at <= now(session):
        raise Invalid.at("/due_at", "must be in the future", "wrong-time")
    wanted = list(dict.fromkeys(ids))
    if bulk.action == "grant_attempts":
        await hold_to_reconsider(session, actor.organization_id, wanted)
    held = await hold_enrollments(session, actor, wanted)
    reasons: dict[uuid.UUID, SkipReason] = {}
    for enrollment_id in wanted:
        reason = _reason_to_skip(held.get(enrollment_id), bulk, actor)
        if reason is not None:
            reasons[enrollment_id] = reason
    meant = [held[enrollment_id] for enrollment_id in sorted(held) if enrollment_id not in reasons]
    match bulk.action:
        case "extend":
            await _extend(session, meant, bulk, actor)
        case "remind":
            await _remind(session, meant, bulk, actor, mails_per_second)
        case "withdraw":
            await withdraw_held(session, meant, reason=bulk.reason or "", actor=actor)
        case "grant_attempts":
            for one in meant:
                if not await _grant(session, one, bulk, actor):
                    reasons[one.id] = "nothing-to-do"
    await session.flush()
    skipped = [
        Skipped(enrollment_id, reasons[enrollment_id]) for enrollment_id in wanted if enrollment_id in reasons
    ]
    return BulkDone(len(wanted) - len(skipped), skipped)


def _reason_to_skip(found: Judged | None, bulk: Bulk, actor: Principal) -> SkipReason | None:
    """Why nothing is done with an enrollment, the first that holds."""
    if found is None:
        return "not-found"
    if bulk.action not in FOR_CHAPTERS and not found.beyond_chapters:
        return "forbidden"
    if bulk.action in NOT_FOR_ONESELF and found.user_id == actor.user_id:
        return "forbidden"
    if found.status == "completed":
        return "completed"
    if found.status == WITHDRAWN:
        return "withdrawn"
    if bulk.action in FOR_CHAPTERS and not _is_worth_it(found, bulk):
        return "nothing-to-do"
    if bulk.action == "remind" and not found.has_address:
        return "no-address"
    return None


def _is_worth_it(found: Judged, bulk: Bulk) -> bool:
    if found.status not in OPEN:
        return False
    if bulk.action == "remind":
        return found.is_active and not found.awaiting_review
    return found.due_at is None or (bulk.due_at is not None and found.due_at < bulk.due_at)


async def _extend(session: AsyncSession, meant: Sequence[Judged], bulk: Bulk, actor: Principal) -> None:
    ids = [one.id for one in meant]
    await session.execute(
        update(Enrollment)
        .where(Enrollment.organization_id == actor.organization_id, Enrollment.id == func.any(ids))
        .values(due_at=bulk.due_at, revision=Enrollment.revision + 1)
    )
    for one in meant:
        note_grant(session, one.id, "due_at", actor, reason=bulk.reason, due_at=bulk.due_at)
        _audit(session, one, "enrollment.changed", actor, fields=["due_at"])


async def _remind(
    session: AsyncSession, meant: Sequence[Judged], bulk: Bulk, actor: Principal, mails_per_second: int
) -> None:
    """Claim the mails. Their kinds are those that leave by themselves, so that none of these follows at once."""
    rows = []
    for one in meant:
        kind, days_before = kind_by_hand(one.due_at, now(session))
        rows.append(
            {
                "id": new_id(),
                "organization_id": actor.organization_id,
                "enrollment_id": one.id,
                "kind": kind,
                "days_before": days_before,
                "due_at": one.due_at,
                "subject_id": bulk.id,
                "status": "pending",
                "claimed_at": now(session),
            }
        )
        _audit(session, one, "enrollment.reminded", actor)
    if not rows:
        return
    claimed = await session.execute(
        insert(Reminder)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(Reminder.organization_id, Reminder.id)
    )
    await plan_mails(session, claimed.all(), mails_per_second=mails_per_second)


async def _grant(session: AsyncSession, one: Judged, bulk: Bulk, actor: Principal) -> bool:
    """More attempts wherever none is left and none has passed; whether there was such a place."""
    position = await find_position(
        session, actor.organization_id, "enrollment", one.id, user_id=None, lock=True
    )
    if position is None:
        return False
    version = await version_of(session, position)
    used_up = [
        quiz
        for quiz in version.quizzes.values()
        if (allowed := attempts_allowed(position, quiz)) is not None
        and attempts_used(position, quiz.id) >= allowed
        and not position.has_passed(quiz.id, quiz.pass_score)
    ]
    for quiz in used_up:
        try:
            await grant_attempts(
                session,
                one.id,
                quiz_id=quiz.id,
                kind=quiz.kind,
                extra=bulk.extra,
                reason=bulk.reason or "",
                actor=actor,
            )
        except NewerEnrollment:
            return False
    return bool(used_up)


def _audit(
    session: AsyncSession,
    one: Judged,
    action: AuditAction,
    actor: Principal,
    *,
    fields: Sequence[str] = (),
) -> None:
    record_act(
        session,
        actor,
        action,
        ("enrollment", one.id),
        user_id=one.user_id,
        course_id=one.course_id,
        enrollment_id=one.id,
        details={"fields": list(fields), "reason_given": True} if fields else None,
    )
