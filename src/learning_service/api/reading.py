"""Reports say as of when they are, and are made again where the replica that they read is lost."""

from datetime import datetime

from fastapi import Request, Response

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.openapi.headers import DATA_AS_OF
from learning_service.api.steps import Handler
from learning_service.context import context_of
from learning_service.core.replica import was_lost


class ReadingRoute(KeyedRoute):
    """A route that reads by `ReadSession`. Where the replica is lost meanwhile, the call is made again without it."""

    def get_route_handler(self) -> Handler:
        """The handler, with the header of what was read."""
        handler = super().get_route_handler()

        async def read(request: Request) -> Response:
            request.state.may_ask_replica = True
            try:
                response = await handler(request)
            except Exception as error:
                replica = context_of(request.scope).replica
                asked = getattr(request.state, "asks_replica", False)
                if replica is None or not asked or not was_lost(error):
                    raise
                replica.rest(f"It was lost: {type(error).__name__}.")
                request.state.may_ask_replica = False
                response = await handler(request)
            as_of: datetime | None = getattr(request.state, "as_of", None)
            if as_of is not None:
                response.headers[DATA_AS_OF] = as_of.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return response

        return read
