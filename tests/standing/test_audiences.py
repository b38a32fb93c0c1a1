"""Whom audiences, rules and ids find free: all go by where members stand, not by the newest enrollment."""

from typing import Any

from sqlalchemy import text
from tests.kit.quiz_taker import essay, quiz
from tests.kit.standing import completed_after_two_failures
from tests.kit.world import World
from tests.standing.scene import Scene, scene

LAPSE = "UPDATE course_completions SET expires_at = now() - interval '1 hour' WHERE course_id = :c"


async def run_of(here: Scene, **body: Any) -> dict[str, Any]:
    """What a rule's run for ana's chapter did."""
    world, rules = here.world, "/api/assignment-rules/"
    sent = {
        "course_id": here.course["id"],
        "trigger": "manual",
        "audience_filter": {"status": ["alone"]},
        **body,
    }
    made = await world.admin.ok("POST", rules, sent)
    preview = await world.admin.ok("POST", f"{rules}{made['id']}/preview/")
    started = await world.admin.ok("POST", f"{rules}{made['id']}/run/")
    await world.run_jobs()
    run = await world.admin.ok("GET", f"{rules}runs/{started['run_id']}/")
    assert (preview["would_assign"], preview["already_enrolled"]) == (
        run["assigned"],
        run["already_enrolled"],
    )
    return {key: run[key] for key in ("matches", "assigned", "already_enrolled")}


async def lapse(here: Scene) -> None:
    async with here.world.worker.transaction(here.world.id) as session:
        await session.execute(text(LAPSE), {"c": here.course["id"]})


async def test_completed_after_all_and_lapsed_is_free_for_a_run_as_for_ids(world: World) -> None:
    """A fails, B fails, A is completed: while it is valid nobody assigns, when it has lapsed everybody does."""
    here = await completed_after_two_failures(world)
    await world.add_member("ana", status="alone")
    assert (await here.assign())["skipped"] == [{"user_id": "ana", "reason": "completed"}]
    assert await run_of(here) == {"matches": 1, "assigned": 0, "already_enrolled": 0}
    await lapse(here)
    assert await run_of(here) == {"matches": 1, "assigned": 1, "already_enrolled": 0}


async def test_an_older_enrollment_that_goes_on_is_the_open_one(world: World) -> None:
    """A fails, B fails, A gets another attempt: the run finds the member enrolled, and its due date reaches A."""
    here = await scene(world, quiz(essay(), max_attempts=1))
    first = await here.enroll()
    await here.take(0, {"text": "First."})
    await here.grade(0)
    await here.assign()
    await here.take(0, {"text": "Second."})
    await here.grade(0)
    item = (await here.modules())["items"][0]["items"][0]
    body = {"quiz_id": item["id"], "reason": "Ill"}
    await world.admin.ok("POST", f"/api/enrollments/{first}/attempts/", body)
    assert await here.statuses() == ["in_progress", "failed"]
    await world.add_member("ana", status="alone")
    assert await run_of(here, due_in_days=3) == {"matches": 1, "assigned": 0, "already_enrolled": 1}
    due = {row["id"]: row["due_at"] for row in await here.enrollments()}
    assert due.pop(first) is not None
    assert set(due.values()) == {None}


async def test_what_was_withdrawn_because_of_a_completion_bars_nobody(world: World) -> None:
    """A fails, B is assigned, A is completed and B withdrawn; A lapses: free for an audience as for ids."""
    here = await scene(world, quiz(essay(), max_attempts=1))
    await here.enroll()
    await here.take(0, {"text": "First."})
    [response] = await here.pending()
    await here.grade(0)
    await here.assign()
    assert (await here.grade(5, response["response_id"], correction=True)).status_code == 200
    assert await here.statuses() == ["completed"]
    await world.add_member("ana", status="alone")
    assert await run_of(here) == {"matches": 1, "assigned": 0, "already_enrolled": 0}
    await lapse(here)
    audience = {"audience_filter": {"status": ["alone"]}}
    assert (await here.assign(**audience))["assigned"] == 1


async def test_a_withdrawn_one_still_bars_audiences(world: World) -> None:
    here = await scene(world)
    await here.assign()
    [only] = await here.enrollments()
    await world.admin.ok("POST", f"/api/enrollments/{only['id']}/withdraw/", {"reason": "Moved"})
    await world.add_member("ana", status="alone")
    assert await run_of(here) == {"matches": 1, "assigned": 0, "already_enrolled": 0}
    assert (await here.assign())["assigned"] == 1
