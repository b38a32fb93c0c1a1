"""Erasure: nothing personal is left anywhere, what others rely on is, and nobody inherits it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.kit.directory import counts, event
from tests.kit.world import World, small_tree
from tests.privacy.history import SECRETS, USER, History, learn, places_with

PATH = f"/api/directory/members/{USER}/"


@pytest.fixture
async def lived(world: World) -> History:
    """A member with a whole history."""
    return await learn(world)


async def erase(world: World, path: str = PATH) -> httpx.Response:
    return await world.directory("DELETE", path)


@pytest.mark.long
async def test_nothing_personal_is_left_anywhere(world: World, lived: History) -> None:
    before = await places_with(world, SECRETS)
    assert {"members.display_name", "certificates.recipient_name", "quiz_attempts.responses"} <= set(before)
    assert [place for place in before if place.endswith(".pdf")]
    answer = await erase(world)
    assert (answer.status_code, answer.content) == (204, b"")
    await world.run_jobs()
    assert await places_with(world, SECRETS) == []
    assert (await erase(world)).status_code == 404


async def test_what_others_rely_on_stays(world: World, lived: History) -> None:
    old, new = lived.certificates
    seen = (await world.http.get(f"/api/certificates/{new}/verify/")).json()
    assert (await erase(world)).status_code == 204
    after = await world.http.get(f"/api/certificates/{new}/verify/")
    assert (after.status_code, after.json()) == (200, {**seen, "recipient_name": None})
    assert (await world.http.get(f"/certificates/{new}/verify/")).status_code == 200
    assert (await world.http.get(f"/api/certificates/{old}/verify/")).json()["status"] == "superseded"
    for caller in (lived.member, world.admin, world.call_as("r", "regional_admin:north")):
        gone = await caller("GET", f"/api/certificates/{new}/pdf/")
        assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    stranger = await world.member("bob")("GET", f"/api/certificates/{new}/pdf/")
    assert stranger.status_code == 404
    audit = await rows(world, "SELECT count(*) FROM audit_entries WHERE organization_id = :id")
    assert audit[0][0] > 10


async def test_the_erased_are_nobody(world: World, lived: History) -> None:
    await erase(world)
    me = lived.member
    assert (await me.ok("GET", "/api/me/"))["is_member"] is False
    for path in ("/api/users/enrollments/", "/api/users/export/", "/api/users/certificates/"):
        refused = await me("GET", path)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-a-member")
    late = event(1, user=USER) | {"time": (datetime.now(UTC) + timedelta(minutes=1)).isoformat()}
    assert await counts(world, [late]) == (0, 0, 1, 0)
    assert await counts(world, [late]) == (0, 1, 0, 0)
    assert (await me.ok("GET", "/api/me/"))["is_member"] is False
    queue = await world.admin.ok("GET", "/api/learning/grading/pending/")
    assert queue["items"] == []
    found = await rows(world, "SELECT status FROM enrollments WHERE organization_id = :id ORDER BY status")
    assert [status for (status,) in found] == ["completed", "failed"]


async def test_a_new_member_with_the_old_id_starts_with_nothing(world: World, lived: History) -> None:
    await erase(world)
    again = await world.directory(
        "PUT",
        PATH,
        {"chapter_id": "s1", "status": "active", "display_name": "Somebody Else", "email": None},
    )
    assert again.status_code == 201
    for path in ("enrollments", "certificates", "skills"):
        assert (await lived.member.ok("GET", f"/api/users/{path}/"))["items"] == []
    statuses = (await lived.member.ok("GET", "/api/users/compliance/"))["items"]
    assert {(s["status"], s["completed_at"]) for s in statuses} == {("not_started", None)}
    assert (await world.admin.ok("GET", f"/api/certificates/?user_id={USER}"))["items"] == []
    document = await lived.member.ok("GET", "/api/users/export/")
    assert (document["attempts"], document["activity"], document["completions"]) == ([], [], [])
    made = await lived.member("POST", f"/api/courses/{lived.course['id']}/enroll/")
    assert made.status_code == 201
    assert (await lived.member("GET", f"/api/certificates/{lived.certificates[1]}/pdf/")).status_code == 410
    later = event(1, user=USER, status="alumna") | {"time": datetime.now(UTC).isoformat()}
    assert await counts(world, [later]) == (1, 0, 0, 0)
    seen = (await world.http.get(f"/api/certificates/{lived.certificates[1]}/verify/")).json()
    assert seen["recipient_name"] is None
    assert (await erase(world)).status_code == 204
    assert (await erase(world)).status_code == 404


async def test_a_parked_event_waits_for_a_stranger_but_not_for_the_erased(world: World) -> None:
    await world.add_member("gone")
    assert (await erase(world, "/api/directory/members/gone/")).status_code == 204
    assert await counts(world, event(1, user="gone", custom_fields={"nick": "Zed"})) == (0, 0, 1, 0)
    await world.add_member("gone", status="active")
    found = await rows(
        world, "SELECT custom_fields FROM members WHERE organization_id = :id AND user_id = 'gone'"
    )
    assert found[0][0] == {}


async def test_who_may_erase_whom(world: World, other_world: World) -> None:
    for caller in (world.member(), world.admin):
        assert (await caller("DELETE", "/api/directory/members/ana/")).status_code == 403
    for user in ("nobody", "a%20b", "x" * 200, "%00"):
        assert (await erase(world, f"/api/directory/members/{user}/")).status_code == 404
    await other_world.add_member("theirs")
    assert (await erase(world, "/api/directory/members/theirs/")).status_code == 404
    assert (await other_world.call_as("theirs").ok("GET", "/api/me/"))["is_member"] is True


@pytest.mark.long
async def test_erasing_while_learning_leaves_nothing(world: World) -> None:
    course = await world.course(small_tree(assessment=None))
    for n in range(4):
        user = f"busy-{n}"
        await world.add_member(user, display_name=f"Wolfeschlegel {user}")
        member = world.call_as(user)
        await member.ok("POST", f"/api/courses/{course['id']}/enroll/")
        modules = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
        lesson, quiz = modules["items"][0]["items"]
        shown = await member.ok("GET", f"/api/quizzes/{quiz['id']}/")
        right = [a["id"] for a in shown["questions"][0]["answers"] if a["text"] == "right"]
        body = {"responses": [{"question_id": shown["questions"][0]["id"], "answer_ids": right}]}
        answers: Any = await asyncio.gather(
            member("POST", f"/api/lessons/{lesson['id']}/complete/"),
            member("POST", f"/api/quizzes/{quiz['id']}/submit/", body),
            erase(world, f"/api/directory/members/{user}/"),
        )
        assert [a.status_code for a in answers if a.status_code >= 500] == []
        assert answers[2].status_code == 204
        left = await rows(
            world,
            "SELECT (SELECT count(*) FROM enrollments WHERE organization_id = :id AND user_id = 'busy-"
            f"{n}') + (SELECT count(*) FROM quiz_attempts WHERE organization_id = :id AND user_id = 'busy-{n}')",
        )
        assert left[0][0] == 0
    await world.run_jobs()
    assert await places_with(world, ("Wolfeschlegel",)) == []


async def rows(world: World, statement: str) -> list[Any]:
    async with world.worker.transaction(world.id) as session:
        return list((await session.execute(text(statement), {"id": world.id})).all())
