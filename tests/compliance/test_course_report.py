"""The report of a course: each member counted once, where they stand, and only for those who administer them."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from tests.kit.direct import Database, database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.query_counts import counted
from tests.kit.world import Json, World

__all__ = ["database"]
COUNTS = ("enrolled", "assigned", "in_progress", "completed", "failed")
MOVED = """UPDATE {} SET {} = {} - $3::interval WHERE organization_id = $1 AND user_id = $2"""


async def report(world: World, course: str, caller: Any = None) -> Json:
    found: Json = await (caller or world.admin).ok("GET", f"/api/reports/courses/{course}/")
    return found


def counts(shown: Json) -> tuple[int, ...]:
    return tuple(shown[name] for name in COUNTS)


def monday(moment: datetime) -> date:
    local = moment.astimezone(ZoneInfo("America/New_York")).date()
    return local - timedelta(days=local.weekday())


async def assign(world: World, course: str, *users: str) -> None:
    await world.admin.ok("POST", f"/api/courses/{course}/assign/", {"user_ids": list(users)})


async def enter_all(world: World) -> str:
    """Ana and Dan complete with 100 and 50, Bob fails and is assigned anew, Cyd fails, Eve begins."""
    content = tree(quiz(questions=2, max_attempts=1), lesson(required=False))
    ana = await Learner.enter(world, content, "ana")
    for user, correct in (("ana", 2), ("bob", 0), ("cyd", 0), ("dan", 1)):
        learner = ana if user == "ana" else await Learner.join(world.member(user), ana.course)
        await learner.submit(correct=correct)
    await assign(world, ana.course, "bob")
    await (await Learner.join(world.member("eve"), ana.course)).read()
    return ana.course


async def test_each_member_is_counted_once_where_they_stand(world: World) -> None:
    course = await enter_all(world)
    shown = await report(world, course)
    assert counts(shown) == (5, 1, 1, 2, 1)
    assert (shown["awaiting_review"], shown["median_score"]) == (0, 75)
    assert shown["by_chapter"] == [
        {"chapter_id": "n1", "chapter_name": "north 1", "enrolled": 2, "completed": 1, "failed": 0},
        {"chapter_id": "n2", "chapter_name": "north 2", "enrolled": 1, "completed": 0, "failed": 1},
        {"chapter_id": "s1", "chapter_name": "south 1", "enrolled": 1, "completed": 1, "failed": 0},
        {"chapter_id": "s2", "chapter_name": "south 2", "enrolled": 1, "completed": 0, "failed": 0},
    ]
    untouched = await world.course(publish=False)
    nothing = await report(world, untouched["id"])
    assert counts(nothing) == (0, 0, 0, 0, 0)
    assert (nothing["median_score"], nothing["median_days"]) == (None, None)
    assert nothing["by_chapter"] == nothing["by_week"] == []


async def test_weeks_begin_on_the_organizations_mondays(world: World, database: Database) -> None:
    course = await enter_all(world)
    listed = (await world.admin.ok("GET", f"/api/enrollments/?course_id={course}&limit=200"))["items"]
    await database(MOVED.format("enrollments", "assigned_at", "assigned_at"), world.id, "ana", timedelta(10))
    moment = datetime.fromisoformat(next(e["completed_at"] for e in listed if e["user_id"] == "ana"))
    now, before = monday(moment), monday(moment - timedelta(10))
    shown = await report(world, course)
    assert shown["by_week"] == [
        {"week": before.isoformat(), "enrolled": 1, "completed": 0},
        {"week": now.isoformat(), "enrolled": 4, "completed": 2},
    ]
    # Dan took no day, Ana ten.
    assert 5 <= shown["median_days"] < 5.01


async def test_a_member_who_waits_for_a_grader_is_in_progress(world: World) -> None:
    essay = quiz() | {"questions": [{"type": "free_form", "prompt_html": "<p>Why?</p>", "points": 5}]}
    ana = await Learner.enter(world, tree(essay), "ana")
    [question] = await ana.questions("Q")
    await ana.send("Q", [{"question_id": question["id"], "text": "x"}])
    shown = await report(world, ana.course)
    assert (*counts(shown), shown["awaiting_review"]) == (1, 0, 1, 0, 0, 1)


async def test_who_is_gone_is_left_out(world: World) -> None:
    course = await enter_all(world)
    listed = (await world.admin.ok("GET", f"/api/enrollments/?course_id={course}&limit=200"))["items"]
    eve, bob = (
        next(e["id"] for e in listed if e["user_id"] == user and e["status"] != "failed")
        for user in ("eve", "bob")
    )
    await world.admin.ok("POST", f"/api/enrollments/{eve}/withdraw/", {"reason": "Left"})
    assert counts(await report(world, course)) == (4, 1, 0, 2, 1)
    await world.admin.ok("POST", f"/api/enrollments/{bob}/withdraw/", {"reason": "By mistake"})
    assert counts(await report(world, course)) == (4, 0, 0, 2, 2), "Bob has failed before"
    await world.add_member("cyd", "n2", status="alumna")
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["active"]})
    assert counts(await report(world, course)) == (3, 0, 0, 2, 1)
    await world.directory("DELETE", "/api/directory/members/dan/")
    assert counts(await report(world, course)) == (2, 0, 0, 1, 1)
    await world.add_member("ana", "s2")
    assert [(c["chapter_id"], c["completed"]) for c in (await report(world, course))["by_chapter"]] == [
        ("n1", 0),
        ("s2", 1),
    ]


async def test_only_of_members_whom_the_caller_administers(world: World, other_world: World) -> None:
    course = await enter_all(world)
    path = f"/api/reports/courses/{course}/"
    north = await report(world, course, world.call_as("nora", "regional_admin:north"))
    assert counts(north) == (3, 1, 0, 1, 1)
    assert [c["chapter_id"] for c in north["by_chapter"]] == ["n1", "n2"]
    assert (await world.call_as("chair", "chapter_admin:n1")("GET", path)).status_code == 403
    assert (await world.member()("GET", path)).status_code == 403
    assert (await world.call_as("bus", scopes=["reports:read"])("GET", path)).status_code == 403
    assert (await other_world.admin("GET", path)).status_code == 404
    own = {"scope": "chapter", "scope_id": "n1"}
    theirs = await Learner.enter(world, tree(lesson()), "bob", **own)
    path = f"/api/reports/courses/{theirs.course}/"
    assert (await world.call_as("sam", "regional_admin:south")("GET", path)).status_code == 404
    roles = ["national_admin", "chapter_admin"]
    body = {"name": "A", "timezone": "UTC", "authoring_roles": roles}
    await world.directory.ok("PUT", f"/api/directory/organizations/{world.id}/", body)
    assert counts(await report(world, theirs.course, world.call_as("chair", "chapter_admin:n1")))[0] == 1


async def test_it_is_few_statements(app: FastAPI, world: World) -> None:
    course = await enter_all(world)
    await report(world, course)
    with counted(app) as statements:
        await report(world, course)
    assert len(statements) <= 3, statements
