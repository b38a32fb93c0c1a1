"""The feed: every event of the organization in one order, none ever skipped."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from weakref import WeakValueDictionary

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import cursors_of
from learning_service.api.permissions import HasScope
from learning_service.api.requests import ContextOf
from learning_service.api.shared import Shared
from learning_service.context import Context
from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.kernel.paging import Cursors, read_limit
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.events import Event
from learning_service.domain.webhooks.actions.subscriptions import number_events
from learning_service.domain.webhooks.queries import (
    FeedPage,
    cloud_event_of,
    has_unnumbered,
    newest_position,
    read_feed,
)
from learning_service.schemas.webhooks import CloudEventOut, FeedOut

router = APIRouter(prefix="/api/events", tags=["events"], route_class=KeyedRoute)
Reader = Annotated[Principal, Depends(HasScope("events:read", or_admin=True))]
MAX_WAIT_SECONDS = 25
LOOK_EVERY_SECONDS = 0.5
_news: WeakValueDictionary[tuple[int, str], Shared[int]] = WeakValueDictionary()
"""One look for all who wait for an organization's events."""
PARAMETERS = [
    {"name": "after", "in": "query", "required": False, "schema": {"type": "string"}},
    {
        "name": "wait",
        "in": "query",
        "required": False,
        "schema": {"type": "number", "maximum": MAX_WAIT_SECONDS},
    },
    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "maximum": 200}},
]


@router.get(
    "/",
    openapi_extra={"parameters": PARAMETERS},
)
async def list_events(caller: Reader, request: Request, context: ContextOf) -> FeedOut:
    """Events after a cursor, oldest first; with `wait`, up to so many seconds until there is one.

    Without `after`, from the oldest kept (90 days). An older cursor is answered 410 `cursor-expired`.
    """
    cursors = cursors_of(request, caller, "events")
    query = dict(request.query_params)
    limit = read_limit(query)
    after = _after(query.get("after"), cursors)
    until = time.monotonic() + _wait(query.get("wait"))
    page = await _read(context, caller.organization_id, after, limit)
    news = _news.setdefault((id(context), caller.organization_id), Shared(LOOK_EVERY_SECONDS))
    while not page.events and (left := until - time.monotonic()) > 0 and not await request.is_disconnected():
        await asyncio.sleep(min(LOOK_EVERY_SECONDS, left))
        if await news.get(lambda: _newest(context, caller.organization_id)) > page.position:
            page = await _read(context, caller.organization_id, after, limit)
    return FeedOut(
        items=[_outside(event) for event in page.events], next_cursor=cursors.encode([page.position])
    )


async def _newest(context: Context, organization_id: str) -> int:
    """The last position, once all that is there has one."""
    async with _numbered(context, organization_id) as session:
        return await newest_position(session, organization_id)


async def _read(context: Context, organization_id: str, after: int | None, limit: int) -> FeedPage:
    async with _numbered(context, organization_id) as session:
        return await read_feed(session, organization_id, after=after, limit=limit)


@asynccontextmanager
async def _numbered(context: Context, organization_id: str) -> AsyncIterator[AsyncSession]:
    async with context.reading(organization_id, caller=None) as session:
        if not await has_unnumbered(session, organization_id):
            yield session
            return
    # Numbers must be committed before they are sent, or a reader could get an event twice.
    async with context.transaction(organization_id) as writing:
        await number_events(writing, organization_id)
    async with context.reading(organization_id, caller=None) as session:
        yield session


def _after(cursor: str | None, cursors: Cursors) -> int | None:
    if cursor is None:
        return None
    try:
        return int(cursors.decode(cursor, 1)[0])
    except Invalid:
        raise Invalid.at("?after", "is not a cursor that this feed gave out", "not-our-cursor") from None


def _wait(text: str | None) -> float:
    if text is None:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 2 or int(text) > MAX_WAIT_SECONDS:
        raise Invalid.at(
            "?wait",
            f"must be a whole number of seconds, 0 to {MAX_WAIT_SECONDS}",
            "wrong-form",
            {"least": 0, "most": MAX_WAIT_SECONDS},
        )
    return int(text)


def _outside(event: Event) -> CloudEventOut:
    return CloudEventOut.model_validate(cloud_event_of(event))
