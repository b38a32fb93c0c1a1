"""Exempt members and those with evidence in programs: what counts as done, how long, and what comes of it."""

from typing import Any

from tests.kit.direct import Database
from tests.kit.evidence import decide, send_in
from tests.kit.programs import PROGRAMS, complete, course, own, published, statuses
from tests.kit.renewals import age, events, mine
from tests.kit.world import Json, World

from learning_service.worker.jobs.completions import open_recertifications

EXEMPTIONS = "/api/exemptions/"
SKILL = {"skill_id": "leading", "name": "Leading"}
HAZING = {"linked_compliance_requirement": "hazing"}
RUN_OUT = "UPDATE exemptions SET expires_at = now() - interval '1 hour' WHERE organization_id = $1"


async def exempt(world: World, **what: Any) -> Json:
    made: Json = await world.admin.ok("POST", EXEMPTIONS, {"user_id": "ana", "reason": "A judge", **what})
    await world.run_jobs()
    return made


async def prove(world: World, **facts: Any) -> Json:
    made = await decide(world, await send_in(world), **facts)
    await world.run_jobs()
    return made


async def enter(world: World, program: str) -> Json:
    made: Json = await world.member().ok("POST", f"{PROGRAMS}{program}/enroll/")
    return made


def shown(program: Json) -> list[tuple[bool, str | None]]:
    return [(one["done"], one["excused"]) for step in program["steps"] for one in step["courses"]]


async def held(world: World, what: str) -> list[Json]:
    return list((await world.member().ok("GET", f"/api/users/{what}/"))["items"])


async def test_an_exempt_member_completes_the_program_by_the_rest(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await published(
        world, {"courses": [one]}, {"courses": [two]}, ordered=True, mastered_skills=[SKILL]
    )
    await exempt(world, course_id=one)
    entered = await enter(world, made)
    assert (entered["status"], entered["percent"]) == ("in_progress", 50)
    assert shown(entered) == [(True, "exempt"), (False, None)]
    assert await statuses(world) == {two: "assigned"}
    await complete(world, two)
    seen = await own(world)
    assert (seen["status"], seen["certificate_id"] is None) == ("completed", False)
    assert [one["skill_id"] for one in await held(world, "skills")] == ["leading"]


async def test_exempted_on_the_way_the_next_step_opens_and_the_last_completes(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two", **HAZING)
    made = await published(world, {"courses": [one]}, {"courses": [two]}, ordered=True)
    await enter(world, made)
    await exempt(world, course_id=one)
    assert await statuses(world) == {one: "assigned", two: "assigned"}, "what is open stays so"
    await complete(world, one)
    assert shown(await own(world)) == [(True, None), (False, None)], "completed goes before exempt"
    await exempt(world, requirement_id="hazing")
    seen = await own(world)
    assert (seen["status"], seen["certificate_id"] is None) == ("completed", False)


async def test_who_did_nothing_completes_without_certificate_and_skills(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two", **HAZING)
    named = {"organization_id": world.id, "name": "Officers"}
    await world.directory.ok("PUT", "/api/directory/compliance-requirements/officers/", named)
    made = await published(
        world,
        {"courses": [one]},
        {"courses": [two]},
        mastered_skills=[SKILL],
        linked_compliance_requirement="officers",
    )
    await exempt(world, course_id=one)
    await prove(world)
    entered = await enter(world, made)
    assert (entered["status"], entered["percent"], entered["certificate_id"]) == ("completed", 100, None)
    assert shown(entered) == [(True, "exempt"), (True, "evidence")]
    assert await held(world, "skills") == []
    assert not any(one["course_id"] == made for one in await held(world, "certificates"))
    status = {row["requirement_id"]: row["status"] for row in await held(world, "compliance")}
    assert status["officers"] == "complete"
    assert made in {e["course_id"] for e in await events(world, "course.completed")}


async def test_an_exemption_that_is_taken_back_asks_for_the_course_again(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await published(world, {"courses": [one]}, {"courses": [two]}, ordered=True)
    granted = await exempt(world, course_id=one)
    await enter(world, made)
    await world.admin.ok("DELETE", f"{EXEMPTIONS}{granted['id']}/")
    await world.run_jobs()
    assert await statuses(world) == {one: "assigned", two: "assigned"}
    await complete(world, two)
    assert (await own(world))["percent"] == 50
    await complete(world, one)
    assert (await own(world))["status"] == "completed"


async def test_one_that_ends_by_itself_asks_for_the_course_once(world: World, database: Database) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await published(world, {"courses": [one]}, {"courses": [two]}, ordered=True)
    await exempt(world, course_id=one, expires_on="2030-06-30")
    await enter(world, made)
    await database(RUN_OUT, world.id)
    assert (await own(world))["percent"] == 0
    for _ in range(2):
        await open_recertifications(world.worker, None)
        await world.run_jobs()
    assert await statuses(world) == {one: "assigned", two: "assigned"}
    settled = "SELECT count(*) FROM exemptions WHERE organization_id = $1 AND settled_at IS NOT NULL"
    assert await database.value(settled, world.id) == 1


async def test_evidence_counts_until_it_is_taken_back_and_beyond_its_end(
    world: World, database: Database
) -> None:
    one, two = await course(world, "One", **HAZING), await course(world, "Two")
    made = await published(world, {"courses": [one]}, {"courses": [two]}, ordered=True)
    await enter(world, made)
    proof = await prove(world, expires_on="2030-06-30")
    assert shown(await own(world)) == [(True, "evidence"), (False, None)]
    assert (await statuses(world))[two] == "assigned"
    await database("UPDATE evidence SET expires_at = now() WHERE organization_id = $1", world.id)
    assert (await own(world))["percent"] == 50, "as a completion that expires inside"
    await decide(world, proof, decision="reject", reason="It was forged")
    await world.run_jobs()
    assert (await own(world))["percent"] == 0
    await complete(world, two)
    assert (await own(world))["status"] == "in_progress"
    await complete(world, one)
    assert (await own(world))["status"] == "completed"


async def test_a_renewal_counts_who_is_exempt_too(world: World, database: Database) -> None:
    one, two = await course(world, "One"), await course(world, "Two")
    made = await published(world, {"courses": [one]}, {"courses": [two]}, recertification_cadence="P1Y")
    await enter(world, made)
    for each in (one, two):
        await complete(world, each)
    await exempt(world, course_id=one)
    await age(world, database, days=360)
    await open_recertifications(world.worker, None)
    await world.run_jobs()
    ways = (await world.member().ok("GET", "/api/users/programs/"))["items"]
    assert shown(ways[0]) == [(True, "exempt"), (False, None)]
    assert [e["course_id"] for e in await mine(world) if e["status"] == "assigned"] == [two]


async def test_what_is_excused_is_of_its_member_and_its_program_alone(world: World) -> None:
    one, two = await course(world, "One"), await course(world, "Two", **HAZING)
    made = await published(world, {"courses": [one]}, {"courses": [two]})
    await exempt(world, course_id=one)
    await exempt(world, requirement_id="hazing")
    bob = await world.member("bob").ok("POST", f"{PROGRAMS}{made}/enroll/")
    assert (bob["percent"], shown(bob)) == (0, [(False, None), (False, None)])
    other = await published(world, {"courses": [await course(world, "Three")]})
    assert (await enter(world, other))["percent"] == 0
