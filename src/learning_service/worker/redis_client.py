"""The Redis client of an arq worker: it outlives an absence of Redis, and its jobs share their round trips.

By itself arq asks Redis six times for each job, one after the other, and takes as many jobs as it may hold. Here it
gets what there are hands for, marked in one step, and what several jobs ask at the same time is asked together.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from arq.connections import ArqRedis
from arq.constants import abort_jobs_ss, in_progress_key_prefix
from hiredis import pack_command
from redis.asyncio import ConnectionPool
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError, WatchError
from redis.exceptions import TimeoutError as RedisTimeoutError

from learning_service.core.queue import MARK_SECONDS, deserialize, serialize
from learning_service.core.together import Together

log = structlog.get_logger()

TIMEOUT_SECONDS = 2
PASSING = (RedisConnectionError, RedisTimeoutError, OSError, ReadOnlyError, OutOfMemoryError)
"""What a worker waits out."""
CHUNK = 250
Command = tuple[tuple[Any, ...], Mapping[str, Any]]


class WorkerRedis(ArqRedis):
    """The connections of one worker with so many hands."""

    def __init__(self, url: str, hands: int) -> None:
        self._patience = _Patience(ExponentialBackoff(cap=1, base=0.05), -1, PASSING)  # type: ignore[arg-type]
        pool = _PatientPool.from_url(
            url,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=self._patience,
            retry_on_error=list(PASSING),
        )
        super().__init__(pool, job_serializer=serialize, job_deserializer=deserialize)
        self.hands = hands
        self.marked: dict[bytes, float] = {}
        """Jobs that this worker has marked and arq has not started yet, with their scores."""
        self.together: Together[Sequence[Command], Sequence[Any]] = Together(self._send)
        self._calls: set[str] = set()
        self._ended = 0

    def end_patience(self) -> None:
        """From now on fail at once: the worker is stopping."""
        self._patience.end()

    @contextmanager
    def calling(self, job_id: str) -> Iterator[None]:
        """Count a call of arq's, from its start to its end."""
        self._calls.add(job_id)
        try:
            yield
        finally:
            self._calls.discard(job_id)
            self._ended += 1

    def _room(self) -> int:
        """How many jobs to take: one for each free hand, and more where jobs end faster than arq looks."""
        ended, self._ended = self._ended, 0
        return self.hands - len(self._calls) + 2 * ended

    async def zrangebyscore(self, name: str, **options: Any) -> list[bytes]:  # type: ignore[override]
        """arq's look into its queue: what waits, is not in progress, and has been marked for this worker."""
        if self.marked:
            # There was no room for them after all.
            await self.delete(*map(_mark_of, self.marked))
            self.marked = {}
        room = self._room()
        if room <= 0:
            return []
        found: list[bytes] = await super().zrangebyscore(name, **options)
        waiting = [job for job in found if job.decode() not in self._calls]
        for start in range(0, len(waiting), CHUNK):
            jobs = waiting[start : start + CHUNK]
            if len(jobs) > room - len(self.marked):
                held = await self.mget(map(_mark_of, jobs))
                jobs = [job for job, mark in zip(jobs, held, strict=True) if mark is None]
            if jobs := jobs[: room - len(self.marked)]:
                await self._mark(name, jobs)
        return list(self.marked)

    async def _mark(self, name: str, jobs: Sequence[bytes]) -> None:
        async with self.pipeline() as pipe:
            for job in jobs:
                pipe.set(_mark_of(job), b"1", nx=True, px=MARK_SECONDS * 1000)
                pipe.zscore(name, job)
            answers = await pipe.execute()
        ours = [
            (job, score) for job, mark, score in zip(jobs, answers[::2], answers[1::2], strict=True) if mark
        ]
        self.marked |= {job: score for job, score in ours if score is not None}
        if gone := [job for job, score in ours if score is None]:
            await self.delete(*map(_mark_of, gone))

    async def _send(self, stacks: Sequence[Sequence[Command]]) -> Sequence[Sequence[Any]]:
        pipe = _Shared(self.connection_pool, self.response_callbacks, False, None)
        async with pipe:
            pipe.command_stack = [command for stack in stacks for command in stack]
            answers = iter(await pipe.execute(raise_on_error=False))
        return [[next(answers) for _ in stack] for stack in stacks]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """A pipeline without a transaction of its own: what arq would keep together decides nothing."""
        return _WorkerPipeline(self)


def _mark_of(job: bytes) -> str:
    return in_progress_key_prefix + job.decode()


class _Patience(Retry):
    """Tries without end, unless it is limited. All connections share one."""

    __slots__ = ()

    def __deepcopy__(self, memo: object) -> "_Patience":
        return self

    def end(self) -> None:
        self._retries = 0


class _PatientPool(ConnectionPool):
    """Tries to connect as long as its patience lasts; redis-py's own retries end where the handshake begins."""

    async def get_connection(self, *args: Any, **options: Any) -> Any:
        patience: _Patience = self.connection_kwargs["retry"]
        connect = super().get_connection
        return await patience.call_with_retry(lambda: connect(*args, **options), _say)


async def _say(error: Exception) -> None:
    log.warning("redis_away", error=type(error).__name__)


class _Shared(Pipeline):
    """Commands of several jobs, packed by C and under one clock: redis-py has one for each answer."""

    async def _execute_pipeline(self, connection: Any, commands: Any, raise_on_error: bool) -> list[Any]:
        answers: list[Any] = []
        connection.socket_timeout = None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await connection.send_packed_command(b"".join(pack_command(args) for args, _ in commands))
                for args, options in commands:
                    try:
                        answers.append(await self.parse_response(connection, args[0], **options))
                    except PASSING:
                        raise
                    except ResponseError as error:
                        # The affair of one of the jobs.
                        answers.append(error)
        finally:
            connection.socket_timeout = TIMEOUT_SECONDS
        return answers


class _WorkerPipeline(Pipeline):
    """What arq says of one job. The start of a marked job asks Redis nothing more."""

    def __init__(self, redis: WorkerRedis) -> None:
        super().__init__(redis.connection_pool, redis.response_callbacks, False, None)
        self._redis = redis
        self._score: float | None = None

    async def watch(self, *names: Any) -> Any:  # type: ignore[override]
        job = str(names[0]).removeprefix(in_progress_key_prefix).encode()
        self._score = self._redis.marked.pop(job, None)
        return await super().watch(*names) if self._score is None else True

    def exists(self, *names: Any) -> Any:
        return super().exists(*names) if self._score is None else _answer(0)

    def zscore(self, name: Any, value: Any) -> Any:
        return super().zscore(name, value) if self._score is None else _answer(self._score)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        if self._score is not None:
            # The mark, which is there.
            await self.reset()
            return []
        if self.explicit_transaction:
            return await super().execute(raise_on_error)
        commands, self.command_stack = self.command_stack, []
        asked = iter(await self._redis.together([one for one in commands if not _is_needless(one)]))
        answers = [1 if _is_needless(one) else next(asked) for one in commands]
        if raise_on_error:
            self.raise_first_error(commands, answers)
        return answers

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        # Where the connection is lost in the middle of a watch, another worker was quicker.
        # The WatchError that redis-py raises would end the worker.
        try:
            return await super().immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except WatchError:
            if args[0] != "EXISTS":
                raise
            return 1

    async def reset(self) -> None:
        try:
            await super().reset()  # type: ignore[no-untyped-call]
        except PASSING:
            # It could not take its watch back; without the connection there is none.
            self.watching = False
            if self.connection is not None:
                await self.connection.disconnect(nowait=True)
            await super().reset()  # type: ignore[no-untyped-call]


def _is_needless(command: Command) -> bool:
    """Whether it is about arq's count of tries or its aborts, which decide nothing here."""
    name, *rest = command[0]
    return name in ("INCRBY", "EXPIRE") or (name == "ZREM" and rest[0] == abort_jobs_ss)


async def _answer(value: float) -> float:
    return value
