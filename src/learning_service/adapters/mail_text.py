"""What mails say, in the language of their reader."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from urllib.parse import quote, urlsplit

from learning_service.adapters.certificate_content import MailLook
from learning_service.adapters.letter import Letter, one_line, write_letter
from learning_service.adapters.mail_look import PLAIN, Link, Listing, Said, mail_body
from learning_service.adapters.mail_words import Tongue, tongue_of
from learning_service.domain.grading.rules.score import score_percent
from learning_service.domain.reminders.rules import (
    AnyMail,
    Decision,
    Digest,
    DigestChapter,
    DigestLine,
    Mail,
    Notice,
    days_left,
    moment_at,
    moments_of,
)
from learning_service.domain.webhooks.rules.events import DISABLE_AFTER

_NEAR = {0: "due_subject_today", 1: "due_subject_tomorrow"}


def write_mail(
    mail: AnyMail,
    *,
    sender: str,
    sent_at: datetime,
    instant: datetime,
    look: MailLook = PLAIN,
    unsubscribe_url: str | None = None,
) -> Letter:
    """The mail, with an id that is the same whenever it is written; `instant` is what it calls today.

    `unsubscribe_url` ends such mails by one POST (RFC 8058).

    Raises ValueError for an address that cannot stand in a header, UnsafeLetter where the header is not as meant.
    """
    said = what_it_says(mail, instant=instant, look=look, unsubscribe_url=unsubscribe_url)
    extra = [
        ("Date", format_datetime(sent_at)),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", said.language),
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
        subject=said.subject,
        extra=extra,
        body=mail_body(said, look),
    )


def what_it_says(
    mail: AnyMail, *, instant: datetime, look: MailLook = PLAIN, unsubscribe_url: str | None = None
) -> Said:
    """The words of a mail and where they lead."""
    tongue = tongue_of(mail.locale, mail.organization_locale, instant)
    if isinstance(mail, Notice):
        return _of_webhook(mail, tongue)
    ending = None
    if unsubscribe_url is not None:
        ending = Link(tongue.text("unsubscribe"), unsubscribe_url)
    if isinstance(mail, Digest):
        return _of_week(mail, tongue, look, ending)
    if isinstance(mail, Decision):
        return _of_evidence(mail, tongue, look, ending)
    if mail.kind == "result":
        return _of_result(mail, tongue, look, ending)
    if mail.kind == "certificate":
        return _of_certificate(mail, tongue, look, ending)
    return _of_enrollment(mail, tongue, look, ending)


def _of_enrollment(mail: Mail, tongue: Tongue, look: MailLook, ending: Link | None) -> Said:
    course, organization = one_line(mail.course_title), one_line(mail.organization_name)
    deadline, day = tongue.text("no_due"), ""
    if mail.due_at is not None:
        due, elsewhere = moments_of(mail.due_at, mail.organization_timezone, mail.timezone)
        deadline = tongue.told("was_due" if mail.kind == "overdue" else "due", due)
        day = tongue.day(due.day)
        if elsewhere is not None:
            deadline += " " + tongue.told("elsewhere", elsewhere)
    kind, expiry = mail.kind, []
    if mail.kind == "expiring" and mail.expires_at is not None:
        kind = "expired" if mail.expires_at <= tongue.instant else "expiring"
        until, _ = moments_of(mail.expires_at, mail.organization_timezone, mail.timezone)
        expiry = [tongue.told(kind, until)]
    subject = f"{kind}_subject"
    if mail.kind == "due" and mail.due_at is not None:
        subject = _NEAR.get(days_left(mail.due_at, mail.timezone, tongue.instant), "due_subject_day")
    said = tongue.say(f"{kind}_text", course=course, organization=organization)
    return Said(
        language=tongue.language,
        subject=tongue.say(subject, course=course, day=day),
        organization=organization,
        paragraphs=[_greeting(mail, tongue), said, *expiry],
        deadline=deadline,
        button=_link(look, tongue, "open_course", f"/enrollments/{mail.enrollment_id}"),
        links=_several(_link(look, tongue, "about_course", f"/courses/{mail.course_id}")),
        footer=tongue.text("footer"),
        link_form=tongue.text("link"),
        unsubscribe=ending,
    )


def _of_result(mail: Mail, tongue: Tongue, look: MailLook, ending: Link | None) -> Said:
    facts = {
        "quiz": one_line(mail.quiz_title or ""),
        "course": one_line(mail.course_title),
        "score": tongue.percent(score_percent(mail.points or Decimal(0), mail.max_points or Decimal(1))),
    }
    return Said(
        language=tongue.language,
        subject=tongue.say("result_subject", **facts),
        organization=one_line(mail.organization_name),
        paragraphs=[_greeting(mail, tongue), tongue.say("result_text", **facts)],
        deadline=tongue.say("result_passed" if mail.passed else "result_failed", **facts),
        button=_link(look, tongue, "open_result", f"/enrollments/{mail.enrollment_id}"),
        footer=tongue.text("footer_enrolled"),
        link_form=tongue.text("link"),
        unsubscribe=ending,
    )


def _of_certificate(mail: Mail, tongue: Tongue, look: MailLook, ending: Link | None) -> Said:
    course, organization = one_line(mail.course_title), one_line(mail.organization_name)
    validity = tongue.text("no_expiry")
    if mail.expires_at is not None:
        until, _ = moments_of(mail.expires_at, mail.organization_timezone, mail.timezone)
        validity = tongue.told("expiring", until)
    said = tongue.say("certificate_text", course=course, organization=organization)
    return Said(
        language=tongue.language,
        subject=tongue.say("certificate_subject", course=course),
        organization=organization,
        paragraphs=[_greeting(mail, tongue), said],
        deadline=validity,
        button=_link(look, tongue, "open_certificate", f"/certificates/{mail.subject_id}"),
        footer=tongue.text("footer_enrolled"),
        link_form=tongue.text("link"),
        unsubscribe=ending,
    )


def _of_evidence(mail: Decision, tongue: Tongue, look: MailLook, ending: Link | None) -> Said:
    requirement, organization = one_line(mail.requirement), one_line(mail.organization_name)
    kind = "approved" if mail.approved else "taken_back" if mail.taken_back else "rejected"
    validity = None
    if mail.approved:
        validity = tongue.text("no_expiry")
    if mail.approved and mail.expires_at is not None:
        until, _ = moments_of(mail.expires_at, mail.organization_timezone, mail.timezone)
        validity = tongue.told("expiring", until)
    facts = {"requirement": requirement, "organization": organization}
    said = [_greeting(mail, tongue), tongue.say(f"evidence_{kind}_text", **facts)]
    if mail.reason:
        said.append(tongue.say("evidence_reason", reason=one_line(mail.reason)))
    if not mail.approved:
        said.append(tongue.text("evidence_again"))
    return Said(
        language=tongue.language,
        subject=tongue.say(f"evidence_{kind}_subject", **facts),
        organization=organization,
        paragraphs=said,
        deadline=validity,
        button=_link(look, tongue, "open_evidence", "/requirements"),
        footer=tongue.text("evidence_footer"),
        link_form=tongue.text("link"),
        unsubscribe=ending,
    )


def _of_week(digest: Digest, tongue: Tongue, look: MailLook, ending: Link | None) -> Said:
    counts = _counts(digest, tongue)
    listings = [_of_chapter(digest, one, tongue, look) for one in digest.chapters]
    left = [tongue.count("digest_chapters", digest.chapters_left)] if digest.chapters_left else []
    waiting = _link(look, tongue, "open_waiting", "/administer/evidence") if digest.evidence_count else None
    if digest.evidence_count:
        left.append(tongue.count("digest_evidence", digest.evidence_count))
    organization = one_line(digest.organization_name)
    lead = [tongue.say("digest_text", organization=organization)] if listings else []
    return Said(
        language=tongue.language,
        subject=tongue.say("digest_subject", **counts)
        if listings
        else tongue.count("digest_subject_evidence", digest.evidence_count),
        organization=organization,
        paragraphs=[_greeting(digest, tongue), *lead],
        listings=listings,
        closing=left,
        button=_link(look, tongue, "open_site", "/administer"),
        links=_several(waiting),
        footer=tongue.text("digest_footer"),
        link_form=tongue.text("link"),
        unsubscribe=ending,
    )


def _counts(told: Digest | DigestChapter, tongue: Tongue) -> dict[str, str]:
    return {
        "overdue": tongue.count("digest_overdue", told.overdue_count),
        "lapsing": tongue.count("digest_lapsing", told.lapsing_count),
    }


def _of_chapter(digest: Digest, chapter: DigestChapter, tongue: Tongue, look: MailLook) -> Listing:
    """What there is to tell of one chapter, and where its officers go on."""
    counts = _counts(chapter, tongue)
    told = [
        counts[name]
        for name, count in (("overdue", chapter.overdue_count), ("lapsing", chapter.lapsing_count))
        if count
    ]
    return Listing(
        tongue.say("digest_chapter", name=one_line(chapter.name), told=", ".join(told)),
        [
            *_lines(digest, chapter.overdue, chapter.overdue_count, "digest_since", tongue),
            *_lines(digest, chapter.lapsing, chapter.lapsing_count, "digest_until", tongue),
        ],
        _link(look, tongue, "open_chapter", f"/administer/chapters/{quote(chapter.id)}"),
    )


def _lines(
    digest: Digest, lines: Sequence[DigestLine], count: int, form: str, tongue: Tongue
) -> Sequence[str]:
    """A line for each, and one that says how many more there are."""
    said = []
    for line in lines:
        until, _ = moments_of(line.at, digest.organization_timezone, digest.organization_timezone)
        facts = {"name": one_line(line.name), "course": one_line(line.course_title)}
        said.append(tongue.say(form, day=tongue.day(until.day), **facts))
    more = count - len(lines)
    return [*said, tongue.count("digest_more", more)] if more else said


def _of_webhook(notice: Notice, tongue: Tongue) -> Said:
    """Of the receiver's address its host alone: paths and queries of such addresses are often secrets."""
    when = moment_at(notice.disabled_at, notice.timezone)
    facts = {
        "receiver": one_line(urlsplit(notice.url).hostname or ""),
        "organization": one_line(notice.organization_name),
        "day": tongue.day(when.day),
        "time": when.time,
        "zone": tongue.zone(when),
        "id": notice.webhook_id,
        "days": DISABLE_AFTER.days,
    }
    paragraphs = ("notice_text", f"notice_{notice.disabled_reason}", "notice_next", "notice_id")
    return Said(
        language=tongue.language,
        subject=tongue.say("notice_subject", **facts),
        organization=one_line(notice.organization_name),
        paragraphs=[_greeting(notice, tongue), *(tongue.say(key, **facts) for key in paragraphs)],
        footer=tongue.text("notice_footer"),
        link_form=tongue.text("link"),
    )


def _greeting(mail: AnyMail, tongue: Tongue) -> str:
    return tongue.say("greeting", name=one_line(mail.name or ""))


def _link(look: MailLook, tongue: Tongue, label: str, path: str) -> Link | None:
    """A link into the organization's frontend; None where it is not known."""
    return None if look.frontend_url is None else Link(tongue.text(label), look.frontend_url + path)


def _several(*links: Link | None) -> list[Link]:
    return [link for link in links if link is not None]
