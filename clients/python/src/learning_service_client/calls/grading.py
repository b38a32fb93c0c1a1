"""What graders do."""

from collections.abc import AsyncIterator
from typing import Literal, cast

from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes.grading import (
    AnswerGroupOut,
    DecidedLostPassOut,
    GivenGradeOut,
    GradeOut,
    GradingSummaryOut,
    GroupGradedOut,
    LostPassOut,
    PendingResponseOut,
)
from learning_service_client.transport import NOTHING, Transport


class GradingCalls(Transport):
    """What graders do."""

    def list_pending_responses(
        self, *, limit: int | None = None, course_id: Id | None = None
    ) -> AsyncIterator[PendingResponseOut]:
        """What waits for the caller, oldest first; never their own responses."""
        return self._pages(
            PendingResponseOut,
            "/api/learning/grading/pending/",
            limit=limit,
            course_id=uuid_of(course_id) if course_id else None,
        )

    async def read_grading_summary(self) -> GradingSummaryOut:
        """How much waits for the caller, and in which courses; what `pending` lists, counted."""
        return await self._get(GradingSummaryOut, "/api/learning/grading/summary/")

    def list_grading_history(self, *, limit: int | None = None) -> AsyncIterator[GivenGradeOut]:
        """What the caller has graded, newest first: one entry for each grade and each correction."""
        return self._pages(GivenGradeOut, "/api/learning/grading/history/", limit=limit)

    def list_lost_passes(self, *, limit: int | None = None) -> AsyncIterator[LostPassOut]:
        """Passes that a correction has put in doubt, newest first."""
        return self._pages(LostPassOut, "/api/learning/grading/lost-passes/", limit=limit)

    def list_answer_groups(
        self, *, limit: int | None = None, course_id: Id | None = None
    ) -> AsyncIterator[AnswerGroupOut]:
        """What waits for the caller, with answers to a question that read alike as one, most first."""
        return self._pages(
            AnswerGroupOut,
            "/api/learning/grading/groups/",
            limit=limit,
            course_id=uuid_of(course_id) if course_id else None,
        )

    async def grade_answer_group(
        self, group_id: Id, *, points: float, feedback: str | None = None, accept: bool | None = None
    ) -> GroupGradedOut:
        """Grade all answers of a group by one grade."""
        return await self._post(
            GroupGradedOut,
            f"/api/learning/grading/groups/{uuid_of(group_id)}/",
            given(points=points, feedback=feedback, accept=accept),
        )

    async def decide_lost_pass(
        self, enrollment_id: Id, *, decision: Literal["keep", "revoke"], reason: str
    ) -> DecidedLostPassOut:
        """Keep a pass in doubt as it was, or revoke it."""
        return await self._post(
            DecidedLostPassOut,
            f"/api/learning/grading/lost-passes/{uuid_of(enrollment_id)}/",
            given(decision=decision, reason=reason),
        )

    async def claim_next_response(self) -> PendingResponseOut | None:
        """Claim the oldest response that is free, for 15 minutes."""
        answer = await self._send("POST", "/api/learning/grading/next/")
        return None if answer.status_code == NOTHING else cast(PendingResponseOut, answer.json())

    async def claim_response(self, response_id: Id) -> PendingResponseOut:
        """Claim a response for 15 minutes; claiming it again renews the claim."""
        return await self._post(PendingResponseOut, f"/api/learning/grading/{uuid_of(response_id)}/claim/")

    async def release_response(self, response_id: Id) -> None:
        """Give a response back before the 15 minutes are over, for others to take."""
        await self._send("DELETE", f"/api/learning/grading/{uuid_of(response_id)}/claim/")

    async def grade_response(
        self, response_id: Id, *, points: float, feedback: str | None = None, correction: bool | None = None
    ) -> GradeOut:
        """Grade a response, or correct its grade."""
        return await self._post(
            GradeOut,
            f"/api/learning/grading/{uuid_of(response_id)}/",
            given(points=points, feedback=feedback, correction=correction),
        )

    async def override_mark(self, attempt_id: Id, *, question_id: Id, points: float, reason: str) -> GradeOut:
        """Override the mark of a question with a person's own, and say why."""
        return await self._post(
            GradeOut,
            f"/api/attempts/{uuid_of(attempt_id)}/overrides/",
            given(question_id=uuid_of(question_id), points=points, reason=reason),
        )
