"""The life of an enrollment, as the contract tells it."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit.direct import Database
from tests.kit.fields import refused
from tests.kit.learner import Learner, final, lesson, quiz, tree
from tests.kit.world import World, choice


async def assign(database: Database, world: World, course: str, user: str = "ana") -> None:
    """An enrollment by an administrator, past the routes for it."""
    await database(
        "INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source,"
        " assigned_at, extra_time_seconds, revision, cause_kind, cause_id)"
        " SELECT $1, organization_id, $2, id, published_version_id, 'assigned', 'admin', now(), 0, 0,"
        " 'person', 'boss' FROM courses WHERE id = $3::uuid",
        uuid.uuid4(),
        user,
        course,
    )


@pytest.mark.parametrize("first", ["L", "Q", "start"])
async def test_assigned_until_the_first_lesson_or_attempt(
    world: World, database: Database, first: str
) -> None:
    course = await world.course(tree(lesson(), quiz(), assessment=final()))
    await assign(database, world, course["id"])
    at = await Learner.join(world.member(), course["id"], enroll=False)
    assert await at.status() == "assigned"
    again = await at.call("POST", f"/api/courses/{at.course}/enroll/")
    assert (again.status_code, again.json()["status"], again.json()["source"]) == (200, "assigned", "admin")
    await at.call.ok("GET", at.path("Q"))
    assert await at.status() == "assigned", "looking begins nothing"
    match first:
        case "L":
            assert (await at.read())["status"] == "in_progress"
        case "Q":
            assert (await at.submit(correct=0))["enrollment"]["status"] == "in_progress"
        case _:
            assert (await at.start()).status_code == 201
    assert await at.status() == "in_progress"


async def test_an_assigned_version_stays_when_another_is_published(world: World, database: Database) -> None:
    course = await world.course(tree(lesson("Old")))
    await assign(database, world, course["id"])
    path = f"/api/courses/{course['id']}"
    etag = (await world.admin("GET", f"{path}/draft/")).headers["etag"]
    newer = tree(lesson("New"), title="Newer")
    await world.admin.ok("PUT", f"{path}/draft/", newer, headers={"If-Match": etag})
    await world.admin.ok("POST", f"{path}/publish/")
    at = await Learner.join(world.member(), course["id"], enroll=False)
    assert set(at.ids) == {"Old"}
    bob = await Learner.join(world.member("bob"), course["id"])
    assert set(bob.ids) == {"New"}
    refused(await bob.call("POST", f"/api/lessons/{at.ids['Old']}/complete/"), 404)
    assert (await at.read("Old"))["status"] == "completed"
    [own] = (await at.call.ok("GET", "/api/users/enrollments/"))["items"]
    assert (own["version"], own["course_title"]) == (1, "Course")


@pytest.mark.parametrize("order", [("L", "Q", "Final"), ("Final", "Q", "L"), ("Q", "Final", "L")])
async def test_items_may_be_taken_in_any_order(world: World, order: tuple[str, ...]) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(), assessment=final()))
    for n, title in enumerate(order):
        assert await at.status() == "in_progress"
        done: Any = await (at.read() if title == "L" else at.submit(title))
        [progress] = (await at.call.ok("GET", "/api/users/enrollments/progress/"))["items"]
        assert (progress["items_completed"], progress["items_total"]) == (n + 1, 3)
        assert progress["percent"] == 100 * (n + 1) // 3
        assert ("completion" in done) == (title != "L" and n == 2)
    assert await at.status() == "completed"


async def test_optional_items_count_for_nothing(world: World) -> None:
    optional = quiz("Extra", max_attempts=1, required=False)
    at = await Learner.enter(world, tree(lesson(), lesson("More", required=False), optional, pass_score=80))
    assert (await at.submit("Extra", 0))["enrollment"]["status"] == "in_progress"
    await at.read()
    assert await at.status() == "completed"
    [certificate] = (await at.call.ok("GET", "/api/users/certificates/"))["items"]
    assert certificate["status"] == "valid"


async def test_an_assessment_alone_is_a_course(world: World) -> None:
    at = await Learner.enter(world, tree(assessment=final(questions=5), pass_score=60))
    done = await at.submit("Final", 4)
    assert (done["enrollment"]["status"], done["completion"]["score"]) == ("completed", 80)


async def test_without_score_a_course_passes_with_none(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), pass_score=100))
    await at.read()
    assert await at.status() == "completed"


async def test_the_score_is_the_mean_of_required_quizzes(world: World) -> None:
    items = (quiz("A", questions=3, pass_score=0), quiz("B", questions=2, pass_score=0))
    at = await Learner.enter(world, tree(*items, quiz("C", required=False), pass_score=50))
    await at.submit("C", 1)
    await at.submit("A", 1)
    done = await at.submit("B", 1)
    assert done["enrollment"]["status"] == "in_progress", "every quiz is passed, but not the course's score"
    done = await at.submit("B", 2)
    assert done["completion"]["score"] == pytest.approx(66.666666, abs=1e-9)


async def test_the_score_is_the_assessments_whatever_the_quizzes_were(world: World) -> None:
    at = await Learner.enter(
        world, tree(quiz(questions=2), assessment=final(questions=10, pass_score=80), pass_score=80)
    )
    await at.submit("Q", 1)
    assert (await at.submit("Final", 9))["completion"]["score"] == 90


async def test_the_best_attempt_counts_and_a_passed_quiz_may_be_retaken(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(questions=4, max_attempts=3)))
    assert (await at.submit("Q", 3))["score"] == 75
    worse = await at.submit("Q", 1)
    assert (worse["score"], worse["passed"], worse["attempts_remaining"]) == (25, False, 1)
    shown = await at.call.ok("GET", at.path("Q"))
    assert (shown["best_score"], shown["passed"], shown["attempts_used"]) == (75, True, 2)
    assert [attempt["score"] for attempt in shown["attempts"]] == [75, 25]
    await at.read()
    assert await at.status() == "completed"
    assert (await at.submit("Q", 4))["enrollment"]["status"] == "completed"
    refused(await at.send("Q"), 409, "no-attempts-left")
    refused(await at.start("Q"), 409, "no-attempts-left")


async def test_failed_as_soon_as_completion_is_impossible(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(max_attempts=2), assessment=final()))
    assert (await at.submit(correct=0))["enrollment"]["status"] == "in_progress"
    lost = (await at.send("Q")).json()
    assert (lost["enrollment"]["status"], lost["attempts_remaining"]) == ("failed", 0)
    assert "completion" not in lost
    refused(await at.call("POST", f"/api/courses/{at.course}/enroll/"), 409, "enrollment-failed")
    await at.read()
    assert (await at.submit("Final"))["enrollment"]["status"] == "failed", "what has ended stays so"
    assert (await at.call.ok("GET", "/api/users/certificates/"))["items"] == []
    totals = (await at.call.ok("GET", "/api/users/enrollments/progress/"))["totals"]
    assert (totals["failed"], totals["in_progress"]) == (1, 0)


async def test_failed_when_the_mean_can_no_longer_be_reached(world: World) -> None:
    items = (quiz("A", questions=2, pass_score=0, max_attempts=1), quiz("B", pass_score=0))
    at = await Learner.enter(world, tree(*items, pass_score=80))
    assert (await at.submit("A", 1))["passed"] is True
    assert await at.status() == "failed", "50 and at best 100 make 75"


async def test_while_answers_are_pending_nothing_fails(world: World) -> None:
    essay = {"type": "free_form", "prompt_html": "<p>why</p>", "points": 1}
    written = quiz("Essay", max_attempts=1) | {"questions": [choice(), essay], "pass_score": 100}
    at = await Learner.enter(world, tree(written))
    shown = await at.questions("Essay")
    text = {"question_id": shown[1]["id"], "text": "because"}
    first = (await at.responses("Essay", 2))[:1] if False else []
    first = [{"question_id": shown[0]["id"], "answer_ids": [a["id"]]} for a in shown[0]["answers"]][:1]
    sent = await at.send("Essay", [*first, text])
    result = sent.json()
    assert (result["status"], result["score"], result["passed"]) == ("pending_review", None, None)
    assert result["enrollment"]["status"] == "in_progress"
    bob = await Learner.join(world.member("bob"), at.course)
    wrong = [{"question_id": shown[0]["id"], "answer_ids": [shown[0]["answers"][1]["id"]]}, text]
    result = (await bob.send("Essay", wrong)).json()
    assert (result["status"], result["passed"]) == ("pending_review", False), "full marks would not do"
    assert result["enrollment"]["status"] == "failed"


async def test_a_completion_decided_while_answers_wait_has_its_certificate_and_no_score(world: World) -> None:
    essay = {"type": "free_form", "prompt_html": "<p>why</p>", "points": 1}
    written = quiz("Essay") | {"questions": [choice(points=9), essay]}
    at = await Learner.enter(world, tree(written, pass_score=50))
    shown = await at.questions("Essay")
    first = {"question_id": shown[0]["id"], "answer_ids": [shown[0]["answers"][0]["id"]]}
    done = (await at.send("Essay", [first, {"question_id": shown[1]["id"], "text": "x"}])).json()
    assert (done["status"], done["passed"], done["score"]) == ("pending_review", True, None)
    assert (done["enrollment"]["status"], done["completion"]["score"]) == ("completed", None)
    assert done["certificate"]["id"]


async def test_who_may_enroll(world: World, database: Database) -> None:
    ana, admin = world.member(), world.admin
    draft = await world.course(publish=False)
    refused(await ana("POST", f"/api/courses/{draft['id']}/enroll/"), 404, "not-found")
    author = world.call_as("ana", "national_admin")
    refused(await author("POST", f"/api/courses/{draft['id']}/enroll/"), 409, "not-published")
    refused(await admin("POST", f"/api/courses/{draft['id']}/enroll/"), 403, "not-a-member")
    closed = await world.course(self_enrollment=False)
    refused(await ana("POST", f"/api/courses/{closed['id']}/enroll/"), 403, "forbidden")
    archived = await world.course()
    inside = await Learner.join(world.member("bob"), archived["id"])
    await database("UPDATE courses SET archived_at = now() WHERE id = $1::uuid", archived["id"])
    for who in (ana, author):
        refused(await who("POST", f"/api/courses/{archived['id']}/enroll/"), 409, "not-published")
    assert archived["id"] not in [c["id"] for c in (await ana.ok("GET", "/api/courses/"))["items"]]
    again = await inside.call("POST", f"/api/courses/{archived['id']}/enroll/")
    assert (again.status_code, again.json()["status"]) == (200, "in_progress"), "those inside stay"
    far = await world.course(scope="regional", scope_id="south")
    refused(await ana("POST", f"/api/courses/{far['id']}/enroll/"), 404, "not-found")


async def test_a_valid_completion_stands_in_the_way_until_its_window(
    world: World, database: Database
) -> None:
    at = await Learner.enter(world, tree(lesson()), recertification_cadence="P1Y")
    await at.read()
    enroll = f"/api/courses/{at.course}/enroll/"
    refused(await at.call("POST", enroll), 409, "already-completed")
    expires = """UPDATE course_completions SET completed_at = now() - interval '300 days', expires_at = now() + $1
        WHERE course_id = $2::uuid"""
    await database(expires, timedelta(days=31), at.course)
    refused(await at.call("POST", enroll), 409, "already-completed")
    await database(expires, timedelta(days=29), at.course)
    [first] = await database(
        "SELECT expires_at FROM course_completions WHERE course_id = $1::uuid", at.course
    )
    renewed = await at.call("POST", enroll)
    assert (renewed.status_code, renewed.json()["status"]) == (201, "in_progress")
    assert (await at.read())["status"] == "completed"
    certificates = (await at.call.ok("GET", "/api/users/certificates/"))["items"]
    newest = datetime.fromisoformat(certificates[0]["expires_at"])
    a_year_later = first["expires_at"].replace(year=first["expires_at"].year + 1)
    assert a_year_later <= newest < a_year_later + timedelta(days=1), (
        "renewed in its window, it counts from the old expiry, to the end of that day"
    )
    assert len(certificates) == 2
    assert certificates[1]["status"] == "valid", "superseded only when it expires"


async def test_an_expired_completion_lets_one_enroll_again(world: World, database: Database) -> None:
    at = await Learner.enter(
        world, tree(lesson()), recertification_cadence="P1Y", linked_compliance_requirement="hazing"
    )
    await at.read()
    past = datetime.now(UTC) - timedelta(seconds=1)
    for table in ("course_completions", "chapter_compliance_statuses"):
        await database(f"UPDATE {table} SET expires_at = $1 WHERE organization_id = $2", past, world.id)
    await database("UPDATE certificates SET expires_at = $1 WHERE organization_id = $2", past, world.id)
    [status] = (await at.call.ok("GET", "/api/users/compliance/"))["items"]
    assert status["status"] == "expired"
    [certificate] = (await at.call.ok("GET", "/api/users/certificates/"))["items"]
    assert certificate["status"] == "expired"
    assert (await at.call("POST", f"/api/courses/{at.course}/enroll/")).status_code == 201
    await at.read()
    [status] = (await at.call.ok("GET", "/api/users/compliance/"))["items"]
    assert status["status"] == "complete"


@pytest.mark.parametrize(
    ("cadence", "least", "most"),
    [("P1Y", 365, 367), ("P18M", 546, 551), ("P2W", 14, 15), ("P90D", 90, 91), (None, None, None)],
)
async def test_a_completion_expires_by_the_cadence(
    world: World, cadence: str | None, least: int | None, most: int | None
) -> None:
    at = await Learner.enter(world, tree(quiz()), recertification_cadence=cadence)
    completion = (await at.submit())["completion"]
    if least is None or most is None:
        assert completion["expires_at"] is None
        return
    done, expires = (datetime.fromisoformat(completion[f]) for f in ("completed_at", "expires_at"))
    assert timedelta(days=least, hours=-1) <= expires - done <= timedelta(days=most, hours=1)


async def test_compliance_is_pending_while_under_way(world: World) -> None:
    at = await Learner.enter(world, tree(lesson()), linked_compliance_requirement="hazing")
    [status] = (await at.call.ok("GET", "/api/users/compliance/"))["items"]
    assert (status["status"], status["chapter_id"], status["completed_at"]) == ("pending", "n1", None)
    await world.add_member("ana", "s1")
    await at.read()
    [status] = (await at.call.ok("GET", "/api/users/compliance/"))["items"]
    assert (status["status"], status["chapter_id"]) == ("complete", "s1"), "read through the member"


async def test_a_draft_is_invisible_to_learners(world: World) -> None:
    course = await world.course()
    path = f"/api/courses/{course['id']}"
    etag = (await world.admin("GET", f"{path}/draft/")).headers["etag"]
    secret = tree(lesson("Secret lesson"), title="Secret title", description_html="<p>Secret</p>")
    await world.admin.ok("PUT", f"{path}/draft/", secret, headers={"If-Match": etag})
    ana = world.member()
    for what in ("/", "/modules/"):
        assert "Secret" not in (await ana("GET", f"{path}{what}")).text
    assert (await ana.ok("GET", f"{path}/"))["draft_version"] is None
    assert (await world.admin.ok("GET", f"{path}/"))["draft_version"] == 2
    assert "Secret" not in (await ana("GET", "/api/courses/")).text
    for method, sub in (("GET", "draft"), ("PUT", "draft"), ("POST", "publish")):
        refused(await ana(method, f"{path}/{sub}/", secret), 403, "forbidden")
    refused(await ana("GET", f"{path}/modules/?preview=draft"), 403, "forbidden")


async def test_who_sees_which_course(world: World) -> None:
    courses = {
        unit or "all": (await world.course(scope=scope, scope_id=unit))["id"]
        for scope, unit in (("national", None), ("regional", "north"), ("chapter", "n2"), ("chapter", "s1"))
    }
    sees = {
        "ana": {"all", "north"},
        "cyd": {"all", "north", "n2"},
        "dan": {"all", "s1"},
        "eve": {"all"},
    }
    for user, expected in sees.items():
        who = world.member(user)
        listed = {course["id"] for course in (await who.ok("GET", "/api/courses/"))["items"]}
        assert listed == {courses[name] for name in expected}, user
        for name, course in courses.items():
            for what in ("", "modules/"):
                status = (await who("GET", f"/api/courses/{course}/{what}")).status_code
                assert status == (200 if name in expected else 404), (user, name, what)
    roles = {
        "national_admin": {"all", "north", "n2", "s1"},
        "regional_admin:north": {"all", "north", "n2"},
        "chapter_admin:s1": {"all", "s1"},
        "chapter_admin:n1": {"all", "north"},
    }
    for role, expected in roles.items():
        listed = (await world.call_as("someone", role).ok("GET", "/api/courses/"))["items"]
        assert {course["id"] for course in listed} == {courses[name] for name in expected}, role


async def test_a_member_who_moves_away_keeps_what_they_began(world: World) -> None:
    at = await Learner.enter(world, tree(lesson()), scope="chapter", scope_id="n1")
    await world.add_member("ana", "s1")
    assert (await at.call("GET", f"/api/courses/{at.course}/")).status_code == 200
    assert (await at.read())["status"] == "completed"


async def test_a_roster_member_who_is_erased_is_no_member(world: World, database: Database) -> None:
    at = await Learner.enter(world, tree(lesson()))
    await database(
        "UPDATE members SET erased_at = now() WHERE organization_id = $1 AND user_id = 'ana'", world.id
    )
    refused(await at.call("POST", at.path("L", "complete")), 403, "not-a-member")
    refused(await at.call("GET", f"/api/courses/{at.course}/modules/"), 403, "not-a-member")
    refused(await at.call("GET", "/api/users/enrollments/"), 403, "not-a-member")
