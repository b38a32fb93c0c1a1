"""Which enrollment a call on a lesson, quiz or attempt means when the member has several."""

from tests.kit.quiz_taker import essay, quiz
from tests.kit.world import Json, World, choice, right
from tests.standing.scene import RIGHT, WRONG, Scene, scene


async def written(here: Scene, text: str = "Because.") -> tuple[str, Json]:
    """The member starts the essay and saves it; the quiz's path and the attempt."""
    path = await here.quiz_path(1)
    started = await here.call.ok("POST", f"{path}attempts/")
    given = [right(started["questions"][0], {"text": text})]
    await here.call.ok("PATCH", f"/api/attempts/{started['attempt_id']}/", {"responses": given})
    return path, started


async def failed_with_an_essay_under_way(world: World) -> tuple[Scene, str, Json]:
    here = await scene(world)
    await here.enroll()
    path, started = await written(here)
    assert (await here.take(0, WRONG))["enrollment"]["status"] == "failed"
    assert (await here.assign())["assigned"] == 1
    return here, path, started


async def test_an_attempt_under_way_is_reached_by_its_id_whatever_was_opened_since(world: World) -> None:
    here, path, started = await failed_with_an_essay_under_way(world)
    sent = {"attempt_id": started["attempt_id"], "responses": []}
    closed = await here.call.ok("POST", f"{path}submit/", sent)
    assert (closed["attempt_id"], closed["status"]) == (started["attempt_id"], "pending_review")
    assert [waiting["text"] for waiting in await here.pending()] == ["Because."]
    assert await here.statuses() == ["failed", "assigned"]
    assert (await here.grade(5)).status_code == 200
    assert await here.statuses() == ["failed", "assigned"]


async def test_without_a_name_the_attempt_under_way_is_meant(world: World) -> None:
    here, path, started = await failed_with_an_essay_under_way(world)
    shown = await here.call.ok("GET", path)
    assert [a["attempt_id"] for a in shown["attempts"]] == [started["attempt_id"]]
    again = await here.call("POST", f"{path}attempts/")
    assert (again.status_code, again.json()["attempt_id"]) == (200, started["attempt_id"])
    closed = await here.call.ok("POST", f"{path}submit/", {"responses": []})
    assert closed["attempt_id"] == started["attempt_id"]
    assert [waiting["text"] for waiting in await here.pending()] == ["Because."]
    # Nothing is under way any more: the open enrollment is meant, whose attempt is still to be had.
    fresh = await here.call("POST", f"{path}attempts/")
    assert (fresh.status_code, fresh.json()["number"]) == (201, 1)
    assert await here.statuses() == ["failed", "in_progress"]


async def test_saves_reach_the_attempt_under_way(world: World) -> None:
    here, _, started = await failed_with_an_essay_under_way(world)
    given = [right(started["questions"][0], {"text": "Better."})]
    path = f"/api/attempts/{started['attempt_id']}/"
    assert (await here.call.ok("PATCH", path, {"responses": given}))["saved"] == 1
    shown = await here.call.ok("GET", path)
    assert [r["text"] for r in shown["responses"]] == ["Better."]


async def test_a_named_attempt_is_one_of_the_caller_at_that_quiz(world: World) -> None:
    here, path, started = await failed_with_an_essay_under_way(world)
    other = await here.quiz_path(0)
    sent = {"attempt_id": started["attempt_id"], "responses": []}
    elsewhere = await here.call("POST", f"{other}submit/", sent)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "not-found")
    bob = Scene(world, here.course, world.member("bob"))
    await bob.enroll()
    theirs = await bob.call("POST", f"{path}submit/", sent)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "not-found")
    assert (await here.call("POST", f"{path}submit/", sent)).status_code == 200


async def test_a_lesson_is_completed_where_the_member_stands(world: World) -> None:
    lesson = {"kind": "lesson", "title": "Read", "body_html": "<p>Read.</p>"}
    here = await scene(world, quiz(choice(), max_attempts=1), lesson)
    await here.enroll()
    await here.take(0, WRONG)
    await here.assign()
    lesson_id = (await here.modules())["items"][0]["items"][1]["id"]
    done = await here.call.ok("POST", f"/api/lessons/{lesson_id}/complete/")
    assert done["enrollment_id"] == (await here.enrollments())[1]["id"]


async def test_an_attempt_of_an_old_version_is_reached(world: World) -> None:
    """A call on what only one version has means the enrollment on that version."""
    here = await scene(world)
    await here.enroll()
    path, started = await written(here)
    await here.take(0, WRONG)
    courses = f"/api/courses/{here.course['id']}"
    draft = await world.admin("GET", f"{courses}/draft/")
    body = {**draft.json(), "title": "Second"}
    await world.admin.ok("PUT", f"{courses}/draft/", body, headers={"If-Match": draft.headers["etag"]})
    await world.admin.ok("POST", f"{courses}/publish/")
    await here.assign()
    assert (await here.modules())["version"] == 2
    closed = await here.call.ok("POST", f"{path}submit/", {"responses": []})
    assert closed["attempt_id"] == started["attempt_id"]
    assert [waiting["text"] for waiting in await here.pending()] == ["Because."]


async def test_a_choice_is_graded_in_the_enrollment_that_failed(world: World) -> None:
    """By the short way and the long one: an attempt that passes in a failed enrollment changes nothing of it."""
    here = await scene(
        world, quiz(choice(), max_attempts=1), quiz(choice("Other"), title="O", max_attempts=1)
    )
    await here.enroll()
    path = await here.quiz_path(1)
    started = await here.call.ok("POST", f"{path}attempts/")
    await here.take(0, WRONG)
    await here.assign()
    given = [right(started["questions"][0], RIGHT)]
    closed = await here.call.ok("POST", f"{path}submit/", {"responses": given})
    assert (closed["attempt_id"], closed["score"]) == (started["attempt_id"], 100)
    assert closed["enrollment"]["status"] == "failed"
    assert await here.statuses() == ["failed", "assigned"]


async def test_an_essay_of_a_failed_enrollment_waits_for_a_grader(world: World) -> None:
    here = await scene(world, quiz(choice(), max_attempts=1), quiz(essay(), title="Essay", max_attempts=2))
    await here.enroll()
    path, started = await written(here)
    await here.take(0, WRONG)
    sent = {"attempt_id": started["attempt_id"], "responses": []}
    assert (await here.call.ok("POST", f"{path}submit/", sent))["status"] == "pending_review"
    assert (await here.grade(4)).json()["attempt"]["status"] == "graded"
    assert await here.statuses() == ["failed"]
