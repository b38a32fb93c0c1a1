"""Every statement of every route, as the database executed it: work by what is asked for, whatever statistics say.

An organization is founded and looked at; then its members and their learning come in by thousands. Each route is
called at once, by whoever may: with the statistics of before, with none at all, and after ANALYZE; alone, and beside
an organization of a million members.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from benchmarks.people import add_organization, execute, rest_indexes, wake_indexes
from tests.authorization.calls import CALLS, ask
from tests.authorization.scene import Scene, open_scene
from tests.authorization.table import LET_IN, REACHES, read_table
from tests.kit.bulk_load import FORGET, MEMBERS
from tests.kit.crowd import grow
from tests.kit.executed import TELLING, Executed
from tests.kit.plans import Work
from tests.kit.service import MakeSettings
from tests.kit.stack import create_database_from_template
from tests.kit.world import Signer, World

from learning_service.context import open_context
from learning_service.main import create_app

MOST = 30 * MEMBERS
"""Rows or pages that one statement may touch in a request, all its runs together; pairs are more than a million."""
SEVERAL = {"GET /api/reports/compliance/history/": 12, "GET /api/audit/": 2}
"""Answers made of several, each of which goes through all members: a year by months. The trail reads the few courses
whole for each of its rows, once statistics know how few they are."""
CALLERS = "member", "chapter admin", "regional admin", "national admin", "grader", "service"
GIANT = int(os.environ.get("GIANT", "1000000"))
OWN = REACHES.index("own")


@dataclass
class House:
    """The scene, on a database of its own, and what is executed there."""

    scene: Scene
    executed: Executed
    url: str

    async def called(self, moment: str) -> tuple[list[str], dict[str, float]]:
        """Call each route as everybody who may: what touched too much, and the most that a statement of each did."""
        over: list[str] = []
        most: dict[str, float] = {}
        rows = {row.route: row for row in read_table()}
        for route in CALLS:
            bound = MOST * SEVERAL.get(route, 1)
            for who in CALLERS:
                if rows[route].cells[who][OWN] != LET_IN:
                    continue
                await self.executed.taken()
                answer = await ask(self.scene, self.scene.actor(who), route, "own")
                done = await self.executed.taken()
                assert answer.status_code < 500, f"{moment}: {route} by {who}: {answer.text}"
                most[route] = max([most.get(route, 0.0), *(work.touched for work in done)])
                over += [told(f"{moment}: {route} by {who}", work) for work in done if work.touched > bound]
        return over, most


def told(asked: str, work: Work) -> str:
    return f"{asked}: {work.touched:.0f}\n{work.statement}\n{work.plan}"


@pytest.fixture
async def house(
    request: pytest.FixtureRequest,
    parts: object,
    make_settings: MakeSettings,
    signer: Signer,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    name = f"plans_{request.param}"
    settings = make_settings(await create_database_from_template(parts, name))  # type: ignore[arg-type]
    url = settings.database_url.replace("postgresql+asyncpg://", "postgresql://")
    await execute(url, "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()")
    if request.param:
        await rest_indexes(url)
        await add_organization(url, "giant", request.param)
        await wake_indexes(url)
    await execute(url, *(f"ALTER DATABASE {name} SET {key} = '{value}'" for key, value in TELLING.items()))
    executed = Executed()
    with executed.listening(monkeypatch):
        app = create_app(settings)
        async with open_context(settings, "learning_worker") as worker, app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
                home, away = World(http, signer, worker), World(http, signer, worker)
                await home.found()
                await away.found()
                yield House(await open_scene(home, away), executed, url)
    await execute(url, "ALTER SYSTEM RESET autovacuum", "SELECT pg_reload_conf()")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "house",
    [pytest.param(0, marks=pytest.mark.long), pytest.param(GIANT, marks=pytest.mark.slow)],
    indirect=True,
)
async def test_no_statement_of_a_route_touches_more_than_it_needs(house: House) -> None:
    await execute(house.url, "ANALYZE")
    own = house.scene.places["own"].ids
    courses = [own["course_id"], own["program_id"]]
    await grow(house.url, house.scene.home.id, learning=courses, done=own["spare_course_id"])
    over, most = await house.called("founded")
    await execute(house.url, *FORGET)
    for moment, steps in (("never", ()), ("analyzed", ("ANALYZE",))):
        await execute(house.url, *steps)
        found, more = await house.called(moment)
        over += found
        most = {route: max(most[route], more[route]) for route in most}
    assert len(most) > 100, "routes that were called"
    assert max(most.values()) > MEMBERS, "reports go through all members: else nothing was listened to"
    assert not over, "\n".join([*(line.split("\n")[0] for line in over), over[0]])
