"""One trace from a member's request through SQL, the job and the store to the certificate's PDF."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.kit import processes
from tests.kit.earned import POLICY, TREE
from tests.kit.receiver import Receiver, answer
from tests.kit.world import Caller, World

from learning_service.core.settings import Settings

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]
PROTOBUF = "Content-Type: application/x-protobuf"
SECONDS = 60


@dataclass(frozen=True)
class Seen:
    """A span as the collector got it."""

    process: str
    name: str
    id: bytes
    parent: bytes
    trace: str
    attributes: dict[str, str]


@dataclass(frozen=True)
class Traced:
    """A service that traces everything, and the collector."""

    http: httpx.AsyncClient
    collector: Receiver
    log: Path

    def spans(self, trace: str) -> Sequence[Seen]:
        """Those of one trace so far."""
        return [one for one in self.all_spans() if one.trace == trace]

    def all_spans(self) -> Sequence[Seen]:
        """All so far."""
        found = []
        for request in self.collector.requests:
            for resource in ExportTraceServiceRequest.FromString(request.body).resource_spans:
                named = {one.key: one.value.string_value for one in resource.resource.attributes}
                found += [
                    Seen(
                        named["service.name"],
                        span.name,
                        span.span_id,
                        span.parent_span_id,
                        span.trace_id.hex(),
                        {one.key: one.value.string_value for one in span.attributes},
                    )
                    for scope in resource.scope_spans
                    for span in scope.spans
                ]
        return found

    async def until(self, trace: str, name: str) -> Sequence[Seen]:
        """The spans of a trace once one of this name is there."""
        deadline = asyncio.get_running_loop().time() + SECONDS
        while True:
            found = self.spans(trace)
            if any(one.name == name for one in found):
                return found
            assert asyncio.get_running_loop().time() < deadline, [one.name for one in found]
            await asyncio.sleep(0.2)


@pytest.fixture
async def traced(settings: Settings, tmp_path: Path) -> AsyncIterator[Traced]:
    async with Receiver([answer("200 OK", PROTOBUF)]) as collector:
        endpoint = collector.url.removesuffix("/hook")
        told = settings.model_copy(
            update={
                "otel_exporter_otlp_endpoint": endpoint,
                "otel_traces_sampler_arg": 0.0,
                "log_level": "info",
            }
        )
        log = tmp_path / "api.log"
        async with processes.api(told, log) as (_, http), processes.worker(told, tmp_path / "worker.log"):
            yield Traced(http, collector, log)


async def test_a_request_its_job_and_the_store_are_one_trace(world: World, traced: Traced) -> None:
    course = await world.course(TREE, **POLICY)
    member = Caller(traced.http, world.member("ana").token, "ana")
    await member.ok("POST", f"/api/courses/{course['id']}/enroll/")
    modules = await member.ok("GET", f"/api/courses/{course['id']}/modules/")
    trace, browser = secrets.token_hex(16), secrets.token_hex(8)
    path = f"/api/lessons/{modules['items'][0]['items'][0]['id']}/complete/"
    done = await member("POST", path, headers={"traceparent": f"00-{trace}-{browser}-01"})
    assert done.is_success, done.text

    spans = await traced.until(trace, "S3 store")
    [request] = [one for one in spans if one.parent.hex() == browser]
    assert (request.process, request.name) == ("learning-api", "POST /api/lessons/{lesson_id}/complete/")
    [job] = [
        one
        for one in await traced.until(trace, "generate_certificates")
        if one.name == "generate_certificates"
    ]
    assert (job.process, job.parent) == ("learning-worker", request.id)
    below = {one.name for one in spans if one.parent == job.id}
    assert "S3 store" in below
    assert any(one.name.startswith(("SELECT", "UPDATE")) and one.parent == request.id for one in spans)
    assert f'"trace_id":"{trace}"' in traced.log.read_text()
    told = " ".join(value for one in spans for value in one.attributes.values())
    for secret in (member.token, "Hazing", "ana@", world.member("ana").token):
        assert secret not in told

    listed = await member.ok("GET", "/api/users/certificates/")
    verify = f"/api/certificates/{listed['items'][0]['id']}/verify/"
    fast = secrets.token_hex(16)
    await traced.http.get(verify, headers={"traceparent": f"00-{fast}-{browser}-01"})
    found = await traced.until(fast, "GET /api/certificates/{certificate_id}/verify/")
    [statement] = [one for one in found if one.parent.hex() != browser]
    assert statement.name == "statement of a fast path"

    others = {one.trace for one in traced.all_spans()} - {trace, fast}
    assert others == set(), "a share of 0 traces what a caller asks for and nothing else"
