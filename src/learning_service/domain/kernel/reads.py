"""Reads whose statement is made once, and whose text then goes to the driver.

Making a statement, finding its compiled form by a key of all its parts, and the layers around the driver are nine
tenths of what a small read costs. A kept read is made and compiled once for each of its shapes: write a function
that returns `kept(select(…))`, cache it by what changes the text, and let values be `bindparam`s. A session of a
request that only reads gives it to the driver (`core.reading`); every other session runs the same statement.
"""

from collections import namedtuple
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Integer, Numeric, Select, Text, Uuid, bindparam
from sqlalchemy.dialects.postgresql.asyncpg import dialect as _driver_dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

READER = "reader"
"""In a session's `info`, of one that only reads: what gives a text and its values to the driver."""
Reader = Callable[[str, Sequence[object]], Awaitable[Sequence[Any]]]
ORGANIZATION_ID = bindparam("organization_id", type_=Text())
USER_ID = bindparam("user_id", type_=Text())
ROW_ID = bindparam("row_id", type_=Uuid())
LIMIT = bindparam("limit", type_=Integer())
INSTANT = bindparam("instant", type_=DateTime(timezone=True))
"""What most reads are given: the caller's organization, a member, a row's own id, how many rows at most, and now."""
_DIALECT: Any = _driver_dialect()  # type: ignore[no-untyped-call]
_Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A read that is compiled."""

    statement: Select[*tuple[Any, ...]]
    text: str
    parameters: Sequence[tuple[str, Any, _Processor | None]]
    """In the driver's order: name, value where none is given, and what makes the driver's value of it."""
    row: Callable[[Sequence[Any]], Any]
    """A named tuple of a row's values, as the engine's rows are."""

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The driver's values."""
        values = [(given.get(name, usual), process) for name, usual, process in self.parameters]
        return [value if process is None else process(value) for value, process in values]

    def named(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The engine's values: of the given ones, those that the statement knows."""
        return {name: given[name] for name, _, _ in self.parameters if name in given}


def kept(statement: Select[*tuple[Any, ...]]) -> Kept:
    """Compile a select of columns for good. Raises ValueError where its text changes with a parameter (`in_`).

    Words that the statement itself names, such as those of a status, may stand in an `in_`. Entities are not made by
    it: select their columns.
    """
    compiled: Any = statement.compile(dialect=_DIALECT)
    many = compiled.post_compile_params
    if compiled.literal_execute_params or any(one.required for one in many):
        raise ValueError("the text of this statement changes with its values: use any_() in place of in_()")
    binds: dict[str, Any] = {name: (one.effective_value, one.type) for name, one in compiled.binds.items()}
    text, order = compiled.string, compiled.positiontup or ()
    if many:
        written = compiled.construct_expanded_state({name: value for name, (value, _) in binds.items()})
        text, order = written.statement, written.positiontup
        for name, expanded in written.parameter_expansion.items():
            binds |= {one: (written.parameters[one], binds[name][1]) for one in expanded}
    parameters = [(name, binds[name][0], _bound(binds[name][1])) for name in order]
    columns = list(statement.selected_columns)
    return Kept(
        statement,
        text,
        parameters,
        _row_of(
            tuple(column.key or f"column_{n}" for n, column in enumerate(columns)),
            tuple(_shown(column.type) for column in columns),
        ),
    )


async def fetch(session: AsyncSession, read: Kept, given: Mapping[str, Any]) -> Sequence[Any]:
    """All rows of a kept read."""
    reader: Reader | None = session.info.get(READER)
    if reader is None:
        found: Sequence[Any] = (await session.execute(read.statement, read.named(given))).all()
        return found
    row = read.row
    return [row(one) for one in await reader(read.text, read.values(given))]


async def fetch_first(session: AsyncSession, read: Kept, given: Mapping[str, Any]) -> Any:
    """The first row, or None."""
    rows = await fetch(session, read, given)
    return rows[0] if rows else None


async def fetch_value(session: AsyncSession, read: Kept, given: Mapping[str, Any]) -> Any:
    """The first row's first column, or None."""
    first = await fetch_first(session, read, given)
    return None if first is None else first[0]


def _bound(kind: TypeEngine[Any]) -> _Processor | None:
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _shown(kind: TypeEngine[Any]) -> _Processor | None:
    if isinstance(kind, Numeric):
        # The driver knows by each value's own type, which the engine has to be told.
        return None if kind.asdecimal else _float
    return kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


@cache
def _row_of(names: tuple[str, ...], processors: tuple[_Processor | None, ...]) -> Callable[[Any], Any]:
    kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    changed = [(place, process) for place, process in enumerate(processors) if process is not None]
    if not changed:
        make: Callable[[Any], Any] = kind._make
        return make

    def row(found: Sequence[Any]) -> Any:
        values = list(found)
        for place, process in changed:
            values[place] = process(values[place])
        return kind._make(values)

    return row
