"""A kept answer is for those who may still make the call, and large ones are kept small."""

import uuid

import pytest
from sqlalchemy import text
from tests.kit.world import World

from learning_service.domain.records.idempotency import forget_replies

COURSE = {"title": "Ethics", "scope": "national"}


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


async def test_who_has_lost_the_role_does_not_get_the_answer(world: World) -> None:
    """Judged by the permission (create), by the action itself (of which unit), and for a thing (publish)."""
    key = new_key()
    boss = world.call_as("boss", "national_admin")
    made = await boss("POST", "/api/courses/", COURSE, headers=key)
    assert made.status_code == 201
    publish = f"/api/courses/{made.json()['id']}/archive/"
    await boss.ok("POST", publish, headers=key)
    for roles in ((), ("regional_admin:north",), ("chapter_admin:n1",), ("grader",)):
        former = world.call_as("boss", *roles)
        for path, body in (("/api/courses/", COURSE), (publish, None)):
            again = await former("POST", path, body, headers=key)
            assert again.status_code in (403, 404), (roles, path)
            assert again.json()["code"] in ("forbidden", "not-a-member", "not-found")
            assert "idempotency-replayed" not in again.headers
        other = await former("POST", "/api/courses/", {**COURSE, "title": "Other"}, headers=key)
        assert other.status_code == 403, "before anything is said about the key"
    for more in ((), ("grader",)):
        again = await world.call_as("boss", "national_admin", *more)(
            "POST", "/api/courses/", COURSE, headers=key
        )
        assert (again.status_code, again.json()) == (201, made.json())
        assert again.headers["idempotency-replayed"] == "true"


async def test_a_unit_lost_is_a_right_lost(world: World) -> None:
    key = new_key()
    body = {"title": "Local", "scope": "regional", "scope_id": "north"}
    both = world.call_as("r", "regional_admin:north", "regional_admin:south")
    assert (await both("POST", "/api/courses/", body, headers=key)).status_code == 201
    left = await world.call_as("r", "regional_admin:south")("POST", "/api/courses/", body, headers=key)
    assert (left.status_code, left.json()["code"]) == (403, "forbidden")


async def test_what_the_call_itself_has_changed_refuses_no_answer(world: World) -> None:
    course, ana = await world.course(), world.member()
    key = new_key()
    path = f"/api/courses/{course['id']}/enroll/"
    first = await ana.ok("POST", path, headers=key)
    assert await ana.ok("POST", path, headers=key) == first
    await world.admin.ok("POST", f"/api/courses/{course['id']}/archive/")
    again = await ana("POST", path, headers=key)
    assert again.json() == first


@pytest.mark.parametrize("size", [10, 150_000])
async def test_large_answers_are_kept_compressed_and_forgotten_like_others(world: World, size: int) -> None:
    lesson = {"kind": "lesson", "title": "L", "body_html": f"<p>{'Lorem ipsum Zoë. ' * (size // 17 + 1)}</p>"}
    course = await world.course(
        {"title": "C", "pass_score": 80, "modules": [{"title": "M", "items": [lesson]}]}
    )
    key = new_key()
    path = f"/api/courses/{course['id']}/versions/1/restore/"
    headers = {
        **key,
        "If-Match": (await world.admin("GET", f"/api/courses/{course['id']}/draft/")).headers["etag"],
    }
    first = await world.admin("POST", path, headers=headers)
    assert first.status_code == 200, first.text
    again = await world.admin("POST", path, headers=headers)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert again.headers["idempotency-replayed"] == "true"
    sizes = text(
        "SELECT pg_column_size(packed), pg_column_size(body) FROM idempotency_answers"
        " WHERE organization_id = :id"
    )
    async with world.worker.transaction(world.id) as session:
        [(packed, body)] = (await session.execute(sizes, {"id": world.id})).all()
    assert (packed is None, body is None) == (size < 1000, size > 1000)
    if packed is not None:
        assert packed < len(first.content) / 20
    async with world.worker.transaction(None) as session:
        await forget_replies(session, world.id, user_id="nobody", words=["Zoé"])
        await forget_replies(session, world.id, user_id="nobody", words=["Zoë"])
    async with world.worker.transaction(world.id) as session:
        assert (await session.execute(sizes, {"id": world.id})).all() == []
