"""A due time as a stranger reads it in the mail: which day, which year, whose clock."""

import re
import zoneinfo
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from tests.kit.mails import MAIL

from learning_service.adapters.mail_text import write_mail
from learning_service.domain.kernel.days import end_of_day

SUNDAY = date(2027, 1, 31)
NOON = datetime(2027, 1, 25, 12, tzinfo=UTC)


def read(due_at: datetime | None, home: str, there: str | None = None, **facts: object) -> tuple[str, str]:
    """Subject and what is said of the due time."""
    instant = facts.pop("instant", NOON)
    assert isinstance(instant, datetime)
    mail = replace(
        MAIL,
        due_at=due_at,
        organization_timezone=home,
        timezone=there or home,
        **facts,  # type: ignore[arg-type]
    )
    letter = write_mail(mail, sender="learn@example.org", sent_at=instant, instant=instant)
    parsed = message_from_bytes(letter.content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("plain",))
    assert body is not None
    return parsed["Subject"], body.get_content().replace("\r\n", "\n").split("\n\n")[3].strip()


@pytest.mark.parametrize(
    ("zone", "city"), [("Asia/Kathmandu", "Kathmandu"), ("America/New_York", "New York"), ("UTC", "")]
)
def test_a_due_day_is_told_by_its_own_name(zone: str, city: str) -> None:
    place = f"{city} time" if city else "UTC"
    _, line = read(end_of_day(SUNDAY, zone), zone)
    assert line == f"It is due on Sunday 31 January, end of day, {place}."


def test_where_clocks_skip_midnight_the_day_before_is_meant() -> None:
    """In Havana clocks go from 0:00 to 1:00: the day after begins at one."""
    _, line = read(end_of_day(date(2027, 3, 13), "America/Havana"), "America/Havana")
    assert line == "It is due on Saturday 13 March, end of day, Havana time."


def test_the_year_is_told_where_it_is_another() -> None:
    then = datetime(2026, 12, 20, tzinfo=UTC)
    _, line = read(end_of_day(SUNDAY, "Europe/Vienna"), "Europe/Vienna", instant=then)
    assert line == "It is due on Sunday 31 January 2027, end of day, Vienna time."


def test_a_time_that_was_given_stays_a_time() -> None:
    _, line = read(datetime(2027, 1, 31, 16, 30, tzinfo=UTC), "Europe/Vienna")
    assert line == "It is due on Sunday 31 January at 17:30, Vienna time."
    _, line = read(datetime(2027, 1, 31, 16, 30, tzinfo=UTC), "Europe/Vienna", "Asia/Kathmandu")
    assert line == "It is due on Sunday 31 January at 22:15, Kathmandu time."


def test_nobody_reads_midnight() -> None:
    """A time given by hand that is midnight where the member is; seconds are left out."""
    _, line = read(datetime(2027, 1, 31, 18, 15, 59, tzinfo=UTC), "Europe/Vienna", "Asia/Kathmandu")
    assert line == "It is due on Sunday 31 January, end of day, Kathmandu time."


def test_a_member_elsewhere_learns_what_it_is_there() -> None:
    home, there = "Asia/Kathmandu", "America/New_York"
    _, line = read(end_of_day(SUNDAY, home), home, there)
    assert line == (
        "It is due on Sunday 31 January, end of day, Kathmandu time."
        " Where you are, that is Sunday 31 January at 13:15, New York time."
    )
    _, line = read(end_of_day(SUNDAY, "Europe/Vienna"), "Europe/Vienna", "Europe/Paris")
    assert "Where you are" not in line
    _, line = read(end_of_day(SUNDAY, "Etc/GMT+12"), "Etc/GMT+12", "Etc/GMT-12")
    assert line == (
        "It is due on Sunday 31 January, end of day, UTC−12:00."
        " Where you are, that is Monday 1 February, end of day, UTC+12:00."
    )


def test_a_time_that_the_clock_shows_twice_says_which() -> None:
    _, line = read(datetime(2027, 11, 7, 6, 30, tzinfo=UTC), "America/New_York")
    assert line == "It is due on Sunday 7 November at 01:30, New York time, UTC−05:00."


@pytest.mark.parametrize(
    ("locale", "line"),
    [
        ("es-MX", "El plazo termina al final del lunes 1 de febrero (hora de El Cairo)."),
        (
            "fr-CA",
            "Il est à terminer au plus tard à la fin du lundi 1er février (fuseau horaire : Le Caire).",
        ),
        ("de", "It is due on Monday 1 February, end of day, Cairo time."),
    ],
)
def test_in_the_members_language(locale: str, line: str) -> None:
    assert read(end_of_day(date(2027, 2, 1), "Africa/Cairo"), "Africa/Cairo", locale=locale)[1] == line


@pytest.mark.parametrize(
    ("member", "organization", "said"),
    [
        (None, "en-US", "Sunday, January 31, end of day, "),
        ("en", "en-US", "Sunday, January 31, end of day, "),
        ("en-GB", "en-US", "Sunday 31 January, end of day, "),
        (None, "es", "final del domingo 31 de enero ("),
        ("de", "es", "final del domingo 31 de enero ("),
        ("en", "es", "Sunday 31 January, end of day, "),
        ("fr", "en-US", "la fin du dimanche 31 janvier ("),
        ("de", None, "Sunday 31 January, end of day, "),
    ],
)
def test_the_organization_says_how_where_the_member_does_not(
    member: str | None, organization: str | None, said: str
) -> None:
    due = end_of_day(SUNDAY, "America/New_York")
    _, line = read(due, "America/New_York", locale=member, organization_locale=organization)
    assert said in line


@pytest.mark.parametrize(
    ("hours", "said"),
    [(0.1, "Due today"), (23.9, "Due today"), (24.1, "Due tomorrow"), (49, "Due on Sunday 31 January")],
)
def test_the_subject_counts_the_readers_days(hours: float, said: str) -> None:
    due = end_of_day(SUNDAY, "Pacific/Auckland")
    subject, _ = read(due, "Pacific/Auckland", instant=due - timedelta(hours=hours))
    assert subject == f"{said}: Course"


@pytest.mark.parametrize("part", [5, pytest.param(1, marks=pytest.mark.long)])
def test_every_zone_has_a_name(part: int) -> None:
    for zone in sorted(zoneinfo.available_timezones())[::part]:
        _, line = read(end_of_day(SUNDAY, zone), zone)
        assert re.fullmatch(
            r"It is due on Sunday 31 January, end of day, (UTC([+−]\d\d:\d\d)?|[^/_(]+ time)\.", line
        ), (zone, line)
