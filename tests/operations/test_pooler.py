"""The service behind PgBouncer in transaction mode, one that keeps no prepared statements."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.kit import processes
from tests.kit.courses import passes
from tests.kit.earned import POLICY
from tests.kit.learner import final, lesson, quiz, tree
from tests.kit.pooler import SERVERS, Pooler, installed, pooler
from tests.kit.world import Caller, Json, World

from learning_service.cli.doctor import examine
from learning_service.context import open_context
from learning_service.core.settings import Settings

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not installed(), reason="PgBouncer is not installed"),
]
LEARNERS = 8
PATIENCE_SECONDS = 60
MakeSettings = Callable[..., Settings]


@pytest.fixture
async def pooled(settings: Settings, tmp_path: Path) -> AsyncIterator[Pooler]:
    async with pooler(settings.database_url, tmp_path) as started:
        yield started


@pytest.fixture
def behind(pooled: Pooler, make_settings: MakeSettings) -> Callable[..., Settings]:
    """Settings of a process behind the pooler, by its login's name."""

    def made(login: str, **changes: object) -> Settings:
        return make_settings(pooled.logins[login], database_pooler="transaction", **changes)

    return made


async def _certified(learner: Caller, course: Json) -> Json:
    """From the enrollment to a certificate whose PDF can be had."""
    await learner.ok("POST", f"/api/courses/{course['id']}/enroll/")
    await passes(learner, course["id"])
    [earned] = (await learner.ok("GET", "/api/users/certificates/"))["items"]
    for _ in range(PATIENCE_SECONDS * 5):
        if (await learner("GET", f"/api/certificates/{earned['id']}/pdf/")).status_code == 307:
            found: Json = earned
            return found
        await asyncio.sleep(0.2)
    raise AssertionError("no PDF")


async def test_from_enrollments_to_certificates_through_a_pooler(
    world: World, pooled: Pooler, behind: Callable[..., Settings], tmp_path: Path
) -> None:
    course = await world.course(tree(lesson(), quiz(), assessment=final()), **POLICY)
    learners = [f"learner-{number}" for number in range(LEARNERS)]
    for user in learners:
        await world.add_member(user)
    api, jobs = behind("api", log_level="info"), behind("jobs", log_level="info")
    async with (
        processes.api(api, tmp_path / "api.log") as (running, http),
        processes.worker(jobs, tmp_path / "worker.log") as worker,
    ):
        callers = [Caller(http, world.member(user).token, user) for user in learners]
        for certificate in await asyncio.gather(*(_certified(caller, course) for caller in callers)):
            told = await http.get(f"/api/certificates/{certificate['id']}/verify/")
            assert told.json()["status"] == "valid", told.text
        opened = await pooled.servers()
        assert sorted(opened) == sorted(pooled.names.values()), "both processes go through it"
        assert max(opened.values()) <= SERVERS
        for log in (running.log, worker.log):
            assert '"level":"error"' not in (said := log.read_text()), said[-3000:]


async def test_nothing_is_left_at_the_poolers_servers(behind: Callable[..., Settings]) -> None:
    async with open_context(behind("api"), "learning_api") as context:

        async def asked(number: int) -> tuple[int, str, str]:
            async with context.transaction(f"organization-{number}") as session:
                connection = await session.connection()
                for table in ("members", "courses", "enrollments"):
                    await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
                named = text("SELECT current_setting('app.organization_id'), current_user::text")
                organization, role = (await session.execute(named)).one()
                return number, organization, role

        rounds = [await asyncio.gather(*(asked(number) for number in range(8))) for _ in range(25)]
        assert {(f"organization-{number}", "learning_api") for number in range(8)} == {
            (organization, role) for found in rounds for _, organization, role in found
        }
        assert all(
            organization == f"organization-{number}" for found in rounds for number, organization, _ in found
        )
        left = await context.direct.row(
            "SELECT count(*), current_setting('app.organization_id', true) FROM pg_prepared_statements"
        )
        assert left is not None
        assert (left[0], left[1] or "") == (0, "")


async def test_transactions_bound_themselves(behind: Callable[..., Settings]) -> None:
    settings = behind("api", statement_timeout_ms=2000, lock_timeout_ms=2000)
    async with open_context(settings, "learning_api") as context:
        with pytest.raises(DBAPIError, match="statement timeout"):
            async with context.transaction("nobody") as session:
                await session.execute(text("SELECT pg_sleep(30)"))
        async with context.transaction("nobody") as session:
            shown = text("SELECT current_setting('lock_timeout'), current_setting('timezone')")
            assert tuple((await session.execute(shown)).one()) == ("2s", "UTC")


async def test_without_the_setting_a_pooler_refuses(pooled: Pooler, make_settings: MakeSettings) -> None:
    async with open_context(make_settings(pooled.logins["api"]), "learning_api") as context:
        with pytest.raises(Exception, match="unsupported startup parameter"):
            async with context.transaction("nobody"):
                pass


@pytest.mark.parametrize("command", [("migrate",), ("backup", "copy"), ("restore", "--verify")])
def test_what_holds_more_than_a_transaction_goes_past_it(
    command: tuple[str, ...], settings: Settings, tmp_path: Path
) -> None:
    environment = {**processes.environment(settings), "DATABASE_POOLER": "transaction"}
    done = subprocess.run(
        [*processes.COMMAND, *command], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode
    assert "goes past the pooler" in done.stderr


async def test_the_doctor_sees_a_login_without_its_role(
    pooled: Pooler, behind: Callable[..., Settings]
) -> None:
    await pooled.owner.execute(f"ALTER ROLE {pooled.names['api']} RESET role")
    found = [one for one in await examine(behind("api")) if one.part == "database" and one.state == "wrong"]
    assert [one.text for one in found] == [f"connections begin as {pooled.names['api']}"]
    assert f"ALTER ROLE {pooled.names['api']} SET role" in found[0].advice
