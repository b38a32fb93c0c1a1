"""When mails leave, and which are still worth sending. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail about an enrollment is made of, as of the moment it is sent."""

    reminder_id: UUID
    pending: bool
    """Whether nobody has begun to send it."""
    kind: str
    days_before: int
    reminded_due_at: datetime | None
    """The due time that it reminds of."""
    status: str
    """The enrollment's."""
    due_at: datetime | None
    """The enrollment's, now."""
    course_title: str
    organization_name: str
    timezone: str
    """The member's own, else the organization's."""
    locale: str | None
    name: str | None
    address: str | None
    erased: bool
    superseded: bool
    """Whether a nearer reminder has been claimed since."""


def reason_to_skip(mail: Mail) -> str | None:
    """Why the mail is no longer worth sending; None: it is."""
    if mail.erased or mail.name is None:
        return "erased"
    if mail.status not in ("assigned", "in_progress"):
        return "ended"
    if mail.kind == "due" and mail.due_at != mail.reminded_due_at:
        return "due-moved"
    if mail.superseded:
        return "superseded"
    return "no-address" if not mail.address else None
