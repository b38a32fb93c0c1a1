"""Who holds which certificate, and what anyone may know of one."""

from typing import Literal, NotRequired, TypedDict

CertificateStatus = Literal["valid", "expired", "revoked", "superseded"]


class IssuerOut(TypedDict):
    """Who issued it."""

    name: str


class VerificationOut(TypedDict):
    """What anyone may know of a certificate."""

    certificate_id: str
    status: CertificateStatus
    recipient_name: str | None
    course_title: str
    issued_at: str
    expires_at: str | None
    issuer: IssuerOut
    reissued_at: NotRequired[str | None]
    revoked_at: NotRequired[str | None]
    superseded_by: NotRequired[str | None]


class TranscriptEntryOut(TypedDict):
    """A certificate that is valid at the moment of the transcript."""

    certificate_id: str
    course_id: str
    course_title: str
    number: str
    issued_at: str
    expires_at: str | None
    score: float | None
    credit_hours: float | None
    skills: list[str]
    verification_url: str
    credential_url: str


class TranscriptOut(TypedDict):
    """What a member can show at one moment."""

    display_name: str
    organization_name: str
    as_of: str
    items: list[TranscriptEntryOut]


class CertificateOut(TypedDict):
    """A certificate in its owner's list."""

    id: str
    course_id: str
    course_title: str
    status: CertificateStatus
    issued_at: str
    reissued_at: str | None
    expires_at: str | None
    verification_url: str
    pdf_ready: bool


class AdministeredCertificateOut(CertificateOut):
    """A certificate as an administrator over its member sees it."""

    user_id: str
    recipient_name: str | None
    revoked_at: str | None


class FileAddressOut(TypedDict):
    """Where a file is fetched, without a token."""

    url: str
    expires_at: str


class CertificateLinkOut(TypedDict):
    """The certificate that a submission brought."""

    id: str
    verification_url: str
