"""How PostgreSQL plans what goes through many rows.

After some calls a connection keeps a statement's plan. It may be from when the tables were empty: all indexes that
begin with the organization cost the same then, and reading a table whole for each row costs the least. Until
autovacuum looks at the tables, a load of thousands would be done by pairs.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, TextClause, any_, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

T = TypeVar("T")
FENCE: ColumnElement[Any] = literal_column("0")
"""An OFFSET that skips nothing. Such a subquery stays as it is written; made a join, it would be done by comparing
all with all whenever statistics are from before a large load."""
IN_ORDER: ColumnElement[Any] = literal_column("2147483647")
"""A LIMIT above all that there is. It fences like FENCE, and has the planner keep plans that begin at once, such as
going through an index in order until a page is full; else it weighs what reading all rows costs."""
PLANNED_AS_USUAL = func.set_config("plan_cache_mode", "auto", True)
"""Selected by a statement that is planned afresh and writes thousands of rows: their foreign keys, which are checked
when it ends, go by kept plans again."""
_NAMED = 8
_AFRESH = text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
_BY_ENTRIES = (
    func.set_config("plan_cache_mode", "force_custom_plan", True),
    func.set_config("random_page_cost", "0", True),
    func.set_config("cpu_index_tuple_cost", "1", True),
)
BY_KEYS = (*_BY_ENTRIES, func.set_config("enable_seqscan", "off", True))
"""What `plan_by_keys` selects, for a statement that comes before the list's anyway."""


async def plan_afresh(session: AsyncSession) -> None:
    """Have the statements of this transaction planned by the tables as they are now.

    For statements that go through many rows. A plan costs up to a millisecond a statement, and 20 microseconds for
    each foreign key of each row that is written.
    """
    await session.execute(_AFRESH)


async def plan_by_entries(session: AsyncSession) -> None:
    """The same, and what an index costs is the entries that are read in it, not its pages.

    So rows are looked up by the index that names most of what is asked. Where many rows were deleted, tables and
    indexes have room for all that is loaded after it, and what was counted before seems to be all that is there: by
    pages the smallest index would be the cheapest, whichever rows it finds.
    """
    await session.execute(select(*_BY_ENTRIES))


async def plan_by_keys(session: AsyncSession) -> None:
    """The same for a page of a list, which has no use for a table that is read from end to end.

    Right after a load the table of members may be thought so small that reading it whole for each row of the page
    seems as cheap as looking each member up.
    """
    await session.execute(select(*BY_KEYS))


def of_many(column: Any, organization_id: Any) -> ColumnElement[bool]:
    """Whether a row is of this organization, where its other conditions find one row or few.

    It is asked as one of eight that are the same. Statistics may know one row of an organization, because the others
    are small or this one is new. All indexes that begin with it cost the same then, and the planner takes any, by
    which all of the organization is gone through for each row. Of eight it expects eight rows, and takes the index
    that names what else is asked. The database looks once.
    """
    found: ColumnElement[bool] = column == any_(array([organization_id] * _NAMED))
    return found


def writing(statement: str) -> TextClause:
    """An INSERT or UPDATE of many rows in words, without RETURNING, for `write_afresh`."""
    return text(
        f"WITH written AS ({statement} RETURNING 1)"  # noqa: S608 - words of the caller's own
        " SELECT count(*), set_config('plan_cache_mode', 'auto', true) FROM written"
    )


async def write_afresh(session: AsyncSession, statement: TextClause, values: Mapping[str, Any]) -> None:
    """Do what `writing` made where all is planned afresh: its foreign keys alone, checked when it ends, are not."""
    await session.execute(statement, values)
    await plan_afresh(session)


def among(column: Any, found: Select[Any]) -> ColumnElement[bool]:
    """Whether what another part of the statement has made holds this: hashed once, however few are expected.

    Without the `IS TRUE` it would be made a join, which goes by pairs if few are expected.
    """
    holds: ColumnElement[bool] = column.in_(found).is_(True)
    return holds


def looked_up(model: type[T], name: str, *key: ColumnElement[bool]) -> type[T]:
    """The model's row with this key, to be joined with `true()`: found anew for each row, by all of the key.

    The key's organization goes by `of_many`.
    Written as a join, all rows of the organization would be gone through for each row if few are expected.
    """
    return aliased(model, select(model).where(*key).offset(FENCE).lateral(name))
