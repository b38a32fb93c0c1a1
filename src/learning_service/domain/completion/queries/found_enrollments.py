"""Enrollments as administrators look for them: by member, place, course, state and words."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    bindparam,
    cast,
    func,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.queries import accommodations_of
from learning_service.domain.attempts.queries.progress import lessons_done, quizzes_of
from learning_service.domain.attempts.queries.standings import read_standing
from learning_service.domain.completion.queries.completions import Finish, finish_of
from learning_service.domain.completion.queries.wanted_enrollments import (
    INSTANT,
    EnrollmentFilter,
    Shape,
    descends,
    found_ids,
    total_found,
    values_of,
)
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.directory.queries.search import patterns_of
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    enrollment_views,
)
from learning_service.domain.enrollments.rules import Standing
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import FENCE, looked_up, plan_afresh, plan_by_keys
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import ROW_ID, Kept, fetch_first, kept


@dataclass(frozen=True, slots=True)
class FoundEnrollment:
    """An enrollment as an administrator sees it, and its place in the list."""

    enrollment: EnrollmentView
    version_id: uuid.UUID
    standing: Standing
    display_name: str
    chapter_name: str
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundEnrollments:
    """A page of enrollments, and one more than it holds; `total` where it was wanted."""

    rows: Sequence[FoundEnrollment]
    total: int | None


def key_parts(sort: str | None) -> int:
    """How many parts the sort key of the list has."""
    return {None: 1, "display_name": 3}.get(sort, 2)


async def list_enrollments(
    session: AsyncSession, caller: Principal, page: PageRequest, wanted: EnrollmentFilter
) -> FoundEnrollments:
    """Enrollments of the caller's members; one more than the page holds.

    Which they are is found first, and what is shown of them is read for no others. The newest are found by the
    primary key or `ix_enrollments_course`, those of one member or chapter by `ix_enrollments_member`, those in order
    by `ix_enrollments_due_order` and `ix_enrollments_assigned`, members in order by `ix_members_name`.
    """
    patterns = await patterns_of(session, wanted.typed)
    if not patterns:
        await plan_by_keys(session)
    statement, keys = listed(Shape.of(caller, wanted, patterns, page.after), wanted.count)
    given = {
        **values_of(caller, wanted, patterns, page.after),
        "instant": now(session),
        "most": page.limit + 1,
    }
    rows = (await session.execute(statement, given)).all()
    return FoundEnrollments(
        rows=[_read(row[2:], keys) for row in rows if row[1] is not None], total=rows[0][0]
    )


@lru_cache(maxsize=128)
def listed(shape: Shape, count: bool) -> tuple[Any, int]:
    """The statement of a page, and of how many parts its keys are. Made anew it took half of the list's time."""
    counted, ids, keys = _page(shape, count)
    shown = _shown().where(Enrollment.id == ids.c.id).offset(FENCE).lateral("shown")
    statement = (
        select(counted.c.total, ids.c.id, *keys, *shown.c)
        .select_from(counted.outerjoin(ids.join(shown, true()), true()))
        .order_by(ids.c.place)
    )
    return statement, len(keys)


@lru_cache(maxsize=128)
def page_of_ids(shape: Shape, count: bool) -> Any:
    """One row: `total`, the `ids` of a page in their order, and of each its `keys` as JSON text."""
    counted, ids, keys = _page(shape, count)
    key = cast(func.json_build_array(*keys), Text)
    there = ids.c.id.is_not(None)
    return (
        select(
            cast(counted.c.total, BigInteger).label("total"),
            func.array_agg(aggregate_order_by(ids.c.id, ids.c.place)).filter(there).label("ids"),
            func.array_agg(aggregate_order_by(key, ids.c.place)).filter(there).label("keys"),
        )
        .select_from(counted.outerjoin(ids, true()))
        .group_by(counted.c.total)
    )


def _page(shape: Shape, count: bool) -> tuple[Any, Any, Sequence[Any]]:
    """How many there are on all pages, the ids of one page with their places, and the columns of their keys.

    Parameter `most` beside those of the shape.
    """
    found, order = found_ids(shape)
    ordered = [key.desc() if descends(shape.sort) else key.asc() for key in order]
    keys = [cast(key, Text).label(f"key_{n}") for n, key in enumerate(order)]
    numbered = found.add_columns(*keys, func.row_number().over(order_by=ordered).label("place"))
    ids = (
        numbered.order_by(*ordered)
        .limit(bindparam("most", type_=Integer()))
        .cte("page")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    total = total_found(shape) if count else cast(null(), Integer)
    return select(total.label("total")).cte("counted"), ids, [ids.c[key.name] for key in keys]


async def find_ids(
    session: AsyncSession,
    caller: Principal,
    wanted: EnrollmentFilter,
    *,
    after: uuid.UUID | None,
    limit: int,
) -> Sequence[uuid.UUID]:
    """Ids of the enrollments wanted, newest first, those after one. Found as `list_enrollments` does."""
    patterns = await patterns_of(session, wanted.typed)
    await plan_afresh(session)
    last = None if after is None else (str(after),)
    shape = Shape.of(caller, wanted, patterns, last)
    found, [newest] = found_ids(shape)
    given = {**values_of(caller, wanted, patterns, last), "instant": now(session)}
    return (await session.scalars(found.order_by(newest.desc()).limit(limit), given)).all()


async def count_found(session: AsyncSession, caller: Principal, wanted: EnrollmentFilter) -> int:
    """How many enrollments are wanted."""
    patterns = await patterns_of(session, wanted.typed)
    shape = Shape.of(caller, wanted, patterns, None)
    given = {**values_of(caller, wanted, patterns, None), "instant": now(session)}
    return await session.scalar(select(total_found(shape)), given) or 0


async def find_enrollment(session: AsyncSession, enrollment_id: uuid.UUID) -> FoundEnrollment:
    """One enrollment, which the caller has already been allowed to see."""
    given = {"row_id": enrollment_id, "instant": now(session)}
    return _read(await fetch_first(session, _one(), given), 0)


@cache
def _one() -> Kept:
    return kept(_shown().where(Enrollment.id == ROW_ID))


def _read(row: Sequence[Any], keys: int) -> FoundEnrollment:
    *view, version_id, lessons, quizzes, needed, display_name, chapter_name = row[keys:]
    return FoundEnrollment(
        enrollment=EnrollmentView(*view),
        version_id=version_id,
        standing=read_standing(lessons, quizzes, needed),
        display_name=display_name,
        chapter_name=chapter_name,
        key=tuple(row[:keys]),
    )


_NAMES = ("display_name", "chapter_name")


@cache
def _shown() -> Any:
    """What is shown of an enrollment; parameter `instant`. To put it together took a third of a list's time."""
    needed = accommodations_of(Enrollment)
    return _with_names(Enrollment.version_id, lessons_done(Enrollment), quizzes_of(Enrollment), needed)


def shown_with_finish(ids: Any) -> Any:
    """What a list shows of these enrollments (an array), each with its `place`; parameter `instant`.

    Its columns are named as in `EnrollmentView` and `Finish`, with the names of member and chapter, and what
    `read_standing` takes. What the member needs is not among it: it changes nothing of what is done.
    """
    page = func.unnest(ids).table_valued("id", with_ordinality="place").render_derived(name="page")
    finish = finish_of(Enrollment)
    standing = Enrollment.version_id, lessons_done(Enrollment), quizzes_of(Enrollment)
    came_to = finish.c.completed_at, finish.c.score, finish.c.id
    one = _with_names(*standing, *came_to).outerjoin(finish, true())
    shown = one.where(Enrollment.id == page.c.id).offset(FENCE).lateral("shown")
    names = *EnrollmentView.__slots__, "version_id", "lessons", "quizzes", *Finish.__slots__, *_NAMES
    columns = [column.label(name) for name, column in zip(names, shown.c, strict=True)]
    return select(*columns, page.c.place).select_from(page.join(shown, true()))


def _with_names(*columns: Any) -> Any:
    """The columns of `EnrollmentView`, the given ones, and the names of member and chapter."""
    who = looked_up(
        Member,
        "who",
        Member.organization_id == Enrollment.organization_id,
        Member.user_id == Enrollment.user_id,
    )
    place = looked_up(
        Chapter, "place", Chapter.organization_id == who.organization_id, Chapter.id == who.chapter_id
    )
    statement = enrollment_views(INSTANT, *columns, who.display_name, place.name)
    return statement.join(who, true()).join(place, true())
