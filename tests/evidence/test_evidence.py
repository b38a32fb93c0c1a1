"""Evidence: who sends it, who decides, where it counts, and where it does not."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from tests.kit.assignments import LESSON, enrolled, rule
from tests.kit.compliance import REPORT, STATUSES, linked, pursue
from tests.kit.direct import Database
from tests.kit.evidence import MINE, PATH, decide, send_in
from tests.kit.fields import refused
from tests.kit.query_counts import counted
from tests.kit.renewals import age, events, mine
from tests.kit.world import Json, World, small_tree

from learning_service.domain.evidence.rules import MOST_WAITING
from learning_service.worker.jobs.completions import expire_completions, open_recertifications

RUN_OUT = "UPDATE evidence SET expires_at = now() - interval '1 hour' WHERE organization_id = $1"
SOON = "UPDATE evidence SET expires_at = now() + interval '5 days' WHERE organization_id = $1"


async def prove(world: World, user: str = "ana", **facts: Any) -> Json:
    """Sent and approved."""
    return await decide(world, await send_in(world, user), **facts)


async def status_of(world: World, user: str = "ana") -> Json:
    """By both calls, which must agree."""
    [own] = (await world.member(user).ok("GET", "/api/users/compliance/"))["items"]
    shown = (await world.admin.ok("GET", f"{STATUSES}?limit=200"))["items"]
    assert own == next(row for row in shown if row["user_id"] == user)
    found: Json = own
    return found


async def test_so_much_may_wait_and_no_more(world: World, database: Database) -> None:
    """Also where all is sent at once; what is decided makes room."""
    body = {"requirement_id": "hazing", "completed_on": "2026-05-04", "note": "At my last college"}
    calls = [world.member()("POST", MINE, body) for _ in range(MOST_WAITING + 3)]
    answers = await asyncio.gather(*calls)
    made = [one.json() for one in answers if one.status_code == 201]
    assert len(made) == MOST_WAITING
    for one in answers:
        if one.status_code != 201:
            refused(one, 409, "too-much-waiting")
    assert await database.value("SELECT count(*) FROM evidence WHERE organization_id = $1", world.id) == len(
        made
    )
    await decide(world, made[0], decision="reject")
    await send_in(world)
    refused(await world.member()("POST", MINE, body), 409, "too-much-waiting")


async def totals(world: World, query: str = "") -> Json:
    found: Json = (await world.admin.ok("GET", REPORT + query))["totals"]
    return found


async def test_approved_evidence_counts_as_a_completion_from_then_on(world: World) -> None:
    before = await totals(world)
    sent = await send_in(world)
    assert {
        name: sent[name] for name in ("status", "requirement_name", "note", "document_url", "reason")
    } == {
        "status": "pending",
        "requirement_name": "Hazing",
        "note": "At my last college",
        "document_url": None,
        "reason": None,
    }
    assert (await status_of(world))["status"] == "not_started", "it waits for a decision"
    assert await totals(world) == before
    [waiting] = (await world.admin.ok("GET", f"{PATH}?status=pending"))["items"]
    assert (waiting["id"], waiting["user_id"], waiting["display_name"]) == (sent["id"], "ana", "Ana")
    made = await decide(world, sent, expires_on="2030-06-30")
    assert (made["status"], made["expires_at"], made["decided_by"]) == (
        "approved",
        "2030-07-01T04:00:00Z",
        "boss",
    )
    [own] = (await world.member().ok("GET", MINE))["items"]
    assert (own["status"], own["reason"]) == ("approved", "Seen the original")
    assert "decided_by" not in own
    shown = await status_of(world)
    assert (shown["status"], shown["completed_at"], shown["expires_at"]) == (
        "complete",
        "2026-05-04T16:00:00Z",
        "2030-07-01T04:00:00Z",
    ), "noon in New York"
    after = await totals(world)
    assert (before["complete"], after["complete"], after["not_started"], after["members"]) == (0, 1, 4, 5)
    assert (await world.member().ok("GET", "/api/users/certificates/"))["items"] == []
    assert (await world.member().ok("GET", "/api/users/skills/"))["items"] == []
    told = {
        "organization_id": world.id,
        "user_id": "ana",
        "requirement_id": "hazing",
        "evidence_id": sent["id"],
        "completed_at": "2026-05-04T16:00:00Z",
        "expires_at": "2030-07-01T04:00:00Z",
    }
    assert await events(world, "compliance.completed") == [told]
    taken_back = await decide(world, sent, decision="reject", reason="It was forged")
    assert (taken_back["status"], taken_back["reason"]) == ("rejected", "It was forged")
    assert await totals(world) == before
    assert await events(world, "compliance.revoked") == [told]
    trail = (await world.admin.ok("GET", "/api/audit/?subject=ana"))["items"]
    assert [(e["action"], e["actor"], e["reason"]) for e in trail if e["action"].startswith("evidence")] == [
        ("evidence.rejected", "boss", "It was forged"),
        ("evidence.approved", "boss", None),
        ("evidence.sent", "ana", None),
    ]


async def test_what_lasts_longest_counts_whichever_it_is(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    by_course = await status_of(world)
    await prove(world, expires_on=str(datetime.now(UTC).date() + timedelta(days=30)))
    assert await status_of(world) == by_course
    await prove(world, expires_on="2035-01-01")
    assert (await status_of(world))["expires_at"] == "2035-01-02T05:00:00Z"
    await prove(world)
    assert (await status_of(world))["expires_at"] is None
    await database(RUN_OUT, world.id)
    assert await status_of(world) == by_course
    forecast = await world.admin.ok("GET", f"{REPORT}forecast/?days=370")
    assert [row["user_id"] for row in forecast["items"]] == ["ana"]


async def test_it_lapses_and_is_told_once(world: World, database: Database) -> None:
    made = await prove(world, expires_on="2030-06-30")
    await database(SOON, world.id)
    [soon] = (await world.admin.ok("GET", f"{REPORT}forecast/?days=30"))["items"]
    assert (soon["user_id"], soon["requirement_id"], soon["under_way"]) == ("ana", "hazing", False)
    assert (await totals(world))["expiring_30"] == 1
    told = (await world.member().ok("GET", "/api/users/notifications/"))["items"]
    assert {(one["kind"], one["title"], one["evidence_id"], one["course_id"]) for one in told} == {
        ("evidence_expiring", "Hazing", made["id"], None),
        ("evidence_approved", "Hazing", made["id"], None),
    }
    [soon] = [one["id"] for one in told if one["kind"] == "evidence_expiring"]
    await world.member().ok("POST", "/api/users/notifications/read/", {"ids": [soon]})
    unread = (await world.member().ok("GET", "/api/users/notifications/?unread=true"))["items"]
    assert [one["kind"] for one in unread] == ["evidence_approved"]
    await database(RUN_OUT, world.id)
    assert (await status_of(world))["status"] == "expired"
    for _ in range(2):
        await expire_completions(world.worker, None)
    assert [one["evidence_id"] for one in await events(world, "compliance.expired")] == [made["id"]]


async def test_a_completion_that_ends_while_evidence_counts_is_no_lapse(
    world: World, database: Database
) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    await prove(world, expires_on="2030-06-30")
    lapse = "UPDATE {} SET expires_at = now() - interval '1 day' WHERE organization_id = $1"
    for table in ("course_completions", "chapter_compliance_statuses"):
        await database(lapse.format(table), world.id)
    assert (await status_of(world))["status"] == "complete"
    await expire_completions(world.worker, None)
    assert await events(world, "compliance.expired") == []
    await database(RUN_OUT, world.id)
    await expire_completions(world.worker, None)
    assert len(await events(world, "compliance.expired")) == 1


async def test_assignments_pass_over_whom_evidence_shows(world: World) -> None:
    course, other = await linked(world), await world.course(small_tree(**LESSON))
    await prove(world, "ana")
    await send_in(world, "bob")
    for made in (course, other):
        found = await rule(world, made)
        preview = await world.admin.ok("POST", f"/api/assignment-rules/{found['id']}/preview/")
        assert preview["would_assign"] == (4 if made is course else 5)
        await world.admin.ok("POST", f"/api/assignment-rules/{found['id']}/run/")
    await world.run_jobs()
    assert await enrolled(world, course) == ["bob", "cyd", "dan", "eve"]
    told = await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", {"user_ids": ["ana", "bob"]})
    assert told == {
        "assigned": 0,
        "already_enrolled": 1,
        "skipped": [{"user_id": "ana", "reason": "completed"}],
    }
    await world.member("ana").ok("POST", f"/api/courses/{course['id']}/enroll/")


async def test_renewals_wait_for_the_end_of_evidence(world: World, database: Database) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    await age(world, database, days=350)
    await prove(world, expires_on="2030-06-30")
    await open_recertifications(world.worker, None)
    assert [one["source"] for one in await mine(world)] == ["self"]
    await database(SOON, world.id)
    await open_recertifications(world.worker, None)
    assert [one["source"] for one in await mine(world)] == ["recertification", "self"]
    assert (await mine(world))[0]["due_at"] > datetime.now(UTC).isoformat()


async def test_evidence_and_exemptions_meet_a_prerequisite(world: World) -> None:
    first = await linked(world)
    then = await world.course(small_tree(**LESSON), prerequisites=[first["id"]])
    path = f"/api/courses/{then['id']}/enroll/"
    assert (await world.member("ana")("POST", path)).json()["code"] == "prerequisites-missing"
    await prove(world, "ana")
    await world.member("ana").ok("POST", path)
    for user, subject in (("bob", {"course_id": first["id"]}), ("cyd", {"requirement_id": "hazing"})):
        assert (await world.member(user)("POST", path)).json()["code"] == "prerequisites-missing"
        body = {"user_id": user, "reason": "A judge", **subject}
        exemption = await world.admin.ok("POST", "/api/exemptions/", body)
        await world.member(user).ok("POST", path)
        await world.admin.ok("DELETE", f"/api/exemptions/{exemption['id']}/")


async def test_nobody_decides_their_own_and_strangers_find_nothing(world: World) -> None:
    await world.add_member("boss", "n1")
    own = await world.call_as("boss", "national_admin").ok(
        "POST", MINE, {"requirement_id": "hazing", "completed_on": "2026-05-04", "note": "Mine"}
    )
    body = {"decision": "approve", "reason": "Mine"}
    refused(await world.admin("POST", f"{PATH}{own['id']}/", body), 403, "forbidden")
    sent = await send_in(world)
    path = f"{PATH}{sent['id']}/"
    refused(await world.member("bob")("POST", path, body), 403, "forbidden")
    refused(await world.call_as("chair", "chapter_admin:n1")("POST", path, body), 403, "forbidden")
    refused(await world.call_as("chair", "chapter_admin:n1")("GET", PATH), 403, "forbidden")
    south = world.call_as("sam", "regional_admin:south")
    refused(await south("POST", path, body), 404, "not-found")
    assert (await south.ok("GET", PATH))["items"] == []
    refused(await world.admin("POST", f"{PATH}{uuid.uuid4()}/", body), 404, "not-found")
    assert (await world.member("bob").ok("GET", MINE))["items"] == []
    made = await decide(world, sent, world.call_as("nora", "regional_admin:north"))
    assert made["decided_by"] == "nora"


async def test_what_is_decided_stays_but_an_approval_may_be_taken_back(world: World) -> None:
    rejected = await decide(world, await send_in(world), decision="reject")
    approved = await prove(world)
    for one, decisions in ((rejected, ("approve", "reject")), (approved, ("approve",))):
        for decision in decisions:
            body = {"decision": decision, "reason": "Again"}
            refused(await world.admin("POST", f"{PATH}{one['id']}/", body), 409, "already-decided")
    told = (await world.member().ok("GET", "/api/users/notifications/"))["items"]
    assert [one["kind"] for one in told] == ["evidence_approved", "evidence_rejected"]


NO_EVIDENCE: list[tuple[Json, str, str]] = [
    ({"requirement_id": "other"}, "/requirement_id", "not-known"),
    ({"requirement_id": "a b"}, "/requirement_id", "wrong-form"),
    ({"completed_on": "2999-01-01"}, "/completed_on", "wrong-time"),
    ({"completed_on": "0001-01-01"}, "/completed_on", "wrong-time"),
    ({"completed_on": "0026-05-04"}, "/completed_on", "wrong-time"),
    ({"completed_on": "yesterday"}, "/completed_on", "wrong-form"),
    ({"note": "\u3164"}, "/note", "empty"),
    ({"note": ""}, "/note", "too-short"),
    ({"note": "x" * 2001}, "/note", "too-long"),
    ({"note": None}, "/note", "wrong-type"),
    ({"document": "document:0190d5a0-0000-7000-8000-000000000001"}, "/document", "not-known"),
    ({"document": "x"}, "/document", "not-known"),
    ({"status": "approved"}, "/status", "unknown-field"),
]


async def test_what_is_no_evidence(world: World) -> None:
    for facts, pointer, code in NO_EVIDENCE:
        body = {"requirement_id": "hazing", "completed_on": "2026-05-04", "note": "Seen", **facts}
        answer = await world.member()("POST", MINE, body)
        assert answer.status_code == 422, (facts, answer.text)
        assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (
            pointer,
            code,
        ), facts
        assert (await world.member().ok("GET", MINE))["items"] == [], facts


NO_DECISIONS: list[tuple[Json, str, str]] = [
    ({"decision": "maybe"}, "/decision", "not-one-of"),
    ({"reason": ""}, "/reason", "too-short"),
    ({"expires_on": "2020-01-01"}, "/expires_on", "wrong-time"),
    ({"expires_on": "9999-12-31"}, "/expires_on", "wrong-time"),
    ({"decision": "reject", "expires_on": "2030-01-01"}, "", "conflicting"),
    ({"status": "approved"}, "/status", "unknown-field"),
]


async def test_what_is_no_decision(world: World) -> None:
    sent = await send_in(world)
    for facts, pointer, code in NO_DECISIONS:
        body = {"decision": "approve", "reason": "Seen", **facts}
        answer = await world.admin("POST", f"{PATH}{sent['id']}/", body)
        assert answer.status_code == 422, (facts, answer.text)
        assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (
            pointer,
            code,
        ), facts
        assert (await world.member().ok("GET", MINE))["items"] == [sent], facts


async def test_filters_and_pages(world: World, app: FastAPI) -> None:
    made = [await send_in(world, user) for user in ("ana", "bob", "cyd")]
    await decide(world, made[1])
    ids = [one["id"] for one in reversed(made)]
    for query, found in (
        ("", ids),
        ("?user_id=ana", ids[2:]),
        ("?status=approved", ids[1:2]),
        ("?status=pending", [ids[0], ids[2]]),
        ("?requirement_id=hazing", ids),
        ("?chapter_id=n2", ids[:1]),
        ("?user_id=nobody", []),
    ):
        assert [one["id"] for one in (await world.admin.ok("GET", PATH + query))["items"]] == found, query
    first = await world.admin.ok("GET", f"{PATH}?limit=2")
    rest = await world.admin.ok("GET", f"{PATH}?limit=2&cursor={first['next_cursor']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == ids
    with counted(app) as statements:
        await world.admin.ok("GET", PATH)
    assert len(statements) <= 3, statements
    for query in ("?status=maybe", "?user_id=a%20b", "?x=1", "?cursor=x", "?limit=0"):
        assert (await world.admin("GET", PATH + query)).status_code == 422, query
    assert (await world.member("bob").ok("GET", f"{MINE}?status=pending"))["items"] == []


async def test_a_report_of_a_past_day_counts_what_was_approved_then(world: World, database: Database) -> None:
    await prove(world, "ana")
    await decide(world, await prove(world, "bob"), decision="reject")
    await prove(world, "cyd")
    for statement in PAST:
        await database(statement, world.id)
    instant = datetime.now(UTC)
    found = []
    for days in (4, 2):
        at = (instant - timedelta(days=days)).isoformat().replace("+00:00", "Z")
        counts = await totals(world, f"?as_of={at}")
        found.append((counts["complete"], counts["expired"], counts["members"]))
    counts = await totals(world)
    found.append((counts["complete"], counts["expired"], counts["members"]))
    assert found == [(0, 0, 5), (3, 0, 5), (1, 1, 5)]
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    at = (instant - timedelta(days=2)).isoformat().replace("+00:00", "Z")
    assert (await totals(world, f"?as_of={at}"))["complete"] == 3, "also once erased"


PAST = (
    "UPDATE members SET created_at = created_at - interval '9 days' WHERE organization_id = $1",
    "UPDATE organizations SET created_at = created_at - interval '9 days' WHERE id = $1",
    "UPDATE evidence SET approved_at = now() - interval '3 days' WHERE organization_id = $1",
    "UPDATE evidence SET taken_back_at = now() - interval '1 day' WHERE organization_id = $1 AND user_id = 'bob'",
    "UPDATE evidence SET expires_at = now() - interval '1 day' WHERE organization_id = $1 AND user_id = 'cyd'",
)
