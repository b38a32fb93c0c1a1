"""When mails leave, and which are still worth sending. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

MailKind: TypeAlias = Literal["reminder", "notice", "digest", "evidence"]
"""About an enrollment, about a disabled webhook, to an officer about their week, or about a decision on evidence."""
LEAST_NOTICE = timedelta(hours=4)
"""A mail that would come with less of it to go is not kept until the morning."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Addressed:
    """What is known of any mail, as of the moment it is sent."""

    id: UUID
    pending: bool
    """Whether sending it has not begun."""
    organization_name: str
    organization_timezone: str
    timezone: str
    """The reader's own, else the organization's."""
    locale: str | None
    """The reader's."""
    organization_locale: str | None
    name: str | None
    address: str | None
    erased: bool
    active: bool
    """Whether the reader's status is one of those that the organization calls active."""


@dataclass(frozen=True, slots=True)
class Preferred(Addressed):
    """A mail of a kind that its reader may not want."""

    organization_id: str
    user_id: str
    wanted: bool
    """Whether the reader wants such mails, or the organization sends them all the same."""
    required: bool
    """Whether the organization sends them whatever the reader prefers."""


@dataclass(frozen=True, slots=True)
class Mail(Preferred):
    """What a mail about an enrollment is made of, as of the moment it is sent."""

    kind: str
    """`assigned`, `expiring` (assigned to renew what expires), `due`, `overdue`, `result` or `certificate`."""
    days_before: int
    reminded_due_at: datetime | None
    """The due time that it reminds of."""
    status: str
    """The enrollment's."""
    awaiting_review: bool
    """Whether everything is handed in, and only a grader is waited for."""
    due_at: datetime | None
    """The enrollment's, now."""
    expires_at: datetime | None
    """When what the enrollment renews, or the certificate, expires."""
    subject_id: UUID | None
    """The attempt of `result`, or the certificate."""
    quiz_title: str | None
    """Of `result`, as what follows."""
    points: Decimal | None
    max_points: Decimal | None
    passed: bool | None
    is_current: bool
    """Whether the attempt is graded, or the certificate neither revoked nor replaced."""
    enrollment_id: UUID
    course_id: UUID
    course_title: str
    superseded: bool
    """Whether a nearer reminder has been claimed since."""
    exempt: bool
    """Whether the member need not do the course."""


@dataclass(frozen=True, slots=True)
class Notice(Addressed):
    """What a mail to an administrator about a disabled webhook is made of, as of the moment it is sent."""

    due_at: ClassVar[None] = None
    """It is never urgent: nothing more is lost while it waits for the morning."""

    webhook_id: UUID
    url: str
    disabled_at: datetime
    disabled_reason: str | None
    is_still: bool
    """Whether the webhook is still disabled: neither enabled nor deleted since."""
    is_for_them: bool
    """Whether the reader is still a national administrator, or made the webhook."""


@dataclass(frozen=True, slots=True)
class Decision(Preferred):
    """What a mail to a member about a decision on their evidence is made of, as of the moment it is sent."""

    due_at: ClassVar[None] = None
    kind: ClassVar[str] = "evidence"

    is_current: bool
    """Whether nothing else was decided since."""
    approved: bool
    taken_back: bool
    """Whether it had been approved before."""
    requirement: str
    """The requirement's name."""
    reason: str | None
    """In the words of who decided."""
    expires_at: datetime | None
    """Until when it counts; None: without end."""


@dataclass(frozen=True, slots=True)
class DigestLine:
    """Whose learning is overdue since, or lapses at, which time."""

    name: str
    course_title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DigestChapter:
    """How learning stands in a chapter: who is overdue or lapses soon, as many as a mail names, and how many."""

    id: str
    name: str
    overdue: Sequence[DigestLine] = ()
    """The longest overdue first."""
    overdue_count: int = 0
    lapsing: Sequence[DigestLine] = ()
    """The next to lapse first."""
    lapsing_count: int = 0


@dataclass(frozen=True, slots=True)
class Digest(Preferred):
    """What a week's mail to an administrator of a chapter, region or organization is made of, as of when it is sent.

    The organization's is told of evidence alone: learning is looked after where it happens.
    """

    due_at: ClassVar[None] = None
    kind: ClassVar[str] = "digest"

    is_for_them: bool
    """Whether the reader still has such an office, and the organization still wants such mails."""
    chapters: Sequence[DigestChapter]
    """Those with the most that is overdue first, as many as a mail names."""
    chapters_left: int
    """How many more there are with something to tell."""
    overdue_count: int
    """In all of them."""
    lapsing_count: int
    evidence_count: int = 0
    """Pieces of evidence that wait for this reader to decide."""


AnyMail: TypeAlias = Mail | Notice | Digest | Decision


def leaves_at(mail: AnyMail, instant: datetime, hours: tuple[int, int]) -> datetime:
    """When a mail may leave: now, or as the next of the hours begin (from, until) where its reader is.

    What is urgent leaves at once: where less than `LEAST_NOTICE` would be left in the morning.
    """
    first, end = hours
    zone = ZoneInfo(mail.timezone)
    local = instant.astimezone(zone)
    if first <= local.hour < end:
        return instant
    day = local.date() if local.hour < first else local.date() + timedelta(days=1)
    opening = datetime.combine(day, time(first), zone).astimezone(UTC)
    is_urgent = mail.due_at is not None and instant < mail.due_at < opening + LEAST_NOTICE
    return instant if is_urgent else opening


def reason_to_skip(mail: AnyMail, instant: datetime) -> str | None:
    """Why the mail is no longer worth sending; None: it is."""
    if mail.erased or mail.name is None:
        return "erased"
    if not mail.active:
        return "inactive"
    if isinstance(mail, Notice):
        ended = _notice_ended(mail)
    elif isinstance(mail, Decision):
        ended = _decision_ended(mail)
    else:
        ended = _digest_ended(mail) if isinstance(mail, Digest) else _reminder_ended(mail, instant)
    return ended or (None if mail.address else "no-address")


def _notice_ended(notice: Notice) -> str | None:
    if not notice.is_for_them:
        return "no-office"
    return None if notice.is_still else "enabled"


def _decision_ended(decision: Decision) -> str | None:
    if not decision.wanted:
        return "unsubscribed"
    return None if decision.is_current else "outdated"


def _digest_ended(digest: Digest) -> str | None:
    if not digest.is_for_them:
        return "no-office"
    if not digest.wanted:
        return "unsubscribed"
    told = digest.overdue_count or digest.lapsing_count or digest.evidence_count
    return None if told else "nothing-to-tell"


def _reminder_ended(mail: Mail, instant: datetime) -> str | None:
    if not mail.wanted:
        return "unsubscribed"
    if mail.kind in ("result", "certificate"):
        return None if mail.is_current else "outdated"
    if mail.status not in ("assigned", "in_progress"):
        return "ended"
    if mail.exempt:
        return "exempt"
    is_of_due = mail.kind in ("due", "overdue")
    if is_of_due and mail.awaiting_review:
        return "awaiting-review"
    if is_of_due and mail.due_at != mail.reminded_due_at:
        return "due-moved"
    if mail.superseded:
        return "superseded"
    if mail.kind == "due" and mail.due_at is not None and mail.due_at <= instant:
        return "past-due"
    return None


@dataclass(frozen=True, slots=True)
class Moment:
    """A due time as it is written in one place. `time` None: the end of that day."""

    day: date
    time: str | None
    zone: str
    offset: str
    """Off UTC at that time, such as `UTC+05:45`."""
    is_ambiguous: bool
    """Whether the clocks there show this time twice that day."""


def moments_of(due_at: datetime, home: str, timezone: str) -> tuple[Moment, Moment | None]:
    """How to show a due time to a person in `timezone`: as it was meant, and what it is where they are.

    What ends as a day ends in the organization's zone (`home`) is that day's end there; any other is a time, given
    in the reader's zone. The second is None where it would say the same again.
    """
    here = _moment_in(due_at, timezone)
    there = _moment_in(due_at, home)
    if there.time is not None:
        return here, None
    same = (there.day, there.time, there.offset) == (here.day, here.time, here.offset)
    return there, None if same else here


def kind_by_hand(due_at: datetime | None, instant: datetime) -> tuple[str, int]:
    """Of a mail that a person wants sent now: its kind, and how many days before the due time it reminds."""
    if due_at is None:
        return "assigned", 0
    days = (due_at - instant) / timedelta(days=1)
    return ("due", max(1, math.ceil(days))) if days > 0 else ("overdue", min(-1, math.ceil(days)))


def days_left(due_at: datetime, timezone: str, instant: datetime) -> int:
    """How many midnights lie between now and the last moment in time: 0 on the last day itself."""
    zone = ZoneInfo(timezone)
    return ((due_at - _TICK).astimezone(zone).date() - instant.astimezone(zone).date()).days


def moment_at(at: datetime, timezone: str) -> Moment:
    """How to tell in one place when something happened."""
    zone = ZoneInfo(timezone)
    return _moment(at.astimezone(zone), f"{at.astimezone(zone):%H:%M}", timezone)


def _moment_in(due_at: datetime, timezone: str) -> Moment:
    zone = ZoneInfo(timezone)
    # Rounded down to the minute: a reader who keeps to it is never late.
    local = due_at.replace(second=0, microsecond=0).astimezone(zone)
    before = (local.astimezone(UTC) - _TICK).astimezone(zone)
    is_end = before.date() < local.date()
    return _moment(before, None, timezone) if is_end else _moment(local, f"{local:%H:%M}", timezone)


def _moment(local: datetime, time: str | None, timezone: str) -> Moment:
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return Moment(
        day=local.date(),
        time=time,
        zone=timezone,
        offset=_offset(local),
        is_ambiguous=time is not None and twice,
    )


def _offset(local: datetime) -> str:
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return "UTC"
    sign = "+" if minutes > 0 else "−"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
