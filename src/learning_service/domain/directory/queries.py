"""Reads of the directory."""

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.principal import Principal


async def is_member(session: AsyncSession, caller: Principal) -> bool:
    """Whether the caller is a member of the organization; an erased one is none."""
    found = await session.scalar(
        select(
            exists().where(
                Member.organization_id == caller.organization_id,
                Member.user_id == caller.user_id,
                Member.erased_at.is_(None),
            )
        )
    )
    return bool(found)


async def get_organization(session: AsyncSession, organization_id: str) -> Organization | None:
    """The organization as the directory last told us, or None when it never did."""
    return await session.get(Organization, organization_id)
