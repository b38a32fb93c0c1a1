"""Lists of regions and chapters, for whoever chooses one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Chapter, Region
from learning_service.domain.directory.queries.search import matches, patterns_of
from learning_service.domain.kernel.paging import PageRequest


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
    statement = select(Region.id, Region.name, Region.closed_at.is_not(None))
    rows = await session.execute(_listed(statement, Region, organization_id, page, closed=closed))
    return [RegionView(*row) for row in rows]


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
    statement = select(Chapter.id, Chapter.name, Chapter.closed_at.is_not(None), Chapter.region_id)
    if region_id is not None:
        statement = statement.where(Chapter.region_id == region_id)
    if patterns := await patterns_of(session, typed):
        statement = statement.where(matches(literal(" ") + func.folded(Chapter.name), patterns))
    rows = await session.execute(_listed(statement, Chapter, organization_id, page, closed=closed))
    return [ChapterView(*row) for row in rows]


def _listed(
    statement: Any,
    unit: type[Region] | type[Chapter],
    organization_id: str,
    page: PageRequest,
    *,
    closed: bool,
) -> Any:
    statement = statement.where(unit.organization_id == organization_id)
    if not closed:
        statement = statement.where(unit.closed_at.is_(None))
    if page.after is not None:
        statement = statement.where(unit.id > page.after[0])
    return statement.order_by(unit.id).limit(page.limit + 1)
