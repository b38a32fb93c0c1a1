"""Reading notifications."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import ORGANIZATION_ID, USER_ID
from learning_service.domain.notifications.models import NotificationRead
from learning_service.domain.notifications.queries import notifications_of
from learning_service.domain.preferences.actions import write_preferences


async def read_notifications(
    session: AsyncSession, ids: Sequence[uuid.UUID] | None, *, actor: Principal
) -> None:
    """Note these of the actor's notifications as read (None: all until now); other ids are passed over."""
    if ids is None:
        changes = {"notifications_read_at": now(session)}
        await write_preferences(session, actor.organization_id, actor.user_id, changes)
        return
    told = notifications_of()
    own = (
        select(ORGANIZATION_ID, USER_ID, told.c.id)
        .where(told.c.id.in_(ids))
        .params(organization_id=actor.organization_id, user_id=actor.user_id, instant=now(session))
    )
    await session.execute(
        insert(NotificationRead)
        .from_select(["organization_id", "user_id", "notification_id"], own.order_by(told.c.id))
        .on_conflict_do_nothing()
    )
