"""What administrators do to enrollments, and runs."""

from collections.abc import AsyncIterator
from typing import cast

from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes.changes import (
    BulkIn,
    BulkOut,
    EnrollmentChangeIn,
    ExplanationOut,
    ListedAttemptOut,
    RunProgressOut,
    StartedOut,
)
from learning_service_client.shapes.enrollments import MemberEnrollmentOut
from learning_service_client.transport import Transport


class EnrollmentCalls(Transport):
    """What administrators do to enrollments, and runs."""

    async def read_enrollment(self, enrollment_id: Id) -> MemberEnrollmentOut:
        """One enrollment."""
        return await self._get(MemberEnrollmentOut, f"/api/enrollments/{uuid_of(enrollment_id)}/")

    async def update_enrollment(self, enrollment_id: Id, changes: EnrollmentChangeIn) -> MemberEnrollmentOut:
        """Change the due time, or give extra time; that also moves the deadline of an attempt under way."""
        answer = await self._send("PATCH", f"/api/enrollments/{uuid_of(enrollment_id)}/", body=changes)
        return cast(MemberEnrollmentOut, answer.json())

    async def delete_enrollment(self, enrollment_id: Id) -> None:
        """Remove an enrollment that has not been begun."""
        await self._send("DELETE", f"/api/enrollments/{uuid_of(enrollment_id)}/")

    async def explain_enrollment(self, enrollment_id: Id) -> ExplanationOut:
        """Why the enrollment exists."""
        return await self._get(ExplanationOut, f"/api/enrollments/{uuid_of(enrollment_id)}/explain/")

    def list_attempts(
        self, enrollment_id: Id, *, limit: int | None = None
    ) -> AsyncIterator[ListedAttemptOut]:
        """The attempts of an enrollment, first to last: at what, when, and what they came to."""
        return self._pages(
            ListedAttemptOut, f"/api/enrollments/{uuid_of(enrollment_id)}/attempts/", limit=limit
        )

    async def grant_attempts(
        self,
        enrollment_id: Id,
        *,
        reason: str,
        quiz_id: Id | None = None,
        assessment_id: Id | None = None,
        extra: int | None = None,
    ) -> MemberEnrollmentOut:
        """Allow more attempts at a quiz or the assessment."""
        return await self._post(
            MemberEnrollmentOut,
            f"/api/enrollments/{uuid_of(enrollment_id)}/attempts/",
            given(
                quiz_id=uuid_of(quiz_id) if quiz_id else None,
                assessment_id=uuid_of(assessment_id) if assessment_id else None,
                extra=extra,
                reason=reason,
            ),
        )

    async def withdraw_enrollment(self, enrollment_id: Id, *, reason: str) -> MemberEnrollmentOut:
        """Close an enrollment without an outcome, also one that was begun."""
        return await self._post(
            MemberEnrollmentOut, f"/api/enrollments/{uuid_of(enrollment_id)}/withdraw/", given(reason=reason)
        )

    async def change_enrollments(self, wanted: BulkIn) -> BulkOut | StartedOut:
        """Extend, remind, withdraw or grant attempts to many enrollments at once."""
        answer = await self._send("POST", "/api/enrollments/bulk/", body=wanted)
        return cast("BulkOut | StartedOut", answer.json())

    async def read_run(self, run_id: Id) -> RunProgressOut:
        """What a run did so far."""
        return await self._get(RunProgressOut, f"/api/runs/{uuid_of(run_id)}/")
