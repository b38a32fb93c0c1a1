"""Evidence."""

from collections.abc import AsyncIterator
from typing import Literal, cast

from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes.evidence import EvidenceOut, OwnEvidenceOut
from learning_service_client.transport import Transport

OWN, EVIDENCE = "/api/users/evidence/", "/api/evidence/"


class EvidenceCalls(Transport):
    """What members send to show that they met a requirement elsewhere, and what is decided of it."""

    def list_my_evidence(
        self, *, limit: int | None = None, status: Literal["pending", "approved", "rejected"] | None = None
    ) -> AsyncIterator[OwnEvidenceOut]:
        """What the caller sent, newest first, and what became of it."""
        return self._pages(OwnEvidenceOut, OWN, limit=limit, status=status)

    async def submit_evidence(
        self, *, requirement_id: str, completed_on: str, note: str, document: str | None = None
    ) -> OwnEvidenceOut:
        """Show that a requirement was met elsewhere. It is `pending` until an administrator of the member decides."""
        body = given(requirement_id=requirement_id, completed_on=completed_on, note=note, document=document)
        return cast(OwnEvidenceOut, (await self._send("POST", OWN, body=body)).json())

    def list_evidence(
        self,
        *,
        limit: int | None = None,
        user_id: str | None = None,
        requirement_id: str | None = None,
        chapter_id: str | None = None,
        status: Literal["pending", "approved", "rejected"] | None = None,
    ) -> AsyncIterator[EvidenceOut]:
        """Evidence of the caller's members, newest first; with `pending` what waits for a decision."""
        return self._pages(
            EvidenceOut,
            EVIDENCE,
            limit=limit,
            user_id=user_id,
            requirement_id=requirement_id,
            chapter_id=chapter_id,
            status=status,
        )

    async def decide_evidence(
        self,
        evidence_id: Id,
        decision: Literal["approve", "reject"],
        *,
        reason: str,
        expires_on: str | None = None,
    ) -> EvidenceOut:
        """Approve or reject a member's evidence, with a reason that the member reads."""
        body = given(decision=decision, reason=reason, expires_on=expires_on)
        path = f"{EVIDENCE}{uuid_of(evidence_id)}/"
        return cast(EvidenceOut, (await self._send("POST", path, body=body)).json())
