"""Logs and metrics of a process. One line for each request: see `api.request_log`.

A log line is built from an allow-list: method, route template, status, time, organization, request id. Bodies,
query strings, tokens, names and addresses never enter one.
"""

import logging
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import structlog
from prometheus_client import Gauge

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
REDIS_UP = Gauge("learning_redis_up", "Whether Redis answers; while it does not, jobs wait.")

_request_facts: ContextVar[dict[str, str] | None] = ContextVar("request_facts", default=None)
_logs_requests = True


def begin_request(facts: dict[str, str]) -> None:
    """Name these facts in every further log line of this request."""
    _request_facts.set(facts)


def logs_requests() -> bool:
    """Whether the level asks for a line for each request."""
    return _logs_requests


def note_organization(organization_id: str) -> None:
    """Name the organization in every further log line of this request."""
    note_fact("organization_id", organization_id)


def note_fact(name: str, value: str) -> None:
    """Name something in every further log line of this request."""
    facts = _request_facts.get()
    if facts is not None:
        facts[name] = value


class _StandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def _merge_request_facts(_logger: Any, _method: str, event: Any) -> Any:
    return {**(_request_facts.get() or {}), **event}


def configure_logging(level: str) -> None:
    """JSON lines on standard error, for our own loggers and the libraries' alike.

    Wherever it leads when a line is written: a program that runs this one may put another stream in its place.
    """
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
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer()
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # arq's command gives its logger a form of its own, and a line for each start and end of a job.
    logging.getLogger("arq").handlers.clear()
    logging.getLogger("arq").setLevel(logging.WARNING)


def show_job_figures(figures: Iterable[tuple[str, str, str, str, float]], *, redis: bool) -> None:
    """Put figures of all jobs (kind, queue, job, status, value) in place of those shown before."""
    REDIS_UP.set(redis)
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
