"""What the directory accepts, and what an audience filter may say."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from learning_service.domain.directory.rules.audience import AudienceFilter, kind_of
from learning_service.domain.directory.rules.facts import MemberBatchIn, MemberIn

MEMBER = {"chapter_id": "n1", "status": "active", "display_name": "Ana", "email": None}


def member(**values: Any) -> MemberIn:
    return MemberIn.model_validate_json(json.dumps({**MEMBER, **values}))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"email": "ana"}, "must be one e-mail address"),
        ({"email": "ana@a b"}, "must be one e-mail address"),
        ({"email": f"a@{'b' * 253}"}, "must be one e-mail address"),
        ({"locale": "english"}, "must be a language tag such as en or es-MX"),
        ({"timezone": "Mars/Olympus"}, "must be an IANA time zone such as America/New_York"),
        ({"custom_fields": []}, "must be an object"),
        ({"custom_fields": {"x": "y" * 65_536}}, "must be at most 65536 bytes"),
    ],
)
def test_a_member_that_is_refused_is_told_why(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        member(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"email": "ana@example.org"},
        {"email": f"a@{'b' * 252}"},
        {"locale": "en"},
        {"locale": "es-MX"},
        {"timezone": "America/New_York"},
        {"custom_fields": {"x": "y" * (65_536 - 8)}},
    ],
)
def test_a_member_that_is_taken(values: dict[str, Any]) -> None:
    [(name, value)] = values.items()
    assert getattr(member(**values), name) == value


def test_each_member_of_a_batch_comes_once() -> None:
    rows = [{**MEMBER, "user_id": user} for user in ("a", "b", "a", "a", "b")]
    with pytest.raises(ValidationError) as refusal:
        MemberBatchIn.model_validate_json(json.dumps({"members": rows}))
    [error] = refusal.value.errors()
    assert error["ctx"] == {
        "detail": "is given twice",
        "places": [("members", n, "user_id") for n in (2, 3, 4)],
        "code": "twice",
        "params": {},
    }
    assert len(MemberBatchIn.model_validate_json(json.dumps({"members": rows[:2]})).members) == 2


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), (True, "boolean"), (1, "number"), (1.5, "number"), ("1", "string")],
)
def test_the_json_type_of_a_scalar(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


def test_lists_and_objects_are_no_scalars() -> None:
    values: list[Any] = [[], {}]
    for value in values:
        with pytest.raises(ValueError, match="must be a text, a number, true, false or null"):
            kind_of(value)


def audience(**fields: Any) -> AudienceFilter:
    return AudienceFilter.model_validate_json(json.dumps({"custom_fields": fields}))


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ({}, "must have at least one of eq, ne, in, not_in, gt, gte, lt, lte, exists"),
        ({"gt": True}, "must be a number or a text, so that there is an order"),
        ({"lte": None}, "must be a number or a text, so that there is an order"),
        ({"eq": []}, "must be a text, a number, true, false or null"),
        ("x" * 1001, "must have at most 1000 characters"),
        ({"in": []}, "at least 1"),
        ([], "at least 1"),
    ],
)
def test_a_condition_that_is_refused(condition: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        audience(x=condition)


def test_conditions_of_every_form_go_out_as_they_came_in() -> None:
    sent = {"a": 1, "b": ["x", None], "c": {"gte": 2, "exists": True}, "d": {"in": [1], "ne": "x" * 1000}}
    made = audience(**sent)
    assert made.as_json() == {"custom_fields": sent}
    assert AudienceFilter.from_json(made.as_json()) == made
    assert AudienceFilter().as_json() == {}
    found = {name: value.given() for name, value in made.custom_fields.items() if hasattr(value, "given")}
    assert found == {"c": {"exists": True, "gte": 2}, "d": {"in": (1,), "ne": "x" * 1000}}
