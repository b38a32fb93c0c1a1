"""The service with one more route, which does nothing for a caller with a token: what everything around it costs."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.permissions import AnyCaller
from learning_service.domain.kernel.principal import Principal
from learning_service.main import create_app

router = APIRouter(route_class=KeyedRoute)


@router.get("/hello")
async def say_hello(caller: Annotated[Principal, Depends(AnyCaller())]) -> dict[str, str]:
    """The same as FastAPI's first example."""
    return {"hello": "world"}


def make() -> FastAPI:
    """The application."""
    app = create_app()
    app.include_router(router)
    # In its place among the hot ones, as every route of ours would be.
    app.router.routes.insert(0, app.router.routes.pop())
    return app
