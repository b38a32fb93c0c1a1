"""Which receivers may be called, and when again."""

import ipaddress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from learning_service.domain.webhooks.rules.addresses import is_public
from learning_service.domain.webhooks.rules.events import asked_wait, cloud_event, next_try, url_fault

PUBLIC = (
    "https://example.org/hook",
    "https://hooks.example.org:8443/a?b=c",
    "https://" + "a." * 126 + "x/",
    "https://0x7f.example/",
    "https://X.example/",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
)
REFUSED = (
    "http://example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "https://user:secret@example.org/",
    "https://example.org:22/",
    "https://example.org:6379/",
    "https://localhost/",
    "https://a.localhost/",
    "https://printer.local/",
    "https://db.internal/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://example.org./",
    "https://intranet/",
    "https://exämple.org/",
    "https://example.org\\@127.0.0.1/",
    "https://example.org#@127.0.0.1/",
    "https:///hook",
    "https://",
    "https://[::1/",
    "https://example.org:99999/",
    "https://-a.org/",
)


@pytest.mark.parametrize("url", PUBLIC)
def test_public_receivers_are_taken(url: str) -> None:
    assert url_fault(url, development=False) is None


@pytest.mark.parametrize("url", REFUSED)
@pytest.mark.parametrize("development", [False, True])
def test_inside_and_odd_receivers_are_refused(url: str, development: bool) -> None:
    if not (development and "//127.0.0.1" in url):
        assert url_fault(url, development=development) is not None


def test_this_machine_is_for_development_only() -> None:
    assert url_fault("http://127.0.0.1:9000/hook", development=True) is None
    assert url_fault("https://127.0.0.1:9000/hook", development=True) is None
    assert url_fault("http://127.0.0.1:9000/hook", development=False) is not None
    assert url_fault("http://localhost:9000/hook", development=True) is not None


@pytest.mark.parametrize(
    "text", ["::ffff:8.8.8.8", "2002:808:808::", "64:ff9b::808:808", "2001:0:4136:e378::1"]
)
def test_wrapped_addresses_are_never_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


def test_tries_grow_apart_and_end_after_three_days() -> None:
    start = at = datetime(2026, 1, 1, tzinfo=UTC)
    gaps = []
    for attempt in range(1, 100):
        following = next_try(start, attempt, at)
        if following is None:
            break
        gaps.append(following - at)
        at = following
    assert [gap.total_seconds() for gap in gaps[:6]] == [5, 30, 120, 600, 3600, 21600]
    assert set(gaps[5:]) == {timedelta(hours=6)}
    assert timedelta(days=2, hours=18) < at - start <= timedelta(days=3)
    last = start + timedelta(days=3)
    assert next_try(start, 1, last - timedelta(seconds=5)) == last
    assert next_try(start, 1, last - timedelta(seconds=4)) is None


def test_an_event_is_told_as_a_cloud_event() -> None:
    at = datetime(2026, 1, 1, 9, tzinfo=UTC)
    event_id = UUID("01a20371-504b-77c7-91f6-b56ddf5371fa")
    told = cloud_event(
        event_id=event_id,
        type_="learning.course.failed",
        organization_id="alpha",
        user_id="ana",
        at=at,
        data={"course_id": "c"},
    )
    assert told == {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/learning-service/organizations/alpha",
        "type": "learning.course.failed",
        "subject": "ana",
        "time": "2026-01-01T09:00:00Z",
        "datacontenttype": "application/json",
        "data": {"course_id": "c"},
    }


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://exämple.org/", "must be a plain address"),
        ("https://example.org/a b", "must be a plain address"),
        ("https://example.org:99999/", "must be a plain address"),
        ("http://example.org/", "must begin with https://"),
        ("https://user@example.org/", "must not contain credentials or a fragment"),
        ("https://example.org/#here", "must not contain credentials or a fragment"),
        ("https://example.org:22/", "must use port 443 or 8443"),
        ("https://", "must name its host by a DNS name or a canonical address"),
        ("https://" + "a." * 126 + "xy/", "must name its host by a DNS name or a canonical address"),
        ("https://999.1.1.1/", "must name its host by a DNS name or a canonical address"),
        ("https://127.1/", "must name its host by a DNS name or a canonical address"),
        ("https://nowhere/", "must name its host by a DNS name or a canonical address"),
        ("https://10.1.2.3/", "must be reachable on the public internet"),
        ("https://db.internal/", "must be reachable on the public internet"),
        ("https://a.0x7f/", "must be reachable on the public internet"),
    ],
)
def test_why_an_address_is_refused(url: str, said: str) -> None:
    assert url_fault(url, development=False) == said


def test_an_address_that_wraps_a_public_one_is_not_public_either() -> None:
    for text in ("64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::"):
        assert not is_public(ipaddress.ip_address(text)), text


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        ("7200", 2),
        ("0", None),
        ("9" * 30, 24),
        ("Fri, 20 Nov 2026 14:00:00 GMT", 2),
        ("Friday, 20-Nov-26 14:00:00 GMT", 2),
        ("Fri Nov 20 14:00:00 2026", 2),
        ("Fri, 20 Nov 2026 14:00:00 +0100", 1),
        ("Fri, 20 Nov 2026 14:00:00 -0000", 2),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 24),
        ("Fri, 20 Nov 2026 12:00:00 GMT", None),
        ("Fri, 20 Nov 2020 12:00:00 GMT", None),
        ("Fri, 20 Nov 0000 12:00:00 GMT", None),
        ("Fri, 20 Nov 2026 99:00:00 GMT", None),
        ("Fri, 20 Nov 2026 12:00:00 +9999999999", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        ("x" * 10_000, None),
        (None, None),
    ],
)
def test_what_a_receiver_asks_for_is_read_and_bounded(value: str | None, hours: float | None) -> None:
    instant = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert asked_wait(value, instant) == (None if hours is None else timedelta(hours=hours))
