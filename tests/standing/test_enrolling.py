"""Where a member stands: what enrolling and assigning make of a history of several enrollments."""

from typing import Any

from sqlalchemy import text
from tests.kit.quiz_taker import quiz
from tests.kit.standing import completed_after_two_failures
from tests.kit.world import World, choice
from tests.standing.scene import RIGHT, WRONG, Scene, scene

ENROLL = "/api/courses/{}/enroll/"


async def refused(here: Scene) -> tuple[int, Any]:
    """What enrolling answers now: status and code."""
    answer = await here.call("POST", ENROLL.format(here.course["id"]))
    return answer.status_code, answer.json().get("code")


async def test_a_valid_completion_goes_before_a_later_failure(world: World) -> None:
    here = await completed_after_two_failures(world)
    assert await refused(here) == (409, "already-completed")
    assert (await here.modules())["enrollment"]["status"] == "completed"
    [certificate] = await here.certificates()
    assert certificate["status"] == "valid"


async def test_what_was_decided_last_counts_where_nothing_is_valid(world: World) -> None:
    """Revoked, the completion is still what was decided last: the failure before it bars nobody."""
    here = await completed_after_two_failures(world)
    [certificate] = await here.certificates()
    path = f"/api/certificates/{certificate['id']}/revoke/"
    await world.admin.ok("POST", path, {"reason": "Cheated"})
    assert (await here.modules())["enrollment"]["status"] == "completed"
    assert await refused(here) == (201, None)


async def test_the_order_in_which_enrolling_is_judged(world: World) -> None:
    here = await scene(world, quiz(choice(), max_attempts=1))
    course = f"/api/courses/{here.course['id']}/"
    await here.enroll()
    await here.take(0, WRONG)
    assert await refused(here) == (409, "enrollment-failed")
    await world.admin.ok("POST", f"{course}archive/")
    assert await refused(here) == (409, "not-published")
    await world.admin.ok("PATCH", course, {"self_enrollment": False})
    assert await refused(here) == (403, "forbidden")
    await world.admin.ok("POST", f"{course}unarchive/")
    assert await refused(here) == (403, "forbidden")
    assert (await here.assign())["assigned"] == 1
    assert await refused(here) == (200, None)
    await here.take(0, RIGHT)
    assert await refused(here) == (403, "forbidden")
    await world.admin.ok("PATCH", course, {"self_enrollment": True})
    assert await refused(here) == (409, "already-completed")


async def test_a_failed_renewal_is_the_last_word(world: World) -> None:
    """The old completion still counts, but it may be renewed by now, and the renewal has failed."""
    here = await scene(world, quiz(choice(), max_attempts=2), recertification_cadence="P20D")
    await world.admin.ok("PATCH", "/api/organization/", {"recertification_window_days": 30})
    await here.enroll()
    await here.take(0, RIGHT)
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "UPDATE course_completions SET completed_at = now() - interval '19 days',"
                " expires_at = now() + interval '1 day' WHERE course_id = :c"
            ),
            {"c": here.course["id"]},
        )
    assert (await here.assign())["skipped"] == [{"user_id": "ana", "reason": "completed"}]
    await here.enroll()
    await here.take(0, WRONG)
    await here.take(0, WRONG)
    assert await here.statuses() == ["completed", "failed"]
    assert (await here.modules())["enrollment"]["status"] == "completed"
    assert await refused(here) == (409, "enrollment-failed")
