"""One trace from a request through its statements, its jobs and the store. What is not switched on costs nothing.

Names, texts and parameters never enter a span: routes, job names, statements without their values, keys of objects.
"""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from opentelemetry import trace
from opentelemetry.context import Context as TraceContext
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy.ext.asyncio import AsyncEngine

from learning_service.core.settings import Settings

EXPORT = "learning_service.core.trace_export"
"""Needs the packages of the extra `otel`, so it is loaded where it is asked for."""
_TEXT = TraceContextTextMapPropagator()
_tracer: Tracer | None = None
_NOTHING = nullcontext()


class Tracing(Protocol):
    """What sends spans away: see `trace_export`."""

    tracer: Tracer

    def watch(self, engine: AsyncEngine) -> None:
        """Make a span of every statement of an engine."""

    def stop(self) -> None:
        """Send what is left."""


def start_tracing(settings: Settings, process: str, engine: AsyncEngine) -> Tracing | None:
    """Begin to trace this process where a collector is set. Raises RuntimeError where the extra is missing."""
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    try:
        tracing: Tracing = importlib.import_module(EXPORT).Exported(settings, process)
    except ImportError as error:
        raise RuntimeError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but its packages are not here: install learning-service[otel]"
        ) from error
    use(tracing.tracer)
    tracing.watch(engine)
    return tracing


def use(tracer: Tracer | None) -> None:
    """Make spans by this tracer from now on; by none, make none."""
    global _tracer
    _tracer = tracer


def traceparent() -> str | None:
    """The span that we are in, in the form of W3C Trace Context; None where nothing is recorded."""
    if _tracer is None or not trace.get_current_span().get_span_context().trace_flags.sampled:
        return None
    carrier: dict[str, str] = {}
    _TEXT.inject(carrier)
    return carrier.get("traceparent")


def trace_id() -> str | None:
    """The id of the trace that we are in, for log lines; None where nothing is recorded."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if _tracer is not None and context.trace_flags.sampled else None


def context_of(headers: Mapping[str, str]) -> TraceContext:
    """The span that called, by its header `traceparent`."""
    return _TEXT.extract(headers)


def span(
    name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int
) -> AbstractContextManager[object]:
    """A piece of work inside the span that we are in; nothing where none is recorded."""
    if _tracer is None or not trace.get_current_span().is_recording():
        return _NOTHING
    return _tracer.start_as_current_span(name, kind=kind, attributes=attributes)


@contextmanager
def root(
    name: str, kind: SpanKind, parent: TraceContext, attributes: Mapping[str, str | int]
) -> Iterator[Span | None]:
    """The first span in this process: a request or a job. None where tracing is off."""
    if _tracer is None:
        yield None
        return
    with _tracer.start_as_current_span(name, parent, kind, attributes) as begun:
        yield begun


def mark_failed(begun: Span, reason: str) -> None:
    """Say that the span's work failed."""
    begun.set_status(StatusCode.ERROR, reason)
