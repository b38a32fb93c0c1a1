"""Figures of jobs in /metrics, seen by an API that sees no tenant's rows."""

import asyncio

import httpx
from tests.jobs.conftest import Desk

from learning_service.api.shared import SHARED_SECONDS
from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import Unworkable
from learning_service.main import create_app


async def half(context: Context, job: Job) -> None:
    if job.arguments["n"] == 0:
        raise Unworkable("the first")
    if job.arguments["n"] == 1:
        raise RuntimeError("the second")


async def test_metrics_tell_of_jobs_workers_and_ages(desk: Desk, job_settings: Settings) -> None:
    await desk.add(count=5)
    await desk.runner(half).run_until_idle()
    await desk.add("novelty")
    await desk.sql("UPDATE outbox SET run_at = run_at - interval '90 seconds' WHERE job = 'novelty'")
    await desk.runner(half).durable.show_life()
    app = create_app(job_settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://x.example") as http,
    ):
        text = (await http.get("/metrics")).text
        await desk.sql("DELETE FROM outbox")
        await asyncio.sleep(SHARED_SECONDS)
        later = (await http.get("/metrics")).text
    values = dict(
        line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(("learning_job", "learning_w"))
    )
    assert values['learning_job_rows{job="work",queue="jobs",status="dead"}'] == "1.0"
    assert values['learning_job_rows{job="novelty",queue="jobs",status="queued"}'] == "1.0"
    assert values['learning_job_retrying_rows{job="work",queue="jobs"}'] == "1.0"
    assert values['learning_jobs_last_hour{job="work",outcome="done",queue="jobs"}'] == "3.0"
    assert values['learning_jobs_last_hour{job="work",outcome="dead",queue="jobs"}'] == "1.0"
    assert 90 <= float(values['learning_job_queue_age_seconds{queue="jobs"}']) < 150
    assert float(values['learning_workers{queue="jobs"}']) >= 1
    # How long jobs took is this process's own to tell, as long as it runs.
    assert not [
        line for line in later.splitlines() if "novelty" in line and "learning_job_seconds" not in line
    ]
