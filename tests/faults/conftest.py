"""One rig for all experiments of a session, and the table that they leave."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from tests.faults.experiment import Laboratory
from tests.faults.forms import FORM
from tests.faults.report import Report
from tests.faults.rig import Rig, open_rig
from tests.faults.service import Service
from tests.kit.world import Signer

from learning_service.adapters.storage import ObjectStore, open_store
from learning_service.core.settings import Settings

REPORT = Report()


@pytest.fixture(scope="session")
def report() -> Report:
    """Where experiments note what they found."""
    return REPORT


def pytest_runtest_teardown() -> None:
    """Keep the tables as they are by now: a session may be cut short."""
    REPORT.write(FORM)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables."""
    for line in REPORT.lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
async def rig(signer: Signer) -> AsyncIterator[Rig]:
    """Parts behind proxies."""
    async with open_rig(signer) as opened:
        yield opened


@pytest.fixture(scope="session")
async def store(rig: Rig) -> AsyncIterator[ObjectStore]:
    """The rig's object store, past the proxy."""
    settings = Settings(
        environment="development",
        database_url="postgresql+asyncpg://nobody@127.0.0.1/none",
        s3_endpoint_url=rig.parts.s3_endpoint_url,
        s3_access_key_id=rig.parts.s3_access_key_id,
        s3_secret_access_key=SecretStr(rig.parts.s3_secret_access_key or ""),
    )
    async with open_store(settings) as opened:
        yield opened


@asynccontextmanager
async def laboratory_of(
    rig: Rig, service: Service, database: str, store: ObjectStore
) -> AsyncIterator[Laboratory]:
    """Start the service and stop it at the end."""
    async with rig.connect(database) as connections:
        try:
            await service.start()
            yield Laboratory(rig, service, connections, store, rig.signer)
        finally:
            await service.stop()


@pytest.fixture(scope="session")
async def laboratory(rig: Rig, store: ObjectStore) -> AsyncIterator[Laboratory]:
    """The product itself, two APIs and two workers, on a database of its own."""
    database = await rig.new_database()
    async with laboratory_of(rig, rig.service(database), database, store) as opened:
        yield opened
