"""Start, submit, grade, certify, assign, remind: killed at every statement, commit and call, then done again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.faults.client import Ledger, new_http
from tests.faults.conftest import laboratory_of
from tests.faults.experiment import Laboratory
from tests.faults.forms import SHORT, STRIDE
from tests.faults.invariants import Inspector
from tests.faults.learners import gather_crowd
from tests.faults.mortality import NOTES, ORDER
from tests.faults.report import Report
from tests.faults.rig import Rig
from tests.faults.walking import FLOWS, FatalClient, Flow, Walk

from learning_service.adapters.storage import ObjectStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
PROGRAM = ("-m", "tests.faults.mortal")


@pytest.fixture(scope="module")
async def mortal(rig: Rig, store: ObjectStore) -> AsyncIterator[tuple[Laboratory, Path, Path]]:
    """One API and one worker that die as told."""
    order, notes = rig.parts.directory / "order", rig.parts.directory / "notes"
    database = await rig.new_database()
    extra = {ORDER: str(order), NOTES: str(notes)}
    service = rig.service(database, program=PROGRAM, names=("api-1", "worker-1"), extra=extra)
    async with laboratory_of(rig, service, database, store) as laboratory:
        yield laboratory, order, notes


@pytest.mark.parametrize("flow", FLOWS[:2] if SHORT else FLOWS, ids=lambda flow: str(flow.__name__))
async def test_walk(mortal: tuple[Laboratory, Path, Path], report: Report, flow: Flow) -> None:
    laboratory, order, notes = mortal
    urls = laboratory.service.urls
    async with new_http() as http:
        crowd = await gather_crowd(http, urls, laboratory.signer, {})
        crowd.client = client = FatalClient(urls, Ledger(), http)
        walk = Walk(crowd, client, laboratory.database, order, notes)
        await walk.find_out()
        deaths = await walk.through(flow, stride=STRIDE)
        await laboratory.settle(crowd)
        await crowd.read_feed_on()
        findings = await Inspector(laboratory.rig, laboratory.database, laboratory.store, crowd).inspect()
    report.walks.append((flow.__name__, deaths, len(findings.lost), len(findings.doubled)))
    assert not findings, findings
    assert deaths >= 2
