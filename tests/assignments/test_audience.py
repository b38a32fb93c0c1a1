"""The audience in SQL means what a few lines of Python say it means."""

import json
import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.kit.world import Json, World

from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import audience_of
from learning_service.domain.directory.rules.audience import AudienceFilter, kind_of

REGIONS = {"n1": "north", "n2": "north", "s1": "south", "s2": "south"}
VALUES = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([0.5, 2.0, 3.0, -1.25, 10**15]),
    st.sampled_from(["", "a", "A", "b", "é", "3", "true", "10", "9", "😀", "z z", "\\", '"']),
    st.booleans(),
    st.none(),
)
STORED = st.one_of(
    VALUES, st.lists(VALUES, max_size=2), st.dictionaries(st.sampled_from("xy"), VALUES, max_size=1)
)
NAMES = st.sampled_from(["gpa", "it's ?a.b"])
ORDERED = VALUES.filter(lambda value: not isinstance(value, bool) and value is not None)
CHOICES = st.lists(VALUES, min_size=1, max_size=3)
OPERANDS = {
    "eq": VALUES,
    "ne": VALUES,
    "in": CHOICES,
    "not_in": CHOICES,
    "gt": ORDERED,
    "gte": ORDERED,
    "lt": ORDERED,
    "lte": ORDERED,
    "exists": st.booleans(),
    "contains": VALUES,
}
# Mostly one condition at a time: several together match next to nobody, and then prove next to nothing.
ONE_COMPARISON = st.sampled_from(sorted(OPERANDS)).flatmap(
    lambda word: st.fixed_dictionaries({word: OPERANDS[word]})
)
COMPARISONS = st.one_of(
    ONE_COMPARISON, ONE_COMPARISON, st.tuples(ONE_COMPARISON, ONE_COMPARISON).map(lambda two: two[0] | two[1])
)
CONDITIONS = st.one_of(COMPARISONS, COMPARISONS, VALUES, CHOICES)
UNITS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.lists(st.sampled_from(["active", "pledge", "alum"]), min_size=1, max_size=2),
        "chapters": st.lists(st.sampled_from(sorted(REGIONS)), min_size=1, max_size=3),
        "regions": st.lists(st.sampled_from(["north", "south"]), min_size=1, max_size=2),
    },
)
FIELDS = st.dictionaries(NAMES, CONDITIONS, min_size=1, max_size=2)
PLAIN = st.one_of(
    UNITS,
    FIELDS.map(lambda fields: {"custom_fields": fields}),
    FIELDS.map(lambda fields: {"custom_fields": fields}),
    st.tuples(UNITS, FIELDS).map(lambda both: {**both[0], "custom_fields": both[1]}),
)
FILTERS = st.one_of(
    PLAIN,
    st.recursive(
        PLAIN,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda some: {"any": some}),
            inner.map(lambda one: {"not": one}),
            st.tuples(UNITS, inner).map(lambda both: {**both[0], "not": both[1]}),
        ),
        max_leaves=4,
    ).filter(lambda one: depth(one) <= 4),
)


def depth(audience: Json) -> int:
    inside = [*audience.get("any", ()), *([audience["not"]] if "not" in audience else ())]
    return max((1 + depth(one) for one in inside), default=0)


MEMBERS = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(["active", "pledge", "alum"]),
            "chapter_id": st.sampled_from(sorted(REGIONS)),
            "custom_fields": st.dictionaries(NAMES, STORED, min_size=1),
        }
    ),
    min_size=6,
    max_size=12,
)


def kind(value: Any) -> str:
    return "other" if isinstance(value, list | dict) else kind_of(value)


def equal(a: Any, b: Any) -> bool:
    return kind(a) == kind(b) != "other" and bool(a == b)


ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def compare(fields: Json, name: str, word: str, wanted: Any) -> bool:
    if word == "exists":
        return bool((name in fields) == wanted)
    if name not in fields:
        return False
    value = fields[name]
    match word:
        case "eq":
            return equal(value, wanted)
        case "ne":
            return kind(value) == kind(wanted) and bool(value != wanted)
        case "contains":
            return isinstance(value, list) and any(equal(one, wanted) for one in value)
        case "in":
            return any(equal(value, one) for one in wanted)
        case "not_in":
            return kind(value) in map(kind, wanted) and not any(equal(value, one) for one in wanted)
        case _:
            return kind(value) == kind(wanted) and bool(ORDER[word](value, wanted))


def matches(member: Json, audience: Json) -> bool:
    if "status" in audience and member["status"] not in audience["status"]:
        return False
    if "chapters" in audience and member["chapter_id"] not in audience["chapters"]:
        return False
    if "regions" in audience and REGIONS[member["chapter_id"]] not in audience["regions"]:
        return False
    fields = member["custom_fields"]
    for name, condition in audience.get("custom_fields", {}).items():
        if not isinstance(condition, dict):
            condition = {"in": condition} if isinstance(condition, list) else {"eq": condition}
        if not all(compare(fields, name, word, wanted) for word, wanted in condition.items()):
            return False
    if "any" in audience and not any(matches(member, one) for one in audience["any"]):
        return False
    return not ("not" in audience and matches(member, audience["not"]))


@pytest.mark.parametrize("examples", [20, pytest.param(600, marks=pytest.mark.long)])
async def test_sql_and_python_agree(world: World, examples: int) -> None:
    push = world.directory
    await push.ok("PUT", "/api/directory/members/gone/", member_facts())
    assert (await push("DELETE", "/api/directory/members/gone/")).status_code == 204
    async with world.worker.transaction(world.id) as session:
        connection: Any = await session.connection()

        async def agree(members: list[Json], audience: Json) -> None:
            stored = [dict(member, user_id=f"m{n}") for n, member in enumerate(members)]
            await connection.exec_driver_sql(
                "DELETE FROM members WHERE organization_id = $1 AND user_id LIKE 'm%%'", (world.id,)
            )
            await connection.exec_driver_sql(
                "INSERT INTO members (organization_id, user_id, chapter_id, status, custom_fields, created_at,"
                " updated_at) SELECT $1, user_id, chapter_id, status, custom_fields, now(), now()"
                " FROM jsonb_to_recordset($2::jsonb)"
                " AS r(user_id text, chapter_id text, status text, custom_fields jsonb)",
                (world.id, json.dumps(stored)),
            )
            parsed = AudienceFilter.model_validate_json(json.dumps(audience))
            assert AudienceFilter.from_json(parsed.as_json()) == parsed
            found = await session.scalars(
                select(Member.user_id).where(audience_of(world.id, parsed), Member.user_id.like("m%"))
            )
            assert sorted(found) == sorted(m["user_id"] for m in stored if matches(m, audience))

        await for_each_example(agree, examples)
        everyone = await session.scalars(
            select(Member.user_id).where(audience_of(world.id, AudienceFilter()))
        )
        assert not any("gone" in user_id or "erased" in user_id for user_id in everyone)
        await session.rollback()


def member_facts() -> Json:
    return {"chapter_id": "n1", "status": "active", "display_name": "Gone", "email": None}


async def for_each_example(check: Callable[..., Any], examples: int) -> None:
    """Hypothesis draws the examples; they are tried in this loop, where the transaction lives."""
    drawn: list[tuple[list[Json], Json]] = []

    @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(MEMBERS, FILTERS)
    def draw(members: list[Json], audience: Json) -> None:
        drawn.append((members, audience))

    draw()
    for members, audience in drawn:
        try:
            await check(members, audience)
        except AssertionError as error:
            raise AssertionError(f"{audience} over {members}") from error
