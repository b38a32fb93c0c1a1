"""What a process tells of itself in figures, whatever kind it is: its loop, its connections, its version.

Figures of what it does stand beside the code that does it; those of all jobs, which the database has, in `telemetry`.
"""

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from prometheus_client import Gauge, Histogram, Info, start_http_server
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from learning_service.core.database import DirectPool
from learning_service.core.settings import Settings
from learning_service.core.tasks import end_tasks

BUILD = Info("learning_build", "The version that runs.")
LAG = Histogram(
    "learning_event_loop_lag_seconds",
    "How late a timer of the event loop was, twice a second: what every request waits.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
USED = Gauge(
    "learning_database_connections_used",
    "Connections in use, of the requests' pool, that of kept reads, and the hot paths'.",
    ["pool"],
)
SIZE = Gauge("learning_database_connections_limit", "Connections that a pool may have.", ["pool"])
TICK_SECONDS = 0.5
BEAT_TICKS = 10
"""So that the heartbeat's file is five seconds old at most."""


@asynccontextmanager
async def shown(
    settings: Settings, engine: AsyncEngine, direct: DirectPool, readers: DirectPool | None = None
) -> AsyncIterator[None]:
    """Keep this process's figures and its heartbeat's file current, and serve the figures at `METRICS_PORT`.

    Raises OSError where the port is taken.
    """
    BUILD.info({"version": version("learning-service"), "python": platform.python_version()})
    pool = engine.pool
    if isinstance(pool, QueuePool):
        SIZE.labels("requests").set(pool.size())
        USED.labels("requests").set_function(pool.checkedout)
    SIZE.labels("direct").set(settings.database_direct_pool_size)
    USED.labels("direct").set_function(lambda: direct.used)
    if readers is not None:
        SIZE.labels("reads").set(settings.database_pool_size)
        USED.labels("reads").set_function(lambda: readers.used)
    server = None
    if settings.metrics_port is not None:
        server, _ = start_http_server(settings.metrics_port)
    tick = asyncio.create_task(_tick(settings.heartbeat_file))
    try:
        yield
    finally:
        await end_tasks([tick])
        if server is not None:
            server.shutdown()
            server.server_close()


async def _tick(heartbeat: Path | None) -> None:
    loop = asyncio.get_running_loop()
    ticks = 0
    while True:
        if heartbeat is not None and ticks % BEAT_TICKS == 0:
            _show_life(heartbeat)
        ticks += 1
        due = loop.time() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        LAG.observe(max(0.0, loop.time() - due))


def _show_life(heartbeat: Path) -> None:
    heartbeat.touch()
