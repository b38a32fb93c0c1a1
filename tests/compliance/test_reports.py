"""Compliance from outside: statuses, roll-ups, the file, expiry and renewal."""

import csv
import io
from datetime import UTC, datetime, timedelta

from tests.kit.compliance import REPORT, STATUSES, linked, pursue
from tests.kit.world import Json, World

from learning_service.worker.jobs.completions import expire_completions, open_recertifications


async def test_roll_up_and_statuses(world: World) -> None:
    course = await linked(world, recertification_cadence="P45D")
    await pursue(world, "ana", course)
    await world.member("bob").ok("POST", f"/api/courses/{course['id']}/enroll/")
    report = await world.admin.ok("GET", REPORT)
    by_chapter = {row["chapter_id"]: row for row in report["items"]}
    assert by_chapter["n1"] == {
        "chapter_id": "n1",
        "chapter_name": "north 1",
        "region_id": "north",
        "members": 2,
        "complete": 1,
        "exempt": 0,
        "pending": 1,
        "overdue": 0,
        "expired": 0,
        "failed": 0,
        "not_started": 0,
        "expiring_30": 0,
        "expiring_60": 1,
        "expiring_90": 1,
    }
    assert report["totals"]["members"] == 5
    assert [r["chapter_id"] for r in report["items"]] == ["n1", "n2", "s1", "s2"]
    assert (report["totals"]["not_started"], by_chapter["s1"]["not_started"]) == (3, 1)
    shown = (await world.admin.ok("GET", STATUSES))["items"]
    rest = [(user, "not_started") for user in ("cyd", "dan", "eve")]
    assert [(s["user_id"], s["status"]) for s in shown] == [("ana", "complete"), ("bob", "pending"), *rest]
    pending = await world.admin.ok("GET", f"{STATUSES}?status=pending&chapter_id=n1&requirement_id=hazing")
    assert [s["user_id"] for s in pending["items"]] == ["bob"]
    first = await world.admin.ok("GET", f"{STATUSES}?limit=1")
    second = await world.admin.ok("GET", f"{STATUSES}?limit=1&cursor={first['next_cursor']}")
    assert [s["user_id"] for s in second["items"]] == ["bob"]
    last = await world.admin.ok("GET", f"{STATUSES}?status=not_started&limit=2")
    last = await world.admin.ok("GET", f"{STATUSES}?status=not_started&limit=2&cursor={last['next_cursor']}")
    assert ([s["user_id"] for s in last["items"]], last["next_cursor"]) == (["eve"], None)


async def test_who_sees_what(world: World) -> None:
    course = await linked(world)
    for user in ("ana", "dan"):
        await pursue(world, user, course)
    south = world.call_as("sam", "regional_admin:south")
    assert [r["chapter_id"] for r in (await south.ok("GET", REPORT))["items"]] == ["s1", "s2"]
    assert [s["user_id"] for s in (await south.ok("GET", STATUSES))["items"]] == ["dan", "eve"]
    assert (await south("GET", f"{REPORT}?region_id=north")).status_code == 403
    assert (await south("GET", f"{REPORT}?region_id=atlantis")).status_code == 422
    assert (await south("GET", f"{REPORT}?requirement_id=nothing")).status_code == 422
    assert (await south("GET", f"{REPORT}?colour=red")).status_code == 422
    chapter = world.call_as("cara", "chapter_admin:n1")
    assert [s["user_id"] for s in (await chapter.ok("GET", STATUSES))["items"]] == ["ana", "bob"]
    own = await chapter.ok("GET", REPORT)
    assert ([r["chapter_id"] for r in own["items"]], own["totals"]["members"]) == (["n1"], 2)
    assert (await chapter.ok("GET", f"{REPORT}?region_id=north"))["items"] == own["items"]
    assert (await chapter("GET", f"{REPORT}?chapter_id=n2")).status_code == 403
    service = world.call_as("warehouse", scopes=["reports:read"])
    assert (await service.ok("GET", REPORT))["totals"]["complete"] == 2
    assert (await world.member()("GET", REPORT)).status_code == 403
    assert (await world.member()("GET", STATUSES)).status_code == 403


async def test_the_file_is_safe_in_a_spreadsheet(world: World) -> None:
    await world.directory.ok("PUT", "/api/directory/chapters/-1:2/", {"region_id": "north", "name": "x"})
    response = await world.admin("GET", f"{REPORT}?region_id=north", headers={"Accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["chapter_id"] for row in rows] == ["'-1:2", "n1", "n2"]
    assert rows[1]["members"] == "2"


async def test_renewal_opens_once_in_its_window_and_expiry_is_told_once(world: World) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    [done] = (await world.member().ok("GET", "/api/users/compliance/"))["items"]
    expires = datetime.fromisoformat(done["expires_at"])
    await world.admin.ok("PATCH", "/api/organization/", {"recertification_window_days": 20})

    async def mine() -> list[Json]:
        return list((await world.member().ok("GET", "/api/users/enrollments/"))["items"])

    await open_recertifications(world.worker, expires - timedelta(days=20, seconds=1))
    assert len(await mine()) == 1
    for _ in range(2):
        await open_recertifications(world.worker, expires - timedelta(days=19))
    renewal, first = await mine()
    assert (first["status"], renewal["status"]) == ("completed", "assigned")
    assert (renewal["source"], renewal["due_at"]) == ("recertification", done["expires_at"])
    explained = await world.admin.ok("GET", f"/api/enrollments/{renewal['id']}/explain/")
    assert explained["cause"]["kind"] == "completion"
    for _ in range(2):
        await expire_completions(world.worker, expires + timedelta(seconds=1))
    events = world.call_as("bus", scopes=["events:read"])
    told = [e["type"] for e in (await events.ok("GET", "/api/events/"))["items"]]
    assert told.count("learning.compliance.expired") == 1
    assert told.count("learning.enrollment.assigned") == 1
    assert (await world.admin("DELETE", f"/api/enrollments/{renewal['id']}/")).status_code == 204
    await open_recertifications(world.worker, expires - timedelta(days=18))
    assert len(await mine()) == 1


async def test_an_archived_course_is_not_renewed(world: World) -> None:
    course = await linked(world, recertification_cadence="P1Y")
    await pursue(world, "ana", course)
    await world.admin.ok("POST", f"/api/courses/{course['id']}/archive/")
    await open_recertifications(world.worker, datetime.now(UTC) + timedelta(days=360))
    assert len((await world.member().ok("GET", "/api/users/enrollments/"))["items"]) == 1
