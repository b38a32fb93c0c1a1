"""Corrections of published versions: how many there are, and what they say."""

import uuid
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import VersionCorrection
from learning_service.domain.courses.rules.corrections import Correction
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.questions.rules.corrections import QuestionChange

_CHANGES = TypeAdapter(tuple[QuestionChange, ...])


def last_correction(organization_id: Any, version_id: Any) -> Any:
    """The number of a version's last correction, 0 for none, as an expression; by its primary key."""
    of_version = (
        VersionCorrection.organization_id == organization_id,
        VersionCorrection.version_id == version_id,
    )
    return func.coalesce(select(func.max(VersionCorrection.number)).where(*of_version).scalar_subquery(), 0)


async def correction_number(session: AsyncSession, version_id: uuid.UUID) -> int:
    """The number of the version's last correction; 0: there is none."""
    number = await session.execute(select(last_correction(*own_key(session, version_id))))
    return int(number.scalar_one())


async def list_corrections(
    session: AsyncSession, version_id: uuid.UUID, *, upto: int | None = None
) -> Sequence[Correction]:
    """A version's corrections in their order, up to this number."""
    organization_id, _ = own_key(session, version_id)
    statement = select(VersionCorrection).where(
        VersionCorrection.organization_id == organization_id, VersionCorrection.version_id == version_id
    )
    if upto is not None:
        statement = statement.where(VersionCorrection.number <= upto)
    rows = await session.scalars(statement.order_by(VersionCorrection.number))
    return [
        Correction(
            row.number,
            row.policy,  # type: ignore[arg-type]
            read_changes(row.changes),
            row.note,
            row.corrected_by,
            row.corrected_at,
        )
        for row in rows
    ]


def read_changes(stored: list[Any]) -> Sequence[QuestionChange]:
    """Changes as they are kept."""
    return _CHANGES.validate_json(to_json(stored))


def kept_changes(changes: Sequence[QuestionChange]) -> list[Any]:
    """The same as JSON, numbers exactly as they came."""
    return [change.model_dump(mode="json", exclude_none=True) for change in changes]
