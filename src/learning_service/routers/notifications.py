"""What a member is told of their learning."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body, page
from learning_service.api.permissions import IsMember
from learning_service.api.requests import Session
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.notifications.actions import read_notifications
from learning_service.domain.notifications.queries import count_unread, list_notifications
from learning_service.schemas.common import PageOut
from learning_service.schemas.filters import FLAG
from learning_service.schemas.notifications import NotificationOut, ReadIn, UnreadOut

router = APIRouter(prefix="/api/users/notifications", tags=["members"], route_class=KeyedRoute)
Member = Annotated[Principal, Depends(IsMember())]


@router.get("/")
async def list_notifications_(
    caller: Member,
    session: Session,
    asked: Annotated[PageRequest, page("notifications", unread=FLAG, key_parts=2)],
) -> PageOut[NotificationOut]:
    """One's own notifications, newest first; with `unread=true` those not read, with `unread=false` the others."""
    word = asked.filters.get("unread")
    rows = await list_notifications(session, caller, asked, unread=None if word is None else word == "true")
    return PageOut[NotificationOut](
        **page_of(
            rows, asked, key=lambda row: (row.at.isoformat(), row.id), item=NotificationOut.model_validate
        )
    )


@router.post("/read/")
async def mark_notifications_read(
    caller: Member, session: Session, sent: Annotated[ReadIn, body(ReadIn)]
) -> UnreadOut:
    """Note notifications as read, and how many are left. Ids that are not one's own are passed over."""
    await read_notifications(session, sent.ids, actor=caller)
    return UnreadOut(unread=await count_unread(session, caller))
