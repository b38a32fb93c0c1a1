"""`python -m tests.faults.planted BUG api|worker|chaotic`: the service with a bug patched in at its start.

Production code has no switch for any of this: what is replaced is replaced here, before the rest is imported.
"""

import importlib
import runpy
import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from learning_service.api import lookup
from learning_service.api.steps import STACK
from learning_service.core.database import open_transaction
from learning_service.core.queue import Queue
from learning_service.core.settings import Settings
from learning_service.domain.jobs import outbox, requeueing
from learning_service.domain.records.events import Event
from learning_service.domain.reminders.actions import claims as reminding
from learning_service.domain.webhooks import queries
from learning_service.domain.webhooks.queries import FeedPage


def commit_after_the_reply() -> None:
    """What a request holds is given back when the reply has left; the commit is in it."""

    async def careless(way: Any, request: Request) -> Any:
        stack = request.scope[STACK] = AsyncExitStack()
        try:
            response = await way._handler(request)
        except BaseException as error:
            await stack.__aexit__(type(error), error, error.__traceback__)
            raise

        async def reply(scope: Scope, receive: Receive, send: Send) -> None:
            await response(scope, receive, send)
            await stack.aclose()

        return reply

    lookup._Way.answer = careless  # type: ignore[assignment]


def no_fencing() -> None:
    """A worker settles what it thinks its own, whoever has it now."""

    def unfenced(jobs: Any) -> Any:
        mine = [job.id for job in jobs]
        statement = update(outbox.OutboxRow).where(outbox.OutboxRow.id.in_(mine))
        return statement.execution_options(synchronize_session=False)

    outbox._update_held = unfenced


def feed_by_id() -> None:
    """The feed's cursor is the last id that was read, and ids are given before the commit."""

    async def read_by_id(
        session: AsyncSession, organization_id: str, *, after: int | None, limit: int
    ) -> FeedPage:
        last = after or 0
        mine = select(Event).where(Event.organization_id == organization_id, Event.id > uuid.UUID(int=last))
        events = (await session.scalars(mine.order_by(Event.id).limit(limit))).all()
        return FeedPage(events, events[-1].id.int if events else last)

    async def no_numbers(session: AsyncSession, organization_id: str) -> bool:
        return False

    queries.read_feed = read_by_id
    # Ids need no numbering, and so no lock that lets a reader wait for whoever commits.
    queries.has_unnumbered = no_numbers


def claim_out_of_turn() -> None:
    """Those who remind do not wait for each other; what is then between them and doing it twice is one index."""

    async def at_any_time(session: AsyncSession) -> bool:
        return True

    reminding.may_claim = at_any_time


def enqueue_before_commit() -> None:
    """A job is there at once, and its worker has it, before the transaction that causes it has ended."""
    queue = Queue(Settings().redis_url.get_secret_value())

    def at_once(careful: Callable[..., Any]) -> Callable[..., Any]:
        async def enqueue_at_once(session: AsyncSession, *arguments: Any, **options: Any) -> None:
            role = await session.scalar(text("SELECT current_setting('role')"))
            async with AsyncSession(session.bind) as other:
                await open_transaction(other, role=role, organization_id=options["organization_id"])
                await careful(other, *arguments, **options)
                due = outbox.take_due(other)
                await other.commit()
            await queue.hand_over(due)

        return enqueue_at_once

    outbox.enqueue_job = at_once(outbox.enqueue_job)
    requeueing.requeue_jobs = at_once(requeueing.requeue_jobs)


BUGS: Mapping[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (commit_after_the_reply, no_fencing, feed_by_id, claim_out_of_turn, enqueue_before_commit)
}


def main(bug: str, what: str) -> None:
    """Plant the bug (`none`: none) and run the API, a worker, or the rig's own worker."""
    if bug != "none":
        BUGS[bug]()
    # Only now: what these import must find what was replaced.
    if what == "chaotic":
        importlib.import_module("tests.faults.chaotic_worker").main()
    elif what == "worker":
        # Not through the command line: `learning-service worker` becomes another program, without the bug.
        runpy.run_module("learning_service.worker", run_name="__main__")
    else:
        sys.argv[1:] = [what]
        importlib.import_module("learning_service.cli.app").main()


if __name__ == "__main__":
    main(*sys.argv[1:])
