"""Real parts for tests: a PostgreSQL, a Redis and an S3 server of their own for each pytest process.

One stack per xdist worker: it starts in about a second, and a test that kills a part disturbs nobody else's.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg
import pytest

from learning_devstack.parts import Parts, start_throwaway_parts

TEMPLATE = "template_learning"
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
GIVEN = "LEARNING_TEST_PARTS"
"""Where parts are that already run, as settings in JSON: mutation testing starts pytest thousands of times."""


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    """The parts of this pytest process; gone at its end, also when it is killed."""
    if GIVEN in os.environ:
        yield GivenParts(json.loads(os.environ[GIVEN]))
        return
    started = start_throwaway_parts()
    yield started
    started.stop()


class GivenParts(Parts):
    """Parts that somebody else started and will stop: nothing to start, to guard or to clear up."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.directory = Path(tempfile.gettempdir())
        self.own = {}
        self.database_url = given["DATABASE_URL"]
        self.redis_url = given["REDIS_URL"]
        self.s3_endpoint_url = given["S3_ENDPOINT_URL"]
        self.s3_access_key_id = given["S3_ACCESS_KEY_ID"]
        self.s3_secret_access_key = given["S3_SECRET_ACCESS_KEY"]
        self.s3_bucket = given["S3_BUCKET"]


def database_url(parts: Parts, name: str) -> str:
    """The address of another database on the same server."""
    return parts.database_url.rpartition("/")[0] + "/" + name


async def create_database(parts: Parts, name: str, template: str = "template1") -> str:
    """Make a database and return its address. Nobody may be connected to the template meanwhile."""
    await _execute(parts, f'CREATE DATABASE "{_checked(name)}" TEMPLATE "{_checked(template)}"')
    return database_url(parts, name)


async def create_database_from_template(parts: Parts, name: str) -> str:
    """Clone the migrated template (see TEMPLATE), in some 50 ms, and return the clone's address."""
    return await create_database(parts, name, TEMPLATE)


async def drop_database(parts: Parts, name: str) -> None:
    """Remove a database together with whoever is connected to it."""
    await _execute(parts, f'DROP DATABASE IF EXISTS "{_checked(name)}" WITH (FORCE)')


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"not a plain database name: {name!r}")
    return name


async def _execute(parts: Parts, statement: str) -> None:
    address = database_url(parts, "postgres").replace("postgresql+asyncpg://", "postgresql://")
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
