"""Wire types of evidence."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from learning_service.schemas.common import Out

EvidenceStatus = Literal["pending", "approved", "rejected"]


class OwnEvidenceOut(Out):
    """What a member sent to show that a requirement was met elsewhere."""

    id: UUID
    requirement_id: str
    requirement_name: str
    """Of today."""
    completed_on: date
    """The day on which it was done, as the member said."""
    note: str | None
    """What the member wrote."""
    document_url: str | None
    """Where the file that shows it is fetched; null: there is none, or it is no longer kept."""
    status: EvidenceStatus
    sent_at: datetime
    """When the member sent it."""
    reason: str | None
    """Why it was decided so; null: it was not decided yet."""
    expires_on: date | None
    """The last day on which it counts, where the organization is; null: it counts without end."""
    expires_at: datetime | None
    """The end of that day."""
    decided_at: datetime | None
    """When it was last decided."""


class EvidenceOut(OwnEvidenceOut):
    """The same as administrators see it."""

    user_id: str
    display_name: str | None
    decided_by: str | None
    """Who decided last."""
