"""The rig itself is tested: each of six bugs, planted one at a time, must be found, and nothing without them."""

import pytest
from tests.faults.conftest import laboratory_of
from tests.faults.experiment import PDF_SECONDS, Laboratory
from tests.faults.focused import CHAOTIC, PLANTED, SHORT_PATIENCE, Planted
from tests.faults.report import Report
from tests.faults.rig import Rig

from learning_service.adapters.storage import ObjectStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def harm_with(rig: Rig, store: ObjectStore, planted: Planted, patch: str, dropped: str) -> list[str]:
    """What the experiment finds in a service of its own."""
    database = await rig.new_database()
    program = ("-m", "tests.faults.planted", patch)
    service = rig.service(database, program=program, names=planted.names)
    async with laboratory_of(rig, service, database, store) as laboratory:
        if dropped:
            await laboratory.database.execute(f"DROP INDEX {dropped}")
        return await planted.experiment(laboratory, SHORT_PATIENCE)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.bug.replace(" ", "-"))
async def test_bug_is_found(
    rig: Rig, store: ObjectStore, laboratory: Laboratory, report: Report, planted: Planted
) -> None:
    harm = await harm_with(rig, store, planted, planted.patch, planted.dropped)
    with_it = [one for one in harm if one.startswith(planted.aim)]
    if planted.names == CHAOTIC:
        without = await harm_with(rig, store, planted, "none", "")
    else:
        without = await planted.experiment(laboratory, PDF_SECONDS)
    experiment = planted.experiment.__name__.replace("_", " ")
    report.bugs.append((planted.bug, experiment, len(with_it), len(without)))
    assert with_it, f"the rig does not see this bug: {harm}"
    assert not without
