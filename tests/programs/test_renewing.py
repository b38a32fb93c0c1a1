"""Programs that are renewed as a whole: when, what is asked for anew, and what is known of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.kit.compliance import REPORT
from tests.kit.direct import Database
from tests.kit.learner import Learner
from tests.kit.moving import course_tree, edited, enters, items_of, publishes, reads, takes
from tests.kit.programs import PROGRAMS, complete, course, own, published, statuses
from tests.kit.renewals import age, mine
from tests.kit.world import Json, World

from learning_service.worker.jobs.completions import expire_completions, open_recertifications

FORECAST = "/api/reports/compliance/forecast/"


async def ways(world: World, user: str = "ana") -> list[Json]:
    """A member's ways through programs, newest first."""
    return list((await world.member(user).ok("GET", "/api/users/programs/"))["items"])


async def completed(world: World, *courses: str, user: str = "ana", **changes: Any) -> str:
    """A program of a year with each of these courses as a step, which the member has completed."""
    steps = [{"courses": [one]} for one in courses]
    made = await published(world, *steps, **{"recertification_cadence": "P1Y", **changes})
    await world.member(user).ok("POST", f"{PROGRAMS}{made}/enroll/")
    for one in courses:
        await complete(world, one, user)
    assert (await own(world, user))["status"] == "completed"
    return made


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_the_setting_can_be_read_changed_and_taken_away(world: World) -> None:
    one = await course(world, "One")
    made = await published(world, {"courses": [one]}, recertification_cadence="P1Y")
    path = f"{PROGRAMS}{made}/"
    assert (await world.admin.ok("GET", path))["recertification_cadence"] == "P1Y"
    assert (await world.member().ok("GET", path))["recertification_cadence"] == "P1Y"
    changed = await world.admin.ok("PATCH", path, {"recertification_cadence": "P18M"})
    assert (changed["recertification_cadence"], changed["draft_version"]) == ("P18M", None)
    changed = await world.admin.ok("PATCH", path, {"recertification_cadence": None})
    assert changed["recertification_cadence"] is None
    for wrong in ("P0D", "P1Y1H", "PT5M", "P101Y", 12, ""):
        refused = await world.admin("PATCH", path, {"recertification_cadence": wrong})
        assert refused.status_code == 422, wrong
    assert (await world.member()("PATCH", path, {"recertification_cadence": "P1D"})).status_code == 403


async def test_a_renewal_opens_before_the_end_and_asks_for_every_course_anew(
    world: World, database: Database
) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await completed(world, one, two, ordered=True, linked_compliance_requirement="hazing")
    [first] = await ways(world)
    assert day(first["expires_at"]) > day(first["renewal_opens_at"]) > datetime.now(UTC)
    await age(world, database, days=300)
    await open_recertifications(world.worker, None)
    assert len(await ways(world)) == 1, "the window has not begun"
    await age(world, database, days=50)
    for _ in range(2):
        await open_recertifications(world.worker, None)
    renewal, first = await ways(world)
    assert (renewal["status"], renewal["percent"], renewal["renewal"]) == ("assigned", 0, True)
    assert (first["status"], first["percent"], first["renewal"]) == ("completed", 100, False)
    assert renewal["due_at"] == first["expires_at"]
    assert [step["open"] for step in renewal["steps"]] == [True, False]
    open_ = [(e["course_id"], e["source"]) for e in await mine(world) if e["status"] == "assigned"]
    assert open_ == [(one, "program")]
    await complete(world, one)
    assert (await ways(world))[0]["percent"] == 50
    assert (await statuses(world))[two] in ("assigned", "completed")
    await complete(world, two)
    renewal, first = await ways(world)
    assert (renewal["status"], renewal["percent"]) == ("completed", 100)
    assert day(renewal["expires_at"]) - day(first["expires_at"]) > timedelta(days=364)
    certificates = (await world.member().ok("GET", "/api/users/certificates/"))["items"]
    assert sorted(c["status"] for c in certificates if c["course_id"] == made) == ["valid", "valid"]
    assert sorted(c["status"] for c in certificates if c["course_id"] == one) == ["superseded", "valid"]
    [status] = (await world.member().ok("GET", "/api/users/compliance/"))["items"]
    assert (status["status"], status["expires_at"]) == ("complete", renewal["expires_at"])


async def test_one_that_lapses_is_forecast_expires_and_can_be_renewed_late(
    world: World, database: Database
) -> None:
    one = await course(world, "One")
    made = await completed(world, one, linked_compliance_requirement="hazing")
    await age(world, database, days=350)
    [lapse] = (await world.admin.ok("GET", f"{FORECAST}?days=90"))["items"]
    assert (lapse["user_id"], lapse["under_way"]) == ("ana", False)
    await open_recertifications(world.worker, None)
    [lapse] = (await world.admin.ok("GET", f"{FORECAST}?days=90"))["items"]
    assert lapse["under_way"] is True
    report = (await world.admin.ok("GET", REPORT))["totals"]
    assert (report["complete"], report["expiring_30"]) == (1, 1)
    await age(world, database, days=30)
    await expire_completions(world.worker, None)
    report = (await world.admin.ok("GET", REPORT))["totals"]
    assert (report["complete"], report["pending"], report["overdue"]) == (0, 1, 0)
    before = (datetime.now(UTC) - timedelta(days=60)).date()
    past = await world.admin.ok("GET", f"{REPORT}?as_of={before}")
    assert past["totals"]["complete"] == 1
    await complete(world, one)
    newest, _ = await ways(world)
    assert (newest["program_id"], newest["status"]) == (made, "completed")
    assert (await world.admin.ok("GET", REPORT))["totals"]["complete"] == 1


async def test_a_course_that_was_renewed_since_counts_and_the_rest_of_a_step_is_offered_again(
    world: World, database: Database
) -> None:
    yearly = await course(world, "Yearly", recertification_cadence="P6M")
    two, three = await course(world, "Two"), await course(world, "Three")
    made = await published(
        world, {"courses": [yearly]}, {"courses": [two, three], "need": 1}, recertification_cadence="P1Y"
    )
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    await complete(world, yearly)
    await complete(world, two)
    assert await statuses(world) == {yearly: "completed", two: "completed"}
    await age(world, database, days=170)
    await open_recertifications(world.worker, None)
    await complete(world, yearly)
    await age(world, database, days=180)
    await open_recertifications(world.worker, None)
    renewal = (await ways(world))[0]
    assert renewal["renewal"] is True
    assert [step["done"] for step in renewal["steps"]] == [True, False]
    assert renewal["percent"] == 50
    open_ = {e["course_id"] for e in await mine(world) if e["status"] == "assigned"}
    assert {two, three} <= open_, "the one that was not needed is offered again"
    await complete(world, three)
    assert (await ways(world))[0]["status"] == "completed"


@pytest.mark.parametrize("asks", ["full", "delta"])
async def test_its_courses_are_renewed_as_each_of_them_says(
    world: World, database: Database, asks: str
) -> None:
    made = await world.course(course_tree(), recertification=asks)
    ana = await enters(world, made)
    await reads(ana, made, "What it is", "What to do")
    await takes(ana, made)
    await takes(ana, made, "Final")
    program = await published(world, {"courses": [made["id"]]}, recertification_cadence="P1Y")
    assert (await ana.ok("POST", f"{PROGRAMS}{program}/enroll/"))["status"] == "completed"
    tree = await edited(world, made)
    tree["modules"][0]["items"][2]["body_html"] = "<p>Act otherwise.</p>"
    await publishes(world, made, tree)
    await age(world, database, days=350)
    await open_recertifications(world.worker, None)
    page = await ana.ok("GET", f"/api/courses/{made['id']}/modules/")
    kept = [title for title, one in items_of(page).items() if one["completed_at"] is not None]
    assert ("What it is" in kept) == (asks == "delta")
    assert "What to do" not in kept


async def test_members_renew_it_themselves_inside_the_window(world: World, database: Database) -> None:
    one = await course(world, "One")
    made = await completed(world, one)
    ana = world.member()
    early = await ana("POST", f"{PROGRAMS}{made}/enroll/")
    assert (early.status_code, early.json()["code"]) == (409, "already-completed")
    await age(world, database, days=350)
    entered = await ana("POST", f"{PROGRAMS}{made}/enroll/")
    assert (entered.status_code, entered.json()["renewal"], entered.json()["percent"]) == (201, True, 0)
    await open_recertifications(world.worker, None)
    assert len(await ways(world)) == 2
    await complete(world, one)
    assert (await ways(world))[0]["status"] == "completed"


async def test_what_a_revoked_renewal_was_made_of_does_not_count_again(
    world: World, database: Database
) -> None:
    one = await course(world, "One")
    made = await completed(world, one)
    await age(world, database, days=350)
    await open_recertifications(world.worker, None)
    await complete(world, one)
    newest = (await ways(world))[0]
    path = f"/api/certificates/{newest['certificate_id']}/revoke/"
    await world.admin.ok("POST", path, {"reason": "not their own work"})
    await open_recertifications(world.worker, None)
    again = (await ways(world))[0]
    assert (again["program_id"], again["status"], again["percent"]) == (made, "assigned", 0)
    await complete(world, one)
    assert (await ways(world))[0]["status"] == "completed"


async def test_without_a_cadence_only_its_courses_are_renewed(world: World, database: Database) -> None:
    one = await course(world, "One", recertification_cadence="P1Y")
    await completed(world, one, recertification_cadence=None)
    await age(world, database, days=350)
    await open_recertifications(world.worker, None)
    [way] = await ways(world)
    assert (way["expires_at"], way["renewal_opens_at"]) == (None, None)
    newest = (await mine(world))[0]
    assert (newest["course_id"], newest["source"]) == (one, "recertification")
    learner = await Learner.join(world.member(), one, enroll=False)
    await learner.read()
    assert len(await ways(world)) == 1


async def test_who_is_exempt_or_not_active_gets_no_renewal(world: World, database: Database) -> None:
    one = await course(world, "One")
    made = await completed(world, one, linked_compliance_requirement="hazing")
    await world.member("bob").ok("POST", f"{PROGRAMS}{made}/enroll/")
    await complete(world, one, "bob")
    await world.admin.ok(
        "POST", "/api/exemptions/", {"user_id": "ana", "requirement_id": "hazing", "reason": "on leave"}
    )
    await age(world, database, days=350)
    await open_recertifications(world.worker, None)
    assert [len(await ways(world, user)) for user in ("ana", "bob")] == [1, 2]
