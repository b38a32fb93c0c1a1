"""The table of certificates. What a certificate says is frozen when it is issued."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.base import Base


class Certificate(Base):
    """A certificate. Its id is random because it is a public secret; it is never reused and never deleted."""

    __tablename__ = "certificates"
    __table_args__ = (
        Index("ix_certificates_member", "organization_id", "user_id", "id"),
        Index("ix_certificates_course", "organization_id", "course_id", "id"),
        Index(
            "uq_certificates_current",
            "completion_id",
            unique=True,
            postgresql_where=text("reissued_as IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organization_id: Mapped[str]
    completion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("course_completions.id"))
    user_id: Mapped[str]
    course_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("courses.id"))
    recipient_name: Mapped[str | None]
    """None once the member was erased."""
    course_title: Mapped[str]
    issuer_name: Mapped[str]
    timezone: Mapped[str]
    """The organization's when issued: printed days are days there."""
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    verification_url: Mapped[str]
    """The public address as printed, whatever the service is called later."""
    revoked_at: Mapped[datetime | None]
    reissued_as: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("certificates.id"))
    """The corrected certificate that took its place at once."""
    renewed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("certificates.id"))
    """The next one of the same member and course; takes its place when this one expires."""
    pdf_sha256: Mapped[str | None]
    """Hex digest, and the name, of the stored PDF; None until it is there."""
    pdf_ready_at: Mapped[datetime | None]
    pdf_erased_at: Mapped[datetime | None]
