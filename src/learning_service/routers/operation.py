"""Operation: alive, ready, metrics."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.permissions import Anyone
from learning_service.api.requests import ContextOf
from learning_service.api.shared import Shared
from learning_service.context import Context
from learning_service.core.database import DRIVER_ERRORS
from learning_service.core.telemetry import show_job_figures
from learning_service.domain.documents.actions import is_converter_alive
from learning_service.domain.jobs.admin import job_figures
from learning_service.domain.kernel.errors import NotFound
from learning_service.schemas.operation import HealthOut, ReadinessOut

READY_SECONDS = 1
_abandoned: set[asyncio.Task[bool]] = set()


@dataclass(frozen=True)
class Looks:
    """The looks that an application's callers share."""

    parts: Shared[dict[str, bool]] = field(default_factory=Shared)
    figures: Shared[bytes] = field(default_factory=Shared)


async def _looks_of(request: Request) -> Looks:
    state = request.app.state
    if not hasattr(state, "looks"):
        state.looks = Looks()
    looks: Looks = state.looks
    return looks


LooksOf = Annotated[Looks, Depends(_looks_of)]

router = APIRouter(tags=["operation"], dependencies=[Depends(Anyone())], route_class=KeyedRoute)


@router.get("/healthz")
async def check_health() -> HealthOut:
    """Alive: the process answers."""
    return HealthOut(status="ok")


@router.get(
    "/readyz",
    response_model=ReadinessOut,
    responses={503: {"model": ReadinessOut, "description": "The database is away"}},
)
async def check_readiness(context: ContextOf, looks: LooksOf) -> JSONResponse:
    """Whether it can serve. Without the database it cannot; without the store it serves on, slower, and
    without Redis jobs wait.

    Without a converter, presentations wait for one, and fail in the end; all else is as usual. The parts are asked
    once a second at most.
    """
    parts = dict(await looks.parts.get(lambda: _parts(context)))
    converter, database = parts.pop("converter"), parts["database"]
    words = {name: "ok" if well else "down" for name, well in parts.items()}
    # Without it everything but presentations works, so it takes nothing from the service's own state.
    words["converter"] = "ok" if converter else "absent"
    status = "ok" if all(parts.values()) else ("degraded" if database else "down")
    headers = {} if database else {"Retry-After": "5"}
    answer = ReadinessOut.model_validate({"status": status, "parts": words})
    return JSONResponse(answer.model_dump(), 200 if database else 503, headers=headers)


async def _parts(context: Context) -> dict[str, bool]:
    looks = {
        "database": _database_answers(context),
        "redis": context.queue.is_alive(),
        "storage": context.store.is_alive(),
        "converter": _converter_is_there(context),
    }
    found = await asyncio.gather(*map(_within_a_second, looks.values()))
    return dict(zip(looks, found, strict=True))


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"description": "Figures in Prometheus's text format"}},
)
async def read_metrics(context: ContextOf, looks: LooksOf) -> Response:
    """Prometheus metrics: requests of this process; jobs, workers and schedules of the whole service."""
    if not context.settings.metrics_enabled:
        raise NotFound
    return Response(await looks.figures.get(lambda: _figures(context)), media_type=CONTENT_TYPE_LATEST)


async def _figures(context: Context) -> bytes:
    redis = await _within_a_second(context.queue.is_alive())
    show_job_figures(await _job_figures(context), redis=redis)
    return generate_latest()


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
