"""What a receiver's address may be, when a delivery is tried again, and what an event looks like outside.

Sources: the contract, "Media, events, operation"; CloudEvents 1.0; Standard Webhooks.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field

from learning_service.domain.kernel.values import JsonObject, StrictModel, some
from learning_service.domain.webhooks.rules.addresses import is_public

EventType = Literal[
    "learning.enrollment.assigned",
    "learning.enrollment.reminder_due",
    "learning.enrollment.overdue",
    "learning.course.completed",
    "learning.course.failed",
    "learning.completion.updated",
    "learning.attempt.graded",
    "learning.certificate.issued",
    "learning.certificate.revoked",
    "learning.compliance.completed",
    "learning.compliance.expired",
    "learning.compliance.exempted",
    "learning.compliance.exemption_ended",
    "learning.compliance.revoked",
    "learning.skill.mastered",
]
_COURSE = {"course_id": "01a20371-504b-77c7-91f6-b56ddf5371fa"}
_COMPLETION = {**_COURSE, "completion_id": "01a20371-5388-7c1e-9d1b-1c2d3e4f5a6b"}
_ENROLLMENT = {**_COURSE, "enrollment_id": "01a20371-5184-74b9-a227-c9495d876735"}
_CERTIFICATE = {**_COMPLETION, "certificate_id": "385a15d4-90e2-44b6-b146-fee837a27910"}
_EXPIRES = {"expires_at": "2027-11-22T09:00:00Z"}
_EXEMPTION = {
    "exemption_id": "01a20371-5390-7d3b-8f1a-3c4d5e6f7a8b",
    "requirement_id": "hazing-prevention",
    **_EXPIRES,
}
EXAMPLES: Mapping[str, JsonObject] = {
    "learning.enrollment.assigned": {**_ENROLLMENT, "due_at": "2026-12-22T05:00:00Z"},
    "learning.enrollment.reminder_due": {**_ENROLLMENT, "due_at": "2026-12-22T05:00:00Z"},
    "learning.enrollment.overdue": {**_ENROLLMENT, "due_at": "2026-12-22T05:00:00Z"},
    "learning.course.completed": {
        **_COMPLETION,
        "completed_at": "2026-11-22T09:00:00Z",
        "score": 95.0,
        **_EXPIRES,
    },
    "learning.course.failed": _ENROLLMENT,
    "learning.completion.updated": {
        **_COMPLETION,
        "enrollment_id": _ENROLLMENT["enrollment_id"],
        "completed_at": "2026-11-22T09:00:00Z",
        "score": 70.0,
        **_EXPIRES,
    },
    "learning.attempt.graded": {
        **_ENROLLMENT,
        "attempt_id": "01a20371-52d1-7a3c-8f5e-2b6c7d8e9f01",
        "score": 75.0,
    },
    "learning.certificate.issued": {**_CERTIFICATE, **_EXPIRES},
    "learning.certificate.revoked": _CERTIFICATE,
    "learning.compliance.completed": {**_COMPLETION, "requirement_id": "hazing-prevention", **_EXPIRES},
    "learning.compliance.revoked": {**_COMPLETION, "requirement_id": "hazing-prevention", **_EXPIRES},
    "learning.compliance.exempted": _EXEMPTION,
    "learning.compliance.exemption_ended": _EXEMPTION,
    "learning.compliance.expired": {"requirement_id": "hazing-prevention", **_EXPIRES},
    "learning.skill.mastered": {**_COMPLETION, "skill_id": "hazing-prevention"},
}
"""What the `data` of each type holds, beside organization and user."""
RETRIES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
THEN_EVERY = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=3)
DISABLE_AFTER = timedelta(days=5)
"""A receiver that has accepted nothing for so long is disabled."""
LONGEST_WAIT = timedelta(days=1)
"""The most that a receiver may ask for."""
MAY_ASK_TO_WAIT = frozenset({429, 503})
ALLOWED_PORTS = frozenset({443, 8443})
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_INSIDE = ("localhost", "local", "internal", "intranet", "home.arpa", "onion", "test", "invalid")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try to deliver."""

    delivery_id: UUID
    status: int | None
    """As the receiver answered; None when it did not."""
    error: str | None = None
    wait: timedelta | None = None
    """What the receiver subscribed to."""

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


class WebhookIn(StrictModel):
    """A subscription to be made."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    event_types: Annotated[tuple[EventType, ...], *some(len(get_args(EventType)))]


def place_of_secrets(organization_id: str, webhook_id: UUID) -> str:
    """Where a webhook's secrets belong; sealed for it, they open nowhere else."""
    return f"webhook/{organization_id}/{webhook_id}"


def url_fault(url: str, *, development: bool) -> str | None:
    """Why this cannot be a receiver's address; None when it can, as far as its spelling tells."""
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' \\"<>`{}|^'):
        return "must be a plain address"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "must be a plain address"
    host = parts.hostname or ""
    local = development and host == "127.0.0.1" and parts.scheme in ("http", "https")
    if parts.scheme != "https" and not local:
        return "must begin with https://"
    if "@" in parts.netloc or parts.fragment:
        return "must not contain credentials or a fragment"
    if local:
        return None
    if port not in (None, *ALLOWED_PORTS):
        return "must use port 443 or 8443"
    return host_fault(host)


def host_fault(host: str) -> str | None:
    """Why the service must not call this host; None for a DNS name or a public address in its usual form."""
    if ":" in host or host.rpartition(".")[2].isdigit():
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return "must name its host by a DNS name or a canonical address"
        if str(address) != host:
            return "must name its host by a DNS name or a canonical address"
        return None if is_public(address) else "must be reachable on the public internet"
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.match(label) for label in labels):
        return "must name its host by a DNS name or a canonical address"
    if re.fullmatch(r"0x[0-9a-f]*", labels[-1]) or host.endswith(tuple(f".{name}" for name in _INSIDE)):
        return "must be reachable on the public internet"
    return None


def delay_after(tries: int) -> timedelta:
    """How long to wait after this many tries that failed, from 1."""
    return RETRIES[tries - 1] if tries <= len(RETRIES) else THEN_EVERY


def next_try(created_at: datetime, tries: int, instant: datetime) -> datetime | None:
    """When to try again after this many tries; None: give up, three days after the event."""
    following = instant + delay_after(tries)
    return following if following <= created_at + GIVE_UP_AFTER else None


def asked_wait(retry_after: str | None, instant: datetime) -> timedelta | None:
    """How long a receiver asks to be left alone, by seconds or a date, at most `LONGEST_WAIT`; None: not at all."""
    if retry_after is None or not retry_after.isascii() or len(retry_after) > 64:
        return None
    if retry_after.isdigit():
        return min(timedelta(seconds=int(retry_after[:9])), LONGEST_WAIT) or None
    try:
        until = parsedate_to_datetime(retry_after)
        wait = until.replace(tzinfo=until.tzinfo or UTC) - instant
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(wait, LONGEST_WAIT) if wait > timedelta(0) else None


def cloud_event(
    *, event_id: object, type_: str, organization_id: str, user_id: str, at: datetime, data: JsonObject
) -> JsonObject:
    """One event as other services get it: CloudEvents 1.0, structured JSON."""
    return {
        "specversion": "1.0",
        "id": str(event_id),
        "source": f"/learning-service/organizations/{organization_id}",
        "type": type_,
        "subject": user_id,
        "time": at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
