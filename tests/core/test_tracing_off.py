"""Without a collector nothing is traced; with one, the packages of the extra have to be there."""

import sys
from collections.abc import Iterator

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from learning_service.core import tracing
from learning_service.core.settings import Settings

ADDRESS = "postgresql+asyncpg://nobody@127.0.0.1/none"


@pytest.fixture(autouse=True)
def off() -> Iterator[None]:
    tracing.use(None)
    yield
    tracing.use(None)


def started(**settings: str) -> tracing.Tracing | None:
    told = Settings.model_validate({"environment": "development", "database_url": ADDRESS, **settings})
    return tracing.start_tracing(told, "api", create_async_engine(ADDRESS))


def test_without_a_collector_there_are_no_spans() -> None:
    assert started() is None
    with tracing.span("work"):
        assert tracing.traceparent() is None
        assert tracing.trace_id() is None


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, tracing.EXPORT, None)
    with pytest.raises(RuntimeError, match=r"install learning-service\[otel\]"):
        started(otel_exporter_otlp_endpoint="http://127.0.0.1:4318")


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="otel_exporter_otlp_endpoint"):
        started(otel_exporter_otlp_endpoint="collector:4318")
