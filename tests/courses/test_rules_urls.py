"""Addresses, names and durations that an author may give."""

import pytest
from pydantic import ValidationError

from learning_service.domain.courses.rules.cadence import parse_cadence
from learning_service.domain.courses.rules.policy import CourseIn, CoursePolicyChangeIn, copy_title
from learning_service.domain.courses.rules.urls import document_id, document_url, https_url

ID = "01a20371-504b-77c7-91f6-b56ddf5371fa"


@pytest.mark.parametrize(
    "good",
    [
        "https://example.org",
        "HTTPS://example.org/a?b=c#d",
        "https://example.org./",
        "https://example.org:8443/",
        "https://exämple.org/",
        "https://a-b.c1/",
        "https://1.example/",
        f"https://{'a' * 63}.example/",
    ],
)
def test_an_address_is_kept_as_it_is(good: str) -> None:
    assert https_url(good) == document_url(good) == good


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        *((f"https://example.org/{odd}x", "without spaces") for odd in " \\<>\"'`{}|^\x00\x7f\u3000\u2028"),
        ("http://example.org/", "an https"),
        ("https:example.org", "an https"),
        ("https:/example.org/", "an https"),
        ("https://", "an https"),
        ("//example.org/", "an https"),
        ("https://[::1", "an https"),
        ("https://example.org:99999/", "an https"),
        ("https://user@example.org/", "credentials"),
        ("https://user:pass@example.org/", "credentials"),
        ("https://localhost/", "full DNS name"),
        ("https://169.254.169.254/", "full DNS name"),
        ("https://a.0x7f/", "full DNS name"),
        ("https://a..b/", "full DNS name"),
        ("https://-a.example/", "full DNS name"),
        ("https://a-.example/", "full DNS name"),
        (f"https://{'a' * 64}.example/", "full DNS name"),
    ],
)
def test_an_address_that_is_refused(bad: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        https_url(bad)
    with pytest.raises(ValueError, match=why):
        document_url(bad)


def test_a_document_is_named_by_its_id() -> None:
    assert document_url(f"document:{ID}") == f"document:{ID}"
    assert document_id(f"document:{ID}") == ID
    for other in (None, "", ID, f"document:{ID}0", f"xdocument:{ID}", "document:"):
        assert document_id(other) is None
    for bad in ("document:", f"document:{ID}/", f"document:{ID.upper()}"):
        with pytest.raises(ValueError, match="must be document: and the id of a document"):
            document_url(bad)


@pytest.mark.parametrize(
    "good", ["P1Y", "P18M", "P2W", "P90D", "P1Y6M", "P1Y2M3W4D", "P100Y", "P1200M", "P36525D"]
)
def test_a_cadence(good: str) -> None:
    assert parse_cadence(good) == good


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        *(
            (bad, "ISO 8601")
            for bad in ("", "P", "1Y", "P1", "PT1H", "P1.5Y", "P-1Y", "p1y", "P1D1Y", "P１Y", "P1Y ")
        ),
        *((bad, "longer than nothing") for bad in ("P0Y", "P0D", "P0Y0M0W0D")),
        *(
            (bad, "longer than 100 years")
            for bad in ("P101Y", "P1201M", "P100Y1D", "P36526D", "P5218W", "P99Y13M")
        ),
    ],
)
def test_what_is_no_cadence(bad: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_cadence(bad)


def test_a_copy_is_named_so_within_200_characters() -> None:
    assert copy_title("Hazing") == "Hazing (copy)"
    assert copy_title("x" * 200) == "x" * 193 + " (copy)"
    assert copy_title("x" * 192 + " y" * 4) == "x" * 192 + " (copy)"


@pytest.mark.parametrize(("scope", "unit"), [("national", "u"), ("regional", None), ("chapter", None)])
def test_a_scope_and_its_unit_belong_together(scope: str, unit: str | None) -> None:
    with pytest.raises(ValidationError, match="scope_id names the region or chapter"):
        CourseIn(title="T", scope=scope, scope_id=unit)  # type: ignore[arg-type]
    fitting = None if unit else "u"
    assert CourseIn(title="T", scope=scope, scope_id=fitting).scope_id == fitting  # type: ignore[arg-type]


def test_only_what_was_sent_is_changed() -> None:
    assert CoursePolicyChangeIn().changes() == {}
    sent = CoursePolicyChangeIn(self_enrollment=False, recertification_cadence=None)
    assert sent.changes() == {"recertification_cadence": None, "self_enrollment": False}
