"""The catalogue: the caller's courses by words, category, language and how far the caller is, in several orders."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Text,
    and_,
    bindparam,
    cast,
    column,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course, CourseText
from learning_service.domain.courses.queries.access import (
    CourseView,
    Draft,
    Published,
    courses_seen,
    joined_courses,
)
from learning_service.domain.courses.queries.reach import Sight
from learning_service.domain.enrollments.queries.standing import WITHDRAWN, standing_in
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, Kept, fetch, kept

Mine: TypeAlias = Literal["not_started", "in_progress", "completed", "failed"]
"""How far the caller is; assigned and not begun is not started."""
Sort: TypeAlias = Literal["title", "-published_at"]
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
"""Before every time: where what was never published comes in the order of publishing."""


@dataclass(frozen=True, slots=True)
class CourseFilter:
    """Which courses are wanted, and in which order; None: whatever, and the newest first or the best match."""

    words: str | None = None
    category: str | None = None
    language: str | None = None
    mine: Mine | None = None
    sort: Sort | None = None
    drafts: bool = False
    """Those that the caller may author and that have a draft."""

    @property
    def key_parts(self) -> int:
        """How many parts the sort key of the list has."""
        return 1 if self.sort is None and self.words is None else 2


@dataclass(frozen=True, slots=True)
class FoundCourse:
    """A course in the catalogue, with its place there."""

    view: CourseView
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How many of the caller's courses have a category."""

    category: str
    courses: int
    folded: str
    """The category by which it is in order."""


async def search_courses(
    session: AsyncSession, caller: Principal, page: PageRequest, wanted: CourseFilter
) -> Sequence[FoundCourse]:
    """The courses wanted of those that the caller may enter, author or assign; one more than the page holds.

    Words are found by `courses_matching` (index `ix_course_texts_words`), titles are in order by
    `ix_course_texts_title`. Raises NotAMember for a caller who is neither member nor administrator.
    """
    seen = await courses_seen(session, caller)
    if seen is None:
        return []
    key, descending = _order(wanted)
    statement = joined_courses(seen.authored, *key).where(
        Course.organization_id == caller.organization_id, *_conditions(wanted)
    )
    statement = statement.where(
        and_(seen.authored, Draft.id.is_not(None)) if wanted.drafts else or_(seen.authored, seen.open)
    )
    if wanted.words is not None:
        statement = statement.join(_matches(wanted.words), column("matched") == Course.id)
    if wanted.sort == "title":
        statement = statement.join(
            CourseText,
            and_(CourseText.organization_id == Course.organization_id, CourseText.course_id == Course.id),
        )
    if wanted.mine is not None:
        standing = standing_in(Course.organization_id, caller.user_id, Course.id, now(session))
        statement = statement.outerjoin(standing, true()).where(_is_mine(standing, wanted.mine))
    if page.after is not None:
        last = [
            cast(literal(part, Text), part_of.type) for part, part_of in zip(page.after, key, strict=True)
        ]
        row, bound = tuple_(*key), tuple_(*last)
        statement = statement.where(row < bound if descending else row > bound)
    order = [part.desc() if descending else part.asc() for part in key]
    rows = await session.execute(statement.order_by(*order).limit(page.limit + 1))
    return [_found(row, len(key)) for row in rows]


async def count_categories(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[CategoryCount]:
    """The categories of the caller's courses, each with their number, by name; one more than the page holds.

    Raises NotAMember for a caller who is neither member nor administrator.
    """
    seen = await courses_seen(session, caller)
    if seen is None:
        return []
    given = {**seen.units.given(), "limit": page.limit + 1}
    if page.after is not None:
        given["after_folded"], given["after"] = page.after
    rows = await fetch(session, _categories(seen.sight, after=page.after is not None), given)
    return [CategoryCount(str(category), courses, name) for category, courses, name in rows]


@cache
def _categories(sight: Sight, *, after: bool) -> Kept:
    folded = func.folded(Course.category, type_=Text())
    statement = select(Course.category, func.count(), folded).where(
        Course.organization_id == ORGANIZATION_ID,
        Course.category.is_not(None),
        or_(sight.authored(), sight.open()),
    )
    if after:
        last = bindparam("after_folded", type_=Text()), bindparam("after", type_=Text())
        statement = statement.where(tuple_(folded, Course.category) > tuple_(*last))
    return kept(statement.group_by(Course.category).order_by(folded, Course.category).limit(LIMIT))


def _found(row: Any, parts: int) -> FoundCourse:
    *columns, authored = row[:-parts]
    view = CourseView(*columns)
    key = tuple(part.isoformat() if isinstance(part, datetime) else str(part) for part in row[-parts:])
    return FoundCourse(view if authored else replace(view, draft_version=None), key)


def _order(wanted: CourseFilter) -> tuple[list[Any], bool]:
    """The sort key, and whether it descends."""
    if wanted.sort == "title":
        return [CourseText.title, Course.id], False
    if wanted.sort == "-published_at":
        return [func.coalesce(Published.published_at, _FIRST), Course.id], True
    if wanted.words is not None:
        return [column("rank", Numeric()), Course.id], True
    return [Course.id], True


def _matches(words: str) -> Any:
    found = func.courses_matching(words).table_valued(
        column("matched", UUID(as_uuid=True)), column("rank", Numeric()), name="found"
    )
    return found.render_derived()


def _conditions(wanted: CourseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.category is not None:
        conditions.append(Course.category == wanted.category)
    if wanted.language is not None:
        tag = func.lower(func.coalesce(Published.language, Draft.language))
        asked = wanted.language.lower()
        conditions.append(or_(tag == asked, tag.startswith(f"{asked}-", autoescape=True)))
    return conditions


def _is_mine(standing: Any, mine: Mine) -> ColumnElement[bool]:
    status = standing.c.status
    if mine == "not_started":
        return func.coalesce(status.in_(("assigned", WITHDRAWN)), True)
    return func.coalesce(status == mine, false())
