"""Claims, the history of grades, and passes in doubt. What follows from a grade lives in `completion`."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ARRAY, ColumnElement, Uuid, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse
from learning_service.domain.attempts.queries.positions import AttemptRow, Position
from learning_service.domain.directory.models import Member
from learning_service.domain.grading.models import GroupGrade, LostPass, ResponseGrade
from learning_service.domain.grading.queries import gradable_by, of_known_member
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.answer_keys import AnswerKey

CLAIM = timedelta(minutes=15)


class Claimed(Conflict):
    """Another grader is at it."""

    code = "claimed"

    def __init__(self) -> None:
        super().__init__("Another grader holds this answer for a few minutes.")


class AlreadyGraded(Conflict):
    """The response has its grade; only its grader or an administrator may correct it."""

    code = "already-graded"

    def __init__(self) -> None:
        super().__init__("This answer is graded. Its grader, or an administrator, may correct it.")


def held_by_another(claimed_by: str | None, until: datetime | None, caller: str, instant: datetime) -> bool:
    """Whether a claim keeps this caller out."""
    return claimed_by not in (None, caller) and until is not None and instant < until


async def claim_response(session: AsyncSession, response_id: uuid.UUID, *, actor: Principal) -> None:
    """Hold the response for 15 minutes from now; a grader's second claim renews the first.

    Raises AlreadyGraded, Claimed.
    """
    claimed = await session.scalar(
        update(PendingResponse)
        .where(
            PendingResponse.id == response_id,
            PendingResponse.graded_at.is_(None),
            or_(_unclaimed(session), PendingResponse.claimed_by == actor.user_id),
        )
        .values(claimed_by=actor.user_id, claimed_until=now(session) + CLAIM)
        .returning(PendingResponse.id)
    )
    if claimed is None:
        graded_at = await session.scalar(
            select(PendingResponse.graded_at).where(PendingResponse.id == response_id)
        )
        raise Claimed if graded_at is None else AlreadyGraded


async def release_claim(session: AsyncSession, response_id: uuid.UUID, holder: str | None) -> None:
    """Give back what this grader holds. A claim that another has taken meanwhile stays as it is."""
    await session.execute(
        update(PendingResponse)
        .where(PendingResponse.id == response_id, PendingResponse.claimed_by == holder)
        .values(claimed_by=None, claimed_until=None)
    )


async def claim_next(session: AsyncSession, *, actor: Principal) -> uuid.UUID | None:
    """Claim the oldest response that is free and that the actor may grade; None when there is none.

    Graders who ask at once get different ones, and none waits for another.
    """
    oldest = (
        select(PendingResponse.id)
        .join(Member, of_known_member())
        .where(gradable_by(actor), PendingResponse.graded_at.is_(None), _unclaimed(session))
        .order_by(PendingResponse.submitted_at, PendingResponse.id)
        .limit(1)
        .with_for_update(of=PendingResponse, skip_locked=True)
        .cte("oldest")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    claimed: uuid.UUID | None = await session.scalar(
        update(PendingResponse)
        .where(PendingResponse.id.in_(select(oldest.c.id)))
        .values(claimed_by=actor.user_id, claimed_until=now(session) + CLAIM)
        .returning(PendingResponse.id)
    )
    return claimed


def _unclaimed(session: AsyncSession) -> ColumnElement[bool]:
    return or_(PendingResponse.claimed_until.is_(None), PendingResponse.claimed_until <= now(session))


@dataclass(frozen=True, slots=True)
class GivenGrade:
    """A person's judgement of one response of an attempt."""

    question_id: uuid.UUID
    points: Decimal
    feedback_html: str | None


async def hold_response(
    session: AsyncSession, position: Position, attempt: AttemptRow, key: AnswerKey
) -> uuid.UUID:
    """The row on which a person judges this question of a closed attempt, made where the key alone has judged it.

    The position must be locked.
    """
    question_id = uuid.UUID(key.question_id)
    await session.execute(
        insert(PendingResponse)
        .values(
            id=new_id(),
            organization_id=position.organization_id,
            attempt_id=attempt.id,
            question_id=question_id,
            course_id=position.course_id,
            user_id=attempt.user_id,
            text=attempt.responses.get(key.question_id, {}).get("text") or "",
            max_points=key.points,
            submitted_at=attempt.submitted_at,
        )
        .on_conflict_do_nothing(index_elements=["organization_id", "attempt_id", "question_id"])
    )
    held = await session.scalars(
        select(PendingResponse.id).where(
            PendingResponse.attempt_id == attempt.id, PendingResponse.question_id == question_id
        )
    )
    return held.one()


async def write_grade(
    session: AsyncSession,
    response_id: uuid.UUID,
    *,
    points: Decimal,
    feedback_html: str | None,
    is_correction: bool,
    reason: str | None = None,
    actor: Principal,
) -> None:
    """Put the grade on the response and into its history; whatever claim there was ends."""
    await session.execute(
        update(PendingResponse)
        .where(PendingResponse.id == response_id)
        .values(
            points=points,
            feedback_html=feedback_html,
            graded_at=now(session),
            graded_by=actor.user_id,
            claimed_by=None,
            claimed_until=None,
        )
    )
    session.add(
        ResponseGrade(
            id=new_id(),
            organization_id=actor.organization_id,
            response_id=response_id,
            points=points,
            feedback_html=feedback_html,
            reason=reason,
            graded_by=actor.user_id,
            graded_at=now(session),
            is_correction=is_correction,
        )
    )
    await session.flush()


@dataclass(frozen=True, slots=True)
class KnownGrade(GivenGrade):
    """The same, given to all responses of a group."""

    group_id: uuid.UUID
    graded_by: str


async def known_grades(
    session: AsyncSession, groups: Mapping[uuid.UUID, str], *, learner: str
) -> Sequence[KnownGrade]:
    """What persons have given these groups, each of one question; never the learner themselves."""
    rows = await session.execute(
        select(
            GroupGrade.question_id,
            GroupGrade.points,
            GroupGrade.feedback_html,
            GroupGrade.id,
            GroupGrade.graded_by,
        ).where(GroupGrade.id.in_(list(groups)), GroupGrade.graded_by != learner)
    )
    return [KnownGrade(*row) for row in rows]


async def write_known_grades(
    session: AsyncSession,
    position: Position,
    attempt: AttemptRow,
    keys: Mapping[str, AnswerKey],
    known: Sequence[KnownGrade],
) -> Sequence[uuid.UUID]:
    """Put on an attempt that was closed a moment ago what persons have given its responses before; their ids."""
    ids = []
    for one in known:
        key = str(one.question_id)
        # The question may be worth less since.
        points = min(one.points, keys[key].points)
        response = PendingResponse(
            id=new_id(),
            organization_id=position.organization_id,
            attempt_id=attempt.id,
            question_id=one.question_id,
            course_id=position.course_id,
            user_id=position.user_id,
            text=attempt.responses[key]["text"],
            max_points=keys[key].points,
            submitted_at=attempt.submitted_at,
            points=points,
            feedback_html=one.feedback_html,
            graded_at=now(session),
            graded_by=one.graded_by,
            group_id=one.group_id,
        )
        session.add(response)
        await session.flush()
        session.add(
            ResponseGrade(
                id=new_id(),
                organization_id=position.organization_id,
                response_id=response.id,
                points=points,
                feedback_html=one.feedback_html,
                graded_by=one.graded_by,
                graded_at=now(session),
                is_correction=False,
            )
        )
        ids.append(response.id)
    await session.flush()
    return ids


async def keep_group_grade(
    session: AsyncSession, group_id: uuid.UUID, grade: GivenGrade, *, actor: Principal
) -> None:
    """Remember what all responses of the group are worth; the last word counts."""
    statement = insert(GroupGrade).values(
        organization_id=actor.organization_id,
        id=group_id,
        question_id=grade.question_id,
        points=grade.points,
        feedback_html=grade.feedback_html,
        graded_by=actor.user_id,
        graded_at=now(session),
    )
    changed = {
        name: statement.excluded[name] for name in ("points", "feedback_html", "graded_by", "graded_at")
    }
    await session.execute(
        statement.on_conflict_do_update(index_elements=["organization_id", "id"], set_=changed)
    )


async def given_grades(session: AsyncSession, attempt_id: uuid.UUID) -> Sequence[GivenGrade]:
    """What persons have given the attempt's responses so far."""
    rows = await session.execute(
        select(PendingResponse.question_id, PendingResponse.points, PendingResponse.feedback_html).where(
            PendingResponse.attempt_id == attempt_id, PendingResponse.graded_at.is_not(None)
        )
    )
    return [
        GivenGrade(question_id, points, feedback_html)
        for question_id, points, feedback_html in rows
        if points is not None
    ]


async def record_lost_pass(
    session: AsyncSession,
    *,
    response_id: uuid.UUID | None,
    enrollment_id: uuid.UUID,
    completion_id: uuid.UUID | None,
    quiz_id: uuid.UUID,
    course_id: uuid.UUID,
    user_id: str,
    actor: Principal,
) -> None:
    """List a pass that a correction took away; once, until it is given back."""
    await session.execute(
        insert(LostPass)
        .values(
            id=new_id(),
            organization_id=actor.organization_id,
            enrollment_id=enrollment_id,
            completion_id=completion_id,
            quiz_id=quiz_id,
            response_id=response_id,
            user_id=user_id,
            course_id=course_id,
            corrected_by=actor.user_id,
            found_at=now(session),
        )
        .on_conflict_do_nothing()
    )


async def attach_lost_passes(session: AsyncSession, completions: Mapping[uuid.UUID, uuid.UUID]) -> None:
    """Note the completions that passes in doubt have led to meanwhile: ids by enrollment."""
    ended = (
        func.unnest(cast(list(completions), ARRAY(Uuid)), cast(list(completions.values()), ARRAY(Uuid)))
        .table_valued("enrollment_id", "completion_id")
        .render_derived()
    )
    await session.execute(
        update(LostPass)
        .where(LostPass.enrollment_id == ended.c.enrollment_id, LostPass.resolved_at.is_(None))
        .values(completion_id=ended.c.completion_id)
    )


async def close_lost_passes(
    session: AsyncSession, enrollment_id: uuid.UUID, *, decision: str, reason: str, actor: Principal
) -> None:
    """Take the enrollment's passes off the list, as a person has decided."""
    await session.execute(
        update(LostPass)
        .where(LostPass.enrollment_id == enrollment_id, LostPass.resolved_at.is_(None))
        .values(resolved_at=now(session), decision=decision, decided_by=actor.user_id, reason=reason)
    )


async def resolve_lost_passes(
    session: AsyncSession, enrollment_id: uuid.UUID, *, quiz_id: uuid.UUID | None = None
) -> None:
    """Take the enrollment's passes (or that of one quiz) off the list: they hold again."""
    statement = update(LostPass).where(
        LostPass.enrollment_id == enrollment_id, LostPass.resolved_at.is_(None)
    )
    if quiz_id is not None:
        statement = statement.where(LostPass.quiz_id == quiz_id)
    await session.execute(statement.values(resolved_at=now(session)))
