"""Members on their way through programs: what is open, what counts, and how they end."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from tests.kit.direct import Database
from tests.kit.learner import Learner, quiz, tree
from tests.kit.programs import PROGRAMS, complete, course, own, published, statuses
from tests.kit.query_counts import counted
from tests.kit.renewals import age, events, mine
from tests.kit.world import World

SKILL = {"skill_id": "leading", "name": "Leading"}


async def test_steps_open_one_after_the_other_and_the_last_completes_the_program(world: World) -> None:
    one, two, three = [await course(world, title) for title in ("One", "Two", "Three")]
    steps = [{"courses": [one]}, {"courses": [two, three]}]
    made = await published(
        world, *steps, ordered=True, mastered_skills=[SKILL], linked_compliance_requirement="hazing"
    )
    ana = world.member()
    first = await ana("POST", f"{PROGRAMS}{made}/enroll/")
    assert (first.status_code, first.json()["status"], first.json()["percent"]) == (201, "in_progress", 0)
    assert (await ana("POST", f"{PROGRAMS}{made}/enroll/")).status_code == 200
    assert await statuses(world) == {one: "assigned"}
    assert [step["open"] for step in (await own(world))["steps"]] == [True, False]
    await complete(world, one)
    assert await statuses(world) == {one: "completed", two: "assigned", three: "assigned"}
    assert {e["source"] for e in await mine(world)} == {"program"}
    seen = await own(world)
    assert (seen["percent"], [step["done"] for step in seen["steps"]]) == (33, [True, False])
    await complete(world, two)
    await complete(world, three)
    seen = await own(world)
    assert (seen["status"], seen["percent"]) == ("completed", 100)
    certificates = (await ana.ok("GET", "/api/users/certificates/"))["items"]
    [its] = [one for one in certificates if one["course_id"] == made]
    assert its["course_title"] == "Officers"
    assert its["id"] == seen["certificate_id"]
    [skill] = (await ana.ok("GET", "/api/users/skills/"))["items"]
    assert (skill["skill_id"], skill["course_id"]) == ("leading", made)
    [status] = (await ana.ok("GET", "/api/users/compliance/"))["items"]
    assert status["status"] == "complete"
    assert made in {e["course_id"] for e in await events(world, "course.completed")}
    again = await ana("POST", f"{PROGRAMS}{made}/enroll/")
    assert (again.status_code, again.json()["code"]) == (409, "already-completed")


async def test_of_a_step_that_needs_some_all_are_open_and_the_rest_is_withdrawn(world: World) -> None:
    one, two, three = [await course(world, title) for title in ("One", "Two", "Three")]
    made = await published(world, {"courses": [one, two], "need": 1}, {"courses": [three]}, certificate=False)
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    assert await statuses(world) == dict.fromkeys((one, two, three), "assigned")
    await complete(world, one)
    assert await statuses(world) == {one: "completed", three: "assigned"}
    await complete(world, two, enroll=True)
    await complete(world, three)
    seen = await own(world)
    assert (seen["status"], seen["certificate_id"]) == ("completed", None)


async def test_what_was_completed_before_counts_also_where_it_expires_inside(
    world: World, database: Database
) -> None:
    one = await course(world, "One", recertification_cadence="P1Y")
    two = await course(world, "Two")
    made = await published(world, {"courses": [one]}, {"courses": [two]}, ordered=True)
    await complete(world, one, enroll=True)
    await complete(world, one, "bob", enroll=True)
    await age(world, database, days=360)
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    assert (await statuses(world))[two] == "assigned"
    await age(world, database, days=30)
    assert (await own(world))["percent"] == 50
    await complete(world, two)
    assert (await own(world))["status"] == "completed"
    bob = await world.member("bob").ok("POST", f"{PROGRAMS}{made}/enroll/")
    assert bob["percent"] == 0, "what had lapsed before does not count"


async def test_completions_from_a_file_take_members_further(world: World) -> None:
    one, two, three = [await course(world, title) for title in ("One", "Two", "Three")]
    made = await published(world, {"courses": [one]}, {"courses": [two, three], "need": 1}, ordered=True)
    for user in ("ana", "bob"):
        await world.member(user).ok("POST", f"{PROGRAMS}{made}/enroll/")
    day = (datetime.now(UTC) - timedelta(days=5)).date()

    async def load(*rows: str) -> None:
        sent = "\n".join(["user_id,course_id,completed_on", *rows]).encode()
        files = {"file": ("rows.csv", sent, "text/csv")}
        await world.admin.ok("POST", "/api/imports/?kind=completions", files=files)

    await load(f"ana,{one},{day}", f"cyd,{one},{day}")
    assert (await own(world))["percent"] == 50
    assert await statuses(world) == {one: "completed", two: "assigned", three: "assigned"}
    assert (await own(world, "bob"))["percent"] == 0
    await load(f"ana,{three},{day}", f"bob,{one},{day}", f"bob,{two},{day}")
    for user in ("ana", "bob"):
        seen = await own(world, user)
        assert (seen["status"], seen["percent"]) == ("completed", 100)
        assert seen["certificate_id"]
    assert await statuses(world) == {one: "completed", three: "completed"}


async def test_whoever_has_done_all_completes_it_by_entering(world: World) -> None:
    one = await course(world, "One")
    made = await published(world, {"courses": [one]})
    await complete(world, one, enroll=True)
    entered = await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    assert (entered["status"], entered["percent"]) == ("completed", 100)


async def test_administrators_assign_it_with_its_due_time(world: World) -> None:
    one = await course(world, "One", self_enrollment=False)
    made = await published(world, {"courses": [one]}, due_in_days=10)
    await complete_by_assignment(world, one, "bob")
    answer = await world.admin.ok(
        "POST", f"{PROGRAMS}{made}/assign/", {"user_ids": ["ana", "bob", "cyd", "nobody"]}
    )
    assert (answer["assigned"], answer["already_enrolled"]) == (3, 0)
    assert answer["skipped"] == [{"user_id": "nobody", "reason": "unknown-member"}]
    ana, bob = await own(world), await own(world, "bob")
    assert (ana["status"], bob["status"]) == ("assigned", "completed")
    assert ana["due_at"] is not None
    assert await statuses(world) == {one: "assigned"}
    again = await world.admin.ok("POST", f"{PROGRAMS}{made}/assign/", {"audience_filter": {}})
    assert (again["assigned"], again["already_enrolled"]) == (2, 2)
    chapter = world.call_as("chad", "chapter_admin:n1")
    denied = await chapter.ok("POST", f"{PROGRAMS}{made}/assign/", {"user_ids": ["dan"]})
    assert denied["skipped"] == [{"user_id": "dan", "reason": "unknown-member"}]
    member = await world.member()("POST", f"{PROGRAMS}{made}/assign/", {"user_ids": ["ana"]})
    assert member.status_code == 403
    await world.run_jobs()


async def complete_by_assignment(world: World, course_id: str, user: str) -> None:
    await world.admin.ok("POST", f"/api/courses/{course_id}/assign/", {"user_ids": [user]})
    await complete(world, course_id, user)


async def test_members_keep_their_version(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await published(world, {"courses": [one]})
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    await world.admin.ok("PATCH", f"{PROGRAMS}{made}/", {"steps": [{"courses": [two]}]})
    await world.admin.ok("POST", f"{PROGRAMS}{made}/publish/")
    await complete(world, one)
    seen = await own(world)
    assert (seen["version"], seen["status"]) == (1, "completed")
    assert (await world.member("bob").ok("POST", f"{PROGRAMS}{made}/enroll/"))["version"] == 2


async def test_two_courses_completed_at_once_complete_the_program_once(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await published(world, {"courses": [one, two], "need": "all"})
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    learners = [await Learner.join(world.member(), each, enroll=False) for each in (one, two)]
    await asyncio.gather(*(learner.read() for learner in learners))
    assert (await own(world))["status"] == "completed"
    assert [e["course_id"] for e in await events(world, "course.completed")].count(made) == 1


async def test_an_attempt_under_way_is_left_when_its_step_is_done_without_it(world: World) -> None:
    one = await course(world, "One")
    tried = (await world.course(tree(quiz(), title="Tried")))["id"]
    made = await published(world, {"courses": [one, tried], "need": 1})
    await world.member().ok("POST", f"{PROGRAMS}{made}/enroll/")
    learner = await Learner.join(world.member(), tried, enroll=False)
    assert (await learner.start()).status_code == 201
    await complete(world, one)
    await learner.submit()
    assert await statuses(world) == {one: "completed", tried: "completed"}


async def test_programs_are_no_courses_in_lists_and_figures(world: World) -> None:
    one = await course(world, "One")
    made = await published(world, {"courses": [one]})
    ana = world.member()
    await ana.ok("POST", f"{PROGRAMS}{made}/enroll/")
    assert [e["course_id"] for e in await mine(world)] == [one]
    progress = await ana.ok("GET", "/api/users/enrollments/progress/")
    assert [e["course_id"] for e in progress["items"]] == [one]
    assert progress["totals"]["assigned"] == 1
    assert progress["totals"]["in_progress"] == 0
    assert (await ana("GET", f"/api/courses/{made}/modules/")).status_code == 404
    [way] = (await world.admin.ok("GET", f"/api/enrollments/?course_id={made}"))["items"]
    assert (way["course_title"], way["percent"]) == ("Officers", 0)
    [entry] = (await world.admin.ok("GET", f"/api/enrollments/?course_id={one}"))["items"]
    told = await world.admin.ok("GET", f"/api/enrollments/{entry['id']}/explain/")
    assert (told["cause"]["kind"], told["cause"]["id"]) == ("program", made)


async def test_a_member_withdrawn_from_a_program_stays_out(world: World) -> None:
    made = await published(world, {"courses": [await course(world, "One")]})
    ana = world.member()
    entered = await ana.ok("POST", f"{PROGRAMS}{made}/enroll/")
    path = f"/api/enrollments/{entered['enrollment_id']}/withdraw/"
    await world.admin.ok("POST", path, {"reason": "moved"})
    assert (await ana.ok("GET", "/api/users/programs/"))["items"] == []
    refused = await ana("POST", f"{PROGRAMS}{made}/enroll/")
    assert (refused.status_code, refused.json()["code"]) == (409, "withdrawn")


async def test_strangers_and_other_regions_are_refused(world: World) -> None:
    one = await course(world, "One")
    made = await published(world, {"courses": [one]}, scope="regional", scope_id="north")
    assert (await world.member("dan")("POST", f"{PROGRAMS}{made}/enroll/")).status_code == 404
    closed = await published(world, {"courses": [one]}, self_enrollment=False)
    assert (await world.member()("POST", f"{PROGRAMS}{closed}/enroll/")).status_code == 403


async def test_a_members_programs_take_three_statements_and_pages(world: World, app: FastAPI) -> None:
    one = await course(world, "One")
    made = [await published(world, {"courses": [one]}) for _ in range(3)]
    ana = world.member()
    for each in made:
        await ana.ok("POST", f"{PROGRAMS}{each}/enroll/")
    with counted(app) as statements:
        page = await ana.ok("GET", "/api/users/programs/?limit=2")
    assert len(statements) == 4, "with the look whether the caller is a member"
    rest = await ana.ok("GET", f"/api/users/programs/?limit=2&cursor={page['next_cursor']}")
    assert [p["program_id"] for p in page["items"] + rest["items"]] == made[::-1]


async def test_a_large_audience_is_a_run_that_opens_the_first_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await course(world, "One")
    made = await published(world, {"courses": [one]})
    monkeypatch.setattr("learning_service.domain.assignments.actions.manual_assignments.MAX_USERS", 2)
    started = await world.admin("POST", f"{PROGRAMS}{made}/assign/", {"audience_filter": {}})
    assert started.status_code == 202, started.text
    await world.run_jobs()
    assert await statuses(world, "dan") == {one: "assigned"}
    assert (await own(world, "eve"))["status"] == "assigned"


async def test_a_program_is_in_the_export_and_goes_with_its_member(world: World) -> None:
    one = await course(world, "One")
    made = await published(world, {"courses": [one]})
    ana = world.member()
    await ana.ok("POST", f"{PROGRAMS}{made}/enroll/")
    await complete(world, one)
    export = await ana.ok("GET", "/api/users/export/")
    assert {e["course_title"] for e in export["enrollments"]} == {"Officers", "One"}
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    await world.run_jobs()
    assert (await ana("GET", "/api/users/programs/")).status_code == 403


@pytest.mark.parametrize("path", ["x", "00000000-0000-7000-8000-000000000000"])
async def test_ids_that_name_nothing_are_not_found(world: World, path: str) -> None:
    for method, verb in (("GET", ""), ("POST", "enroll/")):
        assert (await world.member()(method, f"{PROGRAMS}{path}/{verb}")).status_code == 404
