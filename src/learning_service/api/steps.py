"""What a route does for a request, worked out once.

FastAPI solves the tree of a route's dependencies anew for every request, and each of them at every place where it
stands: three to eleven times for a call of ours. Here the tree is a list of steps in FastAPI's own order, each there
once. Signatures, reference and the order of refusals are FastAPI's. What no route of ours needs is not here, and no
handler is made for a route that asks for it.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, TypeAlias

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.routing import APIRoute
from fastapi.utils import get_value_or_default
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from learning_service.api.known_parameters import faults_of_query, known_parameters
from learning_service.domain.kernel.errors import Invalid

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]

STACK = "fastapi_function_astack"
"""In a request's scope: what is held until its answer is made. The framework's own name for it."""
BODILESS = (204, 205, 304)
_SOURCES: tuple[tuple[str, Callable[[Request], Mapping[str, Any]]], ...] = (
    ("path_params", lambda request: request.path_params),
    ("query_params", lambda request: request.query_params),
    ("header_params", lambda request: request.headers),
)
_UNKNOWN_HERE = (
    "cookie_params",
    "body_params",
    "websocket_param_name",
    "http_connection_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
    "own_oauth_scopes",
    "parent_oauth_scopes",
    "concurrency",
)
_MISSING = object()
"""In place of what a step would have made, had its parameters been in order."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One function to call, with what earlier steps have made."""

    call: Callable[..., Any]
    holds: Callable[..., AbstractAsyncContextManager[Any]] | None
    """For a function that yields: what it gives is held until the answer is made."""
    needs: tuple[int, ...]
    given: tuple[tuple[str, int], ...]
    """Arguments, and the steps that make them."""
    texts: tuple[tuple[str, str], ...]
    """Arguments that are a part of the path as it is, and its name there."""
    fields: tuple[tuple[Sequence[Any], Callable[[Request], Mapping[str, Any]]], ...]
    """Parameters that the framework judges, and where they stand in the request."""
    request: str | None
    response: str | None

    def arguments(
        self, made: list[Any], request: Request, shared: Response | None
    ) -> tuple[dict[str, Any], list[Any]]:
        """What to call it with, and what is wrong with that."""
        named = {name: made[place] for name, place in self.given}
        if self.request is not None:
            named[self.request] = request
        for name, part in self.texts:
            named[name] = request.path_params[part]
        if self.response is not None:
            named[self.response] = shared
        if not self.fields:
            return named, []
        wrong: list[Any] = []
        for fields, source in self.fields:
            values, faults = request_params_to_args(fields, source(request))
            named.update(values)
            wrong += faults
        return named, wrong


class _Json(Response):
    """JSON that is written already."""

    def __init__(self, body: bytes, status: int) -> None:
        self.status_code, self.body, self.background = status, body, None
        self.raw_headers = [
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"application/json"),
        ]


class Steps:
    """The handler of a route: its dependencies, then its function, then the answer."""

    def __init__(self, route: APIRoute) -> None:
        *self._before, self._last = _listed(route.dependant)
        self._known = known_parameters(route)
        self._field = route.response_field
        self._leaves_out_unset = route.response_model_exclude_unset
        self._class: Any = get_value_or_default(route.response_class, JSONResponse)
        self._status = route.status_code
        self._shares = any(step.response is not None for step in (*self._before, self._last))

    async def __call__(self, request: Request) -> Response:
        """The answer. Raises what the route's functions raise, and Invalid for what it does not know of the query."""
        shared = _shared() if self._shares else None
        made: list[Any] = []
        wrong: list[Any] = []
        for step in self._before:
            if wrong and any(made[place] is _MISSING for place in step.needs):
                made.append(_MISSING)
                continue
            arguments, faults = step.arguments(made, request, shared)
            if faults:
                wrong += faults
                made.append(_MISSING)
            elif step.holds is None:
                made.append(await step.call(**arguments))
            else:
                stack: AsyncExitStack = request.scope[STACK]
                made.append(await stack.enter_async_context(step.holds(**arguments)))
        arguments, faults = self._last.arguments(made, request, shared)
        if wrong or faults:
            raise RequestValidationError([*wrong, *faults])
        if self._known is not None and request.scope["query_string"]:
            refused = faults_of_query(request.query_params, self._known)
            if refused:
                raise Invalid(refused)
        answer = await self._last.call(**arguments)
        return answer if isinstance(answer, Response) else self._written(answer, shared)

    def _written(self, answer: Any, shared: Response | None) -> Response:
        status = (shared is not None and shared.status_code) or self._status or 200
        if self._field is None:
            response: Response = self._class(jsonable_encoder(answer), status_code=status)
        else:
            checked, faults = self._field.validate(answer, {}, loc=("response",))
            if faults:
                raise ResponseValidationError(faults, body=answer)
            response = _Json(
                self._field.serialize_json(checked, exclude_unset=self._leaves_out_unset), status
            )
        if status in BODILESS:
            response.body = b""
        if shared is not None:
            response.raw_headers += shared.raw_headers
        return response


def _shared() -> Response:
    """What functions put headers and a status into, for an answer that is made after them."""
    shared = Response()
    del shared.headers["content-length"]
    shared.status_code = 0
    return shared


def holds(dependant: Dependant) -> bool:
    """Whether a call holds anything until its answer is made."""
    return isasyncgenfunction(dependant.call) or any(map(holds, dependant.dependencies))


def _listed(dependant: Dependant) -> list[_Step]:
    """All of the tree, in the order in which it is solved; the route's own function last."""
    steps: list[_Step] = []
    places: dict[Callable[..., Any], int] = {}

    def add(one: Dependant) -> int:
        needs = [(child.name, add(child)) for child in one.dependencies]
        assert one.call is not None
        if one.call not in places:
            places[one.call] = len(steps)
            steps.append(_step(one, one.call, needs))
        return places[one.call]

    add(dependant)
    return steps


def _step(one: Dependant, call: Callable[..., Any], needs: Sequence[tuple[str | None, int]]) -> _Step:
    yields = isasyncgenfunction(call)
    if unknown := [name for name in _UNKNOWN_HERE if getattr(one, name)]:
        raise TypeError(f"{call}: {', '.join(unknown)}: see the module's docstring")
    if not (yields or iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)):
        raise TypeError(
            f"{call} is not asynchronous: a thread for each request takes longer than most of them"
        )
    if not one.use_cache or (yields and one.scope != "function"):
        raise TypeError(f"{call} is neither used again nor held for its request's function")
    texts = [field for field in one.path_params if _is_text(field)]
    judged = {
        "path_params": [field for field in one.path_params if field not in texts],
        "query_params": one.query_params,
        "header_params": one.header_params,
    }
    return _Step(
        call=call,
        holds=asynccontextmanager(call) if yields else None,
        needs=tuple(place for _, place in needs),
        given=tuple((name, place) for name, place in needs if name is not None),
        texts=tuple((field.name, field.alias) for field in texts),
        fields=tuple((judged[name], source) for name, source in _SOURCES if judged[name]),
        request=one.request_param_name,
        response=one.response_param_name,
    )


def _is_text(field: Any) -> bool:
    """Whether there is nothing to judge of a part of the path."""
    return field.field_info.annotation is str and not field.field_info.metadata
