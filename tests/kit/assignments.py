"""Assignment rules and members who finish, as several tests want them."""

from typing import Any

from tests.kit.world import Json, World

LESSON = {"assessment": None, "modules": [{"title": "M", "items": [{"kind": "lesson", "title": "L"}]}]}


async def finish(world: World, user: str, course_id: str) -> None:
    """Complete the course's only lesson."""
    member = world.member(user)
    shown = await member.ok("GET", f"/api/courses/{course_id}/modules/")
    await member.ok("POST", f"/api/lessons/{shown['items'][0]['items'][0]['id']}/complete/")


RULES = "/api/assignment-rules/"


async def rule(world: World, course: Json, **facts: Any) -> Json:
    """A rule made by the national administrator."""
    body = {"course_id": course["id"], "trigger": "manual", "audience_filter": {}, **facts}
    made: Json = await world.admin.ok("POST", RULES, body)
    return made


async def enrolled(world: World, course: Json) -> list[str]:
    """Who is enrolled in the course."""
    found = await world.admin.ok("GET", f"/api/enrollments/?course_id={course['id']}&limit=200")
    return sorted(item["user_id"] for item in found["items"])


ZONES = [
    "America/New_York", "America/Sao_Paulo", "America/Havana", "Europe/Paris", "Asia/Beirut", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Apia", "Africa/Cairo", "Asia/Tehran", "UTC",
]  # fmt: skip
