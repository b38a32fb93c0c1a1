"""Many enrollments changed at once: each judged by itself, runs where they are many, each effect once."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit.direct import Database, database
from tests.kit.fields import random_id
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import Json, World

from learning_service.domain.completion.actions import enrollment_runs

__all__ = ["database"]
PATH = "/api/enrollments/bulk/"
USERS = ("ana", "bob", "cyd", "dan", "eve")


def day(n: int) -> str:
    return (datetime.now(UTC) + timedelta(n)).replace(microsecond=0).isoformat().replace("+00:00", "Z")


async def assigned(world: World, *users: str, due_at: str | None = None, **content: Any) -> dict[str, str]:
    """Ids of the enrollments, by user."""
    course = (await world.course(content.get("tree") or tree(lesson())))["id"]
    body: Json = {"user_ids": list(users)}
    await world.admin.ok(
        "POST", f"/api/courses/{course}/assign/", body | ({"due_at": due_at} if due_at else {})
    )
    items = (await world.admin.ok("GET", f"/api/enrollments/?course_id={course}"))["items"]
    return {one["user_id"]: one["id"] for one in items} | {"course": course}


async def bulk(world: World, action: str, ids: Any, caller: Any = None, **more: Any) -> Json:
    what = {"filter": ids} if isinstance(ids, dict) else {"ids": list(ids)}
    done: Json = await (caller or world.admin).ok(
        "POST", PATH, {"action": action, **what, "reason": "R", **more}
    )
    return done


async def due_of(world: World, enrollment_id: str) -> str:
    found: str = (await world.admin.ok("GET", f"/api/enrollments/{enrollment_id}/"))["due_at"]
    return found


def reasons(done: Json) -> list[str]:
    return [one["reason"] for one in done["skipped"]]


async def test_an_extension_is_told_row_by_row(world: World) -> None:
    ids = await assigned(world, *USERS, due_at=day(5))
    await (await Learner.join(world.member("ana"), ids["course"])).read()
    await world.admin.ok("POST", f"/api/enrollments/{ids['bob']}/withdraw/", {"reason": "Left"})
    unknown = random_id()
    done = await bulk(world, "extend", [*(ids[user] for user in USERS), unknown, ids["dan"]], due_at=day(9))
    assert done == {
        "done": 3,
        "skipped": [
            {"enrollment_id": ids["ana"], "reason": "completed"},
            {"enrollment_id": ids["bob"], "reason": "withdrawn"},
            {"enrollment_id": unknown, "reason": "not-found"},
        ],
    }
    assert [(await due_of(world, ids[user]))[:10] for user in ("cyd", "dan", "eve")] == [day(9)[:10]] * 3
    again = await bulk(world, "extend", [ids["cyd"]], due_at=day(7))
    assert reasons(again) == ["nothing-to-do"], "an extension never makes it earlier"
    told = await world.admin.ok("GET", f"/api/enrollments/{ids['cyd']}/explain/")
    assert [(one["kind"], one["reason"], one["granted_by"]) for one in told["grants"]] == [
        ("due_at", "R", "boss")
    ]
    trail = (await world.admin.ok("GET", "/api/audit/?action=enrollment.changed"))["items"]
    assert len(trail) == 3


async def test_chapter_officers_extend_and_remind_in_their_reach_only(world: World) -> None:
    ids = await assigned(world, *USERS, due_at=day(5))
    officer = world.call_as("ana", "chapter_admin:n1")
    everybody = [ids[user] for user in USERS]
    done = await bulk(world, "extend", everybody, officer, due_at=day(9))
    assert (done["done"], reasons(done)) == (1, ["forbidden", "not-found", "not-found", "not-found"])
    done = await bulk(world, "remind", everybody, officer)
    assert (done["done"], reasons(done)) == (2, ["not-found"] * 3)
    for action in ("withdraw", "grant_attempts"):
        done = await bulk(world, action, everybody, officer)
        assert reasons(done) == ["forbidden", "forbidden", "not-found", "not-found", "not-found"]
    region = world.call_as("r", "regional_admin:north")
    done = await bulk(world, "withdraw", {"course_id": ids["course"]}, region)
    assert done["done"] == 3
    left = (await world.admin.ok("GET", f"/api/enrollments/?course_id={ids['course']}"))["items"]
    assert {one["user_id"] for one in left} == {"dan", "eve"}
    assert (
        await world.member("ana")("POST", PATH, {"action": "remind", "ids": everybody})
    ).status_code == 403


async def test_reminding_claims_one_mail_each(world: World, database: Database) -> None:
    ids = await assigned(world, *USERS, due_at=day(5))
    await world.add_member("cyd", "n2", email=None)
    await database(
        "UPDATE enrollments SET due_at = now() - interval '3 days' WHERE id = $1", uuid.UUID(ids["dan"])
    )
    await database("UPDATE enrollments SET due_at = NULL WHERE id = $1", uuid.UUID(ids["eve"]))
    await database("UPDATE enrollments SET awaiting_review = true WHERE id = $1", uuid.UUID(ids["bob"]))
    body = {"action": "remind", "filter": {"course_id": ids["course"]}}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    done = await world.admin.ok("POST", PATH, body, headers=key)
    assert sorted(reasons(done)) == ["no-address", "nothing-to-do"]
    assert (await world.admin("POST", PATH, body, headers=key)).headers["idempotency-replayed"] == "true"
    rows = await database(
        "SELECT e.user_id, r.kind, r.days_before FROM reminders r JOIN enrollments e ON e.id = r.enrollment_id"
        " WHERE r.organization_id = $1 AND r.subject_id IS NOT NULL ORDER BY 1",
        world.id,
    )
    assert [tuple(row) for row in rows] == [("ana", "due", 5), ("dan", "overdue", -3), ("eve", "assigned", 0)]


async def test_attempts_are_given_where_none_is_left(world: World) -> None:
    content = tree(quiz("Q", max_attempts=1), quiz("P", max_attempts=1), quiz("U"), lesson())
    ids = await assigned(world, "ana", "bob", tree=content)
    ana = await Learner.join(world.member("ana"), ids["course"])
    await ana.submit("P", correct=1)
    await ana.submit("Q", correct=0)
    assert await ana.status() == "failed"
    done = await bulk(world, "grant_attempts", [ids["ana"], ids["bob"]], extra=2)
    assert (done["done"], reasons(done)) == (1, ["nothing-to-do"])
    assert await ana.status() == "in_progress"
    left = {title: (await ana.call.ok("GET", ana.path(title)))["max_attempts"] for title in ("Q", "P")}
    assert left == {"Q": 3, "P": 1}


MEANINGLESS: list[Json] = [
    {"action": "extend", "ids": [random_id()], "reason": "R"},
    {"action": "extend", "ids": [random_id()], "reason": "R", "due_at": day(-1)},
    {"action": "extend", "ids": [random_id()], "due_at": day(1)},
    {"action": "remind", "ids": [random_id()], "due_at": day(1)},
    {"action": "remind", "ids": []},
    {"action": "remind"},
    {"action": "remind", "ids": [random_id()], "filter": {}},
    {"action": "remind", "ids": [random_id()] * 1001},
    {"action": "remind", "ids": ["x"]},
    {"action": "remind", "filter": {"status": "late"}},
    {"action": "remind", "filter": {"sort": "due_at"}},
    {"action": "remind", "filter": {"q": "a\0"}},
    {"action": "grant_attempts", "ids": [random_id()], "reason": "R", "extra": 0},
    {"action": "close", "ids": [random_id()], "reason": "R"},
]


async def test_what_cannot_be_meant_is_refused(world: World) -> None:
    for body in MEANINGLESS:
        assert (await world.admin("POST", PATH, body)).status_code == 422, body


async def started(
    world: World, monkeypatch: pytest.MonkeyPatch, action: str, **more: Any
) -> tuple[str, Json]:
    monkeypatch.setattr(enrollment_runs, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(enrollment_runs, "CHUNK", 2)
    ids = await assigned(world, *USERS, due_at=day(5))
    body = {"action": action, "filter": {"course_id": ids["course"]}, "reason": "R", **more}
    response = await world.admin("POST", PATH, body)
    assert response.status_code == 202, response.text
    return response.json()["run_id"], ids


async def test_more_are_a_run_that_goes_on_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    run_id, ids = await started(world, monkeypatch, "remind")
    path = f"/api/runs/{run_id}/"
    shown = await world.admin.ok("GET", path)
    assert (shown["status"], shown["kind"], shown["total"], shown["done"]) == ("running", "remind", 5, 0)

    async def step(*, dies: bool = False) -> bool:
        async with world.worker.transaction(world.id) as session:
            more = await enrollment_runs.step_enrollments(session, uuid.UUID(run_id), mails_per_second=10)
            if dies:
                raise KeyboardInterrupt
            return more

    assert await step()
    with pytest.raises(KeyboardInterrupt):
        await step(dies=True)
    await asyncio.gather(step(), step())
    await world.run_jobs()
    shown = await world.admin.ok("GET", path)
    assert (shown["status"], shown["done"], shown["skipped"], shown["error"]) == ("done", 5, 0, None)
    assert shown["finished_at"] is not None
    mails = await database.value(
        "SELECT count(*) FROM reminders WHERE organization_id = $1 AND subject_id = $2",
        world.id,
        uuid.UUID(run_id),
    )
    assert mails == 5
    kept = await database("SELECT wanted, reason FROM enrollment_runs WHERE id = $1", uuid.UUID(run_id))
    assert [tuple(row) for row in kept] == [("{}", None)]
    assert ids


async def test_a_run_withdraws_within_the_reach_of_the_person_who_started_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrollment_runs, "MOST_AT_ONCE", 2)
    ids = await assigned(world, *USERS)
    region = world.call_as("r", "regional_admin:north")
    body = {"action": "withdraw", "filter": {"course_id": ids["course"]}, "reason": "R"}
    run_id = (await region.ok("POST", PATH, body))["run_id"]
    await world.run_jobs()
    path = f"/api/runs/{run_id}/"
    assert (await region.ok("GET", path))["done"] == 3
    for caller, status in (
        (world.admin, 200),
        (world.call_as("r2", "regional_admin:north"), 200),
        (world.call_as("s", "regional_admin:south"), 404),
        (world.call_as("c", "chapter_admin:n1"), 404),
        (world.member("ana"), 404),
        (world.call_as("r"), 200),
    ):
        assert (await caller("GET", path)).status_code == status
    left = (await world.admin.ok("GET", f"/api/enrollments/?course_id={ids['course']}"))["items"]
    assert {one["user_id"] for one in left} == {"dan", "eve"}


async def test_a_run_whose_due_time_passes_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    run_id, ids = await started(world, monkeypatch, "extend", due_at=day(9))
    await database(
        "UPDATE enrollment_runs SET due_at = now() - interval '1 s' WHERE id = $1", uuid.UUID(run_id)
    )
    await world.run_jobs()
    shown = await world.admin.ok("GET", f"/api/runs/{run_id}/")
    assert (shown["status"], shown["error"], shown["done"]) == ("failed", "due-passed", 0)
    assert (await due_of(world, ids["ana"]))[:10] == day(5)[:10]


async def test_a_rules_run_is_followed_the_same_way(world: World) -> None:
    course = await world.course()
    rule = await world.admin.ok(
        "POST",
        "/api/assignment-rules/",
        {"course_id": course["id"], "trigger": "manual", "audience_filter": {}},
    )
    run_id = (await world.admin.ok("POST", f"/api/assignment-rules/{rule['id']}/run/"))["run_id"]
    await world.run_jobs()
    shown = await world.admin.ok("GET", f"/api/runs/{run_id}/")
    assert (shown["kind"], shown["status"], shown["total"], shown["done"]) == ("assignment", "done", 5, 5)
    assert (await world.admin("GET", f"/api/runs/{random_id()}/")).status_code == 404
