"""Changes of many enrollments at once."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body
from learning_service.api.permissions import IsAdmin
from learning_service.api.requests import ContextOf, Session
from learning_service.api.routes import Responses
from learning_service.domain.completion.actions.enrollment_runs import change_in_bulk
from learning_service.domain.completion.rules.bulk import BulkIn
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.runs import BulkOut, StartedOut

router = APIRouter(prefix="/api/enrollments", tags=["enrollments"], route_class=KeyedRoute)
STARTED: Responses = {202: {"model": StartedOut, "description": "More than 1,000 enrollments: a run does it"}}


@router.post("/bulk/", response_model=BulkOut, responses=STARTED)
async def change_enrollments(
    caller: Annotated[Principal, Depends(IsAdmin(chapters=True))],
    session: Session,
    context: ContextOf,
    sent: Annotated[BulkIn, body(BulkIn)],
) -> Any:
    """Extend, remind, withdraw or grant attempts to many enrollments at once; each is judged by itself.

    Administrators of chapters extend and remind. An extension never makes a due time earlier. Where a filter finds
    more than 1,000 a run does it in the background, for those who are found then.
    """
    pace = context.settings.mails_per_second
    answered = await change_in_bulk(session, sent, actor=caller, mails_per_second=pace)
    if answered.run_id is not None:
        started = StartedOut(run_id=answered.run_id).model_dump_json()
        return Response(started, status_code=202, media_type="application/json")
    return BulkOut.model_validate(answered.done)
