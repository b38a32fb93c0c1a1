"""What members need at attempts, as administrators grant it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body
from learning_service.api.permissions import AdministersMember
from learning_service.api.requests import Caller, Session
from learning_service.domain.accommodations.queries import get_accommodations
from learning_service.domain.accommodations.rules import AccommodationsIn
from learning_service.domain.completion.actions.accommodating import accommodate, end_accommodations
from learning_service.domain.directory.queries.found_members import MemberView
from learning_service.schemas.accommodations import AccommodationsOut

router = APIRouter(
    prefix="/api/directory/members/{user_id}/accommodations", tags=["directory"], route_class=KeyedRoute
)
Administered = Annotated[MemberView, Depends(AdministersMember(chapters=False))]


@router.get("/")
async def read_accommodations_(member: Administered, caller: Caller, session: Session) -> AccommodationsOut:
    """What a member needs at attempts. Not found where nothing was said. Graders do not see it."""
    found = await get_accommodations(session, caller.organization_id, member.user_id)
    return AccommodationsOut.model_validate(found)


@router.put("/")
async def put_accommodations_(
    member: Administered,
    caller: Caller,
    session: Session,
    new: Annotated[AccommodationsIn, body(AccommodationsIn)],
) -> AccommodationsOut:
    """Say what a member needs at each attempt from now on, in every course. Attempts under way keep their time.

    What an enrollment was granted by itself comes on top. Who had failed a course for want of attempts, and has not
    begun it anew, goes on.
    """
    return AccommodationsOut.model_validate(await accommodate(session, member.user_id, new, actor=caller))


@router.delete("/", status_code=204)
async def delete_accommodations_(member: Administered, caller: Caller, session: Session) -> None:
    """End a member's accommodations. Attempts under way keep their time.

    Who cannot complete a course any more without their attempts has failed it.
    """
    await end_accommodations(session, member.user_id, actor=caller)
