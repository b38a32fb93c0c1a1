"""The logins of the compose file: each process has one of its own at each part, and no more than it needs.

The rights at Redis are tried on a real server, started by the file's own script. Those at the object store are tried
on moto, which judges the same statements; nothing here runs the store of the compose file.
"""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import aioboto3
import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from arq import func
from arq.connections import ArqRedis
from arq.worker import Worker
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.exceptions import ConnectionError as RedisConnectionError
from tests.kit.s3_servers import free_port, moto_server

from learning_devstack.binaries import find_redis
from learning_service.adapters.storage import ObjectMissing, ObjectStore, StoreUnavailable, open_store
from learning_service.core.queue import deserialize, hand_over_missing, serialize
from learning_service.core.rate_limits import Limits
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import DueJob
from learning_service.domain.kernel.base import new_id
from learning_service.worker.redis_client import WorkerRedis

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "compose"
LOGINS = {"api": "learning_app", "worker": "learning_jobs", "converter": "learning_conversion"}
SECRET = re.compile(r"\$\{(\w+):\?[^}]+\}")
ORIGINAL, SHOWN = f"documents/{'1' * 32}", f"documents/{'1' * 32}-{'2' * 32}.pdf"
CERTIFICATE = f"certificates/{'3' * 64}.pdf"
LARGE = bytes(6 * 1024 * 1024)


def _services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def test_no_login_is_shared() -> None:
    services = _services()
    secrets: list[str] = []
    for name, login in LOGINS.items():
        given = services[name]["environment"]
        database = re.fullmatch(r"postgresql\+asyncpg://(\w+):(\$\{.+\})@postgres:.*", given["DATABASE_URL"])
        redis = re.fullmatch(r"redis://(\w+):(\$\{.+\})@redis:.*", given["REDIS_URL"])
        assert database
        assert redis
        assert (database[1], redis[1], given["S3_ACCESS_KEY_ID"]) == (login, login, login)
        secrets += [database[2], redis[2], given["S3_SECRET_ACCESS_KEY"]]
    secrets += [services["bucket"]["environment"]["S3_SECRET_ACCESS_KEY"]]
    names = [found[1] for found in map(SECRET.fullmatch, secrets) if found]
    assert len(names) == len(set(names)) == 10
    for name, service in services.items():
        known = set(SECRET.findall(json.dumps(service.get("environment", {})))) & set(names)
        own = {"postgres": 3, "redis": 3, "s3": 4, "bucket": 1, "migrate": 0, **dict.fromkeys(LOGINS, 3)}
        assert len(known) == own[name], f"{name} knows {known}"
    assert set(services["migrate"]["environment"]) == {"DATABASE_URL"}


def test_what_compose_puts_into_a_container_is_a_file() -> None:
    """Compose refuses a config with its content in the compose file where the container's root is read-only."""
    document = yaml.safe_load((ROOT / "compose.yaml").read_text())
    used = {
        config["source"] for service in document["services"].values() for config in service.get("configs", ())
    }
    assert used == set(document["configs"])
    for how in document["configs"].values():
        assert list(how) == ["file"]
        assert (ROOT / how["file"]).is_file()


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A Redis that the compose file's script has started."""
    port = free_port()
    passwords = {f"REDIS_{name.rpartition('_')[2].upper()}_PASSWORD": name for name in LOGINS.values()}
    process = subprocess.Popen(
        ["sh", str(PARTS / "redis.sh"), "--port", str(port), "--save", ""],
        env={**passwords, "PATH": f"{find_redis().parent}:{os.environ['PATH']}"},
        cwd=tmp_path_factory.mktemp("redis"),
        stdout=subprocess.DEVNULL,
    )
    yield port
    process.terminate()
    process.wait()


@pytest.fixture
async def as_login(redis_port: int) -> AsyncIterator[Callable[[str], ArqRedis]]:
    """A connection by each login's name, which is its password here."""
    async with AsyncExitStack() as stack:

        def opened(login: str) -> ArqRedis:
            redis = ArqRedis(host="127.0.0.1", port=redis_port, username=login, password=login)
            stack.push_async_callback(redis.aclose)
            return redis

        for _ in range(1000):
            try:
                await opened("learning_app").ping()
                break
            except RedisConnectionError:
                await asyncio.sleep(0.05)
        yield opened


async def test_each_process_reaches_its_own_keys(
    as_login: Callable[[str], ArqRedis], redis_port: int, settings: Settings
) -> None:
    """The API hands work over and counts calls; worker and converter take it from their queues."""
    ran: list[str] = []

    async def job(_: dict[Any, Any], *what: Any) -> None:
        ran.extend(what)

    api = as_login("learning_app")
    api.job_serializer, api.job_deserializer = serialize, deserialize
    for queue, login in (("learning:jobs", "learning_jobs"), ("learning:converter", "learning_conversion")):
        assert await api.enqueue_job("job", queue, _job_id=queue, _queue_name=queue)
        assert await api.enqueue_job("job", queue, _job_id=queue, _queue_name=queue) is None
        redis = WorkerRedis(f"redis://{login}:{login}@127.0.0.1:{redis_port}", hands=1)
        worker = Worker(
            functions=[func(cast("Any", job), name="job")],
            queue_name=queue,
            redis_pool=redis,
            burst=True,
            poll_delay=0.01,
            handle_signals=False,
            job_serializer=serialize,
            job_deserializer=deserialize,
        )
        await worker.main()
        assert worker.jobs_complete == 1
        name = queue.removeprefix("learning:")
        await hand_over_missing(redis, name, [DueJob(new_id(), 1, name, "job", {}, is_late=True)], 0)
        assert await redis.zcard(queue) == 1
        await redis.aclose(close_connection_pool=True)
    assert ran == ["learning:jobs", "learning:converter"]
    assert await as_login("learning_jobs").enqueue_job("job", _queue_name="learning:converter")

    address = SecretStr(f"redis://learning_app:learning_app@127.0.0.1:{redis_port}/0")
    limits = Limits(settings.model_copy(update={"redis_url": address}))
    try:
        # Settled here, because the task that does it only logs what is refused.
        limits.principals.spend("someone", 0.0)
        await limits._settle()
    finally:
        await limits.close()
    assert await api.hget("limit:principal:someone", "tokens")  # type: ignore[misc]


REFUSED: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "learning_app takes a job's mark": lambda redis: redis.set("arq:in-progress:x", "1"),
    "learning_app reads another program's key": lambda redis: redis.get("session:1"),
    "learning_jobs counts calls": lambda redis: redis.incr("limit:guess:192.0.2.1"),
    "learning_jobs reads another program's key": lambda redis: redis.get("session:1"),
    "learning_jobs runs a script": lambda redis: redis.eval("return 1", 0),
    "learning_conversion hands work to the worker": lambda redis: redis.zadd("learning:jobs", {"x": 1}),
    "learning_conversion reads the worker's queue": lambda redis: redis.zrange("learning:jobs", 0, -1),
    "learning_conversion counts calls": lambda redis: redis.incr("limit:guess:192.0.2.1"),
}
NEVER: tuple[tuple[str, ...], ...] = (
    ("FLUSHALL",),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("RANDOMKEY",),
    ("CONFIG", "GET", "*"),
    ("ACL", "LIST"),
    ("SHUTDOWN",),
    ("MONITOR",),
    ("SUBSCRIBE", "x"),
    ("PUBLISH", "x", "y"),
    ("REPLICAOF", "192.0.2.1", "6379"),
)


@pytest.mark.parametrize("what", REFUSED)
async def test_redis_refuses_what_is_not_its_own(as_login: Callable[[str], ArqRedis], what: str) -> None:
    with pytest.raises(NoPermissionError):
        await REFUSED[what](as_login(what.partition(" ")[0]))


@pytest.mark.parametrize("login", LOGINS.values())
async def test_redis_obeys_no_login(as_login: Callable[[str], ArqRedis], login: str) -> None:
    redis: Any = as_login(login)
    for command in NEVER:
        with pytest.raises(NoPermissionError):
            await redis.execute_command(*command)


async def test_redis_answers_nobody_without_a_login(
    as_login: Callable[[str], ArqRedis], redis_port: int
) -> None:
    assert await as_login("learning_app").ping()
    async with Redis(host="127.0.0.1", port=redis_port) as redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()


@pytest.fixture(scope="module")
def judged_store() -> Iterator[str]:
    """A store that asks for rights; its address."""
    with moto_server() as address:
        yield address


@pytest.fixture
async def stores(judged_store: str, settings: Settings) -> AsyncIterator[dict[str, ObjectStore]]:
    """The adapter of each login, with the statements of the policy that name it, and files of each kind."""
    policy = json.loads((PARTS / "store-policy.json").read_text())
    given = settings.model_copy(update={"s3_endpoint_url": judged_store, "s3_bucket": "learning"})
    async with AsyncExitStack() as stack:
        moto = await stack.enter_async_context(httpx.AsyncClient(base_url=f"{judged_store}/moto-api/"))
        await moto.post("reset")
        await moto.post("reset-auth", content=b"100")
        iam = await stack.enter_async_context(
            aioboto3.Session("owner", "owner", region_name="us-east-1").client(
                "iam", endpoint_url=judged_store
            )
        )
        owner = await stack.enter_async_context(open_store(given, patience=20))
        await owner.make_bucket()
        for key in (ORIGINAL, SHOWN, CERTIFICATE):
            await owner.put(key, b"%PDF", content_type="application/pdf")
        opened: dict[str, ObjectStore] = {}
        for login in LOGINS.values():
            own = [
                {part: value for part, value in statement.items() if part != "Principal"}
                for statement in policy["Statement"]
                if login in statement["Principal"]["AWS"]
            ]
            await iam.create_user(UserName=login)
            document = json.dumps({"Version": policy["Version"], "Statement": own})
            await iam.put_user_policy(UserName=login, PolicyName="own", PolicyDocument=document)
            key = (await iam.create_access_key(UserName=login))["AccessKey"]
            update = {
                "s3_access_key_id": key["AccessKeyId"],
                "s3_secret_access_key": SecretStr(key["SecretAccessKey"]),
            }
            opened[login] = await stack.enter_async_context(
                open_store(given.model_copy(update=update), patience=20)
            )
        await moto.post("reset-auth", content=b"0")
        yield opened


async def _streamed(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def test_each_process_does_its_work_in_the_store(stores: dict[str, ObjectStore]) -> None:
    api, worker, converter = (stores[login] for login in LOGINS.values())
    for store in stores.values():
        # moto asks for a right of its own where a bucket is looked at; Amazon and versitygw ask for this one.
        assert [key async for key in store.keys("certificates/")] == [CERTIFICATE]
    # An upload that comes to nothing, and the files whose addresses it signs, which need the right to read them.
    await api.put_stream("documents/" + "4" * 32, _streamed(LARGE), content_type="application/pdf")
    await api.delete("documents/" + "4" * 32)
    for key in (ORIGINAL, SHOWN, CERTIFICATE):
        assert await api.get(key)
    # A certificate with a logo, a PDF without its scripts, and what collecting files does.
    assert await worker.get(ORIGINAL)
    await worker.put(CERTIFICATE, b"%PDF", content_type="application/pdf")
    await worker.put(SHOWN, b"%PDF", content_type="application/pdf")
    assert [key async for key in worker.keys("documents/")] == [ORIGINAL, SHOWN]
    await worker.give_up_uploads(before=(await worker.modified_at(CERTIFICATE)))  # type: ignore[arg-type]
    for key in (SHOWN, CERTIFICATE):
        await worker.delete(key)
    # A presentation.
    assert await converter.get(ORIGINAL)
    await converter.put_stream(SHOWN, _streamed(LARGE), content_type="application/pdf")
    with pytest.raises(ObjectMissing):
        await converter.get("documents/" + "5" * 32)


async def _try(store: ObjectStore, action: str, key: str) -> None:
    if action == "put":
        await store.put(key, b"mine", content_type="application/pdf")
    elif action == "get":
        await store.get(key)
    else:
        await store.delete(key)


NOT_THEIRS = (
    ("learning_app", "put", CERTIFICATE),
    ("learning_app", "delete", CERTIFICATE),
    ("learning_app", "put", "elsewhere/x"),
    ("learning_app", "get", "elsewhere/x"),
    ("learning_jobs", "put", ORIGINAL),
    ("learning_jobs", "get", "elsewhere/x"),
    ("learning_conversion", "get", CERTIFICATE),
    ("learning_conversion", "put", CERTIFICATE),
    ("learning_conversion", "put", ORIGINAL),
    ("learning_conversion", "delete", ORIGINAL),
    ("learning_conversion", "delete", SHOWN),
    ("learning_conversion", "delete", CERTIFICATE),
)


async def test_the_store_refuses_what_is_not_its_own(stores: dict[str, ObjectStore]) -> None:
    for login, action, key in NOT_THEIRS:
        with pytest.raises(StoreUnavailable, match="AccessDenied"):
            await _try(stores[login], action, key)
    # Ending what others began to upload is the worker's.
    for login in ("learning_app", "learning_conversion"):
        with pytest.raises(StoreUnavailable, match="AccessDenied"):
            await stores[login].give_up_uploads(before=datetime.now(UTC))


@pytest.mark.long
async def test_a_second_key_of_the_store_takes_over_and_the_first_ends(
    stores: dict[str, ObjectStore], judged_store: str, settings: Settings
) -> None:
    """As operations say: a second key with the same rights, restart, the first one deleted."""
    owner = aioboto3.Session("owner", "owner", region_name="us-east-1")
    async with (
        httpx.AsyncClient(base_url=f"{judged_store}/moto-api/") as moto,
        owner.client("iam", endpoint_url=judged_store) as iam,
    ):
        await moto.post("reset-auth", content=b"100")
        [first] = (await iam.list_access_keys(UserName="learning_jobs"))["AccessKeyMetadata"]
        second = (await iam.create_access_key(UserName="learning_jobs"))["AccessKey"]
        await moto.post("reset-auth", content=b"0")
        restarted = settings.model_copy(
            update={
                "s3_endpoint_url": judged_store,
                "s3_bucket": "learning",
                "s3_access_key_id": second["AccessKeyId"],
                "s3_secret_access_key": SecretStr(second["SecretAccessKey"]),
            }
        )
        async with open_store(restarted, patience=20) as after:
            assert await stores["learning_jobs"].get(CERTIFICATE), "both serve meanwhile"
            assert await after.get(CERTIFICATE)
            await moto.post("reset-auth", content=b"100")
            await iam.delete_access_key(UserName="learning_jobs", AccessKeyId=first["AccessKeyId"])
            await moto.post("reset-auth", content=b"0")
            with pytest.raises(StoreUnavailable, match="InvalidAccessKeyId"):
                await stores["learning_jobs"].get(CERTIFICATE)
            assert await after.get(CERTIFICATE)
