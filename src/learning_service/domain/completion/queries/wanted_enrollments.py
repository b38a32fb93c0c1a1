"""Which enrollments an administrator means, as parts of a statement whose values are its parameters.

So a statement is made once for each `Shape` of a request, not for each request.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
)

from learning_service.domain.courses.models import CourseText
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import is_within, within
from learning_service.domain.directory.queries.found_members import FOUND, lives_within
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.enrollments import (
    is_overdue,
    shown_status,
)
from learning_service.domain.enrollments.queries.standing import OPEN, WITHDRAWN
from learning_service.domain.kernel.planning import FENCE, IN_ORDER
from learning_service.domain.kernel.principal import Principal

EnrollmentSort: TypeAlias = Literal["due_at", "-assigned_at", "display_name"]
_TIME = DateTime(timezone=True)
_NEVER = literal_column("'infinity'::timestamptz", _TIME)
"""When an enrollment without a due time is due: after all others."""


@dataclass(frozen=True, slots=True)
class EnrollmentFilter:
    """Which enrollments are wanted, and in which order; None: whatever, and the newest first."""

    user_id: str | None = None
    course_id: uuid.UUID | None = None
    chapter_id: str | None = None
    region_id: str | None = None
    status: str | None = None
    typed: str | None = None
    overdue: bool | None = None
    awaiting_review: bool | None = None
    due_before: datetime | None = None
    withdrawn: bool = False
    """Those that were withdrawn, in place of all others."""
    sort: str | None = None
    count: bool = False
    """How many there are on all pages is wanted too."""


_PARAMETERS = {
    "user_id": bindparam("user_id", type_=Text()),
    "course_id": bindparam("course_id", type_=Uuid()),
    "chapter_id": bindparam("chapter_id", type_=Text()),
    "region_id": bindparam("region_id", type_=Text()),
    "status": bindparam("status", type_=Text()),
    "due_before": bindparam("due_before", type_=_TIME),
}
"""Of a filter what has a value, as a statement's parameter."""
_ORGANIZATION: Any = bindparam("organization_id", type_=Text())
INSTANT = bindparam("instant", type_=_TIME)


@dataclass(frozen=True, slots=True)
class Shape:
    """All that makes the statement of a list: what is asked, without the values, which are its parameters."""

    reach: Reach
    valued: frozenset[str]
    overdue: bool | None
    awaiting_review: bool | None
    withdrawn: bool
    sort: str | None
    words: tuple[bool, ...]
    """For each word typed, whether there is anything to look for."""
    keys: int
    """Of how many parts the key is after which the page begins; 0: it is the first."""

    @classmethod
    def of(
        cls, caller: Principal, wanted: EnrollmentFilter, patterns: Sequence[str], after: Sequence[str] | None
    ) -> "Shape":
        """The shape of a request."""
        return cls(
            reach=reach_of(caller, chapters=True),
            valued=frozenset(name for name in _PARAMETERS if getattr(wanted, name) is not None),
            overdue=wanted.overdue,
            awaiting_review=wanted.awaiting_review,
            withdrawn=wanted.withdrawn,
            sort=wanted.sort,
            words=tuple(map(bool, patterns)),
            keys=len(after or ()),
        )

    @property
    def wanted(self) -> EnrollmentFilter:
        """The filter, with parameters for its values."""
        values: dict[str, Any] = {name: _PARAMETERS[name] for name in self.valued}
        return EnrollmentFilter(
            **values,
            overdue=self.overdue,
            awaiting_review=self.awaiting_review,
            withdrawn=self.withdrawn,
            sort=self.sort,
        )

    @property
    def after(self) -> Sequence[Any] | None:
        """The last row's key, as parameters."""
        return [bindparam(f"after_{n}", type_=Text()) for n in range(self.keys)] or None


def values_of(
    caller: Principal, wanted: EnrollmentFilter, patterns: Sequence[str], after: Sequence[str] | None
) -> dict[str, Any]:
    """The values of the parameters, all but `instant`."""
    return {
        "organization_id": caller.organization_id,
        **{name: value for name in _PARAMETERS if (value := getattr(wanted, name)) is not None},
        **{f"word_{n}": pattern for n, pattern in enumerate(patterns)},
        **{f"after_{n}": part for n, part in enumerate(after or ())},
    }


def _scope(shape: Shape) -> list[ColumnElement[bool]]:
    """The conditions that an enrollment meets by itself."""
    wanted = shape.wanted
    withdrawn = Enrollment.status == WITHDRAWN
    scope = [Enrollment.organization_id == _ORGANIZATION, withdrawn if wanted.withdrawn else ~withdrawn]
    if wanted.course_id is not None:
        scope.append(Enrollment.course_id == wanted.course_id)
    if wanted.status is not None:
        scope.append(shown_status() == wanted.status)
    if wanted.overdue is not None:
        overdue = is_overdue(INSTANT)
        scope.append(overdue if wanted.overdue else ~overdue)
    if wanted.awaiting_review is not None:
        waits = and_(Enrollment.status.in_(OPEN), Enrollment.awaiting_review)
        scope.append(waits if wanted.awaiting_review else ~waits)
    if wanted.due_before is not None:
        scope.append(Enrollment.due_at < wanted.due_before)
    for n, is_something in enumerate(shape.words):
        scope.append(_has_word(bindparam(f"word_{n}", type_=Text())) if is_something else false())
    return scope


def _has_word(pattern: Any) -> ColumnElement[bool]:
    """Whether a word is in the member's name or address, or in the course's title."""
    members = select(FOUND.c.user_id).where(
        FOUND.c.organization_id == _ORGANIZATION, FOUND.c.search_text.like(pattern)
    )
    courses = select(CourseText.course_id).where(
        CourseText.organization_id == _ORGANIZATION, (literal(" ") + CourseText.title).like(pattern)
    )
    return or_(Enrollment.user_id.in_(members), Enrollment.course_id.in_(courses))


def found_ids(shape: Shape) -> tuple[Any, Sequence[ColumnElement[Any]]]:
    """Ids of the enrollments wanted that come after that one, and what they are ordered by."""
    scope = _scope(shape)
    if shape.sort == "display_name":
        return _by_name(shape, scope)
    wanted, reach = shape.wanted, shape.reach
    order = _order(shape.sort)
    scope = [*scope, *_beyond(shape.after, order, descends=descends(shape.sort))]
    if wanted.user_id is None and wanted.chapter_id is None and (reach.national or reach.regions):
        return _of_many(shape, scope)
    few = func.array(_members(shape).scalar_subquery())
    return select(Enrollment.id).where(*scope, Enrollment.user_id == func.any(few)), order


def descends(sort: str | None) -> bool:
    """Whether the list begins with the greatest keys."""
    return sort in (None, "-assigned_at")


def _beyond(
    after: Sequence[Any] | None, keys: Sequence[ColumnElement[Any]], *, descends: bool = False
) -> list[ColumnElement[bool]]:
    """That a row comes after the last one of the page before. It stands where an index is read by these keys."""
    if after is None:
        return []
    last = tuple_(*(cast(part, key.type) for part, key in zip(after, keys, strict=True)))
    return [tuple_(*keys) < last if descends else tuple_(*keys) > last]


def _order(sort: str | None) -> list[ColumnElement[Any]]:
    newest = type_coerce(Enrollment.id, Uuid())
    if sort is None:
        return [newest]
    # As `ix_enrollments_due_order` has it: behind row-level security a COALESCE is no condition of an index.
    due_at = case((Enrollment.due_at.is_(None), _NEVER), else_=Enrollment.due_at)
    return [due_at if sort == "due_at" else type_coerce(Enrollment.assigned_at, _TIME), newest]


def _of_many(shape: Shape, scope: list[ColumnElement[bool]]) -> tuple[Any, Sequence[ColumnElement[Any]]]:
    """Enrollments in their order, each looked at until the page is full."""
    order = _order(shape.sort)
    ordered = [key.asc() if shape.sort == "due_at" else key.desc() for key in order]
    keys = [key.label(f"order_{n}") for n, key in enumerate(order)]
    in_order = (
        select(Enrollment.id, Enrollment.user_id, *keys)
        .where(*scope)
        .order_by(*ordered)
        .limit(IN_ORDER)
        .subquery("in_order")
    )
    found = select(in_order.c.id).where(is_within(_ORGANIZATION, in_order.c.user_id, shape.reach))
    if (region := _region(shape)) is not None:
        found = found.where(is_within(_ORGANIZATION, in_order.c.user_id, region))
    return found, [in_order.c[key.name] for key in keys]


def _region(shape: Shape) -> Reach | None:
    """The region asked for."""
    region_id = shape.wanted.region_id
    return None if region_id is None else Reach(regions=frozenset({region_id}))


def _by_name(shape: Shape, scope: list[ColumnElement[bool]]) -> tuple[Any, Sequence[ColumnElement[Any]]]:
    """Members by name, each with their enrollments, until the page is full."""
    wanted, after = shape.wanted, shape.after
    who = [
        FOUND.c.organization_id == _ORGANIZATION,
        lives_within(FOUND.c.chapter_id, _ORGANIZATION, shape.reach),
    ]
    if wanted.user_id is not None:
        who.append(FOUND.c.user_id == wanted.user_id)
    if wanted.chapter_id is not None:
        who.append(FOUND.c.chapter_id == wanted.chapter_id)
    if (region := _region(shape)) is not None:
        who.append(lives_within(FOUND.c.chapter_id, _ORGANIZATION, region))
    own = select(Enrollment.id).where(*scope, Enrollment.user_id == FOUND.c.user_id)
    theirs = own.offset(FENCE).lateral("theirs")
    name = [type_coerce(FOUND.c.search_text, Text), type_coerce(FOUND.c.user_id, Text)]
    keys = [*name, theirs.c.id]
    if after is not None:
        # Members of earlier pages are not even read; the last one's enrollments may go on.
        who.append(tuple_(*name) >= tuple_(*after[:2]))
    found = select(theirs.c.id).select_from(FOUND).join(theirs, true()).where(*who, *_beyond(after, keys))
    return found, keys


def _members(shape: Shape) -> Any:
    """Ids of the members meant. Where they are few, named by ids they are looked for in one pass."""
    wanted = shape.wanted
    who = [Member.organization_id == _ORGANIZATION, Member.erased_at.is_(None)]
    who.append(within(_ORGANIZATION, shape.reach))
    if wanted.user_id is not None:
        who.append(Member.user_id == wanted.user_id)
    if wanted.chapter_id is not None:
        who.append(Member.chapter_id == wanted.chapter_id)
    if (region := _region(shape)) is not None:
        who.append(within(_ORGANIZATION, region))
    return select(Member.user_id).where(*who)


def total_found(shape: Shape) -> Any:
    """How many enrollments there are on all pages."""
    everybody = (
        select(func.count())
        .select_from(Enrollment)
        .where(*_scope(shape), Enrollment.user_id.in_(_members(shape)))
    )
    return everybody.scalar_subquery()
