"""The learner's day counts, not the grader's: when something is completed, and who is waited for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from tests.kit.grading import grade, mine, waiting
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Json, World, choice

from learning_service.worker.jobs.attempts import close_overdue_attempts

TEXT = {"text": "Because it harms."}
RIGHT, WRONG = {"texts": ["right"]}, {"texts": ["wrong"]}


def lesson(**changes: Any) -> Json:
    """A lesson."""
    return {"kind": "lesson", "title": "Read", "body_html": "<p>Read.</p>", **changes}


async def read_lesson(who: QuizTaker) -> Json:
    """Complete the first lesson."""
    modules = await who.call.ok("GET", f"/api/courses/{who.course['id']}/modules/")
    [item] = [i for m in modules["items"] for i in m["items"] if i["kind"] == "lesson"]
    return dict(await who.call.ok("POST", f"/api/lessons/{item['id']}/complete/"))


async def enrollment_due(world: World, who: QuizTaker, when: datetime) -> None:
    """Make the enrollment due then."""
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text("UPDATE enrollments SET due_at = :due, assigned_at = :long_ago WHERE id = :id"),
            {"due": when, "long_ago": when - timedelta(days=60), "id": who.enrollment_id},
        )


async def handed_in(who: QuizTaker, attempt_id: str) -> str:
    """When an attempt was handed in."""
    return str((await who.call.ok("GET", f"/api/attempts/{attempt_id}/"))["submitted_at"])


async def test_completed_when_it_was_handed_in_not_when_it_was_graded(world: World) -> None:
    tree_ = tree(quiz(essay(points=10), max_attempts=None), pass_score=60)
    course = await world.course(tree_, recertification_cadence="P1Y", linked_compliance_requirement="hazing")
    ana = await quiz_taker(world, {}, course=course)
    sent = await ana.answer(TEXT)
    await grade(world.admin, await waiting(world), 8)
    done = await mine(ana)
    assert done["completed_at"] == await handed_in(ana, sent["attempt_id"])
    [status] = (await ana.call.ok("GET", "/api/users/compliance/"))["items"]
    assert status["completed_at"] == done["completed_at"]
    [certificate] = (await ana.call.ok("GET", "/api/users/certificates/"))["items"]
    assert certificate["issued_at"] > done["completed_at"]
    handed_in_on, last_day = (
        (datetime.fromisoformat(moment) - before).astimezone(ZoneInfo("America/New_York")).date()
        for moment, before in (
            (done["completed_at"], timedelta(0)),
            (certificate["expires_at"], timedelta(seconds=1)),
        )
    )
    assert (last_day.year - handed_in_on.year, last_day.month, last_day.day) == (
        1,
        handed_in_on.month,
        handed_in_on.day,
    ), "valid to the end of the day a year after it was handed in"


async def test_the_last_of_what_was_needed_counts(world: World) -> None:
    """An essay, then a lesson, then a better essay that was not needed after all."""
    ana = await quiz_taker(world, tree(lesson(), quiz(essay(points=10), max_attempts=None)))
    first = await ana.answer(TEXT)
    path = await waiting(world)
    await read_lesson(ana)
    between = (await mine(ana))["awaiting_review"]
    await ana.answer({"text": "More of it."})
    await grade(world.admin, path, 8)
    modules = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
    read_at = datetime.fromisoformat(modules["items"][0]["items"][0]["completed_at"])
    done = await mine(ana)
    assert (between, done["status"]) == (True, "completed")
    assert datetime.fromisoformat(done["completed_at"]) == read_at
    assert datetime.fromisoformat(await handed_in(ana, first["attempt_id"])) < read_at


async def test_a_correction_completes_on_the_day_of_the_work(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay(points=10), max_attempts=1)))
    sent = await ana.answer(TEXT)
    path = await waiting(world)
    await grade(world.admin, path, 1)
    assert await ana.status() == "failed"
    await grade(world.admin, path, 9)
    assert (await mine(ana))["completed_at"] == await handed_in(ana, sent["attempt_id"])


async def test_a_timed_out_attempt_was_handed_in_at_its_deadline(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay(points=10), time_limit_seconds=60)))
    started = await ana.start()
    given = [{"question_id": started["questions"][0]["id"], **TEXT}]
    await ana.call.ok("PATCH", f"/api/attempts/{started['attempt_id']}/", {"responses": given})
    deadline = datetime.now(UTC) - timedelta(hours=3)
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text("UPDATE quiz_attempts SET deadline_at = :deadline, started_at = :started WHERE id = :id"),
            {
                "deadline": deadline,
                "started": deadline - timedelta(seconds=60),
                "id": started["attempt_id"],
            },
        )
    await close_overdue_attempts(world.worker, None)
    await grade(world.admin, await waiting(world), 10)
    done = await mine(ana)
    assert datetime.fromisoformat(done["completed_at"]) == deadline


async def test_who_has_handed_in_everything_is_not_overdue(world: World) -> None:
    ana = await quiz_taker(
        world,
        tree(
            lesson(), quiz(essay(points=10), max_attempts=2), quiz(choice(), title="Optional", required=False)
        ),
    )
    await enrollment_due(world, ana, datetime.now(UTC) - timedelta(days=1))

    async def seen() -> set[tuple[bool, bool]]:
        """Overdue and awaiting, everywhere."""
        own = await mine(ana)
        progress = await ana.call.ok("GET", "/api/users/enrollments/progress/")
        [of_progress] = [p for p in progress["items"] if p["enrollment_id"] == ana.enrollment_id]
        modules = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
        again = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
        admins = await world.admin.ok("GET", f"/api/enrollments/{ana.enrollment_id}/")
        [listed] = (await world.admin.ok("GET", "/api/enrollments/", params={"user_id": "ana"}))["items"]
        every = (own, of_progress, modules["enrollment"], again["enrollment"], admins, listed)
        assert progress["totals"]["overdue"] == int(own["overdue"])
        return {(e["overdue"], e["awaiting_review"]) for e in every}

    assert await seen() == {(True, False)}
    await ana.answer(TEXT)
    path = await waiting(world)
    assert await seen() == {(True, False)}
    assert (await read_lesson(ana))["awaiting_review"] is True
    assert await seen() == {(False, True)}
    await grade(world.admin, path, 2)
    assert await seen() == {(True, False)}
    await ana.answer({"text": "Again."})
    path = await waiting(world)
    assert await seen() == {(False, True)}
    await grade(world.admin, path, 10)
    assert await seen() == {(False, False)}


async def test_what_could_not_be_reached_anyway_is_not_waited_for(world: World) -> None:
    """With full marks for the essay the mean is still too low: the learner has to take the choice again."""
    content = tree(quiz(essay(points=1)), quiz(choice(), choice(), title="B", pass_score=50), pass_score=80)
    ana = await quiz_taker(world, content)
    modules = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
    other = QuizTaker(
        world, ana.course, ana.learner, f"/api/quizzes/{modules['items'][0]['items'][1]['id']}/", "", ""
    )
    await other.answer(RIGHT, WRONG)
    await ana.answer(TEXT)
    assert (await mine(ana))["awaiting_review"] is False
    await other.answer(RIGHT, RIGHT)
    assert (await mine(ana))["awaiting_review"] is True


async def test_reports_do_not_count_who_waits_for_a_grader_as_overdue(world: World) -> None:
    course = await world.course(tree(quiz(essay())), linked_compliance_requirement="hazing")
    ana = await quiz_taker(world, {}, course=course)
    bob = await quiz_taker(world, {}, "bob", course=course)
    for who in (ana, bob):
        await enrollment_due(world, who, datetime.now(UTC) - timedelta(days=1))
    await ana.answer(TEXT)
    report = await world.admin.ok("GET", "/api/reports/compliance/", params={"requirement_id": "hazing"})
    assert (report["totals"]["pending"], report["totals"]["overdue"]) == (2, 1)
