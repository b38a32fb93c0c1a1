"""Evidence."""

from typing import Literal, TypedDict


class OwnEvidenceOut(TypedDict):
    """What a member sent to show that a requirement was met elsewhere."""

    id: str
    requirement_id: str
    requirement_name: str
    completed_on: str
    note: str | None
    document_url: str | None
    status: Literal["pending", "approved", "rejected"]
    sent_at: str
    reason: str | None
    expires_on: str | None
    expires_at: str | None
    decided_at: str | None


class EvidenceOut(OwnEvidenceOut):
    """The same as administrators see it."""

    user_id: str
    display_name: str | None
    decided_by: str | None
