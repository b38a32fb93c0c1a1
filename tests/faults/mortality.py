"""Points at which a process can be made to die: around each statement, commit and call of a neighbour.

An action under a countdown counts the points that it passes and kills its process at the one that was asked for.
What else the process does passes them unharmed. Test only: the production code knows nothing of this.
"""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosmtplib
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from learning_service.adapters.mailer import SmtpMailer
from learning_service.adapters.processes import ProcessPool
from learning_service.adapters.storage import ObjectStore
from learning_service.core.queue import Queue
from learning_service.domain.jobs.outbox import Job
from learning_service.worker.durable import Durable

DIE_AT, POINTS = "x-die-at", "x-points"
ORDER, NOTES = "MORTAL_ORDER", "MORTAL_NOTES"
"""Environment: a file that says which job dies where, and one that tells of each death and survival."""
NEIGHBOURS: tuple[tuple[type[Any], str], ...] = (
    (AsyncSession, "commit"),
    (Queue, "hand_over"),
    (ObjectStore, "put"),
    (ObjectStore, "delete"),
    (SmtpMailer, "send"),
    (aiosmtplib.SMTP, "connect"),
    (aiosmtplib.SMTP, "data"),
    (ProcessPool, "run"),
)


@dataclass
class Countdown:
    """Dies at point number `at`."""

    at: int
    passed: int = 0


_countdown: ContextVar[Countdown | None] = ContextVar("countdown", default=None)


def point(name: str) -> None:
    """Something is about to happen, or has just happened."""
    countdown = _countdown.get()
    if countdown is None:
        return
    countdown.passed += 1
    if countdown.passed == countdown.at:
        note(f"died {name}")
        os.kill(os.getpid(), signal.SIGKILL)


def note(text: str) -> None:
    """Tell the test, in one write."""
    with Path(os.environ[NOTES]).open("a") as file:
        file.write(" ".join(text.split()) + "\n")


def install() -> None:
    """Put the points into the libraries that the service works through."""
    ProcessPool.run = _in_a_thread  # type: ignore[method-assign,assignment]
    for owner, name in NEIGHBOURS:
        setattr(owner, name, _passing(getattr(owner, name), name))
    event.listen(Engine, "before_cursor_execute", _statement("before"))
    event.listen(Engine, "after_cursor_execute", _statement("after"))
    Durable._run = _dying(Durable._run)  # type: ignore[method-assign]


def _statement(when: str) -> Callable[..., None]:
    def pass_by(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        point(f"{when} {statement[:60]}")

    return pass_by


def _passing(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    async def pass_by(*arguments: Any, **options: Any) -> Any:
        point(f"before {name}")
        result = await original(*arguments, **options)
        point(f"after {name}")
        return result

    return pass_by


async def _in_a_thread(_pool: ProcessPool, function: Callable[..., Any], *arguments: Any) -> Any:
    """Instead of a process that a new worker would have to start first: the walk takes hundreds of workers."""
    return await asyncio.to_thread(function, *arguments)


def _dying(original: Callable[..., Any]) -> Callable[..., Any]:
    async def run(durable: Durable, job: Job, hand: AsyncExitStack) -> None:
        at = _take_order(job.name)
        if at is None:
            await original(durable, job, hand)
            return
        countdown = Countdown(at)
        _countdown.set(countdown)
        await original(durable, job, hand)
        note(f"survived {countdown.passed}")

    return run


def _take_order(job: str) -> int | None:
    order = Path(os.environ[ORDER])
    try:
        wanted = json.loads(order.read_text())
        if wanted["job"] != job:
            return None
        order.rename(order.with_suffix(".taken"))
    except OSError:
        return None
    return int(wanted["at"])


class Mortal:
    """ASGI: a request with the header `X-Die-At` dies there; one that does not says how many points it passed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        at = dict(scope.get("headers", ())).get(DIE_AT.encode())
        if at is None:
            return await self.app(scope, receive, send)
        countdown = Countdown(int(at))
        _countdown.set(countdown)

        async def pass_by(message: Message) -> None:
            kind = message["type"].rpartition(".")[2]
            point(f"before the reply's {kind}")
            if kind == "start":
                count = str(countdown.passed).encode()
                message["headers"] = [*message["headers"], (POINTS.encode(), count)]
            await send(message)
            point(f"after the reply's {kind}")

        return await self.app(scope, receive, pass_by)
