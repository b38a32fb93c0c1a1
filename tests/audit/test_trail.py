"""The audit trail from outside: who did what to whom and when, of what the caller administers."""

import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.programs import PROGRAMS
from tests.kit.programs import program as a_program
from tests.kit.query_counts import counted
from tests.kit.source import SOURCE
from tests.kit.world import Caller, Json, World

from learning_service.domain.records.audit import AUDIT_ACTIONS

AUDIT = "/api/audit/"


async def entries(caller: Caller, **filters: Any) -> list[Json]:
    items: list[Json] = (await caller.ok("GET", AUDIT, params=filters))["items"]
    return items


def actions(items: list[Json]) -> list[str]:
    return [one["action"] for one in items]


async def test_it_says_who_did_what_to_whom_and_why(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(max_attempts=1), title="Harm"))
    path = f"/api/enrollments/{at.enrollment_id}/"
    changes = {"due_at": "2099-12-20T00:00:00Z", "reason": "Was ill"}
    await world.admin.ok("PATCH", path, changes)
    grant = {"quiz_id": at.ids["Q"], "reason": "The power failed"}
    await world.admin.ok("POST", f"{path}attempts/", grant)
    granted, changed, created = await entries(world.admin, subject="ana", course_id=at.course)
    assert granted == {
        "id": granted["id"],
        "at": granted["at"],
        "actor": world.admin.user,
        "actor_name": None,
        "action": "enrollment.attempts_granted",
        "subject": "ana",
        "subject_kind": "member",
        "subject_name": "Ana",
        "course_id": at.course,
        "course_title": "Harm",
        "enrollment_id": at.enrollment_id,
        "record_kind": "enrollment",
        "record_id": at.enrollment_id,
        "reason": "The power failed",
    }
    assert (changed["action"], changed["reason"]) == ("enrollment.changed", "Was ill")
    assert (created["action"], created["actor"], created["actor_name"], created["reason"]) == (
        "enrollment.created",
        "ana",
        "Ana",
        None,
    )
    [published] = await entries(world.admin, action="course.published", course_id=at.course)
    assert (published["subject"], published["subject_kind"], published["subject_name"]) == (
        at.course,
        "course",
        "Harm",
    )
    chapter = (await entries(world.admin, subject="n1"))[0]
    assert (chapter["subject_kind"], chapter["subject_name"], chapter["course_id"]) == (
        "chapter",
        "north 1",
        None,
    )


async def test_a_certificates_end_has_its_reason(world: World) -> None:
    at = await Learner.enter(world, tree(lesson()))
    await at.read()
    [certificate] = (await at.call.ok("GET", "/api/users/certificates/"))["items"]
    path = f"/api/certificates/{certificate['id']}/"
    new = await world.admin.ok("POST", f"{path}reissue/", {"recipient_name": "Ann", "reason": "Married"})
    await world.admin.ok("POST", f"/api/certificates/{new['id']}/revoke/", {"reason": "By mistake"})
    revoked, reissued = (await entries(world.admin, subject="ana"))[:2]
    assert [(one["action"], one["reason"], one["record_id"]) for one in (revoked, reissued)] == [
        ("certificate.revoked", "By mistake", new["id"]),
        ("certificate.reissued", "Married", certificate["id"]),
    ]
    assert (revoked["subject_name"], revoked["course_id"]) == ("Ana", at.course)
    assert (await world.directory("DELETE", "/api/directory/members/ana/")).status_code == 204
    after = await entries(world.admin, subject="ana")
    assert actions(after)[:3] == ["member.erased", "certificate.revoked", "certificate.reissued"]
    assert {(one["subject_name"], one["reason"]) for one in after} == {(None, None)}
    facts = {"chapter_id": "n1", "status": "active", "display_name": "Another Ana", "email": None}
    await world.directory.ok("PUT", "/api/directory/members/ana/", {**facts, "custom_fields": {}})
    named = {one["action"]: one["subject_name"] for one in await entries(world.admin, subject="ana")}
    assert (named["certificate.revoked"], named["member.created"]) == (None, "Another Ana"), (
        "not the new one's"
    )


async def test_the_filters(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), title="Harm"))
    await Learner.join(world.member("bob"), at.course)
    everything = await entries(world.admin, limit="200")
    assert [one["id"] for one in everything] == sorted((one["id"] for one in everything), reverse=True)
    for name, value, field in (
        ("subject", "bob", "subject"),
        ("actor", "bob", "actor"),
        ("action", "enrollment.created", "action"),
        ("course_id", at.course, "course_id"),
    ):
        wanted = [one for one in everything if one[field] == value]
        assert wanted
        assert await entries(world.admin, limit="200", **{name: value}) == wanted, name
    middle = everything[2]["at"]
    later = await entries(world.admin, limit="200", after=middle)
    earlier = await entries(world.admin, limit="200", before=middle)
    assert all(one["at"] >= middle for one in later)
    assert all(one["at"] < middle for one in earlier)
    assert len(later) + len(earlier) == len(everything)
    assert await entries(world.admin, subject="bob", action="course.published") == []
    for name in ("subject", "actor"):
        assert await entries(world.admin, **{name: "nowhere"}) == []
    assert await entries(world.admin, course_id="00000000-0000-7000-8000-000000000000") == []
    page = await world.admin.ok("GET", AUDIT, params={"limit": "3"})
    rest = await world.admin.ok("GET", AUDIT, params={"limit": "200", "cursor": page["next_cursor"]})
    assert page["items"] + rest["items"] == everything
    other = {"cursor": page["next_cursor"], "actor": "bob"}
    assert (await world.admin("GET", AUDIT, params=other)).status_code == 422


NO_FILTERS: list[dict[str, str]] = [
    {"action": "course.burnt"},
    {"action": ""},
    {"course_id": "x"},
    {"after": "yesterday"},
    {"after": "2026-01-01T00:00:00"},
    {"before": "1767225600"},
    {"subject": "a b"},
    {"subject": "\x00"},
    {"actor": "x" * 129},
    {"who": "ana"},
    {"limit": "0"},
]


async def test_what_is_no_filter_is_refused(world: World) -> None:
    for wrong in NO_FILTERS:
        refused = await world.admin("GET", AUDIT, params=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), wrong
        [name] = wrong
        assert refused.json()["errors"][0]["pointer"] == f"?{name}", wrong
        if name == "action":
            assert refused.json()["errors"][0]["params"]["values"] == list(AUDIT_ACTIONS), wrong


async def test_a_region_sees_its_members_courses_and_units(world: World, other_world: World) -> None:
    north, south = (world.call_as(name[0], f"regional_admin:{name}") for name in ("north", "south"))
    ours = await world.course(scope="chapter", scope_id="n1")
    national = await Learner.enter(world, tree(lesson(), title="For all"))
    await Learner.join(world.member("dan"), national.course)
    assert (await other_world.call_as("o", "national_admin")("GET", AUDIT)).status_code == 200
    seen = await entries(north, limit="200")
    assert {one["subject"] for one in seen} >= {"ana", "north", "n1", ours["id"]}
    assert not {one["subject"] for one in seen} & {"dan", "south", "s1", national.course, world.id}
    assert "enrollment.created" in actions(await entries(north, subject="ana"))
    assert "enrollment.created" in actions(await entries(south, subject="dan"))
    assert await entries(south, subject="ana") == []
    assert await entries(south, course_id=ours["id"]) == []
    body = {"user_ids": ["bob"]}
    await north.ok("POST", f"/api/courses/{national.course}/assign/", body)
    assert actions(await entries(north, course_id=national.course, actor="n"))[:1] == ["course.assigned"]
    assert await entries(south, actor="n") == []
    theirs = {one["id"] for one in await entries(other_world.admin, limit="200")}
    assert not theirs & {one["id"] for one in await entries(world.admin, limit="200")}
    moved: Json = {
        "chapter_id": "s1",
        "status": "active",
        "display_name": "Ana",
        "email": None,
        "custom_fields": {},
    }
    await world.directory.ok("PUT", "/api/directory/members/ana/", moved)
    assert await entries(north, subject="ana") == []
    assert "enrollment.created" in actions(await entries(south, subject="ana"))
    for stranger in (world.member(), world.call_as("c", "chapter_admin:n1"), world.call_as("g", "grader")):
        assert (await stranger("GET", AUDIT)).status_code == 403


async def test_a_page_is_one_statement(app: FastAPI, world: World) -> None:
    await Learner.enter(world, tree(lesson()))
    for caller in (world.admin, world.call_as("n", "regional_admin:north")):
        with counted(app) as statements:
            await entries(caller)
        assert len(statements) == 1


def test_every_action_of_the_list_is_recorded_somewhere() -> None:
    """What is not in the list the type checker refuses; what is there and never recorded would promise too much."""
    sources = "".join(path.read_text() for path in Path(SOURCE).rglob("*.py") if path.name != "audit.py")
    written = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', sources))
    assert set(AUDIT_ACTIONS) <= written


async def test_programs_banks_and_rules_are_named(world: World) -> None:
    made = await world.course(tree(lesson(), title="Fire safety"))
    bank = await world.admin.ok("POST", "/api/question-banks/", {"title": "Exits", "scope": "national"})
    rule = await world.admin.ok(
        "POST",
        "/api/assignment-rules/",
        {"course_id": made["id"], "trigger": "manual", "audience_filter": {}},
    )
    program = await world.admin.ok("POST", PROGRAMS, a_program(made["id"], title="First year"))
    named = {one["subject"]: one["subject_name"] for one in await entries(world.admin)}
    assert named[bank["id"]] == "Exits"
    assert named[rule["id"]] == "Fire safety"
    assert named[program["id"]] == "First year"
