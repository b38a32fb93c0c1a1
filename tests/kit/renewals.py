"""Completions that age, and what follows."""

from datetime import timedelta

from tests.kit.direct import Database
from tests.kit.world import Json, World

ZONE = "America/New_York"
SHIFT = """UPDATE {} SET {} WHERE organization_id = $2"""
DATES = {
    "course_completions": ("completed_at", "expires_at"),
    "chapter_compliance_statuses": ("completed_at", "expires_at"),
    "certificates": ("issued_at", "expires_at"),
    "enrollments": ("assigned_at", "ended_at"),
    "lesson_progress": ("completed_at",),
    "quiz_progress": ("passed_at",),
    "quiz_attempts": ("started_at", "submitted_at"),
}


async def age(world: World, database: Database, **length: float) -> None:
    """Let all of the organization's learning have happened so much earlier."""
    for table, columns in DATES.items():
        moved = ", ".join(f"{column} = {column} - $1::interval" for column in columns)
        await database(SHIFT.format(table, moved), timedelta(**length), world.id)


async def mine(world: World, user: str = "ana") -> list[Json]:
    """A member's enrollments, newest first."""
    return list((await world.member(user).ok("GET", "/api/users/enrollments/"))["items"])


async def events(world: World, kind: str) -> list[Json]:
    """The data of this kind of event."""
    call = world.call_as("bus", scopes=["events:read"])
    page = await call.ok("GET", "/api/events/")
    return [e["data"] for e in page["items"] if e["type"] == f"learning.{kind}"]
