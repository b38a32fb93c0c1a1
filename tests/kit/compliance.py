"""Courses linked to a requirement, and what is said of them."""

from typing import Any

from tests.kit.assignments import LESSON, finish
from tests.kit.world import Json, World, small_tree

REPORT = "/api/reports/compliance/"
STATUSES = "/api/compliance/statuses/"


async def linked(world: World, **policy: Any) -> Json:
    """A course of one lesson that shows the requirement `hazing`."""
    return await world.course(small_tree(**LESSON), linked_compliance_requirement="hazing", **policy)


async def pursue(world: World, user: str, course: Json) -> None:
    """Enroll and complete."""
    await world.member(user).ok("POST", f"/api/courses/{course['id']}/enroll/")
    await finish(world, user, course["id"])
