"""A person's data as a whole: the member's own copy of it, and its erasure."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from learning_service.dependencies import HasScope, IsMember, Session
from learning_service.domain.errors import NotFound
from learning_service.domain.principal import Principal
from learning_service.domain.privacy.actions import erase_member
from learning_service.domain.privacy.queries import export_member
from learning_service.domain.values import OPAQUE_ID
from learning_service.routing import KeyedRoute
from learning_service.schemas.privacy import ExportAnswer

router = APIRouter(prefix="/api", tags=["privacy"], route_class=KeyedRoute)


@router.get("/users/export/")
async def export(
    caller: Annotated[Principal, Depends(IsMember())], session: Session, response: Response
) -> ExportAnswer:
    """All that is kept about oneself: profile, learning, results and certificates, as one document."""
    response.headers["Content-Disposition"] = 'attachment; filename="learning-data.json"'
    return ExportAnswer.model_validate(await export_member(session, caller))


@router.delete("/directory/members/{user_id}/", status_code=204)
async def erase(
    user_id: str, caller: Annotated[Principal, Depends(HasScope("directory:write"))], session: Session
) -> None:
    """Erase a member's personal data: names, addresses, texts, PDFs.

    Records that others rely on stay without it: verification then answers with `recipient_name` null. Later
    events about the id are ignored; a later PUT makes a new member, to whom nothing of the old records belongs.
    """
    if not OPAQUE_ID.match(user_id):
        raise NotFound
    await erase_member(session, user_id, actor=caller)
