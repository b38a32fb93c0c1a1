"""Wire types of certificates."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from learning_service.domain.certificates.rules.certificates import PublicCertificate, status_of
from learning_service.domain.certificates.rules.checks import CheckResult
from learning_service.domain.certificates.rules.credentials import credential_address
from learning_service.domain.completion.queries.transcripts import Transcript
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import CleanText, Name, StrictModel, some
from learning_service.schemas.common import Number, Out

PUBLIC_HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
"""Of every public reply about certificates."""
VERIFICATION_HEADERS = {**PUBLIC_HEADERS, "Vary": "Accept"}
Status = Literal["valid", "expired", "revoked", "superseded"]


class PendingPdfOut(Out):
    """The PDF is still being made."""

    status: Literal["pending"]


class IssuerOut(Out):
    """Who issued it."""

    name: str


class VerificationOut(Out):
    """What anyone may know of a certificate. `reissued_at`, `revoked_at` and `superseded_by` are there when they
    apply.
    """

    certificate_id: UUID
    status: Status
    recipient_name: str | None
    course_title: str
    issued_at: datetime
    expires_at: datetime | None
    """The last moment at which it is valid; null: without end."""
    issuer: IssuerOut
    """The organization that issued it."""
    reissued_at: datetime | None = None
    """When it took the place of an earlier one with another name; absent: it did not."""
    revoked_at: datetime | None = None
    superseded_by: UUID | None = None
    """The certificate that took its place; absent: none did."""

    @classmethod
    def of(cls, found: PublicCertificate, instant: datetime) -> Self:
        """What to say of a certificate at that moment."""
        return cls.model_validate(found.view(instant))


class UnknownCertificateOut(Out):
    """No certificate has this id."""

    certificate_id: str
    """As it was asked."""
    status: Literal["unknown"]


class VerificationsOut(Out):
    """The states of many certificates, in the order of their ids."""

    items: list[VerificationOut | UnknownCertificateOut]
    """In the order of the ids that were asked."""


class CheckOut(Out):
    """What a file is."""

    result: CheckResult
    """`genuine`: what was issued, byte for byte. `altered`: it names a certificate of ours, and differs from what was
    issued. `not-ours`: it names none that we know. `unreadable`: it cannot be read as a PDF or PNG."""
    certificate: VerificationOut | None
    """The certificate that it is or names, as it stands now; null with `not-ours` and `unreadable`."""


class CertificateOut(Out):
    """A certificate in its owner's list."""

    id: UUID
    course_id: UUID
    course_title: str
    status: Status
    issued_at: datetime
    reissued_at: datetime | None
    """When it took the place of one with another name; null for one that did not."""
    expires_at: datetime | None
    verification_url: str
    pdf_ready: bool
    """Whether the PDF has been made and can be fetched at once."""

    @classmethod
    def of(cls, certificate: Any, instant: datetime) -> Self:
        """The certificate as its owner and administrators see it at that moment."""
        return cls.model_validate(cls._facts(certificate, instant))

    @staticmethod
    def _facts(certificate: Any, instant: datetime) -> dict[str, object]:
        return {
            "id": certificate.id,
            "user_id": certificate.user_id,
            "course_id": certificate.course_id,
            "course_title": certificate.course_title,
            "status": status_of(certificate, instant),
            "issued_at": certificate.issued_at,
            "reissued_at": certificate.reissued_at,
            "expires_at": certificate.expires_at,
            "verification_url": certificate.verification_url,
            "pdf_ready": certificate.pdf_sha256 is not None,
            "recipient_name": certificate.recipient_name,
            "revoked_at": certificate.revoked_at,
        }


class TranscriptEntryOut(Out):
    """A certificate that is valid at the moment of the transcript."""

    certificate_id: UUID
    course_id: UUID
    course_title: str
    number: str
    """As it is printed."""
    issued_at: datetime
    expires_at: datetime | None
    score: Number | None
    """Percent; null where the certificate does not tell it."""
    credit_hours: Number | None
    """Of the completed version."""
    skills: list[str]
    """That the completed version grants, by name."""
    verification_url: str
    credential_url: str
    """Of the Open Badges 3.0 credential, which proves the entry."""


class TranscriptOut(Out):
    """What a member can show at one moment."""

    display_name: str
    """The member's name as the directory has it now."""
    organization_name: str
    """Who issued what follows, as it is called now."""
    as_of: datetime
    """The moment at which all of it is valid."""
    items: list[TranscriptEntryOut]
    """Newest first."""

    @classmethod
    def of(cls, found: Transcript, public_url: str) -> Self:
        """It with its addresses."""
        return cls(
            display_name=found.display_name,
            organization_name=found.organization_name,
            as_of=found.as_of,
            items=[
                TranscriptEntryOut(
                    certificate_id=one.certificate.id,
                    course_id=one.certificate.course_id,
                    course_title=one.certificate.course_title,
                    number=one.number,
                    issued_at=one.certificate.issued_at,
                    expires_at=one.certificate.expires_at,
                    score=one.certificate.score,
                    credit_hours=one.credit_hours,
                    skills=list(one.skills),
                    verification_url=one.certificate.verification_url,
                    credential_url=credential_address(public_url, one.certificate.id),
                )
                for one in found.entries
            ],
        )


class AdministeredCertificateOut(CertificateOut):
    """A certificate as an administrator over its member sees it."""

    user_id: str
    recipient_name: str | None
    """None once the member was erased."""
    revoked_at: datetime | None


MAX_IDS = 100


def _visible(text: str) -> str:
    if not text.strip():
        raise Wrong("must say something", "empty")
    return text


Reason = Annotated[CleanText, Field(min_length=1, max_length=1000), AfterValidator(_visible)]
"""Why something was done, for later readers."""


class VerificationsIn(StrictModel):
    """Up to 100 ids of certificates; a text that is no id is unknown."""

    ids: Annotated[tuple[Annotated[CleanText, Field(max_length=128)], ...], *some(MAX_IDS)]
    """Ids as they are printed; a text that is no id is answered as `unknown`."""


class RevocationIn(StrictModel):
    """Why a certificate is revoked: for the organization, never for the public."""

    reason: Reason
    """For the organization, never for the public."""


class ReissueIn(StrictModel):
    """The name to print instead, and why."""

    recipient_name: Name
    """The name to print instead."""
    reason: Reason
    """For the organization, never for the public."""
