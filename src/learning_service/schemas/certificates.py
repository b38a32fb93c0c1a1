"""Answers about certificates."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from learning_service.schemas.common import Answer

Status = Literal["valid", "expired", "revoked", "superseded"]


class Issuer(Answer):
    """Who issued it."""

    name: str


class VerificationAnswer(Answer):
    """What anyone may know of a certificate. `revoked_at` and `superseded_by` are there when they apply."""

    certificate_id: UUID
    status: Status
    recipient_name: str | None
    course_title: str
    issued_at: datetime
    expires_at: datetime | None
    issuer: Issuer
    revoked_at: datetime | None = None
    superseded_by: UUID | None = None


class CertificateAnswer(Answer):
    """A certificate in its owner's list."""

    id: UUID
    course_id: UUID
    course_title: str
    status: Status
    issued_at: datetime
    expires_at: datetime | None
    verification_url: str
    pdf_ready: bool
