"""What a member reads and chooses."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, cast

from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes.certificates import TranscriptOut
from learning_service_client.shapes.own import (
    AttemptOut,
    ExportOut,
    NotificationOut,
    PreferencesChangeIn,
    PreferencesOut,
    UnreadOut,
)
from learning_service_client.shapes.shared import SkillOut
from learning_service_client.transport import Transport


class OwnCalls(Transport):
    """What a member reads and chooses."""

    async def read_attempt(self, attempt_id: Id) -> AttemptOut:
        """One attempt: what was asked and given, and what may be shown of the marks."""
        return await self._get(AttemptOut, f"/api/attempts/{uuid_of(attempt_id)}/")

    async def read_my_transcript(self) -> TranscriptOut:
        """Everything valid that the caller can show now, with skills and credentials."""
        return await self._get(TranscriptOut, "/api/users/transcript/")

    def list_my_skills(self, *, limit: int | None = None) -> AsyncIterator[SkillOut]:
        """The caller's skills."""
        return self._pages(SkillOut, "/api/users/skills/", limit=limit)

    def list_notifications(
        self, *, limit: int | None = None, unread: bool | None = None
    ) -> AsyncIterator[NotificationOut]:
        """One's own notifications, newest first."""
        return self._pages(NotificationOut, "/api/users/notifications/", limit=limit, unread=unread)

    async def mark_notifications_read(
        self, *, ids: Sequence[str] | None = None, all: Literal[True] | None = None
    ) -> UnreadOut:
        """Note notifications as read, and how many are left."""
        return await self._post(
            UnreadOut,
            "/api/users/notifications/read/",
            given(ids=list(ids) if ids is not None else None, all=all),
        )

    async def read_preferences(self) -> PreferencesOut:
        """One's own preferences, defaults filled in."""
        return await self._get(PreferencesOut, "/api/users/preferences/")

    async def update_preferences(self, changes: PreferencesChangeIn) -> PreferencesOut:
        """Change what is sent."""
        answer = await self._send("PATCH", "/api/users/preferences/", body=changes)
        return cast(PreferencesOut, answer.json())

    async def export_my_data(self) -> ExportOut:
        """All that is kept about the caller: profile, learning, results and certificates, as one document."""
        return await self._get(ExportOut, "/api/users/export/")
