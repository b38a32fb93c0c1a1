"""Enrollments as administrators see and change them: reach, grants, removal, explanations."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from tests.kit.quiz_taker import essay, quiz, quiz_taker, tree
from tests.kit.world import Caller, World, choice

WRONG, RIGHT = {"texts": ["wrong"]}, {"texts": ["right"]}


def path(enrollment: str, tail: str = "") -> str:
    return f"/api/enrollments/{enrollment}/{tail}"


async def test_more_attempts_reopen_a_failed_enrollment(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=1)))
    await ana.answer(WRONG)
    assert await ana.status() == "failed"
    used_up = await ana.call("POST", f"{ana.path}attempts/")
    assert (used_up.status_code, used_up.json()["code"]) == (409, "no-attempts-left")
    granted = await world.admin.ok(
        "POST",
        path(ana.enrollment_id, "attempts/"),
        {"quiz_id": ana.quiz_id, "extra": 2, "reason": "Sick child"},
    )
    assert (granted["id"], granted["status"], granted["user_id"]) == (ana.enrollment_id, "in_progress", "ana")
    assert (await ana.answer(WRONG))["attempts_remaining"] == 1
    assert await ana.status() == "in_progress"
    assert (await ana.answer(RIGHT))["enrollment"]["status"] == "completed"
    async with world.worker.transaction(world.id) as session:
        trail = (
            await session.execute(
                text(
                    "SELECT action, details FROM audit_entries WHERE organization_id = :org AND subject_id = :id"
                ),
                {"org": world.id, "id": ana.enrollment_id},
            )
        ).all()
    actions = [row.action for row in trail]
    for expected in ("enrollment.failed", "enrollment.attempts_granted", "enrollment.reopened"):
        assert expected in actions
    assert "Sick" not in str([row.details for row in trail])


async def test_a_grant_elsewhere_does_not_undo_a_failure(world: World) -> None:
    both = tree(quiz(choice(), max_attempts=1), quiz(choice("Other"), max_attempts=1, title="Other"))
    ana = await quiz_taker(world, both)
    modules = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
    other = modules["items"][0]["items"][1]["id"]
    await ana.answer(WRONG)
    granted = await world.admin.ok(
        "POST", path(ana.enrollment_id, "attempts/"), {"quiz_id": other, "reason": "?"}
    )
    assert granted["status"] == "failed"


async def test_a_second_open_enrollment_is_never_made(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=1)))
    await ana.answer(WRONG)
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text(
                "INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source,"
                " assigned_at, cause_kind, cause_id) SELECT :id, organization_id, user_id, course_id, version_id,"
                " 'assigned', 'admin', now(), 'person', 'boss' FROM enrollments WHERE id = :old"
            ),
            {"id": uuid.uuid4(), "old": ana.enrollment_id},
        )
    refused = await world.admin(
        "POST", path(ana.enrollment_id, "attempts/"), {"quiz_id": ana.quiz_id, "reason": "?"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "newer-enrollment")
    assert await ana.status() == "failed"


NO_GRANTS: list[dict[str, Any]] = [
    {"reason": "x"},
    {"quiz_id": "QUIZ", "assessment_id": "QUIZ", "reason": "x"},
    {"quiz_id": "QUIZ"},
    {"quiz_id": "QUIZ", "reason": "x", "extra": 0},
    {"quiz_id": "QUIZ", "reason": "x", "extra": 1.5},
    {"quiz_id": "QUIZ", "reason": "x", "extra": "1"},
    {"assessment_id": "QUIZ", "reason": "x"},
    {"quiz_id": str(uuid.uuid4()), "reason": "x"},
    {"quiz_id": "QUIZ", "reason": "x", "status": "completed"},
]


async def test_a_grant_must_name_a_quiz_of_the_version(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=1)))
    for sent in NO_GRANTS:
        body = {key: ana.quiz_id if value == "QUIZ" else value for key, value in sent.items()}
        refused = await world.admin("POST", path(ana.enrollment_id, "attempts/"), body)
        assert refused.status_code == 422, (sent, refused.text)


async def test_unlimited_attempts_need_no_grant(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=None)))
    refused = await world.admin(
        "POST", path(ana.enrollment_id, "attempts/"), {"quiz_id": ana.quiz_id, "reason": "?"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "unlimited-attempts")


def administrators(world: World) -> dict[str, Caller]:
    return {
        "national": world.admin,
        "region": world.call_as("nora", "regional_admin:north"),
        "chapter": world.call_as("nick", "chapter_admin:n1"),
        "other region": world.call_as("sam", "regional_admin:south"),
        "other chapter": world.call_as("ned", "chapter_admin:n2"),
        "member": world.member("bob"),
        "grader": world.call_as("gil", "grader"),
    }


async def test_who_administers_an_enrollment(world: World, other_world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=1)))
    dan = await quiz_taker(world, {}, "dan", ana.course)
    grant = {"quiz_id": ana.quiz_id, "reason": "?"}
    expected = {
        "national": (200, 200, {"ana", "dan"}),
        "region": (200, 200, {"ana"}),
        "chapter": (200, 403, {"ana"}),
        "other region": (404, 404, {"dan"}),
        "other chapter": (404, 404, set()),
        "member": (403, 403, None),
        "grader": (403, 403, None),
    }
    for name, caller in administrators(world).items():
        reads, grants, listed = expected[name]
        assert (await caller("GET", path(ana.enrollment_id))).status_code == reads, name
        assert (await caller("GET", path(ana.enrollment_id, "explain/"))).status_code == reads, name
        assert (await caller("PATCH", path(ana.enrollment_id), {})).status_code == reads, name
        assert (await caller("POST", path(ana.enrollment_id, "attempts/"), grant)).status_code == grants, name
        if reads == 404:
            assert (await caller("DELETE", path(ana.enrollment_id))).status_code == 404, name
        page = await caller("GET", "/api/enrollments/")
        if listed is None:
            assert page.status_code == 403
        else:
            assert {e["user_id"] for e in page.json()["items"]} == listed, name
    assert (await other_world.admin("GET", path(dan.enrollment_id))).status_code == 404
    assert (await world.admin("GET", path(str(uuid.uuid4())))).status_code == 404
    assert (await world.admin("GET", path("nonsense"))).status_code == 404


async def test_enrollments_are_filtered(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=1)))
    await quiz_taker(world, {}, "dan", ana.course)
    await quiz_taker(world, tree(quiz(choice())), "ana")
    await ana.answer(WRONG)

    async def users(**query: str) -> list[str]:
        page = await world.admin.ok("GET", "/api/enrollments/", params=query)
        return sorted(e["user_id"] for e in page["items"])

    assert await users() == ["ana", "ana", "dan"]
    assert await users(course_id=ana.course["id"]) == ["ana", "dan"]
    assert await users(user_id="dan") == ["dan"]
    assert await users(chapter_id="n1") == ["ana", "ana"]
    assert await users(status="failed") == ["ana"]
    assert await users(status="failed", user_id="dan") == []
    for bad in ({"status": "done"}, {"course_id": "1"}, {"user_id": "a b"}, {"user_id": ""}, {"org": "x"}):
        assert (await world.admin("GET", "/api/enrollments/", params=bad)).status_code == 422
    first = await world.admin.ok("GET", "/api/enrollments/", params={"limit": "2"})
    rest = await world.admin.ok(
        "GET", "/api/enrollments/", params={"limit": "2", "cursor": first["next_cursor"]}
    )
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)


async def test_due_times(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(choice())))
    due = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    text_ = due.isoformat().replace("+00:00", "Z")
    changed = await world.admin.ok("PATCH", path(ana.enrollment_id), {"due_at": text_})
    assert datetime.fromisoformat(changed["due_at"]) == due
    past = await world.admin("PATCH", path(ana.enrollment_id), {"due_at": "2020-01-01T00:00:00Z"})
    naive = await world.admin("PATCH", path(ana.enrollment_id), {"due_at": "2050-01-01T00:00:00"})
    assert (past.status_code, naive.status_code) == (422, 422)
    assert past.json()["errors"][0]["pointer"] == "/due_at"
    for seconds in (-1, "60", 1.5, 10**9, None):
        bad = await world.admin("PATCH", path(ana.enrollment_id), {"extra_time_seconds": seconds})
        assert bad.status_code == 422
    cleared = await world.admin.ok("PATCH", path(ana.enrollment_id), {"due_at": None})
    assert cleared["due_at"] is None


async def test_only_what_nobody_began_is_removed(world: World) -> None:
    ana = await quiz_taker(world, tree(quiz(essay())))
    bob = await quiz_taker(world, {}, "bob", ana.course)
    await bob.start()
    refused = await world.admin("DELETE", path(bob.enrollment_id))
    assert (refused.status_code, refused.json()["code"]) == (409, "enrollment-begun")
    assert (await world.admin("DELETE", path(ana.enrollment_id))).status_code == 204
    assert (await world.admin("GET", path(ana.enrollment_id))).status_code == 404
    assert (await ana.call.ok("GET", "/api/users/enrollments/"))["items"] == []
