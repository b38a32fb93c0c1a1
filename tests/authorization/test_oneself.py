"""Whoever administers everybody still grants nothing to themselves."""

from typing import Any

import pytest
from tests.kit.earned import Earned, earn
from tests.kit.quiz_taker import quiz, quiz_taker, tree
from tests.kit.world import Caller, World, choice

ROLES = ("national_admin", "regional_admin:north", "chapter_admin:n1")


def refused(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), answer.text


@pytest.mark.parametrize("role", ROLES)
async def test_nobody_gives_themselves_time_or_attempts(world: World, role: str) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=1)))
    path = f"/api/enrollments/{ana.enrollment_id}/"
    grant = {"quiz_id": ana.quiz_id, "reason": "I want to"}
    calls: list[tuple[str, str, Any]] = [
        ("PATCH", path, {"extra_time_seconds": 600, "reason": "I want to"}),
        ("PATCH", path, {"due_at": "2999-01-01T00:00:00Z"}),
        ("PATCH", path, {"odd": 1}),
        ("POST", f"{path}attempts/", grant),
    ]
    before = await world.admin.ok("GET", f"{path}explain/")
    for method, where, body in calls:
        refused(await world.call_as("ana", role)(method, where, body))
    assert await world.admin.ok("GET", f"{path}explain/") == before
    assert (await world.call_as("ana", "national_admin")("GET", path)).status_code == 200
    for method, where, body in (calls[0], calls[3]):
        await world.call_as("bob", "national_admin").ok(method, where, body)


@pytest.mark.parametrize("role", ROLES[:2])
async def test_nobody_reissues_or_revokes_their_own_certificate(world: World, role: str) -> None:
    earned: Earned = await earn(world)
    myself: Caller = world.call_as("ana", role)
    refused(await earned.reissue(myself))
    refused(await earned.revoke(myself))
    refused(await earned.revoke(myself, odd=1))
    assert (await earned.verify())["status"] == "valid"
    assert (await earned.reissue(world.call_as("bob", role))).status_code == 201


@pytest.mark.parametrize("role", ROLES)
async def test_nobody_starts_anew_by_their_own_word(world: World, role: str) -> None:
    """A new enrollment has all attempts again; others named in the same call get theirs."""
    ana = await quiz_taker(world, tree(quiz(choice(), max_attempts=1)))
    bob = await quiz_taker(world, {}, "bob", ana.course)
    for who in (ana, bob):
        await who.answer({"texts": ["wrong"]})
        assert await who.status() == "failed"
    path = f"/api/courses/{ana.course['id']}/assign/"
    done = await world.call_as("ana", role).ok("POST", path, {"user_ids": ["ana", "bob", "nobody", "ana"]})
    assert done == {
        "assigned": 1,
        "already_enrolled": 0,
        "skipped": [
            {"user_id": "ana", "reason": "failed"},
            {"user_id": "nobody", "reason": "unknown-member"},
        ],
    }
    mine = (await ana.call.ok("GET", "/api/users/enrollments/"))["items"]
    assert [one["status"] for one in mine] == ["failed"]
    anew = await world.call_as("bob", role).ok("POST", path, {"user_ids": ["ana"]})
    assert anew["assigned"] == 1
