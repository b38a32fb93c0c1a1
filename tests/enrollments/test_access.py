"""Whom an enrollment lets into a course that is not for them: its own member, and nobody else."""

import pytest
from tests.kit.world import Json, World

READS = "", "modules/"


async def statuses(world: World, user: str, course: Json) -> list[int]:
    """What a member gets who asks for the course."""
    caller = world.member(user)
    paths = [f"/api/courses/{course['id']}/{read}" for read in READS]
    return [(await caller("GET", path)).status_code for path in paths]


@pytest.fixture
async def course(world: World) -> Json:
    """A course of the chapter of ana and bob; dan is of another region."""
    return await world.course(scope="chapter", scope_id="n1")


async def test_another_members_enrollment_lets_nobody_in(world: World, course: Json) -> None:
    await world.member("ana").ok("POST", f"/api/courses/{course['id']}/enroll/")

    assert await statuses(world, "ana", course) == [200, 200]
    assert await statuses(world, "dan", course) == [404, 404]


async def test_a_member_who_moved_away_stays_inside_by_their_own(world: World, course: Json) -> None:
    await world.member("ana").ok("POST", f"/api/courses/{course['id']}/enroll/")
    for user in ("ana", "bob"):
        await world.add_member(user, "s1")

    assert await statuses(world, "ana", course) == [200, 200]
    assert await statuses(world, "bob", course) == [404, 404]
