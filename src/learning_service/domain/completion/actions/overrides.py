"""A person's word over the mark of any question of a closed attempt, with its reason."""

import uuid
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.actions.grades import (
    GradeResult,
    Judgement,
    award_within,
    judge_response,
    marked_by,
)
from learning_service.domain.grading.actions import hold_response
from learning_service.domain.kernel.errors import Conflict, Fault, Invalid
from learning_service.domain.kernel.principal import Principal


class AttemptUnderWay(Conflict):
    """The attempt has no marks yet."""

    code = "attempt-under-way"

    def __init__(self) -> None:
        super().__init__("The attempt is under way and has no marks yet.")


async def override_mark(
    session: AsyncSession,
    position: Position,
    question_id: uuid.UUID,
    *,
    points: Decimal,
    reason: str,
    actor: Principal,
) -> GradeResult:
    """Give the question these points, whatever its key says, now and later; everything follows as from a grade.

    It corrects a grade that there is. The position must be locked and name the attempt. Raises Invalid,
    AttemptUnderWay, AlreadyGraded, Claimed, Unmarked.
    """
    attempt = position.attempt
    assert attempt is not None
    key = (await marked_by(session, position)).keys.get(str(question_id))
    if key is None:
        raise Invalid([Fault("/question_id", "is not a question of this attempt", "not-known")])
    awarded = award_within(points, key.points)
    if attempt.points is None:
        raise AttemptUnderWay
    response_id = await hold_response(session, position, attempt, key)
    judgement = Judgement(awarded, keep_feedback=True, correction=True, reason=reason)
    return await judge_response(session, position, response_id, judgement, actor=actor)
