"""What a process tells of itself in figures, and the file that shows its life."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client import generate_latest
from tests.jobs.conftest import Desk, context, job_settings, jobs_database
from tests.kit.s3_servers import free_port
from tests.kit.waiting import until
from tests.kit.world import World

from learning_service.context import Context
from learning_service.core.metrics import shown
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import Job
from learning_service.main import create_app

__all__ = ["context", "job_settings", "jobs_database"]


def _values(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


async def test_a_worker_serves_its_figures_at_a_port_of_their_own(
    context: Context, make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    async def work(_context: Context, job: Job) -> None:
        if job.arguments["n"] == 0:
            raise RuntimeError("the first")

    port, beat = free_port(), tmp_path / "alive"
    settings = make_settings(context.settings.database_url, metrics_port=port, heartbeat_file=beat)
    desk = Desk(context)
    async with shown(settings, context.engine, context.direct), httpx.AsyncClient(timeout=30) as http:
        async with context.transaction(None), context.transaction(None):
            text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        assert _values(text)['learning_database_connections_used{pool="requests"}'] == 2
        assert _values(text)['learning_database_connections_limit{pool="requests"}'] >= 20
        before = _values(text).get('learning_job_seconds_count{job="work",outcome="done"}', 0)
        await desk.add(count=3)
        await desk.runner(work).run_until_idle()
        values = _values((await http.get(f"http://127.0.0.1:{port}/metrics")).text)
        assert values['learning_job_seconds_count{job="work",outcome="done"}'] == before + 2
        assert values['learning_job_seconds_count{job="work",outcome="failed"}'] >= 1
        assert any(name.startswith("learning_build_info{") and 'version="' in name for name in values)
        assert beat.exists()
    with pytest.raises(httpx.ConnectError):
        await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")


async def test_a_loop_that_is_held_shows_in_its_lag(context: Context) -> None:
    def held() -> float:
        values = _values(generate_latest().decode())
        return (
            values["learning_event_loop_lag_seconds_count"]
            - values['learning_event_loop_lag_seconds_bucket{le="0.25"}']
        )

    async with shown(context.settings, context.engine, context.direct):
        before = held()
        await asyncio.sleep(0.1)
        time.sleep(0.9)  # noqa: ASYNC251 - it is what is tried

        async def it_shows() -> bool:
            return held() > before

        await until(it_shows)


async def test_who_is_turned_away_is_counted_by_reason(
    settings: Settings, make_settings: Callable[..., Settings], world: World
) -> None:
    app = create_app(make_settings(settings.database_url, principal_burst=1, principal_requests_per_second=1))

    def refused() -> float:
        name = 'learning_requests_refused_total{code="rate-limited",status="429"}'
        return _values(generate_latest().decode()).get(name, 0)

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            there = World(http, world.signer, world.worker, id=world.id)
            ana, before = there.call_as("ana"), refused()
            answers = [(await ana("GET", "/api/me/")).status_code for _ in range(5)]
    assert answers.count(429) >= 3
    assert refused() == before + answers.count(429)
