"""`job` and `jobs` as met at a terminal, on a database named in the environment."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.jobs.conftest import Desk
from typer.testing import CliRunner

from learning_service.cli import app as cli
from learning_service.cli import operating
from learning_service.cli.job import instant_of, run_scheduled
from learning_service.cli.operating import CommandError
from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import Unworkable
from learning_service.worker.catalog import Scheduled

Run = Callable[..., "asyncio.Future[tuple[int, str]]"]


@pytest.fixture
def run(job_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command's exit code and output; in a thread, for a command has an event loop of its own."""
    monkeypatch.setenv("DATABASE_URL", job_settings.database_url.replace("postgresql+asyncpg", "postgresql"))
    monkeypatch.setenv("REDIS_URL", job_settings.redis_url.get_secret_value())
    monkeypatch.setenv("ENVIRONMENT", "development")
    # It would keep the standard error of one command for the rest of the session.
    monkeypatch.setattr(operating, "configure_logging", lambda level: None)

    def invoke(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.app, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        # Standard error has log lines too.
        return result.exit_code, (result.stdout if result.exit_code == 0 else result.stderr).strip()

    return lambda *arguments: asyncio.ensure_future(asyncio.to_thread(invoke, *arguments))


async def refuse(context: Context, job: Job) -> None:
    raise Unworkable(f"no member {job.arguments['n']}")


async def nothing(context: Context, job: Job) -> None:
    return


SEEN: list[datetime | None] = []


async def note_and_fail(context: Context, at: datetime | None) -> None:
    SEEN.append(at)
    raise RuntimeError("as it should")


@pytest.mark.long
async def test_dead_jobs_are_listed_shown_and_retried(desk: Desk, run: Run) -> None:
    await desk.add(count=3)
    await desk.runner(refuse).run_until_idle()
    code, listing = await run("jobs", "list", "--status", "dead")
    assert code == 0
    assert len(listing.splitlines()) == 3
    assert all(
        re.search(r"dead  jobs  work  failures=1  .*Z  Unworkable: no member \d$", line)
        for line in listing.splitlines()
    )
    first = listing.split()[0]
    code, shown = await run("jobs", "show", first)
    state = json.loads(shown)
    assert (code, state["id"], state["status"], state["organization_id"]) == (0, first, "dead", "org")
    assert state["error"].startswith("Unworkable: no member")
    assert await run("jobs", "retry", first) == (0, "1 queued again")
    assert await run("jobs", "retry", first) == (1, f"not dead: {first}")
    assert await run("jobs", "retry", "--all-dead") == (0, "2 queued again")
    await desk.runner(nothing).run_until_idle()
    assert {row[:3] for row in await desk.rows()} == {("done", 2, 0)}
    assert await run("jobs", "list") == (0, "none")
    assert len((await run("jobs", "list", "--status", "done", "--limit", "2"))[1].splitlines()) == 2


@pytest.mark.long
async def test_what_cannot_be_meant_is_said(desk: Desk, run: Run) -> None:
    unknown = str(uuid.uuid4())
    assert await run("jobs", "show", unknown) == (1, f"there is no job {unknown}")
    assert await run("jobs", "show", "x") == (1, "'x' is not the id of a job")
    assert await run("jobs", "retry") == (1, "name the jobs to retry, or say --all-dead")
    code, words = await run("jobs", "list", "--status", "lost")
    assert (code, "queued, leased, done, dead" in words) == (1, True)
    code, words = await run("job", "purgatory")
    assert code == 1
    assert words.startswith("no scheduled job is called 'purgatory'; there are: ")
    assert ", purge" in words
    code, words = await run("job", "purge", "--at", "tomorrow")
    assert (code, "RFC 3339" in words) == (1, True)


@pytest.mark.long
async def test_a_scheduled_job_runs_as_of_a_time(desk: Desk, run: Run) -> None:
    await desk.add()
    await desk.runner(nothing).run_until_idle()
    assert (await run("job", "purge"))[0] == 0
    assert len(await desk.rows()) == 1
    assert (await run("job", "purge", "--at", "2099-01-01T00:00:00+02:00"))[0] == 0
    assert await desk.rows() == []


async def test_it_gets_the_time_in_utc_and_its_failure_is_not_hidden(
    job_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operating, "configure_logging", lambda level: None)
    SEEN.clear()
    table = {"work": Scheduled(f"{__name__}:note_and_fail", timedelta(days=1))}
    with pytest.raises(RuntimeError, match="as it should"):
        await asyncio.to_thread(run_scheduled, job_settings, "work", "2026-01-31T08:00:00+01:00", table)
    assert [datetime(2026, 1, 31, 7, tzinfo=UTC)] == SEEN


@pytest.mark.parametrize(
    "text", ["2026-01-31", "2026-01-31T08:00:00", "08:00", "", "1e9", "0001-01-01T00:00:00+23:00"]
)
def test_times_without_a_zone_or_date_are_refused(text: str) -> None:
    with pytest.raises(CommandError):
        instant_of(text)
