"""Domain errors and accidents as RFC 9457 problem documents. The only place that knows status codes of refusals."""

import errno
import socket
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter
from pydantic_core import to_json
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from learning_service.adapters.storage import StoreUnavailable
from learning_service.api.headers import with_always
from learning_service.api.routes import allowed_methods
from learning_service.core.database import DRIVER_ERRORS
from learning_service.domain.kernel import errors
from learning_service.domain.kernel.errors import DomainError, Fault, Invalid
from learning_service.domain.kernel.values import JsonObject

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
_NO_FACTS: Mapping[str, Any] = MappingProxyType({})
KINDS: tuple[tuple[type[DomainError], int], ...] = (
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Gone, 410),
    (errors.PreconditionFailed, 412),
    (errors.PreconditionRequired, 428),
    (errors.TooLarge, 413),
    (errors.UnsupportedMediaType, 415),
    (errors.Invalid, 422),
    (errors.RateLimited, 429),
    (errors.Unavailable, 503),
    (errors.Conflict, 409),
)
TURNED_AWAY = (429, 503)
REFUSED = Counter(
    "learning_requests_refused_total",
    "Requests turned away for now, by the problem's code.",
    ["status", "code"],
)
IN_PATHS = "/:@-._~!$&'()*+,;="
# Interpreters differ in these two.
_REASONS = {413: "Content Too Large", 422: "Unprocessable Content"}
CODES = {
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    422: "invalid",
    408: "request-timeout",
}
# Connection trouble, shutdown, lock and statement timeouts, deadlocks: worth trying again.
NETWORK_ERRORS = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN)
RETRYABLE_SQLSTATES = ("08", "57", "53", "40", "55P03", "25006", "25P03")


def reason(status: int) -> str:
    """The standard reason phrase of a status, which is the title of its problems."""
    return _REASONS.get(status) or HTTPStatus(status).phrase


def status_of(refusal: type[DomainError]) -> int:
    """What HTTP calls a refusal."""
    return next((status for kind, status in KINDS if issubclass(refusal, kind)), 500)


def problem_response(
    request: Request,
    status: int,
    *,
    code: str,
    detail: str,
    faults: tuple[Fault, ...] = (),
    facts: Mapping[str, Any] = _NO_FACTS,
    headers: dict[str, str] | None = None,
) -> Response:
    """One problem document. `type` is a name, not an address; docs/errors.md lists them all."""
    if status in TURNED_AWAY:
        REFUSED.labels(str(status), code).inc()
    document: JsonObject = {
        "type": f"urn:learning-service:problem:{code}",
        "title": reason(status),
        "status": status,
        "detail": detail,
        "instance": quote(request.scope["path"], safe=IN_PATHS),
        "code": code,
        "request_id": request.scope.get("request_id", ""),
        **facts,
    }
    if faults:
        document["errors"] = [
            {"pointer": f.pointer, "code": f.code, "params": f.params, "detail": f.detail} for f in faults
        ]
    return Response(
        to_json(document, inf_nan_mode="null"), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def domain_problem(request: Request, error: DomainError) -> Response:
    """The problem document of a refusal."""
    status = status_of(type(error))
    headers = {}
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="learning-service"'
    if isinstance(error, errors.RateLimited | errors.Unavailable | errors.NotYet):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.RateLimited):
        # What else the connection has sent ahead is no longer read.
        headers["Connection"] = "close"
    faults = error.faults if isinstance(error, Invalid) else ()
    return problem_response(
        request,
        status,
        code=error.code,
        detail=error.detail,
        faults=faults,
        facts=error.facts,
        headers=headers,
    )


async def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    return domain_problem(request, error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return domain_problem(request, errors.NotFound())
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(request.app, request.scope))
    return problem_response(
        request,
        error.status_code,
        code=CODES.get(error.status_code, f"http-{error.status_code}"),
        detail=str(error.detail),
        headers=headers,
    )


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = tuple(Fault("/" + "/".join(map(str, e["loc"])), str(e["msg"])) for e in error.errors())
    return domain_problem(request, Invalid(faults))


async def database_problem(request: Request, error: Exception) -> Response:
    """The problem document of a database that is away, busy, or refused."""
    if isinstance(error, IntegrityError):
        log.warning("integrity_error", sqlstate=_sqlstate(error), path=request.url.path)
        return domain_problem(
            request,
            errors.Conflict("Something that this depends on changed meanwhile; look again and retry."),
        )
    if not _is_retryable(error):
        return await _on_accident(request, error)
    log.warning(
        "database_unavailable",
        error=type(error).__name__,
        sqlstate=_sqlstate(error),
        path=request.url.path,
    )
    return domain_problem(request, errors.Unavailable("The database is busy or away; try again shortly."))


async def _on_store_unavailable(request: Request, error: Exception) -> Response:
    log.warning("store_unavailable", error=str(error), path=request.url.path)
    return domain_problem(request, errors.Unavailable("The store of files is away; try again shortly."))


async def _on_accident(request: Request, error: Exception) -> Response:
    log.error("accident", exc_info=error, path=request.url.path)
    return problem_response(
        request,
        500,
        code="internal-error",
        detail="Something went wrong on our side; nothing was changed. Quote the request id if it stays.",
    )


async def _on_unforeseen(request: Request, error: Exception) -> Response:
    """Such a reply is given outside of `RequestLog`, which sets the headers of all others."""
    response = await _on_accident(request, error)
    response.headers["X-Request-Id"] = request.scope.get("request_id", "")
    response.raw_headers[:] = with_always(response.raw_headers, private=True)
    return response


def _sqlstate(error: Exception) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def _is_retryable(error: Exception) -> bool:
    if isinstance(error, OSError):
        network = isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
        return network or error.errno in NETWORK_ERRORS
    if isinstance(error, DRIVER_ERRORS):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = _sqlstate(error)
    return state == "" or state.startswith(RETRYABLE_SQLSTATES)


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    # While connecting the driver's own errors come through as they are.
    for kind in (DBAPIError, PoolTimeoutError, OSError, *DRIVER_ERRORS):
        app.add_exception_handler(kind, database_problem)
    app.add_exception_handler(StoreUnavailable, _on_store_unavailable)
    app.add_exception_handler(Exception, _on_unforeseen)
