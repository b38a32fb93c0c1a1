"""Programs: paths through courses."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import cast

from learning_service_client.parts import Id, uuid_of
from learning_service_client.shapes.enrollments import AssignedOut
from learning_service_client.shapes.programs import OwnProgramOut, ProgramChangeIn, ProgramIn, ProgramOut
from learning_service_client.transport import Transport

PROGRAMS = "/api/programs/"


def _path(program_id: Id) -> str:
    return f"{PROGRAMS}{uuid_of(program_id)}/"


class ProgramCalls(Transport):
    """Programs."""

    def list_programs(self, *, limit: int | None = None) -> AsyncIterator[ProgramOut]:
        """Programs that the caller may enter, author or assign, newest first."""
        return self._pages(ProgramOut, PROGRAMS, limit=limit)

    async def create_program(self, wanted: ProgramIn) -> ProgramOut:
        """Make a program of published courses."""
        return await self._post(ProgramOut, PROGRAMS, wanted)

    async def read_program(self, program_id: Id) -> ProgramOut:
        """One program."""
        return await self._get(ProgramOut, _path(program_id))

    async def update_program(self, program_id: Id, changes: ProgramChangeIn) -> ProgramOut:
        """Change a program."""
        answer = await self._send("PATCH", _path(program_id), body=changes)
        return cast(ProgramOut, answer.json())

    async def delete_program(self, program_id: Id) -> None:
        """Delete a program that was never published."""
        await self._send("DELETE", _path(program_id))

    async def publish_program(self, program_id: Id) -> ProgramOut:
        """Freeze the draft as the version that new enrollments get."""
        return await self._post(ProgramOut, f"{_path(program_id)}publish/")

    async def assign_program(
        self, program_id: Id, user_ids: Sequence[str], *, due_at: datetime | None = None
    ) -> AssignedOut:
        """Assign a program to members."""
        body = {"user_ids": list(user_ids), "due_at": due_at.isoformat() if due_at else None}
        return await self._post(AssignedOut, f"{_path(program_id)}assign/", body)

    async def enroll_in_program(self, program_id: Id) -> OwnProgramOut:
        """Enroll in the published version, and in the courses that come first."""
        return await self._post(OwnProgramOut, f"{_path(program_id)}enroll/")

    def list_my_programs(self, *, limit: int | None = None) -> AsyncIterator[OwnProgramOut]:
        """The caller's programs, newest first, with their steps."""
        return self._pages(OwnProgramOut, "/api/users/programs/", limit=limit)
