"""Lists of regions and chapters, for whoever chooses one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Text, all_, bindparam, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Chapter, Region
from learning_service.domain.directory.queries.search import patterns_of
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, Kept, fetch, kept


@dataclass(frozen=True, slots=True)
class RegionView:
    """A region in a list."""

    id: str
    name: str
    closed: bool


@dataclass(frozen=True, slots=True)
class ChapterView(RegionView):
    """A chapter in a list."""

    region_id: str


async def list_regions(
    session: AsyncSession, organization_id: str, page: PageRequest, *, closed: bool
) -> Sequence[RegionView]:
    """The organization's regions by id, with `closed` those that are closed too; one more than the page holds."""
    read = _listed(Region, closed=closed, after=page.after is not None)
    return [RegionView(*row) for row in await fetch(session, read, _given(organization_id, page))]


async def list_chapters(
    session: AsyncSession,
    organization_id: str,
    page: PageRequest,
    *,
    region_id: str | None,
    typed: str | None,
    closed: bool,
) -> Sequence[ChapterView]:
    """The organization's chapters by id, with `closed` those that are closed too; one more than the page holds."""
    patterns = await patterns_of(session, typed)
    read = _listed(
        Chapter,
        closed=closed,
        after=page.after is not None,
        of_region=region_id is not None,
        named=bool(patterns),
    )
    given = {**_given(organization_id, page), "region_id": region_id, "patterns": patterns}
    return [ChapterView(*row) for row in await fetch(session, read, given)]


@cache
def _listed(
    unit: type[Region] | type[Chapter],
    *,
    closed: bool,
    after: bool,
    of_region: bool = False,
    named: bool = False,
) -> Kept:
    columns: list[Any] = [unit.id, unit.name, unit.closed_at.is_not(None)]
    if unit is Chapter:
        columns.append(Chapter.region_id)
    statement = select(*columns).where(unit.organization_id == ORGANIZATION_ID)
    if not closed:
        statement = statement.where(unit.closed_at.is_(None))
    if after:
        statement = statement.where(unit.id > bindparam("after", type_=Text()))
    if of_region:
        statement = statement.where(Chapter.region_id == bindparam("region_id", type_=Text()))
    if named:
        patterns = all_(bindparam("patterns", type_=ARRAY(Text())))
        statement = statement.where((literal(" ") + func.folded(Chapter.name)).like(patterns))
    return kept(statement.order_by(unit.id).limit(LIMIT))


def _given(organization_id: str, page: PageRequest) -> dict[str, Any]:
    given: dict[str, Any] = {"organization_id": organization_id, "limit": page.limit + 1}
    return given if page.after is None else {**given, "after": page.after[0]}
