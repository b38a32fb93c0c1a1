"""Members as administrators look for them: by name or address, in pages of three orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, column, func, literal, select, table, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.directory.queries.search import matches, patterns_of
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import FENCE, plan_by_keys

MemberSort: TypeAlias = Literal["display_name", "-display_name", "status"]
# A view, because under row-level security no index finds what was typed. It keeps the transaction's organization.
FOUND = table(
    "found_members",
    column("organization_id"),
    column("user_id"),
    column("chapter_id"),
    column("status"),
    column("search_text"),
)


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as an administrator sees them; a name that stands for the id beside each id."""

    user_id: str
    display_name: str
    email: str | None
    chapter_id: str
    chapter_name: str
    region_id: str
    status: str
    custom_fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListedMember:
    """A member in a list, and what the list is ordered by."""

    member: MemberView
    key: str


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Which members are wanted, and in which order; None: whatever, by id."""

    typed: str | None = None
    chapter_id: str | None = None
    region_id: str | None = None
    status: str | None = None
    sort: str | None = None


async def list_members(
    session: AsyncSession, organization_id: str, reach: Reach, page: PageRequest, wanted: MemberFilter
) -> Sequence[ListedMember]:
    """Members within the reach; one more than the page holds.

    Which they are is found first (`ix_members_search`, `ix_members_name`, `ix_members_status`), and what is shown of
    them is read for no others.
    """
    patterns = await patterns_of(session, wanted.typed)
    if not patterns:
        await plan_by_keys(session)
    found = _page(organization_id, reach, page, wanted)
    if patterns:
        found = found.where(matches(FOUND.c.search_text, patterns))
    ids = found.cte("page").prefix_with("MATERIALIZED", dialect="postgresql")
    shown = _members(organization_id).where(Member.user_id == ids.c.user_id).offset(FENCE).lateral("shown")
    key = ids.c.key.desc() if _descends(wanted) else ids.c.key
    user = ids.c.user_id.desc() if _descends(wanted) else ids.c.user_id
    rows = await session.execute(select(shown, ids.c.key).join_from(ids, shown, true()).order_by(key, user))
    return [ListedMember(MemberView(*row[:-1]), row[-1]) for row in rows]


async def find_member(
    session: AsyncSession, organization_id: str, user_id: str, reach: Reach
) -> MemberView | None:
    """The member, if they live within the reach; never one whose data was erased."""
    statement = _members(organization_id).where(
        Member.user_id == user_id,
        Member.erased_at.is_(None),
        lives_within(Member.chapter_id, organization_id, reach),
    )
    row = (await session.execute(statement)).first()
    return None if row is None else MemberView(*row)


def _members(organization_id: str) -> Select[Any]:
    """The columns of `MemberView`; scope it."""
    columns: tuple[Any, ...] = (
        Member.user_id,
        Member.display_name,
        Member.email,
        Member.chapter_id,
        Chapter.name.label("chapter_name"),
        Chapter.region_id,
        Member.status,
        Member.custom_fields,
    )
    place = and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id)
    return select(*columns).join_from(Member, Chapter, place).where(Member.organization_id == organization_id)


def _page(organization_id: str, reach: Reach, page: PageRequest, wanted: MemberFilter) -> Select[Any]:
    """Ids of the members of one page, each with the key that it is ordered by."""
    key: ColumnElement[str] = literal("")
    if wanted.sort is not None:
        key = FOUND.c.status if wanted.sort == "status" else FOUND.c.search_text
    statement = select(FOUND.c.user_id, key.label("key")).where(
        FOUND.c.organization_id == organization_id,
        lives_within(FOUND.c.chapter_id, organization_id, reach),
    )
    if wanted.chapter_id is not None:
        statement = statement.where(FOUND.c.chapter_id == wanted.chapter_id)
    if wanted.region_id is not None:
        region = Reach(regions=frozenset({wanted.region_id}))
        statement = statement.where(lives_within(FOUND.c.chapter_id, organization_id, region))
    if wanted.status is not None:
        statement = statement.where(func.lower(FOUND.c.status) == func.lower(wanted.status))
    order = [FOUND.c.user_id] if wanted.sort is None else [key, FOUND.c.user_id]
    if page.after is not None:
        last = tuple_(*map(literal, page.after[-len(order) :]))
        here = tuple_(*order)
        statement = statement.where(here < last if _descends(wanted) else here > last)
    ordered = [part.desc() for part in order] if _descends(wanted) else order
    return statement.order_by(*ordered).limit(page.limit + 1)


def _descends(wanted: MemberFilter) -> bool:
    return wanted.sort is not None and wanted.sort.startswith("-")


def lives_within(chapter_id: Any, organization_id: str, reach: Reach) -> ColumnElement[bool]:
    """Whether a chapter is within the reach: its chapters are looked up once, not for each row."""
    if reach.national:
        return true()
    chapters = select(Chapter.id).where(
        Chapter.organization_id == organization_id,
        Chapter.region_id.in_(sorted(reach.regions)) | Chapter.id.in_(sorted(reach.chapters)),
    )
    found: ColumnElement[bool] = chapter_id == func.any(func.array(chapters.scalar_subquery()))
    return found
