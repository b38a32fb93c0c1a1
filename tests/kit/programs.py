"""Programs of small courses."""

from typing import Any

from tests.kit.learner import lesson, tree
from tests.kit.world import Json, World

PROGRAMS = "/api/programs/"


async def course(world: World, title: str = "Course", **policy: Any) -> str:
    """A published course of one lesson."""
    made = await world.course(tree(lesson(), title=title), **policy)
    found: str = made["id"]
    return found


def program(*courses: str, **changes: Any) -> Json:
    """What is sent for a program with each of these courses as a step."""
    steps = [{"courses": [one]} for one in courses]
    return {"title": "Officers", "scope": "national", "steps": steps, **changes}
