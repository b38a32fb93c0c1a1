"""What state a certificate is in. Source: the contract, "Certificates": the first that holds."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

Status = Literal["revoked", "superseded", "expired", "valid"]


@dataclass(frozen=True, slots=True)
class PublicCertificate:
    """What a certificate says to anyone, and what its state follows from."""

    id: UUID
    recipient_name: str | None
    course_title: str
    issuer_name: str
    issued_at: datetime
    reissued_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    reissued_as: UUID | None
    renewed_by: UUID | None
    timezone: str

    def status(self, instant: datetime) -> Status:
        """The state at that moment."""
        return status_of(self, instant)

    def view(self, instant: datetime) -> dict[str, Any]:
        """What anyone may know of it at that moment; when it was reissued or revoked, and by what superseded, where
        it was.
        """
        status = self.status(instant)
        view: dict[str, Any] = {
            "certificate_id": self.id,
            "status": status,
            "recipient_name": self.recipient_name,
            "course_title": self.course_title,
            "issued_at": self.issued_at,
            "expires_at": self.expires_at,
            "issuer": {"name": self.issuer_name},
        }
        if self.reissued_at is not None:
            view["reissued_at"] = self.reissued_at
        if status == "revoked":
            view["revoked_at"] = self.revoked_at
        if status == "superseded":
            view["superseded_by"] = self.superseded_by
        return view

    @property
    def superseded_by(self) -> UUID | None:
        """The certificate that took, or will take, its place."""
        return self.reissued_as or self.renewed_by


def status_of(certificate: Any, instant: datetime) -> Status:
    """Revoked, else superseded, else expired, else valid: of what has a certificate's fields.

    A renewal supersedes from the expiry on, and at once where there is none.
    """
    expires_at = certificate.expires_at
    lapsed = expires_at is not None and expires_at <= instant
    if certificate.revoked_at is not None:
        return "revoked"
    renewed = certificate.renewed_by is not None and (lapsed or expires_at is None)
    if certificate.reissued_as is not None or renewed:
        return "superseded"
    return "expired" if lapsed else "valid"


LANGUAGES = ("en", "es", "fr")
"""The languages of certificates and mails."""


def printed_locale(member: str | None, organization: str | None) -> str:
    """The tag by which a certificate is printed: the member's, else the organization's, else English.

    One whose language certificates do not speak is passed over. A bare language of the member takes the region of
    the organization's where that speaks the same.
    """
    spoken = [tag for tag in (member, organization) if tag is not None and _language(tag) in LANGUAGES]
    if not spoken:
        return LANGUAGES[0]
    first, last = spoken[0], spoken[-1]
    return last if _language(first) == _language(last) and first == _language(first) else first


def _language(tag: str) -> str:
    return re.split("[-_]", tag, maxsplit=1)[0].lower()


GENERATE = "generate_certificates"
"""The job that makes a PDF."""


Mark = Literal["revoked", "superseded"]
"""What the PDF of a certificate that is not in force says across it."""


def mark_of(status: Status) -> Mark | None:
    """The mark that a certificate in this state bears; one that expired says itself until when it was valid."""
    return status if status in ("revoked", "superseded") else None


def generation_key(certificate_id: UUID, mark: Mark | None = None) -> str:
    """The unique key of the job that makes this certificate's PDF, or the one with that mark."""
    return f"{GENERATE}:{certificate_id}" + (f":{mark}" if mark else "")


def shown_hours(hours: Decimal | None) -> str | None:
    """Credit hours as they are printed, without zeros at the end."""
    return f"{hours.normalize():f}" if hours is not None else None


def pdf_key(sha256: str) -> str:
    """Where the PDF with this digest (hex) is stored."""
    return f"certificates/{sha256}.pdf"


def transcript_key(sha256: str) -> str:
    """Where the PDF of a transcript with this digest (hex) is stored."""
    return f"transcripts/{sha256}.pdf"


_UNSAFE_IN_FILE_NAMES = frozenset('/\\:*?"<>|%;')
MAX_FILE_NAME = 120


def pdf_filename(course_title: str) -> str:
    """What a browser saves the PDF as: the course's title without what file systems or headers refuse."""
    kept = "".join(
        " " if c in _UNSAFE_IN_FILE_NAMES or unicodedata.category(c)[0] in "CZ" else c
        for c in unicodedata.normalize("NFC", course_title)
    )
    title = " ".join(kept.split())[:MAX_FILE_NAME].strip(" .")
    return f"{title} – certificate.pdf" if title else "certificate.pdf"
