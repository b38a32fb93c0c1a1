"""Mails about enrollments, as text and HTML, in the member's language."""

import json
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime as format_local
from jinja2 import Environment, PackageLoader, StrictUndefined

from learning_service.adapters.certificate_words import known_language
from learning_service.domain.reminders.rules import Mail

_PAGES = Environment(
    loader=PackageLoader("learning_service", "assets/mail"), autoescape=True, undefined=StrictUndefined
)


@cache
def _words(language: str) -> Mapping[str, str]:
    source = resources.files("learning_service") / "assets" / "mail" / f"{language}.json"
    catalog: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return catalog


def write_mail(mail: Mail, *, sender: str, instant: datetime) -> EmailMessage:
    """The message, with an id that is the same whenever it is written. Raises ValueError for an address that
    cannot stand in a header.
    """
    language = known_language(mail.locale or "en")
    words = _words(language)
    subject, paragraphs = _say(mail, words, language)
    text = "\n\n".join([*paragraphs, "-- \n" + words["footer"]])
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = sender
    message["To"] = Address(display_name=mail.name or "", addr_spec=_ascii_domain(mail.address or ""))
    message["Date"] = format_datetime(instant)
    message["Message-ID"] = f"<{mail.reminder_id}@{_domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = language
    message.set_content(text + "\n", cte="quoted-printable")
    page = _PAGES.get_template("mail.html").render(
        language=language, subject=subject, paragraphs=paragraphs, footer=words["footer"]
    )
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    return message


def _say(mail: Mail, words: Mapping[str, str], language: str) -> tuple[str, list[str]]:
    said = {"course": mail.course_title, "organization": mail.organization_name}
    if mail.kind == "assigned":
        subject, body = words["assigned_subject"].format(**said), words["assigned_text"].format(**said)
    else:
        form = "due_subject_one" if mail.days_before == 1 else "due_subject_many"
        subject, body = words[form].format(days=mail.days_before, **said), words["due_text"].format(**said)
    due = words["no_due_line"] if mail.due_at is None else _due_line(mail.due_at, mail, words, language)
    return subject, [words["greeting"].format(name=mail.name), body, due]


def _due_line(due_at: datetime, mail: Mail, words: Mapping[str, str], language: str) -> str:
    zone = ZoneInfo(mail.timezone)
    local = format_local(due_at.astimezone(zone), "long", tzinfo=zone, locale=Locale(language))
    return words["due_line"].format(due=local, zone=mail.timezone)


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise ValueError("the address has a domain that cannot be") from error


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip("<> ") or "localhost"
