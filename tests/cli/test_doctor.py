"""What the doctor finds, and what it says to do, on parts that are well and on parts that are broken."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import make_url, text
from tests.kit.s3_servers import free_port
from tests.kit.stack import create_database, create_database_from_template, drop_database

from learning_devstack.parts import Parts
from learning_service.cli.doctor import Finding, examine, of_settings
from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.jobs.outbox import enqueue_named

MakeSettings = Callable[..., Settings]


def _of(findings: list[Finding], part: str) -> list[Finding]:
    return [finding for finding in findings if finding.part == part]


async def test_parts_that_are_well_are_said_to_be(settings: Settings, worker_context: Context) -> None:
    findings = await examine(settings)
    assert [finding.state for part in ("redis", "store") for finding in _of(findings, part)] == ["ok", "ok"]
    assert _of(findings, "database")[0].state == "ok"
    assert "newest" in _of(findings, "schema")[0].text
    # The tests log in as a superuser, whom no wall stops.
    assert [f.state for f in findings if "row-level security" in f.text] == ["look"]
    assert [f for f in findings if f.state == "wrong" and f.part != "jobs"] == []


async def test_every_fault_is_told_with_what_to_do(
    parts: Parts, make_settings: MakeSettings, settings: Settings
) -> None:
    port = free_port()
    broken = make_settings(
        settings.database_url,
        redis_url=f"redis://127.0.0.1:{port}/0",
        s3_bucket="nowhere-to-be-found",
        smtp_url=f"smtp://127.0.0.1:{port}",
    )
    findings = await examine(broken)
    for part, advice in (("redis", "REDIS_URL"), ("store", "bucket"), ("mail", "SMTP_URL")):
        (finding,) = _of(findings, part)
        assert finding.state == "wrong", part
        assert advice in finding.advice


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda url: url.rpartition("/")[0] + "/not-there", "learning-service migrate"),
        (lambda url: str(make_url(url).set(port=1).render_as_string(hide_password=False)), "host and port"),
    ],
    ids=["no such database", "no such port"],
)
async def test_a_database_that_is_not_there(
    make_settings: MakeSettings, settings: Settings, change: Callable[[str], str], advice: str
) -> None:
    findings = await examine(make_settings(change(settings.database_url)))
    (finding,) = _of(findings, "database")
    assert finding.state == "wrong"
    assert advice in finding.advice
    assert _of(findings, "redis")[0].state == "ok"


async def test_a_database_without_a_schema_needs_migrating(parts: Parts, make_settings: MakeSettings) -> None:
    name = f"doctor_{uuid.uuid4().hex[:12]}"
    url = await create_database(parts, name)
    try:
        (finding,) = _of(await examine(make_settings(url)), "schema")
        assert (finding.state, "migrate" in finding.advice) == ("wrong", True)
    finally:
        await drop_database(parts, name)


async def test_dead_jobs_and_missing_workers_are_told(parts: Parts, make_settings: MakeSettings) -> None:
    name = f"doctor_{uuid.uuid4().hex[:12]}"
    settings = make_settings(await create_database_from_template(parts, name))
    try:
        async with open_context(settings, "learning_worker") as context, context.transaction(None) as session:
            await enqueue_named(session, "generate_certificates", {}, organization_id="org")
            await session.flush()
            await session.execute(text("UPDATE outbox SET status = 'dead', finished_at = now()"))
        findings = await examine(settings)
        assert [(f.state, f.text) for f in _of(findings, "jobs")] == [
            ("wrong", "1 generate_certificates are dead")
        ]
        assert [(f.part, f.state) for f in findings if "learning-service worker" in f.advice] == [
            ("worker", "look")
        ]
    finally:
        await drop_database(parts, name)


def test_settings_of_production_are_looked_at() -> None:
    findings = of_settings(Settings(database_url="postgresql://a:b@c/d", secret_keys=["k" * 32]))
    assert findings[0].state == "wrong"
    assert "AUTH_ISSUERS" in findings[0].advice
    assert [(f.part, f.state) for f in findings[1:]] == [("TRUSTED_PROXIES", "look"), ("SMTP_URL", "look")]
