"""Exemptions."""

from collections.abc import AsyncIterator
from typing import cast

from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes.exemptions import ExemptionOut
from learning_service_client.transport import Transport

EXEMPTIONS = "/api/exemptions/"


class ExemptionCalls(Transport):
    """Exemptions from requirements and courses."""

    def list_exemptions(
        self,
        *,
        limit: int | None = None,
        user_id: str | None = None,
        requirement_id: str | None = None,
        course_id: Id | None = None,
        chapter_id: str | None = None,
        in_force: bool | None = None,
    ) -> AsyncIterator[ExemptionOut]:
        """Exemptions of the caller's members that were not taken back, newest first."""
        return self._pages(
            ExemptionOut,
            EXEMPTIONS,
            limit=limit,
            user_id=user_id,
            requirement_id=requirement_id,
            course_id=None if course_id is None else uuid_of(course_id),
            chapter_id=chapter_id,
            in_force=in_force,
        )

    async def grant_exemption(
        self,
        user_id: str,
        *,
        reason: str,
        requirement_id: str | None = None,
        course_id: Id | None = None,
        document: str | None = None,
        expires_on: str | None = None,
    ) -> ExemptionOut:
        """Exempt a member from a requirement or a course, until a day or without end."""
        body = given(
            user_id=user_id,
            reason=reason,
            requirement_id=requirement_id,
            course_id=None if course_id is None else uuid_of(course_id),
            document=document,
            expires_on=expires_on,
        )
        return cast(ExemptionOut, (await self._send("POST", EXEMPTIONS, body=body)).json())

    async def end_exemption(self, exemption_id: Id) -> None:
        """Take an exemption back. From now on it counts no more."""
        await self._send("DELETE", f"{EXEMPTIONS}{uuid_of(exemption_id)}/")
