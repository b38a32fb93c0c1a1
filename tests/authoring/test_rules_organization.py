"""An organization's settings: hosts, lists without doubles, and what a change says."""

import json
import uuid
from typing import Any

import pytest
from pydantic import ValidationError

from learning_service.domain.organizations.rules import OrganizationSettingsChangeIn, dns_name

ID = uuid.UUID("01a20371-504b-77c7-91f6-b56ddf5371fa")


def change(**values: Any) -> OrganizationSettingsChangeIn:
    return OrganizationSettingsChangeIn.model_validate_json(json.dumps(values))


@pytest.mark.parametrize(
    "host", ["player.example.org", "Player.Example.ORG", "a-b.c1", "1.example", f"{'a' * 63}.org"]
)
def test_a_host_is_kept_in_lower_case(host: str) -> None:
    assert dns_name(host) == host.lower()


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example",
        "1.2.3.4",
        "a.1",
        "https://a.b",
        "a.b:80",
        "*.a.b",
        "-a.b",
        "a-.b",
        "a..b",
        "a.b\n",
        f"{'a' * 64}.b",
    ],
)
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(ValueError, match="must be a full DNS name such as player"):
        dns_name(host)


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"reminder_days": [7, 3, 7, 7]}, [2, 3]),
        ({"video_hosts": ["a.example", "A.example"]}, [1]),
    ],
)
def test_what_is_listed_twice_is_named(values: dict[str, Any], place: list[int]) -> None:
    with pytest.raises(ValidationError) as refusal:
        change(**values)
    [error] = refusal.value.errors()
    assert error["type"] == "at_places"
    assert error["ctx"] == {
        "detail": "is listed twice",
        "places": [(n,) for n in place],
        "code": "twice",
        "params": {},
    }


@pytest.mark.parametrize(
    "values",
    [
        {"reminder_days": [0]},
        {"reminder_days": [366]},
        {"reminder_days": list(range(1, 12))},
        {"recertification_window_days": 0},
        {"recertification_window_days": 366},
        {"primary_color": "red"},
        {"primary_color": "#12345"},
        {"logo": "https://a.example/"},
        {"unknown": 1},
    ],
)
def test_what_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        change(**values)


def test_a_logo_is_a_document() -> None:
    with pytest.raises(ValidationError, match="must be document: and the id of a document"):
        change(logo="document:x")


def test_only_what_was_sent_is_changed() -> None:
    assert change().changes() == {}
    assert change(logo=f"document:{ID}").changes() == {"logo_id": ID}
    assert change(logo=None, primary_color=None).changes() == {"logo_id": None, "primary_color": None}
    sent = change(reminder_days=[365, 1], video_hosts=["a.example"], blind_grading=True)
    assert sent.changes() == {"reminder_days": [365, 1], "video_hosts": ["a.example"], "blind_grading": True}
