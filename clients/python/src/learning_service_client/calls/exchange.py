"""Files in and out."""

from typing import Literal, cast

from learning_service_client.parts import Id, uuid_of
from learning_service_client.shapes.exchange import FileImportOut, ImportOut, StartedImportOut
from learning_service_client.transport import Transport


class ExchangeCalls(Transport):
    """Files in and out."""

    async def import_into_draft(
        self,
        course_id: Id,
        content: bytes,
        *,
        name: str,
        dry_run: bool | None = None,
        module: str | None = None,
        quiz: str | None = None,
    ) -> ImportOut:
        """Add the questions of a file to the draft: Moodle's GIFT and XML, Aiken, and QTI."""
        answer = await self._send(
            "POST",
            f"/api/courses/{uuid_of(course_id)}/draft/imports/",
            query={"dry_run": dry_run, "module": module, "quiz": quiz},
            file=(name, content),
        )
        return cast(ImportOut, answer.json())

    async def export_version(
        self, course_id: Id, number: int, *, format_: Literal["gift", "moodle-xml", "qti-2.1", "bundle"]
    ) -> bytes:
        """The questions of a version as a file; imported again, they are what they were."""
        answer = await self._send(
            "GET",
            f"/api/courses/{uuid_of(course_id)}/versions/{int(number)}/export/",
            query={"format": format_},
            accept="*/*",
        )
        return answer.content

    async def import_rows(
        self,
        content: bytes,
        *,
        kind: Literal["assignments", "extensions", "completions"],
        name: str,
        dry_run: bool | None = None,
        partial: bool | None = None,
    ) -> FileImportOut | StartedImportOut:
        """Assign, extend or complete courses by a CSV file with a header, of up to 50,000 rows and 16 MiB."""
        answer = await self._send(
            "POST",
            "/api/imports/",
            query={"kind": kind, "dry_run": dry_run, "partial": partial},
            file=(name, content),
        )
        return cast("FileImportOut | StartedImportOut", answer.json())
