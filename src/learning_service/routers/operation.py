"""Operation: alive, ready, metrics."""

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from learning_service.context import Context
from learning_service.dependencies import Anyone, ContextOf
from learning_service.domain.errors import NotFound
from learning_service.routing import KeyedRoute

router = APIRouter(tags=["operation"], dependencies=[Depends(Anyone())], route_class=KeyedRoute)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Alive: the process answers."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "A part that is needed is away"}})
async def ready(context: ContextOf) -> JSONResponse:
    """Whether it can serve. Without the database it cannot; without Redis or the store it serves on, slower."""
    database = await _database_answers(context)
    parts = {
        "database": database,
        "redis": await context.queue.is_alive(),
        "storage": await context.store.is_alive(),
    }
    words = {name: "ok" if well else "down" for name, well in parts.items()}
    status = "ok" if all(parts.values()) else ("degraded" if database else "down")
    headers = {} if database else {"Retry-After": "5"}
    return JSONResponse({"status": status, "parts": words}, 200 if database else 503, headers=headers)


@router.get("/metrics", response_class=Response)
async def metrics(context: ContextOf) -> Response:
    """Prometheus metrics of this process."""
    if not context.settings.metrics_enabled:
        raise NotFound
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _database_answers(context: Context) -> bool:
    try:
        async with context.transaction(None) as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError):
        return False
    return True
