"""Reads of the directory."""

from functools import cache

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import ErasedMember, Member, Organization
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import ORGANIZATION_ID, USER_ID, Kept, fetch_value, kept


def member_exists() -> ColumnElement[bool]:
    """Whether there is this member, not erased; parameters `organization_id` and `user_id`."""
    return exists().where(
        Member.organization_id == ORGANIZATION_ID,
        Member.user_id == USER_ID,
        Member.erased_at.is_(None),
    )


@cache
def _is_member() -> Kept:
    return kept(select(member_exists()))


async def is_member(session: AsyncSession, caller: Principal) -> bool:
    """Whether the caller is a member of the organization; an erased one is none."""
    own = {"organization_id": caller.organization_id, "user_id": caller.user_id}
    return bool(await fetch_value(session, _is_member(), own))


async def get_organization(session: AsyncSession, organization_id: str) -> Organization | None:
    """The organization as the directory last sent it, or None when it never did."""
    return await session.get(Organization, organization_id)


async def get_member(session: AsyncSession, organization_id: str, user_id: str) -> Member | None:
    """The member as stored, read afresh; None when there is none."""
    found: Member | None = await session.scalar(
        select(Member)
        .where(Member.organization_id == organization_id, Member.user_id == user_id)
        .execution_options(populate_existing=True)
    )
    return found


async def was_member(session: AsyncSession, caller: Principal, record_id: str) -> bool:
    """Whether the records under this id are those of an erased person who had the caller's id."""
    found = await session.scalar(
        select(
            exists().where(
                ErasedMember.organization_id == caller.organization_id,
                ErasedMember.record_id == record_id,
                ErasedMember.user_id == caller.user_id,
            )
        )
    )
    return bool(found)
