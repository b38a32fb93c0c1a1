"""Mails as text and HTML, in the language of their reader."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from importlib import resources
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_location
from jinja2 import Environment, PackageLoader, StrictUndefined

from learning_service.adapters.certificate_words import known_language, locale_of
from learning_service.adapters.letter import Letter, one_line, write_letter
from learning_service.domain.certificates.rules import printed_locale
from learning_service.domain.reminders.rules import Mail, Moment, Notice, days_left, moment_at, moments_of
from learning_service.domain.webhooks.rules.events import DISABLE_AFTER

_PAGES = Environment(
    loader=PackageLoader("learning_service", "assets/mail"), autoescape=True, undefined=StrictUndefined
)
_MONTH_FIRST = {"day": "EEEE, MMMM d", "day_and_year": "EEEE, MMMM d, y"}
"""As Americans write it."""
_NEAR = {0: "due_subject_today", 1: "due_subject_tomorrow"}


@cache
def _words(language: str) -> Mapping[str, str]:
    source = resources.files("learning_service") / "assets" / "mail" / f"{language}.json"
    catalog: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return catalog


def write_mail(
    mail: Mail | Notice,
    *,
    sender: str,
    sent_at: datetime,
    instant: datetime,
    unsubscribe_url: str | None = None,
) -> Letter:
    """The mail, with an id that is the same whenever it is written; `instant` is what it calls today.

    `unsubscribe_url` ends such mails by one POST (RFC 8058).

    Raises ValueError for an address that cannot stand in a header, UnsafeLetter where the header is not as meant.
    """
    tag = printed_locale(mail.locale, mail.organization_locale)
    language = known_language(tag)
    words = _words(language)
    if isinstance(mail, Notice):
        subject, paragraphs = _tell(mail, words, locale_of(tag), instant)
        footer = words["notice_footer"]
    else:
        subject, paragraphs = _say(mail, words, locale_of(tag), instant)
        footer = words["footer"]
    body = EmailMessage(policy=SMTP)
    text = "\n\n".join([*paragraphs, "-- \n" + footer])
    body.set_content(text + "\n", cte="quoted-printable")
    page = _PAGES.get_template("mail.html").render(
        language=language, subject=subject, paragraphs=paragraphs, footer=footer
    )
    body.add_alternative(page, subtype="html", cte="quoted-printable")
    extra = [
        ("Date", format_datetime(sent_at)),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", language),
    ]
    if unsubscribe_url is not None:
        extra += [
            ("List-Unsubscribe", f"<{unsubscribe_url}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    return write_letter(
        id_=str(mail.id),
        sender=sender,
        name=mail.name or "",
        address=mail.address or "",
        subject=subject,
        extra=extra,
        body=body,
    )


def _say(mail: Mail, words: Mapping[str, str], locale: Locale, instant: datetime) -> tuple[str, list[str]]:
    said = {"course": one_line(mail.course_title), "organization": one_line(mail.organization_name)}
    until = words["no_due"]
    if mail.due_at is not None:
        due, elsewhere = moments_of(mail.due_at, mail.organization_timezone, mail.timezone)
        said["day"] = _day(due.day, words, locale, instant)
        until = _told("due", due, words, locale, instant)
        if elsewhere is not None:
            until += " " + _told("elsewhere", elsewhere, words, locale, instant)
    if mail.kind == "assigned" or mail.due_at is None:
        subject, body = words["assigned_subject"], words["assigned_text"]
    else:
        subject = words[_NEAR.get(days_left(mail.due_at, mail.timezone, instant), "due_subject_day")]
        body = words["due_text"]
    return subject.format(**said), [_greeting(mail, words), body.format(**said), until]


def _tell(
    notice: Notice, words: Mapping[str, str], locale: Locale, instant: datetime
) -> tuple[str, list[str]]:
    """Of the receiver's address its host alone: paths and queries of such addresses are often secrets."""
    when = moment_at(notice.disabled_at, notice.timezone)
    said = {
        "receiver": one_line(urlsplit(notice.url).hostname or ""),
        "organization": one_line(notice.organization_name),
        "day": _day(when.day, words, locale, instant),
        "time": when.time,
        "zone": _zone(when, words, locale),
        "id": notice.webhook_id,
        "days": DISABLE_AFTER.days,
    }
    paragraphs = ("notice_text", f"notice_{notice.disabled_reason}", "notice_next", "notice_id")
    told = [words[paragraph].format(**said) for paragraph in paragraphs]
    return words["notice_subject"].format(**said), [_greeting(notice, words), *told]


def _greeting(mail: Mail | Notice, words: Mapping[str, str]) -> str:
    return words["greeting"].format(name=one_line(mail.name or ""))


def _told(what: str, moment: Moment, words: Mapping[str, str], locale: Locale, instant: datetime) -> str:
    form = f"{what}_day" if moment.time is None else f"{what}_time"
    return words[form].format(
        day=_day(moment.day, words, locale, instant),
        time=moment.time,
        zone=_zone(moment, words, locale),
    )


def _day(day: date, words: Mapping[str, str], locale: Locale, instant: datetime) -> str:
    """Day and month with the weekday; the year too where it is not the present one."""
    form = "day" if day.year == instant.year else "day_and_year"
    # English of no country is that of most of the world.
    is_month_first = locale.territory is not None and str(locale.date_formats["long"]).startswith("M")
    pattern = _MONTH_FIRST[form] if is_month_first else words[form]
    written = str(format_date(day, format=pattern, locale=locale))
    return written.replace(" 1 ", " 1er ", 1) if locale.language == "fr" else written


def _zone(moment: Moment, words: Mapping[str, str], locale: Locale) -> str:
    """The zone by its city; where it has none, or the clock shows this time twice, by what it is off UTC."""
    area = moment.zone.partition("/")[0]
    city = str(get_timezone_location(ZoneInfo(moment.zone), locale=locale, return_city=True))
    if area in ("Etc", "Factory") or city.startswith(("UTC", "GMT")):
        return moment.offset
    named = words["zone"].format(city=city.rpartition("/")[2])
    return f"{named}, {moment.offset}" if moment.is_ambiguous else named
