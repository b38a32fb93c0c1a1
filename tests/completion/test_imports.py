"""Assignments, extensions and completions from a file: judged as a whole, done once, within the caller's reach."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.kit.direct import Database, database
from tests.kit.fields import random_id
from tests.kit.learner import lesson, tree
from tests.kit.query_counts import counted
from tests.kit.world import Json, World, small_tree

from learning_service.domain.completion.actions import imports

__all__ = ["database"]
DUE = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
TODAY = datetime.now(UTC).date()
LATER = (datetime.now(UTC) + timedelta(days=60)).replace(microsecond=0).isoformat().replace("+00:00", "Z")


async def send(world: World, kind: str, content: str | bytes, query: str = "", **more: Any) -> httpx.Response:
    caller = more.pop("caller", world.admin)
    response: httpx.Response = await caller(
        "POST", f"/api/imports/?kind={kind}{query}", files={"file": ("rows.csv", content)}, **more
    )
    return response


async def ok(world: World, kind: str, content: str | bytes, query: str = "", **more: Any) -> Json:
    response = await send(world, kind, content, query, **more)
    assert response.status_code == 200, response.text
    report: Json = response.json()
    return report


def table(kind: str, *rows: str) -> str:
    third = "completed_on,score" if kind == "completions" else "due_at,reason"
    return "\n".join([f"user_id,course_id,{third}", *rows]) + "\n"


async def enrollments(world: World, course: str, query: str = "") -> dict[str, Json]:
    found = await world.admin.ok("GET", f"/api/enrollments/?course_id={course}{query}")
    return {one["user_id"]: one for one in found["items"]}


def codes(report: Json) -> list[tuple[int, str]]:
    return [(one["line"], one["code"]) for one in report["rejected"]]


async def make(world: World, **policy: Any) -> str:
    course: str = (await world.course(tree(lesson()), **policy))["id"]
    return course


async def test_rows_are_assigned_once_and_told_why(world: World) -> None:
    course = await make(world)
    file = table("assignments", f"ana,{course},{DUE},Her wish", f"bob,{course},,")
    assert await ok(world, "assignments", file, "&dry_run=true") == {"rows": 2, "accepted": 2, "rejected": []}
    assert await enrollments(world, course) == {}
    for _ in range(2):
        assert await ok(world, "assignments", file) == {"rows": 2, "accepted": 2, "rejected": []}
    found = await enrollments(world, course)
    told = {user: (one["due_at"], one["status"], one["source"]) for user, one in found.items()}
    assert told == {"ana": (DUE, "assigned", "admin"), "bob": (None, "assigned", "admin")}
    why = await world.admin.ok("GET", f"/api/enrollments/{found['ana']['id']}/explain/")
    assert [(grant["due_at"], grant["reason"]) for grant in why["grants"]] == [(DUE, "Her wish")]


async def test_one_bad_row_keeps_all_back_unless_partial(world: World) -> None:
    course = await make(world)
    draft = (await world.course(tree(lesson()), publish=False))["id"]
    file = table(
        "assignments",
        f"ana,{course},{DUE},",
        f"nobody,{course},{DUE},",
        f"bob,{random_id()},{DUE},",
        f"bob,{draft},{DUE},",
        f"bob,{course},2020-01-01T00:00:00Z,",
        f"bob,{course},2027-01-01T00:00:00,",
        f"b ob,{course},{DUE},",
        f"bob,x,{DUE},",
        f",{course},{DUE},",
        f"ana,{course},{DUE},again",
        f'bob,{course},{DUE},"=1+1"',
        f"bob,{course},{DUE},a,b",
    )
    expected = [
        (3, "unknown-member"),
        (4, "unknown-course"),
        (5, "not-published"),
        (6, "wrong-time"),
        (7, "wrong-form"),
        (8, "wrong-form"),
        (9, "wrong-form"),
        (10, "required"),
        (11, "twice"),
        (12, "not-allowed"),
        (13, "too-many"),
    ]
    refused = await send(world, "assignments", file)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "rows-rejected")
    assert (problem["rows"], problem["accepted"], codes(problem)) == (12, 1, expected)
    assert await enrollments(world, course) == {}
    rehearsed = await ok(world, "assignments", file, "&dry_run=true")
    assert codes(rehearsed) == expected
    done = await ok(world, "assignments", file, "&partial=true")
    assert done == rehearsed
    assert list(await enrollments(world, course)) == ["ana"]


async def test_extensions_never_make_a_due_time_earlier(world: World) -> None:
    course = await make(world)
    await ok(world, "assignments", table("assignments", f"ana,{course},{DUE},", f"bob,{course},{LATER},"))
    file = table("extensions", f"ana,{course},{LATER},Ill", f"bob,{course},{DUE},", f"cyd,{course},{DUE},")
    refused = (await send(world, "extensions", file)).json()
    assert codes(refused) == [(3, "nothing-to-do"), (4, "not-enrolled")]
    for _ in range(2):
        assert (await ok(world, "extensions", file, "&partial=true"))["accepted"] == 1
    ana = (await enrollments(world, course))["ana"]
    assert ana["due_at"] == LATER
    why = await world.admin.ok("GET", f"/api/enrollments/{ana['id']}/explain/")
    assert [grant["reason"] for grant in why["grants"]] == ["Ill"], "the second time there is nothing to do"
    trail = (await world.admin.ok("GET", "/api/audit/?action=enrollment.changed"))["items"]
    assert len(trail) == 1


async def test_a_completion_of_before_counts_as_if_made_here_and_makes_no_mail(
    world: World, database: Database
) -> None:
    tree_ = tree(lesson(), mastered_skills=[{"skill_id": "s", "name": "S"}])
    course = (
        await world.course(tree_, recertification_cadence="P1Y", linked_compliance_requirement="hazing")
    )["id"]
    old, older = TODAY - timedelta(days=20), TODAY - timedelta(days=900)
    file = table(
        "completions", f"ana,{course},{old},87.5", f"ana,{course},{older},", f"bob,{course},{older},"
    )
    for _ in range(2):
        assert (await ok(world, "completions", file))["accepted"] == 3
    found = await world.admin.ok("GET", f"/api/enrollments/?course_id={course}&user_id=ana")
    told = [(one["source"], one["status"], one["completed_at"][:10]) for one in found["items"]]
    assert sorted(told) == [("imported", "completed", str(older)), ("imported", "completed", str(old))]
    assert {one["score"] for one in found["items"]} == {87.5, None}
    ana = world.member("ana")
    certificates = (await ana.ok("GET", "/api/users/certificates/"))["items"]
    told_of = {one["issued_at"][:10]: one["status"] for one in certificates}
    assert told_of == {str(old): "valid", str(older): "superseded"}
    statuses = {
        user: (await world.member(user).ok("GET", "/api/users/compliance/"))["items"][0]["status"]
        for user in ("ana", "bob")
    }
    assert statuses == {"ana": "complete", "bob": "expired"}
    assert len((await ana.ok("GET", "/api/users/skills/"))["items"]) == 1
    await world.run_jobs()
    assert (await ana.ok("GET", "/api/users/certificates/"))["items"][0]["pdf_ready"]
    assert await database("SELECT kind FROM reminders WHERE organization_id = $1", world.id) == []


async def test_an_open_enrollment_ends_beside_an_imported_completion_that_counts(world: World) -> None:
    course = await make(world)
    await ok(world, "assignments", table("assignments", f"ana,{course},,"))
    await ok(world, "completions", table("completions", f"ana,{course},{TODAY - timedelta(2)},"))
    assert (await enrollments(world, course))["ana"]["source"] == "imported"
    assert (await enrollments(world, course, "&withdrawn=true"))["ana"]["source"] == "admin"
    again = await send(world, "assignments", table("assignments", f"ana,{course},,"))
    assert codes(again.json()) == [(2, "completed")]


async def test_what_no_completion_can_be_is_refused(world: World) -> None:
    course = await make(world)
    tomorrow = TODAY + timedelta(days=2)
    rows = (f"{tomorrow},", "1899-12-31,", "20260101,", "2026-02-30,", "2026-01-01,100.1", "2026-01-01,-1")
    file = table("completions", *(f"ana,{course},{row}" for row in rows))
    found = codes((await send(world, "completions", file)).json())
    assert [code for _, code in found] == [
        "wrong-time",
        "wrong-time",
        "wrong-form",
        "wrong-form",
        "out-of-range",
        "wrong-form",
    ]


async def test_nobody_gives_themselves_completions_or_time(world: World) -> None:
    course = await make(world)
    boss = world.call_as("ana", "national_admin")
    await ok(world, "assignments", table("assignments", f"ana,{course},{DUE},"), caller=boss)
    for kind, cell in (("completions", "2026-01-01"), ("extensions", LATER)):
        refused = await send(world, kind, table(kind, f"ana,{course},{cell},"), caller=boss)
        assert codes(refused.json()) == [(2, "forbidden")]


async def test_it_reaches_no_further_than_its_caller(world: World) -> None:
    national = await make(world)
    south = await make(world, scope="regional", scope_id="south")
    north = world.call_as("north", "regional_admin:north")
    file = table("assignments", f"ana,{national},{DUE},", f"dan,{national},{DUE},", f"ana,{south},{DUE},")
    refused = await send(world, "assignments", file, caller=north)
    assert codes(refused.json()) == [(3, "unknown-member"), (4, "unknown-course")]
    elsewhere = await send(world, "assignments", table("assignments", f"ana,{south},{DUE},"))
    assert codes(elsewhere.json()) == [(2, "unknown-member")], "the course is not for her"
    for caller in (world.member(), world.call_as("ana", "chapter_admin:n1")):
        assert (await send(world, "assignments", file, caller=caller)).status_code == 403


async def test_a_wrong_call_is_refused(world: World) -> None:
    assert (await send(world, "evil", "")).status_code == 422
    assert (await send(world, "assignments", "", "&evil=1")).status_code == 422
    assert (await world.admin("POST", "/api/imports/?kind=assignments", {})).status_code == 415
    large = await send(world, "assignments", b"x" * (16 * 1024 * 1024 + 1))
    assert large.status_code == 413


async def test_many_rows_are_a_run_that_goes_on_where_it_stopped(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(imports, "BATCH", 2)
    monkeypatch.setattr(imports, "CHUNK", 2)
    course = (await world.course(small_tree()))["id"]
    day = TODAY - timedelta(days=3)
    file = table("completions", *(f"{user},{course},{day}," for user in ("ana", "bob", "cyd", "dan", "eve")))
    started = await send(world, "completions", file, headers={"Idempotency-Key": "k"})
    assert started.status_code == 202
    told = started.json()
    assert (told["rows"], told["accepted"], told["rejected"]) == (5, 5, [])
    replayed = await send(world, "completions", file, headers={"Idempotency-Key": "k"})
    assert (replayed.status_code, replayed.json()) == (202, told)
    path = f"/api/runs/{told['run_id']}/"
    run = await world.admin.ok("GET", path)
    assert (run["kind"], run["status"], run["total"], run["done"]) == ("import_completions", "running", 5, 0)
    assert (await world.member("bob")("GET", path)).status_code == 404
    await world.directory.ok("DELETE", "/api/directory/members/eve/")
    await world.run_jobs()
    run = await world.admin.ok("GET", path)
    assert (run["status"], run["done"], run["skipped"]) == ("done", 4, 0)
    assert len(await enrollments(world, course)) == 4
    assert await database("SELECT 1 FROM import_rows WHERE organization_id = $1", world.id) == []


async def test_more_rows_take_no_more_statements(world: World, app: FastAPI) -> None:
    content = tree(lesson(), mastered_skills=[{"skill_id": "s", "name": "S"}])
    course = (await world.course(content, linked_compliance_requirement="hazing"))["id"]
    users = [f"m{n}" for n in range(12)]
    members = [
        {"user_id": u, "chapter_id": "n1", "status": "active", "display_name": u, "email": None}
        for u in users
    ]
    await world.directory.ok("POST", "/api/directory/members/batch/", {"members": members})
    await ok(world, "assignments", table("assignments", *(f"{user},{course},," for user in users)))
    day, sent = TODAY - timedelta(days=3), []
    for some in (users[:1], users[1:3], users[3:]):
        with counted(app) as statements:
            await ok(
                world, "completions", table("completions", *(f"{user},{course},{day}," for user in some))
            )
        sent.append(len(statements))
    assert sent[1] == sent[2] <= sent[0], "an open enrollment ends beside each of them, and a skill is added"
    assert {one["source"] for one in (await enrollments(world, course)).values()} == {"imported"}
    assert len(await enrollments(world, course, "&withdrawn=true")) == len(users)
    assert len((await world.member("m11").ok("GET", "/api/users/skills/"))["items"]) == 1


async def test_the_same_file_twice_at_once_is_done_once(world: World) -> None:
    course = await make(world)
    file = table("completions", *(f"{user},{course},2026-01-05," for user in ("ana", "bob", "cyd")))
    both = await asyncio.gather(*(send(world, "completions", file) for _ in range(2)))
    assert [one.status_code for one in both] == [200, 200]
    certificates = await world.admin.ok("GET", f"/api/certificates/?course_id={course}")
    assert len(certificates["items"]) == 3
