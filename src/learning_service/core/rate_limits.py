"""How often a principal may call and an address may guess: counted in process, settled with Redis in batches.

No request ever waits for Redis: spending is decided here and now, and a background task brings what was spent to
Redis, a few times a second, and learns what the other processes spent. With Redis away each process goes on with
its own count: requests are served, and guessing stays limited.
"""

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from learning_service.core.settings import Settings
from learning_service.core.tasks import end_tasks

log = structlog.get_logger()

SETTLE_SECONDS = 0.1
REDIS_SECONDS = 0.25
PAUSE_SECONDS = 1.0
"""How long Redis is left alone after it failed us."""
BATCH = 500
REMEMBERED = 20_000
"""Principals, and addresses, that a process remembers; the longest unseen is forgotten first."""
WINDOW_SECONDS = 60.0

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# KEYS: buckets; ARGV: rate, burst, then what each spent. Gives what is left in each. A bucket that is not touched
# is full again after burst/rate seconds, and may then be forgotten.
_SETTLE_BUCKETS = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst, left = tonumber(ARGV[1]), tonumber(ARGV[2]), {}
for i, key in ipairs(KEYS) do
  local stored = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = math.min(burst, (tonumber(stored[1]) or burst) + (now - (tonumber(stored[2]) or now)) * rate)
  tokens = math.max(tokens - tonumber(ARGV[i + 2]), -burst)
  redis.call('HSET', key, 'tokens', tostring(tokens), 'at', tostring(now))
  redis.call('PEXPIRE', key, math.ceil(2000 * burst / rate) + 1000)
  left[i] = tostring(tokens)
end
return left
"""

# KEYS: counters; ARGV: window in ms, then what to add to each. Gives each count and its remaining ms.
_SETTLE_WINDOWS = """
local found = {}
for i, key in ipairs(KEYS) do
  local count = redis.call('INCRBY', key, ARGV[i + 1])
  local left = redis.call('PTTL', key)
  if left < 0 then
    redis.call('PEXPIRE', key, ARGV[1])
    left = tonumber(ARGV[1])
  end
  found[2 * i - 1] = count
  found[2 * i] = left
end
return found
"""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float
    unsettled: int = 0


@dataclass(slots=True)
class _Window:
    count: int
    ends_at: float
    unsettled: int = 0


class TokenBuckets:
    """A budget per key: `burst` at once, refilled at `rate` a second."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._dirty: set[str] = set()

    def spend(self, key: str, now: float) -> int:
        """Spend one; 0, or after how many whole seconds there will be one. `now` is a monotonic clock."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self.burst, now)
            _forget_oldest(self._buckets)
        else:
            self._buckets.move_to_end(key)
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.rate)
        bucket.at = now
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) / self.rate))
        bucket.tokens -= 1
        bucket.unsettled += 1
        self._dirty.add(key)
        return 0

    def take_unsettled(self) -> dict[str, int]:
        """What was spent since the last time, of a batch of keys; it counts as settled."""
        taken: dict[str, int] = {}
        while self._dirty and len(taken) < BATCH:
            key = self._dirty.pop()
            bucket = self._buckets.get(key)
            if bucket is not None:
                taken[key], bucket.unsettled = bucket.unsettled, 0
        return taken

    def put_back(self, taken: Mapping[str, int]) -> None:
        """The settlement failed: try these again. More than a burst is never owed."""
        for key, spent in taken.items():
            if (bucket := self._buckets.get(key)) is not None:
                bucket.unsettled = min(self.burst, bucket.unsettled + spent)
                self._dirty.add(key)

    def settled(self, key: str, left: float, now: float) -> None:
        """What all processes together have left of this key."""
        if (bucket := self._buckets.get(key)) is not None:
            bucket.tokens, bucket.at = left - bucket.unsettled, now


class Windows:
    """A count per key that starts anew a minute after its first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._dirty: set[str] = set()

    def count(self, key: str, now: float, amount: int = 1) -> int:
        """Count; 0, or after how many whole seconds the key may count again. `now` is a monotonic clock."""
        window = self._windows.get(key)
        if window is None or window.ends_at <= now:
            window = self._windows[key] = _Window(0, now + WINDOW_SECONDS)
            _forget_oldest(self._windows)
        self._windows.move_to_end(key)
        if window.count >= self.limit:
            return max(1, math.ceil(window.ends_at - now))
        window.count += amount
        window.unsettled += amount
        self._dirty.add(key)
        return 0

    def take_unsettled(self) -> dict[str, int]:
        """What was counted since the last time, of a batch of keys; it counts as settled."""
        taken: dict[str, int] = {}
        while self._dirty and len(taken) < BATCH:
            key = self._dirty.pop()
            window = self._windows.get(key)
            if window is not None:
                taken[key], window.unsettled = window.unsettled, 0
        return taken

    def put_back(self, taken: Mapping[str, int]) -> None:
        """The settlement failed: try these again."""
        for key, counted in taken.items():
            if (window := self._windows.get(key)) is not None:
                window.unsettled = min(window.count, window.unsettled + counted)
                self._dirty.add(key)

    def settled(self, key: str, count: int, seconds_left: float, now: float) -> None:
        """What all processes together have counted for this key, and how long it still counts."""
        if (window := self._windows.get(key)) is not None:
            window.count, window.ends_at = count + window.unsettled, now + seconds_left


class Shares:
    """What each of many may have at once of something that they share, in this process."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken: dict[str, int] = {}

    def take(self, key: str, amount: int = 1) -> bool:
        """Take so much, if the key may have it."""
        taken = self._taken.get(key, 0) + amount
        if taken > self.most:
            return False
        self._taken[key] = taken
        return True

    def give_back(self, key: str, amount: int = 1) -> None:
        """Give back what was taken."""
        left = self._taken[key] - amount
        if left:
            self._taken[key] = left
        else:
            del self._taken[key]


def _forget_oldest(remembered: OrderedDict[str, Any]) -> None:
    while len(remembered) > REMEMBERED:
        remembered.popitem(last=False)


class Limits:
    """The limits of one process, and the task that settles them with the other processes' through Redis."""

    def __init__(self, settings: Settings) -> None:
        self.principals = TokenBuckets(settings.principal_requests_per_second, settings.principal_burst)
        self.guesses = Windows(settings.unknown_certificates_per_minute)
        self._trusted = parse_networks(settings.trusted_proxies)
        self._redis = Redis(
            connection_pool=ConnectionPool.from_url(
                settings.redis_url.get_secret_value(),
                socket_connect_timeout=REDIS_SECONDS,
                socket_timeout=REDIS_SECONDS,
            )
        )
        self._spent = asyncio.Event()
        self._settler: asyncio.Task[None] | None = None
        self._failing = False

    def spend_request(self, principal: str) -> int:
        """One request of a principal, by their key; 0, or after how many seconds they may ask again."""
        return self._noted(self.principals.spend(principal, time.monotonic()))

    def count_guess(self, peer: str | None, forwarded_for: Sequence[str], amount: int = 1) -> int:
        """Count certificate ids that a client requested and that do not exist; 0, or seconds to wait.

        `amount` may go beyond what is left: then it is the last that counts.
        """
        guesser = self.household_of(peer, forwarded_for)
        return self._noted(self.guesses.count(guesser, time.monotonic(), amount))

    def household_of(self, peer: str | None, forwarded_for: Sequence[str]) -> str:
        """Whose call it is by its address: the client's, or the network of it."""
        return household(client_address(peer, forwarded_for, self._trusted))

    def _noted(self, wait: int) -> int:
        if wait == 0:
            if self._settler is None:
                self._settler = asyncio.create_task(self._settle_for_ever())
            self._spent.set()
        return wait

    async def _settle_for_ever(self) -> None:
        while True:
            await self._spent.wait()
            self._spent.clear()
            try:
                async with asyncio.timeout(2 * REDIS_SECONDS):
                    await self._settle()
            except (RedisError, OSError, TimeoutError) as error:
                if not self._failing:
                    log.warning("limits_not_settled", error=type(error).__name__)
                self._failing = True
                self._spent.set()
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._failing = False
                await asyncio.sleep(SETTLE_SECONDS)

    async def _settle(self) -> None:
        while spent := self.principals.take_unsettled():
            arguments = [self.principals.rate, self.principals.burst, *spent.values()]
            try:
                left = await self._run(
                    _SETTLE_BUCKETS, [f"limit:principal:{key}" for key in spent], arguments
                )
            except BaseException:
                self.principals.put_back(spent)
                raise
            now = time.monotonic()
            for key, tokens in zip(spent, left, strict=True):
                self.principals.settled(key, float(tokens), now)
        while counted := self.guesses.take_unsettled():
            arguments = [int(WINDOW_SECONDS * 1000), *counted.values()]
            try:
                found = await self._run(_SETTLE_WINDOWS, [f"limit:guess:{key}" for key in counted], arguments)
            except BaseException:
                self.guesses.put_back(counted)
                raise
            now = time.monotonic()
            for key, count, milliseconds in zip(counted, found[::2], found[1::2], strict=True):
                self.guesses.settled(key, int(count), int(milliseconds) / 1000, now)

    async def _run(self, script: str, keys: Sequence[str], arguments: Sequence[float]) -> list[Any]:
        # The library's types say that a script gets and gives strings only.
        redis: Any = self._redis
        found: list[Any] = await redis.eval(script, len(keys), *keys, *arguments)
        return found

    async def close(self) -> None:
        """Stop settling and give back the connections."""
        if self._settler is not None:
            await end_tasks([self._settler])
        await self._redis.aclose(close_connection_pool=True)


def household(address: str) -> str:
    """The address, or of IPv6 the network: a caller with one address there has 2^64 of them."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses or networks as networks. Raises ValueError for what is neither."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def client_address(peer: str | None, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """Whose call it is: the peer, or, through proxies that we trust, the last address that none of them is.

    `forwarded_for` are the `X-Forwarded-For` headers as they came. What a client puts there itself stands left of
    what the first trusted proxy added, so it is never reached. A peer without an address (a socket file) is `""`.
    """
    address = peer or ""
    hops = [hop for header in forwarded_for for hop in header.split(",")]
    while hops and is_within_any(address, trusted):
        claimed = _parse(hops.pop())
        if claimed is None:
            break
        address = str(claimed)
    known = _parse(address)
    return str(known) if known is not None else address


def is_within_any(address: str, networks: Sequence[Network]) -> bool:
    """Whether the text is an address of one of the networks."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
