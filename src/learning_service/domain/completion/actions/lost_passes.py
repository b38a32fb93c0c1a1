"""Deciding about a pass in doubt: it is kept as it was, or what the graders say now holds."""

import uuid
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position, find_position, version_of
from learning_service.domain.certificates.queries.certificates import certificate_of_completion
from learning_service.domain.completion.actions.doubts import doubted_quizzes, recount, settle_doubts
from learning_service.domain.completion.actions.holding import hold_to_reconsider
from learning_service.domain.completion.actions.reconsidering import reconsider
from learning_service.domain.completion.actions.revocations import revoke_outcome
from learning_service.domain.courses.queries.compiled import CompiledVersion
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.enrollments.rules import decide
from learning_service.domain.grading.actions import close_lost_passes
from learning_service.domain.kernel.errors import Conflict, Forbidden, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import record_act

Verdict: TypeAlias = Literal["keep", "revoke"]


class NotInDoubt(Conflict):
    """No pass of the enrollment waits for a decision."""

    code = "not-in-doubt"

    def __init__(self) -> None:
        super().__init__("No pass of this enrollment is in doubt: it was decided, or has been earned again.")


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision left: the enrollment's status, and the completion and certificate that it had led to."""

    enrollment_id: uuid.UUID
    decision: Verdict
    status: str
    completion_id: uuid.UUID | None
    certificate_id: uuid.UUID | None


async def decide_lost_pass(
    session: AsyncSession, enrollment_id: uuid.UUID, decision: Verdict, *, reason: str, actor: Principal
) -> Decided:
    """Keep the enrollment's passes in doubt, or revoke them with all that they led to.

    Raises NotFound, NotInDoubt, and Forbidden for a decision about the actor's own pass.
    """
    await hold_to_reconsider(session, actor.organization_id, [enrollment_id])
    position = await find_position(
        session, actor.organization_id, "enrollment", enrollment_id, user_id=None, lock=True
    )
    if position is None:
        raise NotFound
    if position.user_id == actor.user_id:
        raise Forbidden("You cannot decide about your own passes.")
    version = await version_of(session, position)
    position = await settle_doubts(session, position, version)
    quizzes = await doubted_quizzes(session, enrollment_id)
    if not quizzes:
        raise NotInDoubt
    await close_lost_passes(session, enrollment_id, decision=decision, reason=reason, actor=actor)
    record_act(
        session,
        actor,
        "pass.kept" if decision == "keep" else "pass.revoked",
        ("enrollment", enrollment_id),
        user_id=position.user_id,
        course_id=position.course_id,
        enrollment_id=position.enrollment_id,
        details={"quiz_ids": [str(quiz_id) for quiz_id in quizzes]},
    )
    await session.flush()
    status = position.status
    if decision == "revoke":
        for quiz_id in quizzes:
            position, _ = await recount(session, position, version, version.quizzes[quiz_id], hold=False)
        status = await _revoke(session, position, version, reason, actor)
    completion_id = await session.scalar(
        select(CourseCompletion.id).where(CourseCompletion.enrollment_id == enrollment_id)
    )
    certificate = None if completion_id is None else await certificate_of_completion(session, completion_id)
    return Decided(
        enrollment_id, decision, status, completion_id, None if certificate is None else certificate.id
    )


async def _revoke(
    session: AsyncSession, position: Position, version: CompiledVersion, reason: str, actor: Principal
) -> str:
    """Let the facts decide: a completion that they no longer support is revoked. Returns the enrollment's status."""
    if position.status == "completed" and decide(version.shape, position.standing()).status != "completed":
        completion_id = await session.scalar(
            select(CourseCompletion.id).where(
                CourseCompletion.enrollment_id == position.enrollment_id, CourseCompletion.voided_at.is_(None)
            )
        )
        current = None if completion_id is None else await certificate_of_completion(session, completion_id)
        if current is not None:
            await revoke_outcome(session, current.id, reason=reason, actor_id=actor.user_id)
        return position.status
    status, _ = await reconsider(session, position, version, actor_id=actor.user_id)
    return status
