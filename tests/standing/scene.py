"""A course of a choice and an essay, one attempt each, and what administrators and graders do to it."""

import uuid
from dataclasses import dataclass
from typing import Any

from tests.kit.quiz_taker import essay, quiz, tree
from tests.kit.world import Caller, Json, World, choice, right

WRONG, RIGHT = {"texts": ["wrong"]}, {"texts": ["right"]}


@dataclass
class Scene:
    """One member and one course."""

    world: World
    course: Json
    call: Caller

    async def enroll(self) -> str:
        """The member enrolls."""
        return str((await self.call.ok("POST", f"/api/courses/{self.course['id']}/enroll/"))["id"])

    async def assign(self, **sent: Any) -> Json:
        """An administrator assigns the course to the member by id, or as told."""
        body = sent or {"user_ids": [self.call.user]}
        answer: Json = await self.world.admin.ok("POST", f"/api/courses/{self.course['id']}/assign/", body)
        return answer

    async def modules(self) -> Json:
        """What the member sees of the course."""
        shown: Json = await self.call.ok("GET", f"/api/courses/{self.course['id']}/modules/")
        return shown

    async def quiz_path(self, n: int) -> str:
        """The n-th item of the first module, which is a quiz."""
        item = (await self.modules())["items"][0]["items"][n]
        return f"/api/quizzes/{item['id']}/"

    async def take(self, n: int, answer: Json) -> Json:
        """Start the n-th item and submit it with this answer."""
        path = await self.quiz_path(n)
        started = await self.call.ok("POST", f"{path}attempts/")
        given = [right(started["questions"][0], answer)]
        sent = {"attempt_id": started["attempt_id"], "responses": given}
        closed: Json = await self.call.ok("POST", f"{path}submit/", sent)
        return closed

    async def pending(self) -> list[Json]:
        """What waits for a grader of this course."""
        page = await self.world.admin.ok(
            "GET", f"/api/learning/grading/pending/?course_id={self.course['id']}"
        )
        return list(page["items"])

    async def grade(self, points: float, response_id: str | None = None, **sent: Any) -> Any:
        """An administrator grades a response, by default the only one that waits; the answer."""
        if response_id is None:
            [waiting] = await self.pending()
            response_id = waiting["response_id"]
        body = {"points": points, **sent}
        return await self.world.admin("POST", f"/api/learning/grading/{response_id}/", body)

    async def enrollments(self, **filters: str) -> list[Json]:
        """The member's enrollments of the course as administrators see them, oldest first."""
        wanted = {"user_id": self.call.user, "course_id": self.course["id"], **filters}
        page = await self.world.admin.ok("GET", "/api/enrollments/", params=wanted)
        return sorted(page["items"], key=lambda item: uuid.UUID(item["id"]).int)

    async def statuses(self, **filters: str) -> list[str]:
        """Their statuses."""
        return [item["status"] for item in await self.enrollments(**filters)]

    async def certificates(self) -> list[Json]:
        """The member's certificates of the course."""
        page = await self.call.ok("GET", "/api/users/certificates/")
        return [item for item in page["items"] if item["course_id"] == self.course["id"]]


async def scene(world: World, *items: Json, user: str = "ana", **policy: Any) -> Scene:
    """A course of these items, by default a choice and an essay with one attempt each; nobody is enrolled."""
    content = items or (quiz(choice(), max_attempts=1), quiz(essay(), title="Essay", max_attempts=1))
    return Scene(world, await world.course(tree(*content), **policy), world.member(user))
