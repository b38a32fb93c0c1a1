"""Reads of accommodations."""

from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.models import Accommodation
from learning_service.domain.accommodations.rules import NONE, Accommodations
from learning_service.domain.kernel.errors import NotFound


async def get_accommodations(session: AsyncSession, organization_id: str, user_id: str) -> Accommodation:
    """What the member needs. Raises NotFound where nothing was said."""
    found = await session.get(Accommodation, (organization_id, user_id), populate_existing=True)
    if found is None:
        raise NotFound
    return found


async def accommodations_for(session: AsyncSession, organization_id: str, user_id: str) -> Accommodations:
    """What counts of it at the member's attempts."""
    found = await session.get(Accommodation, (organization_id, user_id), populate_existing=True)
    return NONE if found is None else Accommodations(found.time_multiplier, found.extra_attempts)


def accommodations_of(row: Any) -> Any:
    """What a row's member needs, as JSON for `read_accommodations`; NULL where nothing was said.

    Exact numbers travel as text: JSON numbers would come back as floats.
    """
    needed = func.jsonb_build_array(
        cast(Accommodation.time_multiplier, Text), Accommodation.extra_attempts, type_=JSONB
    )
    return (
        select(needed)
        .where(Accommodation.organization_id == row.organization_id, Accommodation.user_id == row.user_id)
        .scalar_subquery()
        .label("accommodations")
    )
