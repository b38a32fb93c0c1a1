"""Faults under load, one after the other: nothing acknowledged is lost, nothing happens twice."""

import pytest
from tests.faults.disturbances import STORM, TABLE, Disturbance
from tests.faults.experiment import Laboratory
from tests.faults.forms import RUNS, SHORT
from tests.faults.report import Report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CHOSEN = [one for one in TABLE if one.short or not SHORT]


@pytest.mark.parametrize("fault", CHOSEN, ids=lambda fault: f"{fault.number} {fault.name}".replace(" ", "-"))
async def test_fault(laboratory: Laboratory, report: Report, fault: Disturbance) -> None:
    for _ in range(RUNS):
        outcome = await laboratory.run(fault.do, seconds=fault.seconds, hurry=fault.hurry)
        report.add(fault.number, fault.name, outcome)
        assert not outcome.findings, outcome


async def test_everything_is_killed_at_random_under_forty_learners(
    laboratory: Laboratory, report: Report
) -> None:
    outcome = await laboratory.run(STORM.do, seconds=STORM.seconds, seats=40, think=2)
    report.add(STORM.number, STORM.name, outcome)
    assert not outcome.findings, outcome
