"""Changing preferences."""

from collections.abc import Mapping

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Member
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.preferences.models import MemberPreferences
from learning_service.domain.preferences.rules import PreferencesChangeIn, Unsubscribing


async def change_preferences(session: AsyncSession, change: PreferencesChangeIn, *, actor: Principal) -> None:
    """Change the actor's own preferences, field by field: two changes at once both last."""
    if changes := change.changes():
        await write_preferences(session, actor.organization_id, actor.user_id, changes)


async def unsubscribe(session: AsyncSession, ending: Unsubscribing) -> None:
    """End a kind of mail; twice is once. Raises NotFound for whoever is no member any more."""
    changes = {f"mail_{ending.topic}": False}
    if not await write_preferences(session, ending.organization_id, ending.user_id, changes):
        raise NotFound


async def write_preferences(
    session: AsyncSession, organization_id: str, user_id: str, changes: Mapping[str, object]
) -> bool:
    """Store these fields of a member's preferences; False where there is no such member."""
    columns = {name: getattr(MemberPreferences, name) for name in changes}
    member = select(
        Member.organization_id,
        Member.user_id,
        *(literal(value, columns[name].type) for name, value in changes.items()),
    ).where(Member.organization_id == organization_id, Member.user_id == user_id, Member.erased_at.is_(None))
    statement = insert(MemberPreferences).from_select(
        ["organization_id", "user_id", *columns], member, include_defaults=False
    )
    written = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["organization_id", "user_id"],
            set_={name: statement.excluded[name] for name in columns},
        ).returning(MemberPreferences.user_id)
    )
    return written is not None
