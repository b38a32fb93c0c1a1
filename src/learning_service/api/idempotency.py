"""`Idempotency-Key`: the route class of every router keeps a POST's answer under its key, and gives it again.

FastAPI commits the request's transaction after the handler has made the response and before it leaves, so what is
written here is part of that transaction: answer and effect are kept together or not at all.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path, get_name

from learning_service.api.bodies import read_idempotency_key
from learning_service.api.steps import Handler, Steps
from learning_service.domain.kernel.errors import DomainError, Forbidden, Invalid, NotFound, Unauthenticated
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.records.idempotency import (
    AlreadyReplied,
    IdempotencyKeyReused,
    KeyedRequest,
    claim_key,
    digest_of,
    keep_reply,
    release_key,
)

REPLAYED = "Idempotency-Replayed"
SHOWN_ONCE = "x-shown-once"
KEPT_HEADERS = ("content-type", "etag", "location", "cache-control", "retry-after")

LOST_RIGHTS = (Unauthenticated, Forbidden, NotFound)


def shown_once(*fields: str) -> JsonObject:
    """`openapi_extra` of a route that sends secrets: fields that are not stored and that a replay leaves out."""
    return {SHOWN_ONCE: list(fields)}


class KeyedRoute(APIRoute):
    """A route that, for POST, honours `Idempotency-Key`; use it as `route_class` of every router.

    What it needs to be found is made at once, what it needs to answer when that is first asked for: for all routes
    together it takes a seventh of a process's start.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path, self.methods = path, set(options["methods"])
        self.name = options.get("name") or get_name(endpoint)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._rest = partial(super().__init__, path, endpoint, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or (rest := self.__dict__.pop("_rest", None)) is None:
            raise AttributeError(name)
        rest()
        return getattr(self, name)

    def get_route_handler(self) -> Handler:
        """The route's steps; for POST with the key's rules around them."""
        handler = Steps(self)
        if "POST" not in (self.methods or ()):
            return handler
        secrets = tuple((self.openapi_extra or {}).get(SHOWN_ONCE, ()))

        async def reply_once(request: Request) -> Response:
            try:
                request.state.idempotency_key = read_idempotency_key(request)
            except Invalid:
                # Refused by the body's reader, in its turn: after the caller's right to call.
                request.state.idempotency_key = None
            if request.state.idempotency_key is None:
                return await handler(request)
            return await _reply_once(request, handler, secrets)

        return reply_once


def _replay(again: AlreadyReplied) -> Response:
    return Response(again.body, again.status, headers={**again.headers, REPLAYED: "true"})


async def _reply_once(
    request: Request, handler: Callable[[Request], Awaitable[Response]], secrets: tuple[str, ...]
) -> Response:
    try:
        response = await handler(request)
    except AlreadyReplied as again:
        return _replay(again)
    except DomainError as refusal:
        # The state that the call itself has changed is no reason to refuse its reply; a lost right is.
        before = getattr(request.state, "before", None)
        if isinstance(refusal, LOST_RIGHTS) or not isinstance(before, AlreadyReplied):
            raise
        return _replay(before)
    session: AsyncSession | None = getattr(request.state, "keyed_session", None)
    if session is None:
        return response
    if not 200 <= response.status_code < 300:
        await release_key(session)
        return response
    headers = {name: value for name in KEPT_HEADERS if (value := response.headers.get(name)) is not None}
    body = bytes(response.body).decode()
    await keep_reply(session, status=response.status_code, headers=headers, body=body, leave_out=secrets)
    return response


def keyed_request(request: Request, caller: Principal, content: bytes | None) -> KeyedRequest | None:
    """The call under its idempotency key, if it has one; `content` is the body, or what stands for it."""
    key: str | None = getattr(request.state, "idempotency_key", None)
    if key is None or content is None:
        return None
    return KeyedRequest(
        organization_id=caller.organization_id,
        subject=caller.user_id,
        method=request.method,
        path=request.url.path,
        key=key,
        request_digest=digest_of(request.url.query.encode(), content),
        authority=caller.authority,
    )


async def claim_for(request: Request, session: AsyncSession, keyed: KeyedRequest) -> None:
    """Take the call's key. A conflict with its earlier use is raised after the permission, by `JsonBody`."""
    try:
        await claim_key(session, keyed)
        request.state.keyed_session = session
    except (AlreadyReplied, IdempotencyKeyReused) as before:
        if getattr(request.state, "is_permitted", False):
            raise
        request.state.before = before
