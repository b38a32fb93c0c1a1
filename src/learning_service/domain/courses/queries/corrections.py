"""Corrections of published versions: how many there are, and what they say."""

import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import VersionCorrection
from learning_service.domain.courses.rules.corrections import Correction
from learning_service.domain.kernel.reads import ORGANIZATION_ID, ROW_ID, Kept, fetch, fetch_value, kept
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
    organization_id, row_id = own_key(session, version_id)
    own = {"organization_id": organization_id, "row_id": row_id}
    return int(await fetch_value(session, _last(), own))


@cache
def _last() -> Kept:
    return kept(select(last_correction(ORGANIZATION_ID, ROW_ID)))


async def list_corrections(
    session: AsyncSession, version_id: uuid.UUID, *, upto: int | None = None
) -> Sequence[Correction]:
    """A version's corrections in their order, up to this number."""
    organization_id, row_id = own_key(session, version_id)
    own = {"organization_id": organization_id, "row_id": row_id, "upto": upto}
    rows = await fetch(session, _listed(bounded=upto is not None), own)
    return [
        Correction(
            row.number,
            row.policy,
            read_changes(row.changes),
            row.note,
            row.corrected_by,
            row.corrected_at,
        )
        for row in rows
    ]


@cache
def _listed(*, bounded: bool) -> Kept:
    statement = select(
        VersionCorrection.number,
        VersionCorrection.policy,
        VersionCorrection.changes,
        VersionCorrection.note,
        VersionCorrection.corrected_by,
        VersionCorrection.corrected_at,
    ).where(VersionCorrection.organization_id == ORGANIZATION_ID, VersionCorrection.version_id == ROW_ID)
    if bounded:
        statement = statement.where(VersionCorrection.number <= bindparam("upto", type_=Integer()))
    return kept(statement.order_by(VersionCorrection.number))


def read_changes(stored: list[Any]) -> Sequence[QuestionChange]:
    """Changes as they are kept."""
    return _CHANGES.validate_json(to_json(stored))


def kept_changes(changes: Sequence[QuestionChange]) -> list[Any]:
    """The same as JSON, numbers exactly as they came."""
    return [change.model_dump(mode="json", exclude_none=True) for change in changes]
