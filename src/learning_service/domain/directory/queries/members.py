"""Reads of the directory."""

from sqlalchemy import ColumnElement, Text, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import ErasedMember, Member, Organization
from learning_service.domain.kernel.principal import Principal


def member_exists() -> ColumnElement[bool]:
    """Whether there is this member, not erased; parameters `organization_id` and `user_id`."""
    return exists().where(
        Member.organization_id == bindparam("organization_id", type_=Text()),
        Member.user_id == bindparam("user_id", type_=Text()),
        Member.erased_at.is_(None),
    )


_IS_MEMBER = select(member_exists())


async def is_member(session: AsyncSession, caller: Principal) -> bool:
    """Whether the caller is a member of the organization; an erased one is none."""
    own = {"organization_id": caller.organization_id, "user_id": caller.user_id}
    return bool(await session.scalar(_IS_MEMBER, own))


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
