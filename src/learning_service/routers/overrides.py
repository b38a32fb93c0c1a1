"""A person's word over the mark of a question."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.ownership import CanOverrideMark, OwnPosition
from learning_service.api.parameters import body
from learning_service.api.requests import Caller, Session
from learning_service.domain.completion.actions.overrides import override_mark
from learning_service.schemas.grading import GradeOut, OverrideIn

router = APIRouter(prefix="/api/attempts/{attempt_id}/overrides", tags=["grading"], route_class=KeyedRoute)


@router.post("/")
async def override_mark_(
    learner: Annotated[OwnPosition, Depends(CanOverrideMark())],
    caller: Caller,
    session: Session,
    sent: Annotated[OverrideIn, body(OverrideIn)],
) -> GradeOut:
    """Override the mark of a question with a person's own, and say why; everything follows as from a grade.

    It works for questions of every type in closed attempts, and also corrects a grade that the caller may correct.
    No key and no regrade changes the mark afterwards.
    """
    result = await override_mark(
        session,
        learner.position,
        sent.question_id,
        points=sent.points,
        reason=sent.reason,
        actor=caller,
    )
    return GradeOut.of(result)
