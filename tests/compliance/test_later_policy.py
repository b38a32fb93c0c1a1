"""A requirement or cadence linked later, and given to what was completed before (`apply_to_existing`)."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.kit.assignments import finish
from tests.kit.compliance import STATUSES
from tests.kit.direct import Database, database
from tests.kit.earned import TREE, Earned, earn
from tests.kit.policies import BOTH, change
from tests.kit.printed import text_of
from tests.kit.renewals import ZONE, age, events, mine
from tests.kit.world import Json, World

from learning_service.domain.certificates.rules.certificates import pdf_key
from learning_service.domain.completion.actions import policy_changes as applying
from learning_service.worker.jobs.completions import expire_completions, open_recertifications

__all__ = ["database"]


async def earn_all(world: World, *users: str) -> list[Earned]:
    """Have each of them complete one course that shows and demands nothing yet."""
    course = await world.course(TREE)
    return [await earn(world, user, course) for user in users]


async def statuses(world: World) -> dict[str, str]:
    return {row["user_id"]: row["status"] for row in (await world.admin.ok("GET", STATUSES))["items"]}


async def printed(world: World, database: Database, certificate_id: str, field: str = "pdf_sha256") -> str:
    """The text of the stored PDF, once the jobs are done."""
    await world.run_jobs()
    sha256 = await database.value(
        f"SELECT {field} FROM certificates WHERE id = $1",
        uuid.UUID(certificate_id),
    )
    return text_of(await world.worker.store.get(pdf_key(sha256)))


def a_year_after(moment: str) -> str:
    """When a completion of that moment expires under `P1Y`."""
    day = datetime.fromisoformat(moment).astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0)
    day = day.replace(microsecond=0, year=day.year + 1) + timedelta(days=1)
    return day.astimezone(ZoneInfo("UTC")).isoformat().replace("+00:00", "Z")


async def test_both_are_given_with_all_that_follows(world: World, database: Database) -> None:
    ana, bob = await earn_all(world, "ana", "bob")
    assert (await ana.verify())["expires_at"] is None
    next_year = str(datetime.now(ZoneInfo(ZONE)).year + 1)
    assert next_year not in await printed(world, database, ana.id)
    before = await database.value("SELECT pdf_sha256 FROM certificates WHERE id = $1", uuid.UUID(ana.id))
    course = await change(world.admin, ana.course, **BOTH)
    assert course.pop("affected") == 2
    seen = await world.admin.ok("GET", f"/api/courses/{course['id']}/")
    assert seen == {**course, "missing_prerequisites": []}
    for one in (ana, bob):
        completed = (await mine(world, one.member.user))[0]["completed_at"]
        expires_at = a_year_after(completed)
        assert (await one.verify())["expires_at"] == expires_at
        [row] = (await one.member.ok("GET", "/api/users/compliance/"))["items"]
        assert (row["status"], row["completed_at"], row["expires_at"]) == ("complete", completed, expires_at)
    assert (await ana.pdf()).status_code == 202
    assert next_year in await printed(world, database, ana.id)
    assert before != await database.value(
        "SELECT pdf_sha256 FROM certificates WHERE id = $1", uuid.UUID(ana.id)
    )
    assert (await ana.pdf()).status_code == 307
    told = await events(world, "compliance.completed")
    assert sorted((e["user_id"], e["requirement_id"]) for e in told) == [("ana", "hazing"), ("bob", "hazing")]
    assert {e["expires_at"] for e in told} == {expires_at}
    updated = await events(world, "completion.updated")
    assert {(e["user_id"], e["expires_at"]) for e in updated} == {("ana", expires_at), ("bob", expires_at)}
    details = await database.value(
        "SELECT details FROM audit_entries WHERE organization_id = $1 AND action = 'course.policy_applied'",
        world.id,
    )
    assert '"affected": 2' in details


async def test_a_dry_run_counts_and_a_second_call_finds_nothing(world: World, database: Database) -> None:
    ana, _ = await earn_all(world, "ana", "bob")
    before = await database.digests(world.id)
    course = await change(world.admin, ana.course, "?dry_run=true", **BOTH)
    assert (course["affected"], course["recertification_cadence"]) == (2, None)
    assert await database.digests(world.id) == before
    assert (await change(world.admin, ana.course, **BOTH))["affected"] == 2
    told = await events(world, "compliance.completed")
    assert (await change(world.admin, ana.course, "?dry_run=true", **BOTH))["affected"] == 0
    # What has one keeps it, whatever the course's is by now.
    again = await change(world.admin, ana.course, recertification_cadence="P2Y")
    assert (again["affected"], again["recertification_cadence"]) == (0, "P2Y")
    assert (await change(world.admin, ana.course, **BOTH))["affected"] == 0
    assert await events(world, "compliance.completed") == told
    expires_at = (await ana.verify())["expires_at"]
    assert expires_at == a_year_after((await mine(world))[0]["completed_at"])


async def test_policy_alone_changes_nothing_of_the_past(world: World) -> None:
    [ana] = await earn_all(world, "ana")
    course = await world.admin.ok("PATCH", f"/api/courses/{ana.course['id']}/", BOTH)
    assert "affected" not in course
    assert (await ana.verify())["expires_at"] is None
    assert (await statuses(world))["ana"] == "not_started"
    # Sent again, it is given to them: that is how somebody who forgot it the first time says so.
    assert (await change(world.admin, ana.course, **BOTH))["affected"] == 1
    assert (await statuses(world))["ana"] == "complete"


async def test_each_is_given_where_it_lacks(world: World, database: Database) -> None:
    course = await world.course(TREE, linked_compliance_requirement="hazing")
    ana = await earn(world, "ana", course)
    path = f"/api/courses/{course['id']}/"
    await world.admin.ok("PATCH", path, {**BOTH, "linked_compliance_requirement": None})
    bob = await earn(world, "bob", course)
    expires_at = (await bob.verify())["expires_at"]
    sha256 = await printed(world, database, bob.id)
    answer = await change(world.admin, course, linked_compliance_requirement="hazing")
    assert (answer["affected"], answer["recertification_cadence"]) == (1, "P1Y")
    assert ((await ana.verify())["expires_at"], (await bob.verify())["expires_at"]) == (None, expires_at)
    assert sha256 == await printed(world, database, bob.id)
    assert (await change(world.admin, course, recertification_cadence="P1Y"))["affected"] == 1
    assert (await ana.verify())["expires_at"] == expires_at
    [row] = (await ana.member.ok("GET", "/api/users/compliance/"))["items"]
    assert row["expires_at"] == expires_at
    assert [e["user_id"] for e in await events(world, "compliance.completed")] == ["ana", "bob"]


async def test_what_expired_long_ago_is_expired_and_renewed(world: World, database: Database) -> None:
    [ana] = await earn_all(world, "ana")
    await age(world, database, days=500)
    assert (await change(world.admin, ana.course, **BOTH))["affected"] == 1
    assert (await ana.verify())["status"] == "expired"
    assert (await statuses(world))["ana"] == "expired"
    assert await events(world, "compliance.completed") == []
    await expire_completions(world.worker, None)
    assert [e["user_id"] for e in await events(world, "compliance.expired")] == ["ana"]
    await open_recertifications(world.worker, None)
    renewal = (await mine(world))[0]
    assert (renewal["source"], renewal["status"]) == ("recertification", "assigned")
    assert (await statuses(world))["ana"] == "pending"
    await finish(world, "ana", ana.course["id"])
    assert (await ana.verify())["status"] == "superseded"
    assert (await statuses(world))["ana"] == "complete"


async def test_revoked_and_erased_ones_stay_and_reissued_ones_follow(
    world: World, database: Database
) -> None:
    ana, bob, cyd = await earn_all(world, "ana", "bob", "cyd")
    assert (await ana.revoke()).status_code == 200
    await world.directory.ok("DELETE", "/api/directory/members/bob/")
    new = (await cyd.reissue()).json()["id"]
    await printed(world, database, cyd.id, "marked_sha256")
    assert (await change(world.admin, ana.course, **BOTH))["affected"] == 1
    assert (await ana.verify())["expires_at"] is (await bob.verify())["expires_at"] is None
    expires_at = (await cyd.verify(new))["expires_at"]
    assert expires_at == (await cyd.verify())["expires_at"] is not None
    year = expires_at[:4]
    assert year in await printed(world, database, new)
    assert year in await printed(world, database, cyd.id, "marked_sha256")
    assert {u: s for u, s in (await statuses(world)).items() if u in ("ana", "cyd")} == {
        "ana": "not_started",
        "cyd": "complete",
    }


async def test_a_pdf_under_way_does_not_bring_the_old_one_back(
    world: World, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    [ana] = await earn_all(world, "ana")
    run = world.worker.processes.run
    changed = False

    async def meanwhile(*arguments: Any) -> Any:
        nonlocal changed
        drawn = await run(*arguments)
        if not changed:
            changed = True
            await change(world.admin, ana.course, **BOTH)
        return drawn

    monkeypatch.setattr(world.worker.processes, "run", meanwhile)
    await world.run_jobs()
    assert changed
    expires_at = (await ana.verify())["expires_at"]
    assert expires_at[:4] in await printed(world, database, ana.id)


async def test_two_at_once_give_it_once(world: World) -> None:
    ana, *_ = await earn_all(world, "ana", "bob", "cyd")
    answers = await asyncio.gather(*(change(world.admin, ana.course, **BOTH) for _ in range(4)))
    assert sorted(answer["affected"] for answer in answers) == [0, 0, 0, 3]
    assert len(await events(world, "compliance.completed")) == 3


async def test_who_completes_at_the_same_time_has_it_too(world: World) -> None:
    course = await world.course(TREE)
    users: Sequence[str] = ("ana", "bob", "cyd", "dan", "eve")
    lessons = {}
    for user in users:
        member = world.member(user)
        await member.ok("POST", f"/api/courses/{course['id']}/enroll/")
        modules = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
        lessons[user] = modules["items"][0]["items"][0]["id"]
    done = [world.member(user).ok("POST", f"/api/lessons/{lessons[user]}/complete/") for user in users]
    await asyncio.gather(*done[:3], change(world.admin, course, **BOTH), *done[3:])
    for user in users:
        [certificate] = (await world.member(user).ok("GET", "/api/users/certificates/"))["items"]
        assert certificate["expires_at"] is not None
        assert (await statuses(world))[user] == "complete"


async def test_more_than_one_portion_is_finished_by_the_worker(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "BATCH", 2)
    earned = await earn_all(world, "ana", "bob", "cyd", "dan", "eve")
    assert (await change(world.admin, earned[0].course, **BOTH))["affected"] == 5
    await world.run_jobs()
    assert all([(await one.verify())["expires_at"] for one in earned])
    assert set((await statuses(world)).values()) == {"complete"}


async def test_who_may_not_link_may_not_give(world: World, database: Database) -> None:
    course = await world.course(TREE, scope="regional", scope_id="north", **BOTH)
    await world.admin.ok("PATCH", "/api/compliance-requirements/hazing/", {"linkable_by": ["national_admin"]})
    region = world.call_as("rex", "regional_admin:north")
    before = await database.digests(world.id)
    for query in ("", "?dry_run=true"):
        answer = await region(
            "PATCH", f"/api/courses/{course['id']}/{query}", {**BOTH, "apply_to_existing": True}
        )
        assert answer.status_code == 403
    assert await database.digests(world.id) == before
    assert (await change(region, course, recertification_cadence="P1Y"))["affected"] == 0


BAD_WISHES: list[tuple[str, Json]] = [
    ("", {"apply_to_existing": "yes"}),
    ("", {"apply_to_existing": None}),
    ("", {"apply_to_existing": 1}),
    ("?dry_run=maybe", {"apply_to_existing": True}),
    ("?dryrun=true", {"apply_to_existing": True}),
    ("", {"apply_to_existing": True, "recertification_cadence": "P0D"}),
    ("", {"apply_to_existing": True, "linked_compliance_requirement": "nobody-knows"}),
]


async def test_bad_wishes_change_nothing(world: World, database: Database) -> None:
    [ana] = await earn_all(world, "ana")
    before = await database.digests(world.id)
    for query, body in BAD_WISHES:
        answer = await world.admin("PATCH", f"/api/courses/{ana.course['id']}/{query}", body)
        assert answer.status_code == 422, ((query, body), answer.text)
        assert await database.digests(world.id) == before, (query, body)
