"""What authors do to courses and their versions."""

from collections.abc import AsyncIterator, Sequence
from typing import cast

from learning_service_client.parts import Id, given, uuid_of, word
from learning_service_client.shapes.authoring import (
    AppliedPolicyOut,
    CategoryOut,
    CoursePolicyChangeIn,
    DiffOut,
    FromOperation,
    GraderOut,
    RemoveOperation,
    ValueOperation,
    VersionOut,
    VersionStatisticsOut,
)
from learning_service_client.shapes.changes import MigrationForecastOut, StartedOut
from learning_service_client.shapes.courses import CourseOut
from learning_service_client.shapes.regrading import Policy, QuestionChange, RegradeOut
from learning_service_client.shapes.trees import StoredTreeOut, Tree
from learning_service_client.transport import Transport


class AuthoringCalls(Transport):
    """What authors do to courses and their versions."""

    def list_categories(self, *, limit: int | None = None) -> AsyncIterator[CategoryOut]:
        """The categories of the caller's courses, by name, with how many courses each has."""
        return self._pages(CategoryOut, "/api/courses/categories/", limit=limit)

    async def update_course(
        self, course_id: Id, changes: CoursePolicyChangeIn, *, dry_run: bool | None = None
    ) -> AppliedPolicyOut | CourseOut:
        """Change a course's policy for what comes."""
        answer = await self._send(
            "PATCH", f"/api/courses/{uuid_of(course_id)}/", query={"dry_run": dry_run}, body=changes
        )
        return cast("AppliedPolicyOut | CourseOut", answer.json())

    async def delete_course(self, course_id: Id) -> None:
        """Remove a course that was never published, with its draft."""
        await self._send("DELETE", f"/api/courses/{uuid_of(course_id)}/")

    async def read_version_statistics(self, course_id: Id, number: int) -> VersionStatisticsOut:
        """What the answers say about a version's questions."""
        return await self._get(
            VersionStatisticsOut, f"/api/courses/{uuid_of(course_id)}/versions/{int(number)}/statistics/"
        )

    async def create_migration(
        self,
        course_id: Id,
        number: int,
        *,
        from_versions: Sequence[int] | None = None,
        enrollment_ids: Sequence[Id] | None = None,
        dry_run: bool | None = None,
    ) -> MigrationForecastOut | StartedOut:
        """Move open enrollments to this version, in the background; with `dry_run` say what that would do."""
        answer = await self._send(
            "POST",
            f"/api/courses/{uuid_of(course_id)}/versions/{int(number)}/migrations/",
            body=given(
                from_versions=None if from_versions is None else list(from_versions),
                enrollment_ids=None if enrollment_ids is None else [uuid_of(one) for one in enrollment_ids],
                dry_run=dry_run,
            ),
        )
        return cast("MigrationForecastOut | StartedOut", answer.json())

    async def create_regrade(
        self,
        course_id: Id,
        number: int,
        *,
        changes: Sequence[QuestionChange],
        policy: Policy,
        note: str,
        lower: bool | None = None,
    ) -> RegradeOut:
        """Preview what correcting a version's keys or points would change."""
        return await self._post(
            RegradeOut,
            f"/api/courses/{uuid_of(course_id)}/versions/{int(number)}/regrades/",
            given(changes=list(changes), policy=policy, note=note, lower=lower),
        )

    async def read_regrade(self, regrade_id: Id) -> RegradeOut:
        """What a regrade would do, or has done so far."""
        return await self._get(RegradeOut, f"/api/regrades/{uuid_of(regrade_id)}/")

    async def apply_regrade(self, regrade_id: Id) -> RegradeOut:
        """Correct the version from now on, and grade its closed attempts anew in the background."""
        return await self._post(RegradeOut, f"/api/regrades/{uuid_of(regrade_id)}/apply/")

    async def patch_draft(
        self,
        course_id: Id,
        operations: Sequence[ValueOperation | FromOperation | RemoveOperation],
        *,
        etag: str | None = None,
    ) -> StoredTreeOut:
        """Apply a JSON Patch (RFC 6902) to the draft, whole or not at all."""
        answer = await self._send(
            "PATCH",
            f"/api/courses/{uuid_of(course_id)}/draft/",
            body=list(operations),
            if_match=etag,
            content_type="application/json-patch+json",
        )
        return cast(StoredTreeOut, answer.json())

    def list_versions(self, course_id: Id, *, limit: int | None = None) -> AsyncIterator[VersionOut]:
        """The history, newest first, the draft among it."""
        return self._pages(VersionOut, f"/api/courses/{uuid_of(course_id)}/versions/", limit=limit)

    async def read_version(self, course_id: Id, number: int) -> Tree:
        """One version's tree; the draft has a number too."""
        return await self._get(Tree, f"/api/courses/{uuid_of(course_id)}/versions/{int(number)}/")

    async def compare_versions(self, course_id: Id, number: int, *, against: str | None = None) -> DiffOut:
        """What is different in this version from the one it is held against, part by part, followed by key."""
        return await self._get(
            DiffOut, f"/api/courses/{uuid_of(course_id)}/versions/{int(number)}/diff/", against=against
        )

    async def restore_version(self, course_id: Id, number: int, *, etag: str | None = None) -> StoredTreeOut:
        """Make that version's tree the draft."""
        answer = await self._send(
            "POST", f"/api/courses/{uuid_of(course_id)}/versions/{int(number)}/restore/", if_match=etag
        )
        return cast(StoredTreeOut, answer.json())

    async def duplicate_course(self, course_id: Id) -> CourseOut:
        """A new, unpublished course with the same content, scope and policy, and keys of its own."""
        return await self._post(CourseOut, f"/api/courses/{uuid_of(course_id)}/duplicate/")

    async def archive_course(self, course_id: Id) -> CourseOut:
        """Close the course to newcomers; those inside finish."""
        return await self._post(CourseOut, f"/api/courses/{uuid_of(course_id)}/archive/")

    async def unarchive_course(self, course_id: Id) -> CourseOut:
        """Open the course again."""
        return await self._post(CourseOut, f"/api/courses/{uuid_of(course_id)}/unarchive/")

    def list_graders(self, course_id: Id, *, limit: int | None = None) -> AsyncIterator[GraderOut]:
        """Who may grade this course in addition to the organization's graders."""
        return self._pages(GraderOut, f"/api/courses/{uuid_of(course_id)}/graders/", limit=limit)

    async def designate_grader(self, course_id: Id, user_id: str) -> None:
        """Let a person grade this course; they need not be a member."""
        await self._send("PUT", f"/api/courses/{uuid_of(course_id)}/graders/{word(user_id)}/")

    async def dismiss_grader(self, course_id: Id, user_id: str) -> None:
        """Take the right to grade the course back."""
        await self._send("DELETE", f"/api/courses/{uuid_of(course_id)}/graders/{word(user_id)}/")
