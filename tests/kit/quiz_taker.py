"""Courses of a quiz, and learners who take it."""

from dataclasses import dataclass
from typing import Any

from tests.kit.learner import Learner
from tests.kit.world import Caller, Json, World, choice, right

ESSAY = "<p>Say why.</p>"


def essay(prompt: str = ESSAY, points: float = 5, **changes: Any) -> Json:
    """A free-form question."""
    return {
        "type": "free_form",
        "prompt_html": prompt,
        "points": points,
        "rubric_html": "<p>Look for care.</p>",
        **changes,
    }


def choice_with(**changes: Any) -> Json:
    """A single choice with more to it."""
    return {**choice(), **changes}


def quiz(*questions: Json, **changes: Any) -> Json:
    """A required quiz: pass at 70, three attempts."""
    return {
        "kind": "quiz",
        "title": "Check",
        "pass_score": 70,
        "max_attempts": 3,
        "questions": list(questions) or [choice()],
        **changes,
    }


def tree(*items: Json, assessment: Json | None = None, **changes: Any) -> Json:
    """A version of one module with these items."""
    return {
        "title": "Hazing prevention",
        "pass_score": 0,
        "modules": [{"title": "One", "items": list(items)}],
        "assessment": assessment,
        **changes,
    }


@dataclass
class QuizTaker:
    """A learner at one quiz of a course (or at its assessment)."""

    world: World
    course: Json
    learner: Learner
    path: str
    quiz_id: str
    enrollment_id: str

    @property
    def call(self) -> Caller:
        """The learner's calls."""
        return self.learner.call

    async def start(self) -> Json:
        """Start an attempt."""
        started: Json = await self.call.ok("POST", f"{self.path}attempts/")
        return started

    async def submit(self, **sent: Any) -> Any:
        """Submit; the response."""
        return await self.call("POST", f"{self.path}submit/", sent)

    async def answer(self, *answers: Json, **sent: Any) -> Json:
        """Start, answer the questions in order, submit; the answer."""
        started = await self.start()
        given = [right(q, a) for q, a in zip(started["questions"], answers, strict=False)]
        response = await self.submit(attempt_id=started["attempt_id"], responses=given, **sent)
        assert response.status_code == 200, response.text
        result: Json = response.json()
        return result

    async def status(self) -> str:
        """The enrollment's status."""
        return await self.learner.status(self.enrollment_id)


async def quiz_taker(world: World, content: Json, user: str = "ana", course: Json | None = None) -> QuizTaker:
    """Enroll a member in a new course with this content; its first quiz, else its assessment, is what is taken."""
    course = course or await world.course(content)
    learner = await Learner.join(world.member(user), course["id"])
    title = next(title for title, kind in learner.kinds.items() if kind != "lessons")
    return QuizTaker(world, course, learner, learner.path(title), learner.ids[title], learner.enrollment_id)
