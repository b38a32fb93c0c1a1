"""Grading by hand, and what is waiting."""

from typing import Any

from tests.kit.quiz_taker import QuizTaker
from tests.kit.world import Caller, Json, World

QUEUE = "/api/learning/grading/"


async def events(world: World, kind: str) -> list[Json]:
    """The data of all events of a type, in order."""
    found: list[Json] = []
    cursor = None
    reader = world.call_as("reader", scopes=["events:read"])
    while True:
        page = await reader.ok("GET", "/api/events/", params={"after": cursor} if cursor else {})
        found += [event["data"] for event in page["items"] if event["type"] == f"learning.{kind}"]
        if not page["items"]:
            return found
        cursor = page["next_cursor"]


async def waiting(world: World) -> str:
    """The path of the one answer that waits."""
    [item] = (await world.admin.ok("GET", f"{QUEUE}pending/"))["items"]
    return f"{QUEUE}{item['response_id']}/"


async def grade(caller: Caller, path: str, points: float, **more: Any) -> Json:
    """Grade an answer, or correct its grade."""
    answer: Json = await caller.ok("POST", path, {"points": points, "correction": True, **more})
    return answer


async def mine(who: QuizTaker) -> Json:
    """The learner's enrollment."""
    items = (await who.call.ok("GET", "/api/users/enrollments/"))["items"]
    [found] = [e for e in items if e["id"] == who.enrollment_id]
    return dict(found)
