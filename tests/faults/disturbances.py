"""The faults that the rig does to a service under load, by their number in the fault model (docs/faults.md)."""

import asyncio
import contextlib
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

import httpx
from tests.faults.client import cancel
from tests.faults.experiment import Fault, Scene
from tests.faults.rig import PARTS
from tests.kit.proxy import Mishap, Proxy

_chance = random.Random(7)
COMMIT = b"COMMIT"
END_OF_MAIL = b"\r\n.\r\n"
NO_S3 = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Disturbance:
    """A fault: its number, its name, what does it, for how many seconds; `short`: part of the short form."""

    number: str
    name: str
    do: Fault
    seconds: float = 6
    short: bool = False
    hurry: bool = False


def on(part: str, mishap: Mishap) -> Fault:
    """The proxy in front of a part misbehaves."""

    async def do(scene: Scene) -> None:
        await _suffer(scene, mishap, scene.rig.proxies[part])

    return do


def at_apis(mishap: Mishap) -> Fault:
    """The proxies in front of both APIs misbehave."""

    async def do(scene: Scene) -> None:
        await _suffer(scene, mishap, *scene.service.fronts.values())

    return do


async def _suffer(scene: Scene, mishap: Mishap, *proxies: Proxy) -> None:
    before = sum(proxy.suffered for proxy in proxies)
    async with contextlib.AsyncExitStack() as stack:
        for proxy in proxies:
            await stack.enter_async_context(proxy.suffering(mishap))
        await asyncio.sleep(scene.seconds)
    assert sum(proxy.suffered for proxy in proxies) > before, "nothing passed here: the fault did not happen"


def again_and_again(step: Callable[[Scene, str], Awaitable[None]], *names: str, pause: float) -> Fault:
    """Take the steps one name after the other, with a pause after each."""

    async def do(scene: Scene) -> None:
        end, turn = asyncio.get_running_loop().time() + scene.seconds, cycle(names)
        while asyncio.get_running_loop().time() < end:
            await step(scene, next(turn))
            await asyncio.sleep(pause)

    return do


async def kill_process(scene: Scene, name: str) -> None:
    """kill -9 an API or a worker."""
    scene.service.kill(name)


async def kill_part(scene: Scene, name: str) -> None:
    """kill -9 a part with all its processes, and start it again a moment later."""
    scene.rig.kill(name)
    await asyncio.sleep(0.3)
    await scene.rig.revive(name)


async def roll(scene: Scene, name: str) -> None:
    """Stop and start a process as a deployment does."""
    await scene.service.roll(name)


def part_away(part: str) -> Fault:
    """A part is killed and stays away."""

    async def do(scene: Scene) -> None:
        scene.rig.kill(part)
        await asyncio.sleep(scene.seconds)
        await scene.rig.revive(part)

    return do


def part_frozen(part: str) -> Fault:
    """A part stops in the middle of everything, then goes on."""

    async def do(scene: Scene) -> None:
        scene.rig.signal(part, signal.SIGSTOP)
        try:
            await asyncio.sleep(scene.seconds)
        finally:
            scene.rig.signal(part, signal.SIGCONT)

    return do


async def worker_frozen(scene: Scene) -> None:
    """A worker stops for longer than its leases, the other takes over, and it goes on with what it thinks its own."""
    scene.service.signal("worker-1", signal.SIGSTOP)
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        scene.service.signal("worker-1", signal.SIGCONT)


async def flush_redis(scene: Scene, _: str) -> None:
    """Redis forgets everything."""
    await _redis(scene, "FLUSHALL")


async def _redis(scene: Scene, *words: str) -> None:
    url = httpx.URL(scene.rig.parts.redis_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    for command in (("AUTH", url.password), words):
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in command)
        writer.write(b"*%d\r\n%s" % (len(command), parts))
        assert (await reader.readline()).startswith(b"+"), command
    writer.close()


def redis_told(begin: tuple[str, ...], end: tuple[str, ...]) -> Fault:
    """Redis is set so that it refuses to write, and back."""

    async def do(scene: Scene) -> None:
        await _redis(scene, *begin)
        await asyncio.sleep(scene.seconds)
        await _redis(scene, *end)

    return do


async def rows_locked(scene: Scene) -> None:
    """Somebody holds the locks of every enrollment there is."""
    async with scene.database.acquire() as connection, connection.transaction():
        query = "SELECT id FROM enrollments WHERE organization_id = $1 FOR UPDATE"
        await connection.execute(query, scene.crowd.world.id)
        await asyncio.sleep(scene.seconds)


async def database_read_only(scene: Scene) -> None:
    """The database refuses to write."""
    await _read_only(scene, "on")
    try:
        await asyncio.sleep(scene.seconds)
    finally:
        await _read_only(scene, "off")


async def _read_only(scene: Scene, value: str) -> None:
    async with scene.database.acquire() as connection:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        await connection.execute("SELECT pg_reload_conf()")


def hook_answers(status: bytes) -> Fault:
    """The good receiver of webhooks fails for a while."""

    async def do(scene: Scene) -> None:
        usual = scene.rig.hook.answers
        scene.rig.hook.answers = [b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"]
        await asyncio.sleep(scene.seconds)
        scene.rig.hook.answers = usual

    return do


async def workers_off(scene: Scene) -> None:
    """Both workers are away, and everything that waits is thirty hours old when they come back."""
    for name in ("worker-1", "worker-2"):
        scene.service.rest(name)
    await asyncio.sleep(scene.seconds)
    await scene.database.execute(
        "UPDATE outbox SET created_at = created_at - interval '30 hours', run_at = run_at - interval '30 hours'"
        " WHERE organization_id = $1 AND status IN ('queued', 'leased')",
        scene.crowd.world.id,
    )
    for name in ("worker-1", "worker-2"):
        scene.service.wake(name)


async def clients_hang_up(scene: Scene) -> None:
    """Hundreds of calls whose callers hang up in the middle."""

    async def hang_up(n: int) -> None:
        token = scene.crowd.world.call_as(f"m{n % 10}").token
        async with httpx.AsyncClient(timeout=_chance.uniform(0.001, 0.08)) as http:
            url = scene.service.urls[n % 2] + f"/api/courses/{scene.crowd.plain['id']}/enroll/"
            with contextlib.suppress(httpx.HTTPError):
                await http.post(url, headers={"Authorization": f"Bearer {token}"})

    async def storm() -> None:
        for n in range(100_000):
            await hang_up(n)

    storms = [asyncio.create_task(storm()) for _ in range(6)]
    await asyncio.sleep(scene.seconds)
    await cancel(*storms)
    await asyncio.sleep(1)
    idle = await scene.database.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        " AND state_change < clock_timestamp() - interval '1 second'"
    )
    assert idle == 0, "callers who hung up have left transactions open"


APIS, WORKERS = ("api-1", "api-2"), ("worker-1", "worker-2")


def victims() -> Iterator[str]:
    """Every part and process in random order, again and again."""
    everything = [*PARTS, *APIS, *WORKERS]
    while True:
        yield from _chance.sample(everything, len(everything))


async def everything_dies(scene: Scene) -> None:
    """kill -9 of every part and process in random order, each at least once."""
    end, killed = asyncio.get_running_loop().time() + scene.seconds, set()
    for name in victims():
        await (kill_part if name in PARTS else kill_process)(scene, name)
        killed.add(name)
        if asyncio.get_running_loop().time() > end and len(killed) == len((*PARTS, *APIS, *WORKERS)):
            return
        await asyncio.sleep(_chance.uniform(0.5, 3))


TABLE = (
    Disturbance("K1", "kill -9 an API every 3 s", again_and_again(kill_process, *APIS, pause=3), 9),
    Disturbance("K2", "a tenth of the replies lost", at_apis(Mishap("swallow", 0.1)), short=True),
    Disturbance("K3", "kill -9 a worker every 1.5 s", again_and_again(kill_process, *WORKERS, pause=1.5)),
    Disturbance("K4", "worker frozen beyond its leases", worker_frozen, 8),
    Disturbance("K6", "Redis refused", on("redis", Mishap("refuse"))),
    Disturbance("K7", "Redis hangs", part_frozen("redis")),
    Disturbance(
        "K8",
        "Redis forgets all, twice a second",
        again_and_again(flush_redis, "redis", pause=0.5),
        short=True,
    ),
    Disturbance(
        "K8",
        "Redis out of memory",
        redis_told(("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    ),
    Disturbance(
        "K8", "Redis read-only", redis_told(("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"))
    ),
    Disturbance("K9", "kill -9 Redis every second", again_and_again(kill_part, "redis", pause=1.0)),
    Disturbance(
        "K10", "kill -9 PostgreSQL, twice", again_and_again(kill_part, "postgres", pause=2.5), short=True
    ),
    Disturbance(
        "K11",
        "a fifth of the COMMIT replies lost",
        on("postgres", Mishap("swallow", 0.2, COMMIT)),
    ),
    Disturbance("K11", "a fifth of the COMMITs never arrive", on("postgres", Mishap("reset", 0.2, COMMIT))),
    Disturbance("K12", "database silent", on("postgres", Mishap("blackhole")), 10),
    Disturbance("K13", "database slow", on("postgres", Mishap("delay", 0.2, seconds=0.3))),
    Disturbance("K13", "rows locked by somebody else", rows_locked, 4),
    Disturbance("K14", "database read-only", database_read_only),
    Disturbance("K15", "S3 away", part_away("s3"), short=True),
    Disturbance("K15", "S3 answers 503", on("s3", Mishap("answer", reply=NO_S3))),
    Disturbance("K16", "S3 silent", on("s3", Mishap("blackhole"))),
    Disturbance("K16", "uploads cut after 1,000 bytes", on("s3", Mishap("cut", 0.5, b"PUT /", after=1000))),
    Disturbance("K16", "replies of S3 lost", on("s3", Mishap("swallow", 0.5, b"PUT /"))),
    Disturbance("K18", "mail server refuses", on("smtp", Mishap("refuse")), hurry=True),
    Disturbance(
        "K19", "mail server taken away after the text", on("smtp", Mishap("swallow", 0.5, END_OF_MAIL))
    ),
    Disturbance("K20", "receiver answers 500", hook_answers(b"500 Oops"), hurry=True),
    Disturbance("K20", "replies of the receiver lost", on("hook", Mishap("swallow", 0.5)), hurry=True),
    Disturbance(
        "K32",
        "SIGTERM one after the other",
        again_and_again(roll, "api-1", "worker-1", "api-2", "worker-2", pause=0.5),
    ),
    Disturbance("K33", "callers hang up", clients_hang_up),
    Disturbance("K35", "workers off, backlog 30 hours old", workers_off),
)
STORM = Disturbance("all", "kill -9 of every part at random, 40 learners", everything_dies, 30, short=True)
