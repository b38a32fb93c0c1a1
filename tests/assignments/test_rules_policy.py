"""The terms of a rule: what a change makes of them, and what cannot stand together."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from learning_service.domain.assignments.rules.policy import (
    AssignmentIn,
    RuleChangeIn,
    RuleIn,
    RuleTerms,
    changed_terms,
    faults_in,
    stored_terms,
)

TODAY, TOMORROW, YESTERDAY = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 21)
MANUAL = RuleTerms("manual", None, None, None)
SCHEDULED = RuleTerms("scheduled_date", 14, None, TOMORROW)
COURSE = "01a20371-504b-77c7-91f6-b56ddf5371fa"


def change(**values: Any) -> RuleChangeIn:
    return RuleChangeIn.model_validate_json(json.dumps(values, default=str))


@pytest.mark.parametrize(
    ("terms", "sent", "after"),
    [
        (SCHEDULED, {}, SCHEDULED),
        (SCHEDULED, {"active": False}, SCHEDULED),
        (SCHEDULED, {"due_on": TOMORROW}, replace(SCHEDULED, due_in_days=None, due_on=TOMORROW)),
        (replace(MANUAL, due_on=TODAY), {"due_in_days": 3}, replace(MANUAL, due_in_days=3)),
        (SCHEDULED, {"due_in_days": None}, replace(SCHEDULED, due_in_days=None)),
        (SCHEDULED, {"due_on": None}, SCHEDULED),
        (SCHEDULED, {"due_on": TODAY, "due_in_days": 2}, replace(SCHEDULED, due_on=TODAY, due_in_days=2)),
        (SCHEDULED, {"trigger": "manual"}, replace(SCHEDULED, trigger="manual", scheduled_on=None)),
        (SCHEDULED, {"trigger": "scheduled_date"}, SCHEDULED),
        (
            MANUAL,
            {"trigger": "manual", "scheduled_on": TODAY},
            replace(MANUAL, scheduled_on=TODAY),
        ),
    ],
)
def test_a_change_of_terms(terms: RuleTerms, sent: dict[str, Any], after: RuleTerms) -> None:
    assert changed_terms(terms, change(**sent)) == after


@pytest.mark.parametrize(
    ("terms", "sent", "faults"),
    [
        (MANUAL, (), []),
        (SCHEDULED, ("scheduled_on",), []),
        (replace(SCHEDULED, scheduled_on=TODAY), ("scheduled_on",), []),
        (replace(MANUAL, due_on=TODAY), ("due_on",), []),
        (replace(MANUAL, due_on=YESTERDAY), ("due_on",), [("/due_on", "is in the past")]),
        (replace(MANUAL, due_on=YESTERDAY), ("active",), []),
        (
            RuleTerms("manual", 1, TODAY, None),
            ("due_on",),
            [("/due_on", "cannot stand beside due_in_days")],
        ),
        (
            replace(SCHEDULED, scheduled_on=None),
            (),
            [("/scheduled_on", "is required for the trigger scheduled_date")],
        ),
        (
            replace(SCHEDULED, scheduled_on=YESTERDAY),
            ("scheduled_on",),
            [("/scheduled_on", "is in the past")],
        ),
        (replace(SCHEDULED, scheduled_on=YESTERDAY), (), []),
        (RuleTerms("scheduled_date", None, TODAY, TOMORROW), (), [("/due_on", "is before scheduled_on")]),
        (RuleTerms("scheduled_date", None, TOMORROW, TOMORROW), (), []),
        (
            replace(MANUAL, scheduled_on=TODAY),
            (),
            [("/scheduled_on", "is only for the trigger scheduled_date")],
        ),
    ],
)
def test_what_cannot_stand_together(
    terms: RuleTerms, sent: tuple[str, ...], faults: list[tuple[str, str]]
) -> None:
    assert [(f.pointer, f.detail) for f in faults_in(terms, today=TODAY, sent=sent)] == faults


@pytest.mark.parametrize("name", ["course_id", "trigger", "audience_filter", "active"])
def test_what_has_to_be_there_is_not_cleared(name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        change(**{name: None})
    [error] = refusal.value.errors()
    assert error["ctx"] == {
        "detail": "must not be null",
        "places": [(name,)],
        "code": "required",
        "params": {},
    }


def test_an_assignment_is_by_ids_or_by_audience() -> None:
    for wrong in ({}, {"user_ids": ["a"], "audience_filter": {}}):
        with pytest.raises(ValidationError, match="must have exactly one of user_ids and audience_filter"):
            AssignmentIn.model_validate_json(json.dumps(wrong))
    assert AssignmentIn.model_validate_json('{"user_ids": ["a"]}').user_ids == ("a",)
    assert AssignmentIn.model_validate_json('{"audience_filter": {}}').audience_filter is not None


def test_what_was_sent_is_stored_and_nothing_else() -> None:
    sent = {"course_id": COURSE, "trigger": "manual", "audience_filter": {"status": ["pledge"]}}
    made = stored_terms(RuleIn.model_validate_json(json.dumps(sent)))
    assert {**made, "course_id": str(made["course_id"])} == sent
    assert stored_terms(change(audience_filter={})) == {"audience_filter": {}}
    assert stored_terms(change(due_on=None)) == {"due_on": None}
