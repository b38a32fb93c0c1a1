"""Compliance as of a moment: what was so then, whatever has changed, been erased or come late since."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit.compliance import REPORT, linked, pursue
from tests.kit.direct import Database, database
from tests.kit.world import Json, World

__all__ = ["database"]
MARCH, MAY, JULY = "2026-03-01T12:00:00Z", "2026-05-01T12:00:00Z", "2026-07-01T12:00:00Z"


async def told(world: World, as_of: str, **filters: str) -> dict[str, Json]:
    report = await world.admin.ok("GET", REPORT, params={"as_of": as_of, **filters})
    return {row["chapter_id"]: row for row in report["items"]}


async def told_members(world: World, as_of: str) -> int:
    """How many members of n1 a report counts."""
    return int((await told(world, as_of))["n1"]["members"])


def membership(user: str, time: str, status: str, id_: str, **more: Any) -> Json:
    """An event about a member."""
    return {
        "specversion": "1.0",
        "type": "membership.status_changed",
        "id": id_,
        "source": "/m",
        "time": time,
        "subject": user,
        "data": {"status": status, **more},
    }


async def happened(world: World, user: str, time: str, status: str, id_: str, **more: Any) -> None:
    body = membership(user, time, status, id_, **more)
    await world.directory.ok("POST", "/api/directory/events/", body)


async def imported(world: World, *rows: tuple[str, str, str]) -> None:
    lines = ["user_id,course_id,completed_on", *(",".join(row) for row in rows)]
    files = {"file": ("rows.csv", "\n".join(lines))}
    await world.admin.ok("POST", "/api/imports/?kind=completions", files=files)
    await world.run_jobs()


def counts(row: Json, *names: str) -> tuple[int, ...]:
    return tuple(row[name] for name in names)


async def test_completions_from_a_file_count_from_their_days(world: World) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await imported(world, ("ana", course["id"], "2024-02-10"), ("ana", course["id"], "2025-12-20"))
    names = ("members", "complete", "expired", "not_started")
    moments = {
        "2024-02-09": (0, 0, 0, 0),
        "2024-02-10": (1, 1, 0, 0),
        "2025-02-10": (1, 1, 0, 0),
        "2025-02-11": (1, 0, 1, 0),
        "2025-12-20": (1, 1, 0, 0),
    }
    assert {at: counts((await told(world, at))["n1"], *names) for at in moments} == moments
    answer = await world.admin("GET", f"{REPORT}?as_of=2024-02-10", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["complete"] for row in rows if row["chapter_id"] == "n1"] == ["1"]


async def test_events_count_from_their_own_time_also_when_they_come_late(world: World) -> None:
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["active"]})
    await happened(world, "ana", MAY, "alumna", "2", chapter_id="s1")
    await happened(world, "ana", MARCH, "active", "1", chapter_id="n2")
    await happened(world, "ana", "2026-06-01T12:00:00Z", "active", "3")
    asked = {"2026-02-28": (), "2026-03-02": ("n2",), "2026-05-02": (), "2026-06-02": ("s1",)}
    for at, chapters in asked.items():
        rows = await told(world, at)
        assert tuple(name for name, row in rows.items() if row["members"]) == chapters, at


@pytest.mark.parametrize("at_once", [False, True])
async def test_what_an_event_repeats_holds_against_an_earlier_one_that_comes_late(
    world: World, *, at_once: bool
) -> None:
    """Of May we are told that nothing changed, and then of March: since May it is as we were told."""
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["active"]})
    told = [membership("ana", MAY, "active", "2"), membership("ana", MARCH, "alumna", "1")]
    for sent in [told] if at_once else [[one] for one in told]:
        await world.directory.ok("POST", "/api/directory/events/", sent)
    now = datetime.now(UTC).isoformat()
    for at, members in (("2026-02-28", 0), ("2026-03-02", 0), ("2026-05-02", 1), (now, 2)):
        assert (await told_members(world, at)) == members, at


async def test_who_was_told_of_as_active_in_the_past_is_who_was(world: World) -> None:
    """Settings, links and audiences are those of then."""
    before = datetime.now(UTC).isoformat()
    course = await linked(world)
    await pursue(world, "ana", course)
    done = datetime.now(UTC).isoformat()
    await world.admin.ok("PATCH", "/api/organization/", {"active_statuses": ["pledge"]})
    path = "/api/compliance-requirements/hazing/"
    await world.admin.ok("PATCH", path, {"audience_filter": {"chapters": ["s1"]}})
    await world.admin.ok("PATCH", f"/api/courses/{course['id']}/", {"linked_compliance_requirement": None})
    names = ("members", "complete")
    assert counts((await told(world, before))["n1"], *names) == (2, 0)
    assert counts((await told(world, done))["n1"], *names) == (2, 1)
    assert counts((await told(world, datetime.now(UTC).isoformat()))["n1"], *names) == (0, 0)


async def test_a_write_between_an_event_and_its_coming_holds_for_as_long_as_it_did(world: World) -> None:
    await world.add_member("ana", "n2")
    written = datetime.now(UTC).isoformat()
    await happened(world, "ana", MARCH, "active", "1", chapter_id="s1")
    now = datetime.now(UTC).isoformat()
    for at, chapter in (("2026-04-01", "s1"), (written, "n2"), (now, "s1")):
        rows = await told(world, at)
        assert rows[chapter]["members"] == {"n2": 2, "s1": 2}[chapter] - (at == "2026-04-01"), at


async def test_what_the_erased_had_to_meet_stays_counted(world: World, database: Database) -> None:
    for user, year in (("ana", 1), ("bob", 2)):
        await world.add_member(user, custom_fields={"year": year})
    audience = {"custom_fields": {"year": 1}}
    path = "/api/compliance-requirements/hazing/"
    await world.admin.ok("PATCH", path, {"audience_filter": audience})
    course = await linked(world)
    await pursue(world, "ana", course)
    then = datetime.now(UTC).isoformat()
    await world.add_member("ana", custom_fields={"year": 3})
    gone = datetime.now(UTC).isoformat()
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    names = ("members", "complete")
    assert counts((await told(world, then))["n1"], *names) == (1, 1)
    assert counts((await told(world, gone))["n1"], *names) == (0, 0)
    left = "SELECT field FROM member_changes WHERE organization_id = $1 AND user_id LIKE 'erased/%'"
    assert [row["field"] for row in await database(left, world.id)] == ["status"]


async def test_a_due_time_is_the_one_of_then(world: World) -> None:
    course = await linked(world)
    soon = datetime.now(UTC) + timedelta(seconds=3)
    await world.admin.ok(
        "POST", f"/api/courses/{course['id']}/assign/", {"user_ids": ["ana"], "due_at": soon.isoformat()}
    )
    [found] = (await world.admin.ok("GET", "/api/enrollments/?user_id=ana"))["items"]
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.05)
    late = datetime.now(UTC).isoformat()
    await world.admin.ok("PATCH", f"/api/enrollments/{found['id']}/", {"due_at": later, "reason": "ill"})
    now = datetime.now(UTC).isoformat()
    assert counts((await told(world, late))["n1"], "pending", "overdue") == (1, 1)
    assert counts((await told(world, now))["n1"], "pending", "overdue") == (1, 0)


async def test_what_was_closed_since_can_be_asked_for(world: World) -> None:
    course = await linked(world)
    await pursue(world, "ana", course)
    then = datetime.now(UTC).isoformat()
    await world.directory.ok("DELETE", "/api/directory/compliance-requirements/hazing/")
    for unit in ("cyd",):
        await world.add_member(unit, "n1")
    await world.directory.ok("DELETE", "/api/directory/chapters/n2/")
    rows = await told(world, then, requirement_id="hazing")
    assert counts(rows["n1"], "members", "complete") == (2, 1)
    assert counts((await told(world, then, chapter_id="n2"))["n2"], "members", "not_started") == (1, 1)
    assert (await world.admin("GET", f"{REPORT}?chapter_id=n2")).status_code == 422


NO_MOMENTS: list[str] = [
    "2999-01-01",
    "2999-01-01T00:00:00Z",
    "2026-02-30",
    "2026-03-01T09:00:00",
    "yesterday",
    "",
    "2026-W09-1",
    "1772323200",
]


async def test_what_is_no_moment_of_the_past_is_refused(world: World) -> None:
    for given in NO_MOMENTS:
        answer = await world.admin("GET", REPORT, params={"as_of": given})
        assert answer.status_code == 422, given
        assert answer.json()["errors"][0]["pointer"] == "?as_of", given


async def test_an_exemption_counts_from_its_grant_to_its_end(world: World) -> None:
    await linked(world)
    before = datetime.now(UTC).isoformat()
    body = {"user_id": "ana", "requirement_id": "hazing", "reason": "ill"}
    granted = await world.admin.ok("POST", "/api/exemptions/", body)
    held = datetime.now(UTC).isoformat()
    await world.admin.ok("DELETE", f"/api/exemptions/{granted['id']}/")
    now = datetime.now(UTC).isoformat()
    for at, exempt in ((before, 0), (held, 1), (now, 0)):
        assert (await told(world, at))["n1"]["exempt"] == exempt, at
