"""Which mails are still worth sending."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.kit.mails import DUE, MAIL

from learning_service.domain.reminders.rules import reason_to_skip

BEFORE = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"status": "in_progress"}, None),
        ({"kind": "assigned", "due_at": DUE + timedelta(days=1)}, None),
        ({"erased": True}, "erased"),
        ({"name": None}, "erased"),
        ({"erased": True, "status": "completed"}, "erased"),
        ({"active": False}, "inactive"),
        ({"active": False, "kind": "assigned", "status": "completed"}, "inactive"),
        ({"status": "completed"}, "ended"),
        ({"status": "failed", "due_at": None}, "ended"),
        ({"status": "withdrawn"}, "ended"),
        ({"status": "in_progress", "awaiting_review": True}, "awaiting-review"),
        ({"awaiting_review": True, "kind": "assigned"}, None),
        ({"due_at": DUE + timedelta(days=1)}, "due-moved"),
        ({"due_at": None, "superseded": True}, "due-moved"),
        ({"superseded": True, "address": None}, "superseded"),
        ({"address": None}, "no-address"),
        ({"address": ""}, "no-address"),
        ({"due_at": BEFORE, "reminded_due_at": BEFORE}, "past-due"),
        ({"due_at": BEFORE, "kind": "assigned", "reminded_due_at": None}, None),
    ],
)
def test_the_first_reason_that_holds(changes: dict[str, object], reason: str | None) -> None:
    assert reason_to_skip(replace(MAIL, **changes), BEFORE) == reason  # type: ignore[arg-type]
