"""Writing many rows by one statement: ids, events and jobs that the database makes itself."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, String, Text, Uuid, cast, func, literal, null, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.records.events import Event

_TIME_AND_VERSION = 15
"""How many characters of a UUIDv7's text say its time and version."""


def new_ids(moment: uuid.UUID | None = None, *, like: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
    """A new UUIDv7 for each row of a statement: its time from `moment` (a UUIDv7; default now), and own chance.

    `like`: a column of new ids whose chance serves again, which costs less than new chance.
    """
    prefix = time_of_ids(moment)
    source = func.gen_random_uuid() if like is None else like
    chance = func.substr(cast(source, Text), _TIME_AND_VERSION + 1)
    return cast(literal(prefix, String).concat(chance), Uuid)


def time_of_ids(moment: uuid.UUID | None = None) -> str:
    """How new ids begin, for a statement in words that adds the chance."""
    return str(moment or new_id())[:_TIME_AND_VERSION]


def ids_of(moment: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """Between which ids those lie that `new_ids` made with this moment."""
    prefix = time_of_ids(moment)
    return uuid.UUID(prefix + "000-0000-000000000000"), uuid.UUID(prefix + "fff-ffff-ffffffffffff")


def rfc3339(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A time as events carry it: UTC, to the second or as fine as it is."""
    utc = func.timezone("UTC", column)
    return func.regexp_replace(func.to_char(utc, 'YYYY-MM-DD"T"HH24:MI:SS.US'), r"\.?0+$", "").concat("Z")


def fixed_time(instant: datetime | None) -> str | None:
    """The same for a time that is known."""
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def events_of(
    session: AsyncSession,
    type_: str,
    facts: CTE,
    *,
    data: JsonObject,
    like: ColumnElement[Any] | None = None,
    name: str = "told",
) -> CTE:
    """An event for each row of `facts` (which has `organization_id` and `user_id`), as part of its statement.

    `data` names columns of `facts`, which hold no NULL, or fixed values; None is left out. `like`: see `new_ids`.
    """
    known = {"organization_id": facts.c.organization_id, "user_id": facts.c.user_id}
    known |= {key: value for key, value in data.items() if value is not None}
    pairs: list[Any] = []
    for key, value in known.items():
        pairs += [cast(literal(key), Text), value if isinstance(value, ColumnElement) else _plain(value)]
    rows = select(
        new_ids(like=like),
        facts.c.organization_id,
        literal(type_, Text),
        facts.c.user_id,
        literal(now(session), Event.at.type),
        func.jsonb_build_object(*pairs, type_=Event.data.type),
        cast(null(), Event.position.type),
    )
    names = ["id", "organization_id", "type", "user_id", "at", "data", "position"]
    return insert(Event).from_select(names, rows, include_defaults=False).cte(name)


def _plain(value: Any) -> ColumnElement[Any]:
    return literal(value, Integer) if isinstance(value, int) else cast(literal(str(value)), Text)
