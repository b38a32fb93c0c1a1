"""What certificates, badges, transcripts and mails show, as plain values: nothing here loads what draws them."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

Mark: TypeAlias = Literal["revoked", "superseded"]
Paper: TypeAlias = Literal["a4", "letter"]
Orientation: TypeAlias = Literal["landscape", "portrait"]


class UnusableLogo(ValueError):
    """The logo, signature or seal is not a PNG or JPEG that can be drawn."""


@dataclass(frozen=True)
class Signatory:
    """Who signs."""

    picture: str
    """What the picture of the signature is called in the file."""
    name: str
    title: str | None
    image: bytes | None


@dataclass(frozen=True)
class CertificateContent:
    """All that a certificate prints, frozen when it was issued."""

    certificate_id: UUID
    recipient_name: str
    course_title: str
    issuer_name: str
    issued_on: date
    expires_on: date | None
    """The last day on which it is valid; None: no end."""
    verification_url: str
    code: bytes
    """Printed in short, for those who type."""
    credit_hours: str | None = None
    score: str | None = None
    """As it is printed; None: it is not."""
    skills: tuple[str, ...] = ()
    """What the course taught, as far as there is room."""
    reissued_on: date | None = None
    logo: bytes | None = None
    """A PNG or JPEG file."""
    primary_color: str | None = None
    """`#rrggbb`; darkened where it would not read on white."""
    signatory_name: str | None = None
    signatory_title: str | None = None
    signature_image: bytes | None = None
    """A PNG or JPEG file; nothing where nobody signs."""
    second_signatory_name: str | None = None
    second_signatory_title: str | None = None
    second_signature_image: bytes | None = None
    seal: bytes | None = None
    """A PNG or JPEG file."""
    locale: str = "en"
    """A language tag, for words and dates; one without a catalog means English."""
    paper: Paper = "a4"
    orientation: Orientation = "landscape"
    mark: Mark | None = None
    """What is stamped across it when it is no longer in force."""
    credential: str | None = None
    """The same as a signed credential; a file in the PDF."""

    @property
    def signatories(self) -> list[Signatory]:
        """Who signs, from the left."""
        first = ("signature", self.signatory_name, self.signatory_title, self.signature_image)
        second = (
            "second_signature",
            self.second_signatory_name,
            self.second_signatory_title,
            self.second_signature_image,
        )
        return [Signatory(place, name, title, image) for place, name, title, image in (first, second) if name]


@dataclass(frozen=True, slots=True)
class BadgeLook:
    """What a badge shows."""

    title: str
    color: str | None
    """`#rrggbb`; darkened where white would not read on it."""
    logo: bytes | None
    """A PNG or JPEG file."""


@dataclass(frozen=True)
class TranscriptEntry:
    """A certificate that is valid."""

    title: str
    address: str
    """Of its page."""
    short_address: str
    """The same for those who type: with its number."""
    issued_on: date
    expires_on: date | None
    """The last day on which it is valid; None: no end."""
    score: str | None
    """As it is printed; None: it is not."""
    credit_hours: str | None
    skills: tuple[str, ...]


@dataclass(frozen=True)
class TranscriptContent:
    """All that a transcript prints."""

    recipient_name: str
    issuer_name: str
    as_of: date
    entries: tuple[TranscriptEntry, ...]
    data: str
    """The same as JSON; a file in the PDF."""
    logo: bytes | None = None
    """A PNG or JPEG file."""
    primary_color: str | None = None
    locale: str = "en"
    paper: Paper = "a4"


@dataclass(frozen=True, slots=True)
class Logo:
    """An organization's logo as mails carry it."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class MailLook:
    """What an organization's mails have in common."""

    frontend_url: str | None = None
    color: str | None = None
    logo: Logo | None = None
