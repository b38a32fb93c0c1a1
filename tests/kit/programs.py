"""Programs of small courses."""

from typing import Any

from tests.kit.learner import Learner, lesson, tree
from tests.kit.renewals import mine
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


async def published(world: World, *steps: Json, **changes: Any) -> str:
    """A published program with these steps."""
    made = await world.admin.ok("POST", PROGRAMS, {**program(), "steps": list(steps), **changes})
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    found: str = made["id"]
    return found


async def complete(world: World, course_id: str, user: str = "ana", *, enroll: bool = False) -> None:
    """Let the member complete a course of one lesson."""
    learner = await Learner.join(world.member(user), course_id, enroll=enroll)
    await learner.read()


async def own(world: World, user: str = "ana") -> Json:
    """The member's only program."""
    [found] = (await world.member(user).ok("GET", "/api/users/programs/"))["items"]
    result: Json = found
    return result


async def statuses(world: World, user: str = "ana") -> dict[str, str]:
    """The status of the member's enrollment in each course, of several the first one's."""
    return {one["course_id"]: one["status"] for one in await mine(world, user)}
