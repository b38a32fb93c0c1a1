"""A real API process whose processor time is counted: what a request costs there and nowhere else."""

import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.hostile.worst import Case
from tests.kit.processes import Running, api
from tests.kit.world import Signer, World

from learning_service.context import Context
from learning_service.core.settings import Settings

WHOLE = os.environ.get("SLOW_INPUTS") == "whole"
# Beside other tests a processor takes up to twice its time for the same work; `make slow-inputs` runs alone.
SECONDS = 0.05 if WHOLE else 0.1
PER = 100 * 1024
LEAST = 0.01
"""What any request may cost beside an empty one: a caller has 100 a second, and is told all faults."""
TRIES = 3


@dataclass
class Measured(World):
    """An organization behind an API process of its own."""

    process: Running | None = None
    empty: float = 0
    """What the dearest of the empty requests costs."""

    def spent(self) -> float:
        """Processor seconds of the process so far."""
        assert self.process is not None
        return self.process.processor_seconds()

    async def cost(self, case: Case) -> tuple[float, int]:
        """Processor seconds of one request, and its status."""
        before = self.spent()
        status = await case()
        return self.spent() - before, status

    async def too_slow(self, cases: Iterable[Case]) -> dict[str, str]:
        """Those over the mark, the best of three tries: at that moment the process may do something else as well."""
        found: dict[str, str] = {}
        for case in cases:
            allowed = self.empty + max(LEAST, SECONDS * case.size / PER)
            best = allowed + 1
            for _ in range(TRIES):
                spent, status = await self.cost(case)
                assert status < 500, f"{case.name}: {status}"
                best = min(best, spent)
                if best <= allowed:
                    break
            else:
                found[case.name] = (
                    f"{best * 1000:.1f} ms for {case.size / 1024:.0f} KiB, allowed {allowed * 1000:.1f}: {status}"
                )
        return found

    async def measure_empty(self) -> None:
        """Take what a request of nothing costs, so that only what is in one counts."""
        course = await self.course()
        author = self.admin
        path = f"/api/courses/{course['id']}"
        stale = {"If-Match": '"stale"'}
        cases = [
            Case("publish", author, "POST", f"{path}/publish/", b"{}"),
            Case("draft", author, "PUT", f"{path}/draft/", b'{"title":"t"}', stale),
            Case("assign", author, "POST", f"{path}/assign/", b'{"user_ids":["nobody"]}'),
            Case("events", self.directory, "POST", "/api/directory/events/", b"[{}]"),
        ]
        costs = [min([(await self.cost(case))[0] for _ in range(10)]) for case in cases]
        self.empty = max(costs)


@pytest.fixture(scope="module")
async def process(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    generous: dict[str, Any] = {"principal_requests_per_second": 10_000, "principal_burst": 100_000}
    log = tmp_path_factory.mktemp("measured") / "api.log"
    async with api(settings.model_copy(update=generous), log) as started:
        yield started


@pytest.fixture
async def measured(
    process: tuple[Running, httpx.AsyncClient], signer: Signer, worker_context: Context, no_jobs: None
) -> Measured:
    running, http = process
    made = Measured(http, signer, worker_context, process=running)
    await made.found()
    await made.measure_empty()
    return made
