"""A course that ana is enrolled in, and what she can do with it."""

from dataclasses import dataclass, field
from typing import Any

from tests.kit.world import Json, World, right, small_tree

NO_RESPONSES: Json = {"responses": []}


@dataclass
class Course:
    """A course with its ids, in which ana is enrolled."""

    world: World
    id: str
    tree: Json
    lesson: str
    quiz: str
    final: str
    ids: dict[str, str] = field(default_factory=dict)


async def open_course(world: World, **changes: Any) -> Course:
    """Publish a course and enroll ana."""
    tree = small_tree(**changes)
    made = await world.course(tree, linked_compliance_requirement="hazing", recertification_cadence="P1Y")
    await world.member().ok("POST", f"/api/courses/{made['id']}/enroll/")
    shown = await world.member().ok("GET", f"/api/courses/{made['id']}/modules/")
    lesson, quiz = shown["items"][0]["items"][:2]
    return Course(world, made["id"], tree, lesson["id"], quiz["id"], shown["assessment"]["id"])


async def started(course: Course) -> str:
    """An attempt of ana's under way."""
    begun = await course.world.member().ok("POST", f"/api/quizzes/{course.quiz}/attempts/")
    attempt: str = begun["attempt_id"]
    return attempt


async def completed(course: Course) -> Json:
    """Ana passes everything; the last submission."""
    ana = course.world.member()
    await ana.ok("POST", f"/api/lessons/{course.lesson}/complete/")
    last: Json = {}
    for kind, quiz_id in (("quizzes", course.quiz), ("assessments", course.final)):
        questions = (await ana.ok("GET", f"/api/{kind}/{quiz_id}/"))["questions"]
        body = {"responses": [right(q, {"texts": ["right"]}) for q in questions]}
        last = await ana.ok("POST", f"/api/{kind}/{quiz_id}/submit/", body)
    return last
