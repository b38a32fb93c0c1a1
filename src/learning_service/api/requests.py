"""What every request has: its context, its caller, its body, and its transaction.

Dependencies run in the order of a route's parameters, which is the contract's order of refusals: permission, then
body, then the rest. See `permissions` and `parameters`.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.api.bodies import ARRIVAL, CALLER, receive_body
from learning_service.api.headers import values_of
from learning_service.api.idempotency import claim_for, keyed_request
from learning_service.context import Context, context_of
from learning_service.core.telemetry import note_organization
from learning_service.core.tokens import bearer_token
from learning_service.domain.completion.actions.marking import marked_since
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal

READS = Counter("learning_report_reads_total", "Reports, by the database that was read.", ["database"])


async def get_context(request: Request) -> Context:
    """The process's clients. Asynchronous because FastAPI gives plain functions to a thread (0.1 ms each)."""
    return context_of(request.scope)


ContextOf = Annotated[Context, Depends(get_context)]


async def authenticate(request: Request) -> Principal:
    """The caller named by the bearer token. Raises Unauthenticated, or RateLimited for calls that come too often."""
    # A hot path that hands on to its route has counted the caller already.
    if (known := request.scope.get(CALLER)) is not None:
        return cast(Principal, known)
    context = context_of(request.scope)
    token = bearer_token(values_of(request.scope, b"authorization"))
    caller = await context.tokens.verify(token, now=datetime.now(UTC))
    note_organization(caller.organization_id)
    wait = context.limits.spend_request(caller.key)
    if wait:
        raise request.scope[ARRIVAL].spent(wait)
    request.scope[ARRIVAL].is_of(caller)
    request.scope[CALLER] = caller
    return caller


Caller = Annotated[Principal, Depends(authenticate)]
"""The caller, for what needs more besides. Who needs nothing else asks `authenticate` itself: a dependency's own
dependencies are solved anew at each place, one of them in 10 to 20 µs (`make bench ROW=overhead`)."""


async def _receive(request: Request, caller: Caller) -> None:
    """Read the body before a connection is taken, so that a slow sender holds none."""
    if hasattr(request.state, "body"):
        return  # The call is made once more, see `marks_between`.
    request.state.takes_key = request.method == "POST"
    request.state.body = await receive_body(request)


Received = Annotated[None, Depends(_receive)]
"""For routes that judge their body before they open a transaction."""


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    caller = await authenticate(request)
    await _receive(request, caller)
    context = context_of(request.scope)
    since = marked_since()
    if request.method == "GET" and since is None:
        async with context.reading(caller.organization_id, caller=caller.key) as reading:
            yield reading
        return
    async with context.transaction(caller.organization_id, at=since, caller=caller.key) as session:
        keyed = keyed_request(request, caller, request.state.body)
        if keyed is not None:
            await claim_for(request, session, keyed)
        yield session


Session = Annotated[AsyncSession, Depends(_session, scope="function")]
"""The request's transaction in the caller's organization, committed before the reply leaves."""


NOBODY = ""
"""Callers without login, who together have a share of the connections, as an organization has."""


async def _public_session(request: Request) -> AsyncIterator[AsyncSession]:
    context = context_of(request.scope)
    if request.method == "GET":
        async with context.reading(None, caller=NOBODY) as reading:
            yield reading
        return
    async with context.transaction(None, caller=NOBODY) as session:
        yield session


PublicSession = Annotated[AsyncSession, Depends(_public_session, scope="function")]
"""A transaction of no organization: sees what is public."""


async def _read_session(request: Request) -> AsyncIterator[AsyncSession]:
    caller = await authenticate(request)
    context = context_of(request.scope)
    async with AsyncExitStack() as stack:
        found = None
        if context.replica is not None and request.state.may_ask_replica:
            found = await context.replica.enter(stack, caller.organization_id)
        if found is None:
            session = await stack.enter_async_context(
                context.transaction(caller.organization_id, caller=caller.key)
            )
            found = session, now(session)
        else:
            request.state.asks_replica = True
        READS.labels("replica" if getattr(request.state, "asks_replica", False) else "primary").inc()
        session, request.state.as_of = found
        yield session


ReadSession = Annotated[AsyncSession, Depends(_read_session, scope="function")]
"""A transaction in the caller's organization that only reads, a few seconds late where it is at a replica."""
