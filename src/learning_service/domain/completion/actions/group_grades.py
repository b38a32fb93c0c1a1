"""One grade for all responses that read alike: those that wait, and those to come."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse, QuizAttempt
from learning_service.domain.attempts.queries.positions import find_position
from learning_service.domain.completion.actions.grades import (
    Judgement,
    award_within,
    clean_feedback,
    judge_response,
)
from learning_service.domain.completion.actions.holding import hold_to_reconsider
from learning_service.domain.completion.queries.answer_groups import GradedGroup
from learning_service.domain.courses.actions.drafts import accept_answer
from learning_service.domain.directory.models import Member
from learning_service.domain.grading.actions import (
    AlreadyGraded,
    Claimed,
    GivenGrade,
    keep_group_grade,
)
from learning_service.domain.grading.models import GroupGrade
from learning_service.domain.grading.queries import gradable_by, of_known_member
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import GradeGroup
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.tenant import own_key

AT_ONCE = 20
"""Responses per transaction: each of them may end an enrollment, with all that follows."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A response of the group, and what it is of."""

    id: uuid.UUID
    attempt_id: uuid.UUID
    enrollment_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class GroupGraded:
    """How many responses have the grade, and how many get it in the background."""

    graded: int
    under_way: int


async def grade_group(
    session: AsyncSession,
    group: GradedGroup,
    *,
    points: Decimal,
    feedback: str | None,
    accept: bool,
    actor: Principal,
) -> GroupGraded:
    """Give all waiting responses of the group this grade, the first at once and the rest by a job.

    Later ones get it when they are handed in. What another grader holds waits for that grader. `accept`: the text is
    also taken into the draft's right answers. Raises Invalid, AlreadyGraded, Unmarked.
    """
    awarded, html = award_within(points, group.max_points), clean_feedback(feedback)
    if accept and group.question_type != "short_answer":
        raise Invalid([Fault("/accept", "only a short answer has right answers", "unusable")])
    waiting = await _waiting(session, group.id, actor)
    if not waiting:
        raise AlreadyGraded
    if accept and not await accept_answer(
        session, group.course_id, group.question_key, group.text, actor=actor
    ):
        raise Invalid([Fault("/accept", "the draft's question takes no further answer", "unusable")])
    await keep_group_grade(session, group.id, GivenGrade(group.question_id, awarded, html), actor=actor)
    graded = await _grade(session, waiting[:AT_ONCE], Judgement(awarded, html), actor)
    # Also for what is handed in while this transaction goes on and does not see the grade yet.
    await enqueue_job(session, GradeGroup(group_id=group.id), organization_id=actor.organization_id)
    return GroupGraded(graded, len(waiting[AT_ONCE:]))


async def step_group(session: AsyncSession, organization_id: str, group_id: uuid.UUID) -> bool:
    """Grade the next waiting responses of a group that has its grade; True while there may be more."""
    grade = await session.get(GroupGrade, own_key(session, group_id))
    if grade is None:
        return False
    actor = Principal(organization_id, grade.graded_by, roles=frozenset({"grader"}))
    waiting = await _waiting(session, group_id, actor)
    graded = await _grade(session, waiting[:AT_ONCE], Judgement(grade.points, grade.feedback_html), actor)
    return graded > 0 and len(waiting) > AT_ONCE


async def _waiting(session: AsyncSession, group_id: uuid.UUID, actor: Principal) -> Sequence[_Waiting]:
    """Responses that the actor may grade now."""
    rows = await session.execute(
        select(PendingResponse.id, PendingResponse.attempt_id, QuizAttempt.enrollment_id)
        .join(Member, of_known_member())
        .join(QuizAttempt, QuizAttempt.id == PendingResponse.attempt_id)
        .where(
            gradable_by(actor),
            PendingResponse.group_id == group_id,
            PendingResponse.graded_at.is_(None),
            or_(
                PendingResponse.claimed_until.is_(None),
                PendingResponse.claimed_until <= now(session),
                PendingResponse.claimed_by == actor.user_id,
            ),
        )
        .order_by(QuizAttempt.enrollment_id, PendingResponse.id)
    )
    return [_Waiting(*row) for row in rows]


async def _grade(
    session: AsyncSession,
    waiting: Sequence[_Waiting],
    judgement: Judgement,
    actor: Principal,
) -> int:
    graded = 0
    await hold_to_reconsider(session, actor.organization_id, [one.enrollment_id for one in waiting])
    for one in waiting:
        position = await find_position(
            session, actor.organization_id, "attempt", one.attempt_id, user_id=None, lock=True
        )
        if position is None:
            continue
        try:
            await judge_response(session, position, one.id, judgement, actor=actor)
        except (AlreadyGraded, Claimed):
            continue  # another grader was faster
        graded += 1
    return graded
