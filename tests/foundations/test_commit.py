"""A request answers 2xx only when its transaction is committed. Here commits fail."""

import uuid
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from tests.kit.direct import Database, connect
from tests.kit.stack import create_database_from_template, drop_database
from tests.kit.world import Signer, World

from learning_devstack.parts import Parts
from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.main import create_app

TRIGGER = """
CREATE OR REPLACE FUNCTION break_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN {does} RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER break_commit AFTER INSERT OR UPDATE ON regions
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION break_commit();
"""


@pytest.fixture(scope="module")
async def fragile(
    parts: Parts, make_settings: Callable[..., Settings], signer: Signer, worker_context: Context
) -> AsyncIterator[tuple[World, Database]]:
    """An organization in an application of its own, on a database that may be broken."""
    name = f"commit_{uuid.uuid4().hex[:12]}"
    settings = make_settings(await create_database_from_template(parts, name))
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            world = World(http, signer, worker_context)
            await world.push()
            connection = await connect(settings.database_url)
            yield world, Database(connection)
            await connection.close()
    await drop_database(parts, name)


@pytest.mark.parametrize(
    ("does", "status"),
    [
        ("RAISE EXCEPTION 'the commit fails';", 500),
        ("RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01';", 503),
        ("RAISE EXCEPTION 'duplicate' USING ERRCODE = '23505';", 409),
        ("PERFORM pg_terminate_backend(pg_backend_pid());", 503),
    ],
)
async def test_a_failing_commit_is_never_answered_2xx(
    fragile: tuple[World, Database], does: str, status: int
) -> None:
    world, database = fragile
    await database.connection.execute(TRIGGER.format(does=does))
    lost = f"lost-{uuid.uuid4().hex}"
    path, body = f"/api/directory/regions/{lost}/", {"organization_id": world.id, "name": "Lost"}
    answer = await world.directory("PUT", path, body)
    await database.connection.execute("DROP TRIGGER break_commit ON regions")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert ("retry-after" in answer.headers) == (status == 503)
    assert await database.value("SELECT count(*) FROM regions WHERE id = $1", lost) == 0
    assert await database.value("SELECT count(*) FROM audit_entries WHERE subject_id = $1", lost) == 0
    again = await world.directory("PUT", path, body)
    assert again.status_code == 201, "the next request has a working connection again"


async def test_an_accident_is_a_problem_document_with_its_request_id(
    fragile: tuple[World, Database],
) -> None:
    world, database = fragile
    await database.connection.execute("ALTER TABLE member_skills RENAME COLUMN name TO label")
    answer = await world.member()("GET", "/api/users/skills/", headers={"X-Request-Id": "mine-12345"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine-12345"
    assert "member_skills" not in answer.text
    assert len(answer.headers.get_list("x-request-id")) == 1
    await database.connection.execute("ALTER TABLE member_skills RENAME COLUMN label TO name")
