"""The first certificates of an installation: who comes second waits for the keys of who came first."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.kit.direct import connect
from tests.kit.earned import earn
from tests.kit.stack import create_database_from_template, drop_database
from tests.kit.world import Signer, World

from learning_devstack.parts import Parts
from learning_service.adapters.credentials import make_key
from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.domain.certificates.queries.certificates import certificates_with_ids
from learning_service.domain.certificates.rules.keys import KeyKind, NewKey
from learning_service.main import create_app
from learning_service.worker import signing

PATIENCE_MS = 200


@pytest.fixture
async def new_world(
    parts: Parts, template: str, make_settings: Callable[..., Settings], signer: Signer
) -> AsyncIterator[World]:
    """An organization in an installation that has signed nothing yet, and waits for no lock for long."""
    name = f"first_{uuid.uuid4().hex[:12]}"
    settings = make_settings(
        await create_database_from_template(parts, name), lock_timeout_ms=PATIENCE_MS, job_concurrency=8
    )
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http,
        open_context(settings, "learning_worker") as worker,
    ):
        made = World(http, signer, worker)
        await made.found()
        yield made
    await drop_database(parts, name)


HELD = """
SELECT count(*) FROM pg_locks WHERE relation IN ('signing_keys'::regclass, 'status_lists'::regclass)
AND mode = 'RowExclusiveLock'
"""


@pytest.mark.timeout(90)
async def test_the_first_certificates_are_signed_at_once(
    new_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[KeyKind, int]] = []
    address = new_world.worker.settings.database_url

    async def held() -> int:
        """What is held still after a while: another one's key is written in a moment, the own maker waits for us."""
        connection = await connect(address)
        try:
            for _ in range(100):
                if not await connection.fetchval(HELD):
                    return 0
                await asyncio.sleep(0.05)
            return int(await connection.fetchval(HELD))
        finally:
            await connection.close()

    def making(kind: KeyKind, host: str) -> NewKey:
        # In a thread, so that it is asked wherever the key is made; others wait for whoever holds anything now.
        with ThreadPoolExecutor() as threads:
            made.append((kind, threads.submit(lambda: asyncio.run(held())).result()))
        return make_key(kind, host)

    first = await earn(new_world, "ana")
    second = await earn(new_world, "bob", course=first.course)
    ids = [uuid.UUID(one.id) for one in (first, second)]
    async with new_world.worker.transaction(new_world.id) as session:
        certificates = await certificates_with_ids(session, ids)
    monkeypatch.setattr(signing, "make_key", making)
    signed = await asyncio.gather(*(signing.signed_credential(new_world.worker, one) for one in certificates))
    assert all(signed)
    pdfs = await asyncio.gather(*(signing.pdf_signing(new_world.worker) for _ in range(2)))
    assert pdfs[0] == pdfs[1]
    assert {kind for kind, _ in made} == {"ed25519", "rs256", "pdf"}
    assert {count for _, count in made} == {0}
