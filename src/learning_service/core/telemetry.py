"""Logs, request ids and metrics of a process.

A log line is built from an allow-list: method, route template, status, time, organization, request id. Bodies,
query strings, tokens, names and addresses never enter one.
"""

import logging
import re
import sys
import time
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import structlog
import uuid_utils
from prometheus_client import Counter, Gauge, Histogram
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("learning_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "learning_request_seconds",
    "Time to answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
JOB_ROWS = Gauge("learning_job_rows", "Jobs that wait, run or died.", ["queue", "job", "status"])
JOB_RETRYING = Gauge(
    "learning_job_retrying_rows", "Jobs that failed and will be tried again.", ["queue", "job"]
)
JOB_AGE = Gauge("learning_job_queue_age_seconds", "How long the oldest job that is due waits.", ["queue"])
JOB_FINISHED = Gauge(
    "learning_jobs_last_hour", "Jobs that ended in the last hour.", ["queue", "job", "outcome"]
)
WORKERS = Gauge("learning_workers", "Workers seen in the last 30 seconds.", ["queue"])
SCHEDULED_AGE = Gauge("learning_schedule_age_seconds", "Since a scheduled job was started last.", ["job"])

NO_SNIFF = (b"x-content-type-options", b"nosniff")
CACHE_CONTROL = b"cache-control"
NO_STORE = (CACHE_CONTROL, b"no-store")
_OUR_REQUEST_ID = re.compile(r"\A[A-Za-z0-9._-]{8,64}\Z")
_request_facts: ContextVar[dict[str, str] | None] = ContextVar("request_facts", default=None)
_logs_requests = True


def note_organization(organization_id: str) -> None:
    """Name the organization in every further log line of this request."""
    facts = _request_facts.get()
    if facts is not None:
        facts["organization_id"] = organization_id


def _merge_request_facts(_logger: Any, _method: str, event: Any) -> Any:
    return {**(_request_facts.get() or {}), **event}


def configure_logging(level: str) -> None:
    """JSON lines on standard error, for our own loggers and the libraries' alike."""
    global _logs_requests
    _logs_requests = level in ("debug", "info")
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _merge_request_facts,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer()
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class RequestLog:
    """Pure ASGI: gives each request an id, sends it back, and writes one log line and one metric for it.

    Here every answer passes, so here it gets the headers that every answer has.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, is_private = _read_headers(scope)
        scope["request_id"] = request_id
        facts = {"request_id": request_id}
        _request_facts.set(facts)
        started = time.perf_counter()
        status = 500

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                if is_private:
                    headers = [*(pair for pair in headers if pair[0] != CACHE_CONTROL), NO_STORE]
                message["headers"] = [*headers, NO_SNIFF, (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, observe)
        finally:
            _record(scope, status, time.perf_counter() - started, facts)


def show_job_figures(figures: Iterable[tuple[str, str, str, str, float]]) -> None:
    """Put figures of all jobs (kind, queue, job, status, value) in place of those shown before."""
    for gauge in _JOB_GAUGES.values():
        gauge.clear()
    for kind, queue, job, status, value in figures:
        labels = [word for word in (queue, job, status) if word]
        _JOB_GAUGES[kind].labels(*labels).set(value)


_JOB_GAUGES = {
    "rows": JOB_ROWS,
    "retrying": JOB_RETRYING,
    "age": JOB_AGE,
    "finished": JOB_FINISHED,
    "workers": WORKERS,
    "scheduled": SCHEDULED_AGE,
}


def _record(scope: Scope, status: int, seconds: float, facts: dict[str, str]) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    answered, took = _meters(method, route, status)
    answered.inc()
    took.observe(seconds)
    if _logs_requests:
        # Not by structlog, nor by the standard encoder: both cost several times this line (the row `overhead`).
        line = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "event": "request",
            **facts,
            "level": "info",
            "timestamp": datetime.now(UTC),
        }
        sys.stderr.write(to_json(line).decode() + "\n")


@lru_cache(maxsize=2048)
def _meters(method: str, route: str, status: int) -> tuple[Any, Any]:
    """The counter and the histogram of these labels; finding them costs as much as counting."""
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(method, route)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _read_headers(scope: Scope) -> tuple[str, bool]:
    """The request's id, and whether it brings a token, so that its answer is nobody else's."""
    request_id, is_private = "", False
    for name, value in scope["headers"]:
        if name == b"authorization":
            is_private = True
        elif name == b"x-request-id" and not request_id:
            given = value.decode("latin-1")
            request_id = given if _OUR_REQUEST_ID.match(given) else ""
    return request_id or uuid_utils.uuid4().hex, is_private
