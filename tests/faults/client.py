"""A client as the contract wants it: one Idempotency-Key until there is an answer, and a memory of the answers."""

import asyncio
import contextlib
import random
import time
import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE_SECONDS = 90
_chance = random.Random(1)


class Surprise(Exception):
    """An answer that the contract does not allow here, or none for too long."""


@dataclass
class Ledger:
    """What the service has acknowledged, to be held against what it kept."""

    members: set[str] = field(default_factory=set)
    submitted: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Attempt → the answers sent, by question."""
    meant: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(member, quiz) → how many attempts the learner meant to make."""
    completed: dict[str, str] = field(default_factory=dict)
    """Enrollment → its certificate."""
    enrolled: dict[str, str] = field(default_factory=dict)
    """Enrollment → member."""
    assigned: list[tuple[str, str]] = field(default_factory=list)
    """(member, course)."""
    graded: dict[str, int] = field(default_factory=dict)
    """Response → points."""
    feed: list[str] = field(default_factory=list)
    """Ids of events in the order in which the feed told them."""
    surprises: list[str] = field(default_factory=list)
    tries: int = 0
    unanswered: int = 0

    @property
    def acknowledged(self) -> int:
        """How many writes the service has said yes to."""
        kinds = (self.members, self.submitted, self.completed, self.enrolled, self.assigned, self.graded)
        return sum(map(len, kinds))


@dataclass
class Client:
    """Asks until it is answered, now this API, now that."""

    urls: Sequence[str]
    ledger: Ledger
    http: httpx.AsyncClient
    patience: float = PATIENCE_SECONDS
    think: float = 0
    """Seconds that somebody takes before a call, at most."""

    async def __call__(
        self,
        token: str,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = None,
        allow: Collection[int] = (),
    ) -> httpx.Response:
        """The answer: a success or one of `allow`. Raises Surprise."""
        headers = {"Authorization": f"Bearer {token}"}
        if method == "POST":
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        await asyncio.sleep(_chance.uniform(0, self.think))
        deadline = time.monotonic() + self.patience
        pause, last = 0.05, "nothing"
        while time.monotonic() < deadline:
            self.ledger.tries += 1
            url = _chance.choice(self.urls) + path
            try:
                response = await self._send(method, url, headers, json)
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if response.is_success or response.status_code in allow:
                    return response
                last = f"{response.status_code} {response.text[:300]}"
                if response.status_code < 500 and response.status_code != 429:
                    raise Surprise(f"{method} {path}: {last}")
                if response.status_code == 500:
                    self.ledger.surprises.append(f"{method} {path}: {last}")
            self.ledger.unanswered += 1
            await asyncio.sleep(pause * _chance.uniform(0.5, 1.5))
            pause = min(pause * 2, 1.0)
        raise Surprise(f"{method} {path}: no answer within {self.patience:.0f} s, the last was {last}")

    async def _send(self, method: str, url: str, headers: dict[str, str], json: Any) -> httpx.Response:
        return await self.http.request(method, url, headers=headers, json=json)

    async def twice(self, token: str, method: str, path: str, json: Any = None) -> httpx.Response:
        """A double click with one key: two calls at once, one effect, the same answer."""
        key = uuid.uuid4().hex
        calls = (self(token, method, path, json, key=key), self(token, method, path, json, key=key))
        first, second = await asyncio.gather(*calls)
        if first.json() != second.json():
            self.ledger.surprises.append(f"{method} {path}: one key, two answers")
        return first


def new_http() -> httpx.AsyncClient:
    """Connections for many learners; a reply is waited for a little longer than the service takes to give up."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=60)
    return httpx.AsyncClient(timeout=httpx.Timeout(10, connect=2), limits=limits)


async def cancel(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel and forget."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
