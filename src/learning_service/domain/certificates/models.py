"""The table of certificates. What a certificate says is frozen when it is issued."""

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.certificates.rules.certificates import Status, status_of
from learning_service.domain.kernel.base import Base, reference

RANDOM_CODE = " || ".join(f"substring(uuid_send(gen_random_uuid()) FROM 1 FOR {n})" for n in (6, 4))
"""The first six bytes of such a UUID are random throughout."""


class CertificateOrganization(Base):
    """Whose certificate an id is, and which one a printed code names: who verifies one has no more than that.

    A trigger writes it with the certificate.
    """

    __tablename__ = "certificate_organizations"
    __table_args__ = (
        CheckConstraint("code IS NOT NULL AND octet_length(code) = 10", name="code"),
        Index("uq_certificate_organizations_code", "code", unique=True),
        Index("uq_certificate_organizations_status_place", "status_place", unique=True),
        Index("ix_certificate_organizations_unplaced", "id", postgresql_where=text("status_place IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[str]
    code: Mapped[bytes] = mapped_column(server_default=text(RANDOM_CODE), nullable=True)
    """Random: a public secret, as the id is. The database makes it, and its check keeps it from being null."""
    status_place: Mapped[int | None]
    """Where its credential's bit is, in all status lists: a random place, given with the first signature."""


class Certificate(Base):
    """A certificate. Its id is random because it is a public secret; it is never reused and never deleted."""

    __tablename__ = "certificates"
    __table_args__ = (
        reference("completion_id", "course_completions"),
        reference("course_id", "courses"),
        reference("reissued_as", "certificates", deferrable=True, initially="DEFERRED"),
        reference("renewed_by", "certificates"),
        CheckConstraint("paper IN ('a4', 'letter')", name="paper"),
        CheckConstraint("orientation IN ('landscape', 'portrait')", name="orientation"),
        CheckConstraint("marked_as IN ('revoked', 'superseded')", name="marked_as"),
        CheckConstraint("pdf_drift IN ('missing', 'changed')", name="pdf_drift"),
        Index("ix_certificates_issued", "organization_id", "issued_at", "id"),
        Index("ix_certificates_renewed_by", "renewed_by"),
        Index(
            "ix_certificates_checked",
            "pdf_checked_at",
            "id",
            postgresql_where=text("pdf_sha256 IS NOT NULL AND pdf_erased_at IS NULL"),
        ),
        Index("ix_certificates_logo_key", "logo_key", postgresql_where=text("logo_key IS NOT NULL")),
        Index(
            "ix_certificates_signature_key",
            "signature_key",
            postgresql_where=text("signature_key IS NOT NULL"),
        ),
        Index(
            "ix_certificates_second_signature_key",
            "second_signature_key",
            postgresql_where=text("second_signature_key IS NOT NULL"),
        ),
        Index("ix_certificates_seal_key", "seal_key", postgresql_where=text("seal_key IS NOT NULL")),
        Index("ix_certificates_pdf_sha256", "pdf_sha256", postgresql_where=text("pdf_sha256 IS NOT NULL")),
        Index(
            "ix_certificates_marked_sha256",
            "marked_sha256",
            postgresql_where=text("marked_sha256 IS NOT NULL"),
        ),
        Index(
            "ix_certificates_unlisted",
            "organization_id",
            "id",
            postgresql_where=text(
                "listed_at IS NULL AND (revoked_at IS NOT NULL OR reissued_as IS NOT NULL"
                " OR renewed_by IS NOT NULL OR recipient_name IS NULL)"
            ),
        ),
        Index("ix_certificates_member", "organization_id", "user_id", "id"),
        Index("ix_certificates_course", "organization_id", "course_id", "id"),
        Index(
            "uq_certificates_current",
            "organization_id",
            "completion_id",
            unique=True,
            postgresql_where=text("reissued_as IS NULL"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    completion_id: Mapped[uuid.UUID]
    user_id: Mapped[str]
    course_id: Mapped[uuid.UUID]
    recipient_name: Mapped[str | None]
    """None once the member was erased."""
    course_title: Mapped[str]
    issuer_name: Mapped[str]
    timezone: Mapped[str]
    """The organization's when issued: printed days are days there."""
    issued_at: Mapped[datetime]
    """When the first of its line was issued: a reissue keeps it."""
    reissued_at: Mapped[datetime | None]
    """When it took the place of another one of its completion."""
    expires_at: Mapped[datetime | None]
    """The completion's. The one thing that may be added later: a cadence that the course came to have."""
    score: Mapped[Decimal | None]
    """Percent; None where the organization had it not told, or nothing was scored."""
    verification_url: Mapped[str]
    """The public address as printed, whatever the service is called later."""
    locale: Mapped[str]
    """In which language it is printed, and how it writes dates."""
    paper: Mapped[str]
    orientation: Mapped[str]
    primary_color: Mapped[str | None]
    signatory_name: Mapped[str | None]
    signatory_title: Mapped[str | None]
    second_signatory_name: Mapped[str | None]
    second_signatory_title: Mapped[str | None]
    logo_key: Mapped[str | None]
    """Where the organization's logo, as it was when issued, is stored."""
    signature_key: Mapped[str | None]
    """Where the picture of the signature is stored; like the signatory, a reissue has the present one."""
    second_signature_key: Mapped[str | None]
    seal_key: Mapped[str | None]
    """Where the organization's seal, as it was when issued, is stored."""
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None]
    """For the organization alone; never shown to the public, gone with the person's data."""
    reissue_reason: Mapped[str | None]
    """Why it was replaced; kept as the revocation's reason is."""
    reissued_as: Mapped[uuid.UUID | None]
    """The corrected certificate that took its place at once."""
    renewed_by: Mapped[uuid.UUID | None]
    """The next one of the same member and course; takes its place when this one expires."""
    pdf_sha256: Mapped[str | None]
    """Hex digest, and the name, of the stored PDF; None until it is there."""
    pdf_ready_at: Mapped[datetime | None]
    pdf_erased_at: Mapped[datetime | None]
    pdf_checked_at: Mapped[datetime | None]
    """When the stored PDF was last seen to have this digest, or looked at in vain."""
    pdf_drift: Mapped[str | None]
    """What the last look found wrong with the stored PDF: `missing` or `changed`."""
    listed_at: Mapped[datetime | None]
    """When its bit was set in its status list; never taken back."""
    marked_sha256: Mapped[str | None]
    """Hex digest of the stored PDF that says that the certificate is not in force."""
    marked_as: Mapped[str | None]
    """What that one says: `revoked` or `superseded`."""
    pictured_sha256: Mapped[str | None]
    """Digest of the PDF whose picture is stored: `pdf_sha256`, unless that was made by who makes no pictures."""
    marked_pictured_sha256: Mapped[str | None]
    """The same of `marked_sha256`."""

    def status(self, instant: datetime) -> Status:
        """The state at that moment."""
        return status_of(self, instant)


IS_OF_CERTIFICATE = and_(
    CertificateOrganization.organization_id == Certificate.organization_id,
    CertificateOrganization.id == Certificate.id,
)
"""Joins a certificate and what is known of its id."""


class FormerPdf(Base):
    """A PDF that was given out and then made anew, by its digest: a copy of it is still what was issued.

    Erasure deletes it.
    """

    __tablename__ = "former_pdfs"
    __table_args__ = (
        reference("certificate_id", "certificates"),
        Index("ix_former_pdfs_sha256", "sha256"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    certificate_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)


class TranscriptPdf(Base):
    """A member's last transcript as a PDF. Erasure deletes it."""

    __tablename__ = "transcript_pdfs"
    __table_args__ = (Index("ix_transcript_pdfs_pdf_sha256", "pdf_sha256"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    """Of what it says: while the member's transcript says the same, it is given out."""
    pdf_sha256: Mapped[str]
    """Hex digest, and the name, of the stored PDF."""
    made_at: Mapped[datetime]


class CertificateCredential(Base):
    """A certificate's credential in both forms, signed once; the same bytes ever after. Erasure deletes it."""

    __tablename__ = "certificate_credentials"
    __table_args__ = (
        reference("certificate_id", "certificates"),
        Index(
            "ix_certificate_credentials_without_picture",
            "certificate_id",
            postgresql_where=text("picture_id IS NULL"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    certificate_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    credential: Mapped[str]
    jwt: Mapped[str]
    expires_at: Mapped[datetime | None]
    """The expiry that it says. One that the certificate came to have later is signed anew."""
    signed_at: Mapped[datetime]
    picture_id: Mapped[str | None]
    """The picture into which it is baked; None for one of before there were any."""


class BadgePicture(Base):
    """A badge's picture, without a credential: one for all certificates that look the same."""

    __tablename__ = "badge_pictures"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    """A digest of what it is drawn from."""
    png: Mapped[bytes]


class AchievementRow(Base):
    """What credentials say of one version of a course, kept for who has no more than its address."""

    __tablename__ = "achievements"

    course_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organization_id: Mapped[str]
    document: Mapped[str]
    issuer_name: Mapped[str]


class SigningKey(Base):
    """A key of this installation. One of each kind signs; retired ones stay for what they signed."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("kind IN ('ed25519', 'rs256', 'pdf')", name="kind"),
        Index("uq_signing_keys_active", "kind", unique=True, postgresql_where=text("retired_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    public_key: Mapped[bytes]
    sealed_key: Mapped[str]
    """The secret half as the worker seals it; no other role may read this column."""
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class StatusList(Base):
    """Which credentials no longer hold: one bit for each place, and the signed list that says so."""

    __tablename__ = "status_lists"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    signing_key: Mapped[str]
    """The key of the credentials that have their places here."""
    bits: Mapped[bytes]
    credential: Mapped[str | None]
    """None until it was first signed."""
    published_at: Mapped[datetime | None]
