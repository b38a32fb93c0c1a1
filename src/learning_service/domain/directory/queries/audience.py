"""An audience as one SQL expression over `Member`; nothing is matched in Python."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Chapter, Member, Region
from learning_service.domain.directory.rules.audience import AudienceFilter, comparisons_of, kind_of
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.planning import FENCE
from learning_service.domain.kernel.reads import ORGANIZATION_ID

Condition = ColumnElement[bool]
REGIONS, _CHAPTERS = (bindparam(name, type_=ARRAY(Text())) for name in ("regions", "chapters"))


def audience_of(organization_id: str, audience: AudienceFilter) -> Condition:
    """Members of the organization whom the filter means. An erased member is never one."""
    return and_(
        Member.organization_id == organization_id,
        Member.erased_at.is_(None),
        *_means(organization_id, audience),
    )


def _means(organization_id: str, audience: AudienceFilter) -> list[Condition]:
    """What must hold of a member of the organization; NULL where it asks for a field that is not there."""
    conditions: list[Condition] = []
    if audience.status:
        words = [func.lower(literal(word, Text)) for word in audience.status]
        conditions.append(func.lower(Member.status).in_(words))
    if audience.chapters:
        conditions.append(Member.chapter_id.in_(audience.chapters))
    if audience.regions:
        conditions.append(Member.chapter_id.in_(_chapters_in(organization_id, audience.regions)))
    for name, condition in audience.custom_fields.items():
        conditions.append(_field_matches(name, condition))
    if audience.any_:
        conditions.append(or_(*(and_(true(), *_means(organization_id, one)) for one in audience.any_)))
    if "not_" in audience.model_fields_set:
        meant = and_(true(), *_means(organization_id, audience.not_))
        conditions.append(not_(func.coalesce(meant, false())))
    return conditions


def within(organization_id: str, reach: Reach, member: type[Member] = Member) -> Condition:
    """Members of the reach's units. It does not name the organization of the member by itself."""
    if reach.national:
        return true()
    units: list[Condition] = [false()]
    if reach.chapters:
        units.append(member.chapter_id.in_(sorted(reach.chapters)))
    if reach.regions:
        units.append(member.chapter_id.in_(_chapters_in(organization_id, sorted(reach.regions))))
    return or_(*units)


def is_within(organization_id: str, user_id: Any, reach: Reach, *, erased: bool = False) -> Condition:
    """Whether another table's member lives within the reach; those whose data was erased only with `erased`.

    One look-up for each row, whatever the statistics say.
    """
    lives = [] if reach.national else [_lives_in(organization_id, reach)]
    if not erased:
        lives.append(Member.erased_at.is_(None))
    return _is_member_who(organization_id, user_id, *lives)


def lives_within(user_id: Any, *, national: bool, chapters: bool) -> Condition:
    """The same for a kept read, given the organization and `reach_values`; of its chapters only with `chapters`."""
    lives = () if national else (within_units(Member.chapter_id, chapters=chapters),)
    return _is_member_who(ORGANIZATION_ID, user_id, Member.erased_at.is_(None), *lives)


def within_units(chapter_id: Any, *, chapters: bool) -> Condition:
    """Whether a chapter is of the reach, for a kept read as `lives_within` is."""
    in_regions = select(Chapter.id).where(
        Chapter.organization_id == ORGANIZATION_ID, Chapter.region_id == any_(REGIONS)
    )
    inside: Condition = chapter_id == any_(func.array(in_regions.scalar_subquery()))
    return or_(inside, chapter_id == any_(_CHAPTERS)) if chapters else inside


def reach_values(reach: Reach) -> dict[str, list[str]]:
    """The units of a reach, as kept reads are given them."""
    return {"regions": sorted(reach.regions), "chapters": sorted(reach.chapters)}


def _is_member_who(organization_id: Any, user_id: Any, *lives: Condition) -> Condition:
    scope = (Member.organization_id == organization_id, Member.user_id == user_id, *lives)
    return exists(select(Member.user_id).where(*scope).offset(FENCE))


def _lives_in(organization_id: str, reach: Reach) -> Condition:
    chapters = func.array(_chapters_in(organization_id, sorted(reach.regions)).scalar_subquery())
    return or_(
        Member.chapter_id.in_(sorted(reach.chapters)),
        Member.chapter_id == func.any(chapters) if reach.regions else false(),
    )


async def check_audience(
    session: AsyncSession, organization_id: str, audience: AudienceFilter, *, pointer: str
) -> None:
    """Raise Invalid for a filter that is too wide, and naming each chapter and region that is unknown or closed."""
    if faults := audience.faults(pointer):
        raise Invalid(faults)
    units: tuple[tuple[Literal["chapters", "regions"], Any], ...] = (
        ("chapters", Chapter),
        ("regions", Region),
    )
    for key, unit in units:
        named = [
            (f"{inside}/{key}/{n}", unit_id)
            for inside, one in audience.walk(pointer)
            for n, unit_id in enumerate(getattr(one, key))
        ]
        if not named:
            continue
        ids = {unit_id for _, unit_id in named}
        found = set(
            await session.scalars(
                select(unit.id).where(
                    unit.organization_id == organization_id, unit.id.in_(ids), unit.closed_at.is_(None)
                )
            )
        )
        faults += [
            Fault(where, f"is not one of the organization's {key}", "not-known")
            for where, unit_id in named
            if unit_id not in found
        ]
    if faults:
        raise Invalid(faults)


def _chapters_in(organization_id: str, regions: Any) -> Any:
    return select(Chapter.id).where(
        Chapter.organization_id == organization_id, Chapter.region_id.in_(regions)
    )


def _field_matches(name: str, condition: Any) -> Condition:
    given = comparisons_of(condition)
    return and_(*(_COMPARISONS[word](name, value) for word, value in given.items()))


def _value(name: str) -> ColumnElement[Any]:
    return Member.custom_fields[name]


def _json(value: Any) -> ColumnElement[Any]:
    return cast(literal(json.dumps(value), Text), JSONB)


def _is_kind(name: str, *kinds: str) -> Condition:
    return func.jsonb_typeof(_value(name)).in_(sorted(set(kinds)))


def _equal(name: str, value: Any) -> Condition:
    # Equality of jsonb tells types apart, and knows that 3 is 3.0.
    return _value(name) == _json(value)


def _differs(name: str, value: Any) -> Condition:
    return and_(_is_kind(name, kind_of(value)), _value(name) != _json(value))


def _among(name: str, values: tuple[Any, ...]) -> Condition:
    return _json(list(values)).op("@>", return_type=true().type)(_value(name))


def _one_of(name: str, values: tuple[Any, ...]) -> Condition:
    # Containment takes a list for its elements, so the field has to be a scalar.
    return and_(_is_kind(name, *map(kind_of, values)), _among(name, values))


def _none_of(name: str, values: tuple[Any, ...]) -> Condition:
    return and_(_is_kind(name, *map(kind_of, values)), not_(_among(name, values)))


def _exists(name: str, value: bool) -> Condition:
    there: Condition = Member.custom_fields.op("?", return_type=true().type)(name)
    return there if value else not_(there)


def _ordered(operator: str) -> Callable[[str, Any], Condition]:
    def compare(name: str, value: Any) -> Condition:
        kind = kind_of(value)
        if kind == "number":
            # Compared as jsonb: a cast to numeric might be tried on a text before its type is looked at.
            return and_(_is_kind(name, kind), _value(name).op(operator)(_json(value)))
        text = Member.custom_fields.op("->>", return_type=Text())(name).collate("C")
        return and_(_is_kind(name, kind), text.op(operator)(literal(value, Text)))

    return compare


def _contains(name: str, value: Any) -> Condition:
    return and_(
        func.jsonb_typeof(_value(name)) == "array",
        _value(name).op("@>", return_type=true().type)(_json([value])),
    )


_COMPARISONS: Mapping[str, Callable[[str, Any], Condition]] = {
    "eq": _equal,
    "ne": _differs,
    "in": _one_of,
    "not_in": _none_of,
    "gt": _ordered(">"),
    "gte": _ordered(">="),
    "lt": _ordered("<"),
    "lte": _ordered("<="),
    "exists": _exists,
    "contains": _contains,
}
