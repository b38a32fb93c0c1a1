"""A member who goes through a course, for tests of what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.kit.world import Caller, Json, World, choice, right


def lesson(title: str = "L", **changes: Any) -> Json:
    return {"kind": "lesson", "title": title, "body_html": "<p>x</p>", **changes}


def quiz(title: str = "Q", *, questions: int = 1, **changes: Any) -> Json:
    asked = [choice(f"{title}{n}") for n in range(questions)]
    return {"kind": "quiz", "title": title, "pass_score": 50, "questions": asked, **changes}


def final(*, questions: int = 1, **changes: Any) -> Json:
    made = quiz("Final", questions=questions, **{"pass_score": 80, **changes})
    return {name: value for name, value in made.items() if name != "kind"}


def tree(*items: Json, assessment: Json | None = None, pass_score: float = 0, **changes: Any) -> Json:
    """A course of one module with these items."""
    return {
        "title": "Course",
        "pass_score": pass_score,
        "modules": [{"title": "M", "items": list(items)}] if items else [],
        "assessment": assessment,
        **changes,
    }


@dataclass
class Learner:
    """A member at a course; items go by their titles."""

    call: Caller
    course: str
    ids: Mapping[str, str]
    kinds: Mapping[str, str]
    enrollment_id: str = ""

    @classmethod
    async def enter(cls, world: World, tree: Json, user: str = "ana", **policy: Any) -> "Learner":
        """Publish the course and enroll the member."""
        course = await world.course(tree, **policy)
        return await cls.join(world.member(user), course["id"])

    @classmethod
    async def join(cls, call: Caller, course: str, *, enroll: bool = True) -> "Learner":
        """Enroll in a course that is there."""
        made = await call.ok("POST", f"/api/courses/{course}/enroll/") if enroll else {}
        shown = await call.ok("GET", f"/api/courses/{course}/modules/")
        items = [item for module in shown["items"] for item in module["items"]]
        items += [shown["assessment"]] if shown["assessment"] else []
        plural = {
            "lesson": "lessons",
            "attestation": "attestations",
            "quiz": "quizzes",
            "assessment": "assessments",
        }
        ids: dict[str, str] = {}
        kinds: dict[str, str] = {}
        for item in items:
            # Of several with one title the first.
            ids.setdefault(item["title"], item["id"])
            kinds.setdefault(item["title"], plural[item["kind"]])
        return cls(call, course, ids, kinds, made.get("id", ""))

    def path(self, title: str, verb: str = "") -> str:
        """The address of an item."""
        return f"/api/{self.kinds[title]}/{self.ids[title]}/" + (f"{verb}/" if verb else "")

    async def read(self, title: str = "L") -> Json:
        """Complete a lesson."""
        done: Json = await self.call.ok("POST", self.path(title, "complete"))
        return done

    async def questions(self, title: str) -> Sequence[Json]:
        """A quiz's questions; of one with a time limit those of the attempt under way."""
        shown = await self.call.ok("GET", self.path(title))
        if "questions" in shown:
            found: Sequence[Json] = shown["questions"]
            return found
        begun: Sequence[Json] = (await self.start(title)).json()["questions"]
        return begun

    async def start(self, title: str = "Q") -> httpx.Response:
        """Start an attempt."""
        return await self.call("POST", self.path(title, "attempts"))

    async def responses(self, title: str, correct: int) -> list[Json]:
        """Responses of which the first so many are right."""
        return [
            right(question, {"texts": ["right" if n < correct else "wrong"]})
            for n, question in enumerate(await self.questions(title))
        ]

    async def send(self, title: str, responses: Sequence[Json] = (), **more: Any) -> httpx.Response:
        """Submit."""
        return await self.call("POST", self.path(title, "submit"), {"responses": list(responses), **more})

    async def submit(self, title: str = "Q", correct: int = 1) -> Json:
        """Submit with so many right answers; must succeed."""
        answer = await self.send(title, await self.responses(title, correct))
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    async def status(self, enrollment_id: str | None = None) -> str:
        """The status of this enrollment, or of the newest one in the course."""
        page = await self.call.ok("GET", "/api/users/enrollments/")
        key, value = ("id", enrollment_id) if enrollment_id else ("course_id", self.course)
        found: str = next(e["status"] for e in page["items"] if e[key] == value)
        return found
