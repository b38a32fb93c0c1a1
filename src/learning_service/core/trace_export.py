"""Spans sent to a collector by OTLP over HTTP. Needs the extra `otel`."""

from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from learning_service.core.settings import Settings

_PATH = "/v1/traces"
_LONGEST = 2_000
"""Characters of a statement in a span."""
_SPAN = "trace_span"


class Exported:
    """The spans of one process."""

    def __init__(self, settings: Settings, process: str) -> None:
        share = settings.otel_traces_sampler_arg
        self.provider = TracerProvider(
            # Whoever called has decided for the whole trace.
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource.create({"service.name": f"learning-{process}"}),
            shutdown_on_exit=False,
        )
        endpoint = (settings.otel_exporter_otlp_endpoint or "").rstrip("/") + _PATH
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=5)))
        self.tracer = self.provider.get_tracer("learning_service")

    def watch(self, engine: AsyncEngine) -> None:
        """Make a span of every statement of an engine, without its parameters.

        By hand: opentelemetry-instrumentation-sqlalchemy 0.66 refuses SQLAlchemy 2.1.
        """
        event.listen(engine.sync_engine, "before_cursor_execute", self._begin)
        event.listen(engine.sync_engine, "after_cursor_execute", _end)
        event.listen(engine.sync_engine, "handle_error", _fail)

    def stop(self) -> None:
        """Send what is left, and stop."""
        self.provider.shutdown()

    def _begin(
        self, _connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: Any
    ) -> None:
        if not get_current_span().is_recording():
            return
        known = {"db.system.name": "postgresql", "db.query.text": statement[:_LONGEST]}
        name = statement.lstrip().partition(" ")[0]
        setattr(context, _SPAN, self.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=known))


def _end(_connection: Any, _cursor: Any, _statement: Any, _values: Any, context: Any, _many: Any) -> None:
    begun = getattr(context, _SPAN, None)
    if begun is not None:
        begun.end()


def _fail(failed: Any) -> None:
    begun = getattr(failed.execution_context, _SPAN, None)
    if begun is not None:
        begun.set_status(StatusCode.ERROR, type(failed.original_exception).__name__)
        begun.end()
