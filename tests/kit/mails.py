"""Mails as the rules get them, and how one organization's look."""

import io
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from PIL import Image, ImageDraw

from learning_service.adapters.certificate_content import MailLook
from learning_service.adapters.mail_logo import mail_logo
from learning_service.adapters.mail_text import write_mail
from learning_service.domain.reminders.rules import (
    AnyMail,
    Decision,
    Digest,
    DigestChapter,
    DigestLine,
    Mail,
    Notice,
)

DUE = datetime(2026, 11, 22, tzinfo=UTC)
MAIL = Mail(
    id=uuid.uuid4(),
    pending=True,
    kind="due",
    days_before=3,
    reminded_due_at=DUE,
    status="assigned",
    awaiting_review=False,
    due_at=DUE,
    expires_at=None,
    subject_id=None,
    quiz_title=None,
    points=None,
    max_points=None,
    passed=None,
    is_current=True,
    enrollment_id=uuid.uuid4(),
    course_id=uuid.uuid4(),
    course_title="Course",
    organization_name="Alpha",
    organization_timezone="UTC",
    timezone="UTC",
    locale=None,
    organization_locale=None,
    name="Ana",
    address="ana@example.org",
    erased=False,
    active=True,
    superseded=False,
    organization_id="alpha",
    user_id="ana",
    wanted=True,
    required=False,
    exempt=False,
)
ORGANIZATION = "Bund der Höfe & Märkte"
MOMENT = datetime(2026, 12, 14, 9, tzinfo=UTC)
LATER = datetime(2026, 12, 20, 23, tzinfo=UTC)
"""The end of Sunday 20 December in Vienna."""
EARLIER = LATER - timedelta(days=14)
_SAMPLE = replace(
    MAIL,
    id=uuid.UUID(int=1),
    enrollment_id=uuid.UUID("0193a5b2-7c10-7d6e-8f00-1234567890ab"),
    course_id=uuid.UUID("0193a5b2-7c10-7d6e-8f00-1234567890ac"),
    due_at=LATER,
    reminded_due_at=LATER,
    course_title="Hazing prevention: what every member must know",
    organization_name=ORGANIZATION,
    organization_timezone="Europe/Vienna",
    timezone="Europe/Vienna",
    name="Zoë Müller",
)
_READER: Mapping[str, Any] = {
    "organization_name": ORGANIZATION,
    "organization_timezone": "Europe/Vienna",
    "timezone": "Europe/Vienna",
    "locale": None,
    "organization_locale": None,
    "name": "Zoë Müller",
    "address": "zoe@example.org",
    "erased": False,
    "active": True,
}
_PREFERRED = {**_READER, "organization_id": "alpha", "user_id": "zoe", "wanted": True, "required": False}
SAMPLES: Mapping[str, AnyMail] = {
    "assigned": replace(_SAMPLE, kind="assigned", days_before=0, reminded_due_at=None),
    "due": _SAMPLE,
    "overdue": replace(_SAMPLE, kind="overdue", days_before=-7, due_at=EARLIER, reminded_due_at=EARLIER),
    "expiring": replace(
        _SAMPLE, kind="expiring", days_before=0, reminded_due_at=None, expires_at=LATER + timedelta(days=14)
    ),
    "result": replace(
        _SAMPLE,
        kind="result",
        status="completed",
        due_at=None,
        reminded_due_at=None,
        subject_id=uuid.UUID(int=3),
        quiz_title="What would you do?",
        points=Decimal("8.55"),
        max_points=Decimal(10),
        passed=True,
    ),
    "certificate": replace(
        _SAMPLE,
        kind="certificate",
        status="completed",
        due_at=None,
        reminded_due_at=None,
        subject_id=uuid.UUID("0193a5b2-7c10-7d6e-8f00-1234567890ae"),
        expires_at=LATER + timedelta(days=365),
    ),
    "digest": Digest(
        id=uuid.UUID(int=4),
        pending=True,
        is_for_them=True,
        **_PREFERRED,
        chapters=[
            DigestChapter(
                "alpha",
                "Alpha, Boston",
                [DigestLine("Ana Ruiz", "Hazing prevention", EARLIER), DigestLine("Bob", "Alcohol", EARLIER)],
                1204,
                [DigestLine("Cyd O’Neill", "Hazing prevention", LATER)],
                1,
            ),
            DigestChapter("beta", "Beta", lapsing=[DigestLine("Dan", "Alcohol", LATER)], lapsing_count=1),
        ],
        chapters_left=3,
        overdue_count=1204,
        lapsing_count=2,
        evidence_count=3,
    ),
    "evidence": Decision(
        id=uuid.UUID(int=5),
        pending=True,
        is_current=True,
        approved=False,
        taken_back=False,
        requirement="Hazing prevention",
        reason="The certificate is of another person. Please send your own, with the stamp of the school.",
        expires_at=None,
        **_PREFERRED,
    ),
    "notice": Notice(
        id=uuid.UUID(int=2),
        pending=True,
        webhook_id=uuid.UUID("0193a5b2-7c10-7d6e-8f00-1234567890ad"),
        url="https://hooks.example.org/learning?key=1",
        disabled_at=MOMENT,
        disabled_reason="failing",
        is_still=True,
        is_for_them=True,
        **_READER,
    ),
}
"""One of each kind of mail."""
ENDING = "https://api.example.org/unsubscribe/c2FtcGxl/"


def sample_look(color: str = "#0a6b4f") -> MailLook:
    """A logo of dark words on nothing, as many are."""
    picture = Image.new("RGBA", (900, 260), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((20, 20, 240, 240), fill=color)
    pen.polygon([(80, 170), (130, 60), (180, 170)], fill="white")
    pen.text((280, 70), "Bund HM", fill="#1d1d1b", font_size=90)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return MailLook("https://learn.example.org", color, mail_logo(out.getvalue()))


def written(mail: AnyMail, look: MailLook, *, ending: str | None = ENDING) -> EmailMessage:
    """The mail as a reader of mails gets it."""
    letter = write_mail(
        mail,
        sender="learn@example.org",
        sent_at=MOMENT,
        instant=MOMENT,
        look=look,
        unsubscribe_url=ending,
    )
    message = message_from_bytes(letter.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts_of(message: EmailMessage) -> tuple[str, str]:
    """Its text and its HTML."""
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert page is not None
    return text.get_content(), page.get_content()
