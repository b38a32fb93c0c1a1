"""Operation: alive, ready, metrics."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from learning_service.context import Context
from learning_service.database import DRIVER_ERRORS
from learning_service.dependencies import Anyone, ContextOf
from learning_service.domain.documents.actions import is_converter_alive
from learning_service.domain.errors import NotFound
from learning_service.domain.job_admin import job_figures
from learning_service.routing import KeyedRoute
from learning_service.telemetry import show_job_figures

READY_SECONDS = 1
_abandoned: set[asyncio.Task[bool]] = set()

router = APIRouter(tags=["operation"], dependencies=[Depends(Anyone())], route_class=KeyedRoute)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Alive: the process answers."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "A part that is needed is away"}})
async def ready(context: ContextOf) -> JSONResponse:
    """Whether it can serve. Without the database it cannot; without Redis or the store it serves on, slower.

    Without a converter, presentations wait for one, and fail in the end; all else is as usual.
    """
    database, redis, storage, converter = await asyncio.gather(
        _within_a_second(_database_answers(context)),
        _within_a_second(context.queue.is_alive()),
        _within_a_second(context.store.is_alive()),
        _within_a_second(_converter_is_there(context)),
    )
    parts = {"database": database, "redis": redis, "storage": storage}
    words = {name: "ok" if well else "down" for name, well in parts.items()}
    # Without it everything but presentations works, so it takes nothing from the service's own state.
    words["converter"] = "ok" if converter else "absent"
    status = "ok" if all(parts.values()) else ("degraded" if database else "down")
    headers = {} if database else {"Retry-After": "5"}
    return JSONResponse({"status": status, "parts": words}, 200 if database else 503, headers=headers)


@router.get("/metrics", response_class=Response)
async def metrics(context: ContextOf) -> Response:
    """Prometheus metrics: requests of this process; jobs, workers and schedules of the whole service."""
    if not context.settings.metrics_enabled:
        raise NotFound
    show_job_figures(await _job_figures(context))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _job_figures(context: Context) -> Sequence[tuple[str, str, str, str, float]]:
    """None while the database is away: figures that are missing raise an alarm, old ones would not."""
    try:
        async with context.transaction(None) as session:
            return await job_figures(session)
    except (SQLAlchemyError, *DRIVER_ERRORS, OSError):
        return []


async def _within_a_second(check: Coroutine[Any, Any, bool]) -> bool:
    # Not asyncio.timeout: that also waits for the end of the clean-up, which on a dead connection takes its time.
    task = asyncio.create_task(check)
    done, _ = await asyncio.wait({task}, timeout=READY_SECONDS)
    if done:
        return task.result()
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_abandoned.discard)
    return False


async def _converter_is_there(context: Context) -> bool:
    try:
        async with context.transaction(None) as session:
            return await is_converter_alive(session)
    except (SQLAlchemyError, *DRIVER_ERRORS, OSError):
        return False


async def _database_answers(context: Context) -> bool:
    try:
        async with context.transaction(None) as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, *DRIVER_ERRORS, OSError):
        return False
    return True
