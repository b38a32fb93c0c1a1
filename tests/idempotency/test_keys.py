"""Idempotency keys, from outside: one effect, one answer, for exactly the same call of the same caller."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text
from tests.kit.world import Caller, Json, World, choice, right, small_tree

from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.domain.records.idempotency import forget_replies
from learning_service.main import create_app
from learning_service.worker.jobs.purge import purge

COURSE = {"title": "Ethics", "scope": "national"}
REPLAYED = "idempotency-replayed"


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


async def courses_of(world: World) -> list[Json]:
    found: list[Json] = (await world.admin.ok("GET", "/api/courses/?limit=200"))["items"]
    return found


async def rows_of(world: World) -> int:
    async with world.worker.transaction(world.id) as session:
        found = await session.execute(
            text("SELECT count(*) FROM idempotency_answers WHERE organization_id = :id"), {"id": world.id}
        )
        return int(found.scalar_one())


@pytest.fixture
async def second_client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Another API process on the same database."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            yield http


async def test_the_same_call_later_gets_the_first_answer_again(world: World) -> None:
    key = new_key()
    first = await world.admin("POST", "/api/courses/", COURSE, headers=key)
    again = await world.admin("POST", "/api/courses/", COURSE, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert again.headers["content-type"] == "application/json"
    assert len(await courses_of(world)) == 1


async def test_without_a_key_every_call_counts(world: World) -> None:
    for _ in range(2):
        await world.admin.ok("POST", "/api/courses/", COURSE)
    assert len(await courses_of(world)) == 2
    assert await rows_of(world) == 0


async def test_two_at_once_on_two_processes_have_one_effect(
    world: World, second_client: httpx.AsyncClient
) -> None:
    here = world.admin
    there = Caller(second_client, here.token, here.user)
    for _ in range(5):
        key, before = new_key(), len(await courses_of(world))
        calls = [
            caller("POST", "/api/courses/", COURSE, headers=key) for caller in (here, there, here, there)
        ]
        answers = await asyncio.gather(*calls)
        assert [answer.status_code for answer in answers] == [201] * 4
        assert len({answer.content for answer in answers}) == 1
        assert sum(REPLAYED in answer.headers for answer in answers) == 3
        assert len(await courses_of(world)) == before + 1


async def test_another_body_is_refused(world: World) -> None:
    key = new_key()
    await world.admin.ok("POST", "/api/courses/", COURSE, headers=key)
    other = await world.admin("POST", "/api/courses/", {**COURSE, "title": "Law"}, headers=key)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency-key-reused"
    assert len(await courses_of(world)) == 1


async def test_a_refusal_is_not_kept(world: World) -> None:
    key = new_key()
    course = await world.course(publish=False)
    path = f"/api/courses/{course['id']}"
    refused = await world.admin("POST", f"{path}/publish/", {"note": 1}, headers=key)
    assert refused.status_code == 422
    assert await rows_of(world) == 0
    accepted = await world.admin("POST", f"{path}/publish/", {"note": "Now"}, headers=key)
    assert accepted.status_code == 200
    assert REPLAYED not in accepted.headers


async def test_a_key_belongs_to_its_user_path_and_organization(world: World, other_world: World) -> None:
    course = await world.course()
    key, path = new_key(), f"/api/courses/{course['id']}/enroll/"
    made = [await world.member(user)("POST", path, headers=key) for user in ("ana", "bob")]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] != made[1].json()["id"]
    another = await world.course()
    elsewhere = await world.member("ana")("POST", f"/api/courses/{another['id']}/enroll/", headers=key)
    assert elsewhere.status_code == 201
    assert REPLAYED not in elsewhere.headers
    stranger = await other_world.member("ana")("POST", path, headers=key)
    assert stranger.status_code == 404


NO_KEYS: list[str] = ["x" * 256, "x" * 300, "", "caf\u00e9", "a\tb", "\x7f"]


async def test_what_no_key_can_be_is_refused(world: World) -> None:
    for key in NO_KEYS:
        headers = {"Idempotency-Key": key.encode("latin-1")}
        answer = await world.admin("POST", "/api/courses/", COURSE, headers=headers)
        assert answer.status_code == 422, key
        assert answer.json()["errors"][0]["pointer"] == "Idempotency-Key", key
        assert await courses_of(world) == [], key


@pytest.mark.parametrize("key", ["x", "x" * 255, "a key ~ with !\"#$%&'()"])
async def test_what_a_key_can_be(world: World, key: str) -> None:
    for _ in range(2):
        answer = await world.admin("POST", "/api/courses/", COURSE, headers={"Idempotency-Key": key})
        assert answer.status_code == 201
    assert REPLAYED in answer.headers


async def test_whether_one_may_comes_before_a_bad_key(world: World) -> None:
    bad = {"Idempotency-Key": "x" * 300}
    assert (await world.member()("POST", "/api/courses/", COURSE, headers=bad)).status_code == 403
    assert (
        await world.admin("POST", f"/api/courses/{uuid.uuid4()}/publish/", headers=bad)
    ).status_code == 404
    nobody = Caller(world.http, "nonsense", "nobody")
    assert (await nobody("POST", "/api/courses/", COURSE, headers=bad)).status_code == 401


async def test_a_path_of_any_length_can_have_a_key(world: World) -> None:
    answer = await world.admin("POST", f"/api/courses/{'x' * 9000}/publish/", headers=new_key())
    assert answer.status_code == 404


async def test_after_72_hours_a_key_is_new(world: World, worker_context: Context) -> None:
    key = new_key()
    await world.admin.ok("POST", "/api/courses/", COURSE, headers=key)
    await _age(world, "71 hours 59 minutes")
    assert REPLAYED in (await world.admin("POST", "/api/courses/", COURSE, headers=key)).headers
    await _age(world, "72 hours 1 minute")
    later = await world.admin("POST", "/api/courses/", {**COURSE, "title": "Law"}, headers=key)
    assert later.status_code == 201
    assert REPLAYED not in later.headers
    assert await rows_of(world) == 1


async def test_old_answers_are_purged(world: World, worker_context: Context) -> None:
    for _ in range(2):
        await world.admin.ok("POST", "/api/courses/", COURSE, headers=new_key())
    await _age(world, "72 hours 1 minute")
    await world.admin.ok("POST", "/api/courses/", COURSE, headers=new_key())
    await purge(worker_context, None)
    assert await rows_of(world) == 1


async def test_erasure_forgets_what_was_told_to_and_about_a_person(world: World) -> None:
    course = await world.course()
    await world.member("ana").ok("POST", f"/api/courses/{course['id']}/enroll/", headers=new_key())
    await world.member("bob").ok("POST", f"/api/courses/{course['id']}/enroll/", headers=new_key())
    await world.admin.ok("POST", "/api/courses/", {**COURSE, "title": 'By "Ana" Ñ'}, headers=new_key())
    async with world.worker.transaction(None) as session:
        await forget_replies(session, world.id, user_id="ana", words=['By \\"Ana\\" Ñ', ""])
    assert await rows_of(world) == 1


async def test_a_submission_sent_twice_counts_once(world: World) -> None:
    course, ana = await world.course(), world.member("ana")
    path = f"/api/courses/{course['id']}"
    await ana.ok("POST", f"{path}/enroll/")
    quiz = (await ana.ok("GET", f"{path}/modules/"))["items"][0]["items"][1]
    key = new_key()
    started = [await ana("POST", f"/api/quizzes/{quiz['id']}/attempts/", headers=key) for _ in range(2)]
    assert [answer.status_code for answer in started] == [201, 201]
    assert started[0].content == started[1].content
    answers = [right(question, {"texts": ["right"]}) for question in started[0].json()["questions"]]
    key = new_key()
    submit = f"/api/quizzes/{quiz['id']}/submit/"
    done = await asyncio.gather(*(ana("POST", submit, {"responses": answers}, headers=key) for _ in range(4)))
    assert [answer.status_code for answer in done] == [200] * 4
    assert len({answer.content for answer in done}) == 1
    assert sum(REPLAYED in answer.headers for answer in done) == 3


async def test_a_call_that_first_closes_an_overdue_attempt_keeps_its_key_for_its_own_answer(
    world: World,
) -> None:
    course, ana = await _timed_course(world), world.member("ana")
    path = f"/api/courses/{course['id']}"
    await ana.ok("POST", f"{path}/enroll/")
    quiz = (await ana.ok("GET", f"{path}/modules/"))["items"][0]["items"][0]
    attempts = f"/api/quizzes/{quiz['id']}/attempts/"
    submit = f"/api/quizzes/{quiz['id']}/submit/"
    await ana.ok("POST", attempts)
    await _expire_attempts(world)
    key = new_key()
    late = await ana("POST", submit, {"responses": []}, headers=key)
    assert late.status_code == 409
    assert await rows_of(world) == 0
    await ana.ok("POST", attempts, headers=key)
    await _expire_attempts(world)
    key = new_key()
    second = [await ana("POST", attempts, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in second] == [201, 201]
    assert second[0].content == second[1].content
    assert REPLAYED in second[1].headers
    assert second[0].json()["number"] == 3


async def test_a_commit_that_fails_leaves_no_key(world: World, parts: Any, settings: Settings) -> None:
    key = new_key()
    await _as_owner(settings, _FAIL_AT_COMMIT)
    try:
        failed = await world.admin("POST", "/api/courses/", COURSE, headers=key)
        assert failed.status_code == 500
        assert await rows_of(world) == 0
    finally:
        await _as_owner(settings, _FAIL_NO_MORE)
    made = await world.admin("POST", "/api/courses/", COURSE, headers=key)
    assert made.status_code == 201
    assert REPLAYED not in made.headers


_FAIL_AT_COMMIT = [
    "CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'refused at commit'; END $$",
    "CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON courses"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_commit()",
]
_FAIL_NO_MORE = ["DROP TRIGGER refuse_commit ON courses", "DROP FUNCTION refuse_commit()"]


async def _as_owner(settings: Settings, statements: list[str]) -> None:
    address = settings.database_url.replace("postgresql+asyncpg://", "postgresql://")
    connection = await asyncpg.connect(address)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _age(world: World, age: str) -> None:
    async with world.worker.transaction(None) as session:
        await session.execute(
            text(
                "UPDATE idempotency_answers SET created_at = clock_timestamp() - CAST(:age AS text)::interval"
                " WHERE organization_id = :id"
            ),
            {"age": age, "id": world.id},
        )


async def _expire_attempts(world: World) -> None:
    async with world.worker.transaction(None) as session:
        await session.execute(
            text(
                "UPDATE quiz_attempts SET started_at = started_at - interval '1 hour',"
                " deadline_at = deadline_at - interval '1 hour'"
                " WHERE organization_id = :id AND deadline_at > clock_timestamp()"
            ),
            {"id": world.id},
        )


async def _timed_course(world: World) -> Json:
    quiz = {
        "kind": "quiz",
        "title": "Check",
        "pass_score": 70,
        "time_limit_seconds": 60,
        "max_attempts": 9,
        "questions": [choice()],
    }
    return await world.course(small_tree(modules=[{"title": "Know", "items": [quiz]}]))


async def test_a_secret_is_shown_once_and_never_kept(world: World, settings: Settings) -> None:
    key = new_key()
    body = {"url": "http://127.0.0.1:9/hook", "event_types": ["learning.course.completed"]}
    first = await world.admin("POST", "/api/webhooks/", body, headers=key)
    assert first.status_code == 201, first.text
    again = await world.admin("POST", "/api/webhooks/", body, headers=key)
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")
    shown = first.json()
    secret = shown.pop("secret")
    assert again.json() == shown
    async with world.worker.transaction(world.id) as session:
        kept = await session.execute(text("SELECT row_to_json(a)::text FROM idempotency_answers a"))
        assert secret not in "".join(kept.scalars())
