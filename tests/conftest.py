"""The service under test: the real application on real parts, with a database of its own that really commits.

Tests do not share data because each makes an organization of its own; nothing is rolled back, so that
transactions, time, locks and roles behave as in production.
"""

import gc

import asyncpg
import httpx
import pytest

from learning_devstack.tokens import make_development_key
from learning_service.context import Context
from learning_service.core.settings import Issuer, Settings
from tests.kit.browser import address
from tests.kit.founding import NO_JOBS
from tests.kit.looking import looks_here
from tests.kit.migrating import migrate
from tests.kit.mutating import set_up_hypothesis
from tests.kit.no_skips import register_in_ci
from tests.kit.service import MakeSettings, app, client, settings, worker_context
from tests.kit.stack import TEMPLATE, create_database, database_url, parts
from tests.kit.world import Signer, World

__all__ = ["address", "app", "client", "looks_here", "parts", "settings", "worker_context"]


def pytest_configure(config: pytest.Config) -> None:
    """In CI a skipped test is a failure; a mutation run is quick."""
    # What is collected lasts: no garbage is looked for until that is done.
    gc.disable()
    register_in_ci(config)
    set_up_hypothesis(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser makes a test long."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.long("browser"))


def pytest_collection_finish() -> None:
    """No search for garbage looks again at the modules and thousands of tests, which last.

    Searches come seldom: statements that are compiled make many objects that stay, and a search for every 700 of
    them took a twelfth of the time of the tests.
    """
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
async def template(parts: object) -> str:
    """A migrated database that others are cloned from."""
    try:
        url = await create_database(parts, TEMPLATE)  # type: ignore[arg-type]
    except asyncpg.DuplicateDatabaseError:  # parts that were given, and have been used before
        return database_url(parts, TEMPLATE)  # type: ignore[arg-type]
    await migrate(url)
    return url


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """An identity provider of the tests' own."""
    private_key, jwks, key_id = make_development_key()
    path = tmp_path_factory.mktemp("auth") / "jwks.json"
    path.write_text(jwks)
    return Signer(private_key, key_id, path)


@pytest.fixture(scope="session")
async def make_settings(parts: object, template: str, signer: Signer) -> MakeSettings:
    """Settings for a process on the tests' parts; the database is named by the caller."""

    def make(database_url: str, **changes: object) -> Settings:
        values: dict[str, object] = {
            "environment": "development",
            "database_url": database_url,
            "redis_url": parts.redis_url,  # type: ignore[attr-defined]
            "s3_endpoint_url": parts.s3_endpoint_url,  # type: ignore[attr-defined]
            "s3_access_key_id": parts.s3_access_key_id,  # type: ignore[attr-defined]
            "s3_secret_access_key": parts.s3_secret_access_key,  # type: ignore[attr-defined]
            "public_url": "https://learn.example.org",
            "auth_issuers": [Issuer(issuer=signer.issuer, jwks_file=signer.jwks_file)],
            "log_level": "warning",
            # On a busy machine any statement waits long for the disk or a lock; what does too much is found by
            # counting, and those that try a limit say their own.
            "statement_timeout_ms": 40_000,
            "lock_timeout_ms": 20_000,
            "database_pool_timeout_seconds": 20,
            # All tests call from one address; what a test requests in vain must not refuse another's calls.
            "unknown_certificates_per_minute": 1_000_000,
            **changes,
        }
        return Settings(**values)  # type: ignore[arg-type]

    return make


@pytest.fixture
async def no_jobs(worker_context: Context) -> None:
    """No job of an earlier test is left; a test's first world sees to that by itself."""
    async with worker_context.transaction(None) as session:
        await session.execute(NO_JOBS)


@pytest.fixture
def worlds() -> list[World]:
    """Those of this test."""
    return []


@pytest.fixture
async def world(
    client: httpx.AsyncClient, signer: Signer, worker_context: Context, worlds: list[World]
) -> World:
    """A fresh organization with two regions of two chapters each, and members in them."""
    made = World(client, signer, worker_context)
    await made.found(alone=not worlds)
    worlds.append(made)
    return made


@pytest.fixture
async def other_world(
    client: httpx.AsyncClient, signer: Signer, worker_context: Context, worlds: list[World]
) -> World:
    """Another organization, for what must stay apart."""
    made = World(client, signer, worker_context)
    await made.found(alone=not worlds)
    worlds.append(made)
    return made
