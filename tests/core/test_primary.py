"""Of several servers of the database, the one that takes writes is found, whatever the others do."""

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.kit.stack import database_url
from tests.kit.waiting import PATIENCE_SECONDS

from learning_devstack.parts import Parts
from learning_devstack.ports import choose
from learning_service.core.addresses import driver_url
from learning_service.core.primary import address_arguments, connect


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing, as one that lost its power in the middle."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def several(parts: Parts, *others: int, password: str | None = None) -> str:
    """The address of the real server behind others on this machine."""
    found = urlsplit(database_url(parts, "postgres"))
    hosts = ",".join(f"127.0.0.1:{port}" for port in (*others, found.port))
    return driver_url(f"postgresql://{found.username}:{password or found.password}@{hosts}/postgres")


async def test_neither_a_dead_nor_a_silent_server_is_waited_for(parts: Parts, silent: int) -> None:
    address = address_arguments(several(parts, silent, choose()))
    assert address["host"] == ["127.0.0.1"] * 3
    before = asyncio.all_tasks()
    # Far less than the silent one is given: a test that waited for it would end here.
    async with asyncio.timeout(PATIENCE_SECONDS):
        connection = await connect(**address, timeout=600)
    try:
        assert await connection.fetchval("SELECT NOT pg_is_in_recovery()")
    finally:
        await connection.close()
    assert asyncio.all_tasks() == before, "a try goes on"


async def test_a_server_that_refuses_says_why(parts: Parts) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(
            **address_arguments(several(parts, choose(), password="wrong")), timeout=PATIENCE_SECONDS
        )


async def test_no_server_that_takes_writes_is_a_lost_connection() -> None:
    address = driver_url(f"postgresql://app:x@127.0.0.1:{choose()},127.0.0.1:{choose()}/postgres")
    with pytest.raises(ConnectionError, match="takes writes"):
        await connect(**address_arguments(address), timeout=PATIENCE_SECONDS)


def test_several_servers_are_an_address_that_stays_as_it_is() -> None:
    written = driver_url("postgresql://app:x@first:5433,second/learning?ssl=require")
    assert driver_url(written) == written
    assert address_arguments(written) == {
        "user": "app",
        "password": "x",
        "database": "learning",
        "host": ["first", "second"],
        "port": [5433, 5432],
        "ssl": "require",
    }
