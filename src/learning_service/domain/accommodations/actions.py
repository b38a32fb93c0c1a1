"""Saying what a member needs at attempts."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.models import Accommodation
from learning_service.domain.accommodations.queries import get_accommodations
from learning_service.domain.accommodations.rules import AccommodationsIn
from learning_service.domain.directory.rules.reach import refuse_own
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act


async def put_accommodations(
    session: AsyncSession, user_id: str, new: AccommodationsIn, *, actor: Principal
) -> Accommodation:
    """Say what a member, whom the actor administers, needs at each attempt from now on.

    Attempts under way keep their time. Raises Forbidden for the actor's own.
    """
    refuse_own(user_id, actor)
    values = {
        "time_multiplier": new.time_multiplier,
        "extra_attempts": new.extra_attempts,
        "reason": new.reason,
        "granted_by": actor.user_id,
        "granted_at": now(session),
    }
    await session.execute(
        insert(Accommodation)
        .values(organization_id=actor.organization_id, user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["organization_id", "user_id"], set_=values)
    )
    _audit(session, "accommodations.granted", user_id, actor)
    return await get_accommodations(session, actor.organization_id, user_id)


async def delete_accommodations(session: AsyncSession, user_id: str, *, actor: Principal) -> None:
    """End them from now on. Raises Forbidden for the actor's own, NotFound where there are none."""
    refuse_own(user_id, actor)
    gone = await session.scalar(
        delete(Accommodation)
        .where(Accommodation.organization_id == actor.organization_id, Accommodation.user_id == user_id)
        .returning(Accommodation.user_id)
    )
    if gone is None:
        raise NotFound
    _audit(session, "accommodations.ended", user_id, actor)


def _audit(session: AsyncSession, action: AuditAction, user_id: str, actor: Principal) -> None:
    """What a person needs is not for the trail."""
    record_act(session, actor, action, ("accommodations", user_id), user_id=user_id)
