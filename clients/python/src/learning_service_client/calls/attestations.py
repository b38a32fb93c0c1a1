"""Who has signed which attestation."""

from collections.abc import AsyncIterator

from learning_service_client.parts import Id, uuid_of
from learning_service_client.shapes.courses import MemberSignatureOut
from learning_service_client.transport import Transport


class AttestationCalls(Transport):
    """Lists of signatures, for administrators."""

    def list_signatures(
        self,
        *,
        limit: int | None = None,
        user_id: str | None = None,
        course_id: Id | None = None,
        chapter_id: str | None = None,
        region_id: str | None = None,
        outdated: bool | None = None,
    ) -> AsyncIterator[MemberSignatureOut]:
        """Who of the caller's members has signed which text, newest first."""
        return self._pages(
            MemberSignatureOut,
            "/api/attestations/signatures/",
            limit=limit,
            user_id=user_id,
            course_id=None if course_id is None else uuid_of(course_id),
            chapter_id=chapter_id,
            region_id=region_id,
            outdated=outdated,
        )
