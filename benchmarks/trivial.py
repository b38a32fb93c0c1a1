"""The service with one more route, which does nothing for a caller with a token: what everything around it costs."""

import sys
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI

from learning_service import main
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.permissions import AnyCaller
from learning_service.cli.api import settled_app
from learning_service.core.settings import Settings
from learning_service.domain.kernel.principal import Principal

router = APIRouter(route_class=KeyedRoute)


@router.get("/api/hello/")
async def say_hello(caller: Annotated[Principal, Depends(AnyCaller())]) -> dict[str, str]:
    """The same as FastAPI's first example."""
    return {"hello": "world"}


def make() -> FastAPI:
    """The application as it is served, with this route as one of its own."""
    routers: tuple[Any, ...] = (sys.modules[__name__], *main.ROUTERS)
    vars(main)["ROUTERS"] = routers
    return settled_app(Settings())
