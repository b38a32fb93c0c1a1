"""Connections to the one of several servers that takes writes: a standby that was promoted is found by itself."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy import make_url

_OF_THE_ENGINE = ("prepared_statement_cache_size", "prepared_statement_name_func")


def address_arguments(url: str) -> Mapping[str, Any]:
    """The driver's arguments for a database's address, as the engine reads it; of several servers, lists."""
    address = make_url(url)
    _, arguments = address.get_dialect()().create_connect_args(address)
    return {name: value for name, value in arguments.items() if name not in _OF_THE_ENGINE}


async def connect(**arguments: Any) -> asyncpg.Connection:
    """Connect; where `host` and `port` are lists, to the server among them that takes writes.

    All are asked at once, so that one which is gone without a word takes no time from the others. Raises what the
    driver raises, and ConnectionError where no server takes writes.
    """
    hosts, ports = arguments.get("host"), arguments.get("port")
    if not isinstance(hosts, list) or not isinstance(ports, list):
        return await asyncpg.connect(**arguments)
    others = {**arguments, "target_session_attrs": "primary"}
    tries = [
        asyncio.create_task(asyncpg.connect(**{**others, "host": host, "port": port}))
        for host, port in zip(hosts, ports, strict=True)
    ]
    faults: list[Exception] = []
    chosen: asyncpg.Connection | None = None
    try:
        for ended in asyncio.as_completed(tries):
            try:
                chosen = await ended
            except (
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
                OSError,
            ) as fault:
                faults.append(fault)
            else:
                return chosen
    finally:
        for one in tries:
            one.cancel()
        for unused in await asyncio.gather(*tries, return_exceptions=True):
            if isinstance(unused, asyncpg.Connection) and unused is not chosen:
                unused.terminate()
    # A server that refuses says why; a standby and a host that is gone do not.
    raise next(
        (fault for fault in faults if isinstance(fault, asyncpg.PostgresError)),
        ConnectionError("none of the database's servers takes writes"),
    )
