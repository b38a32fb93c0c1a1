"""docs/authorization.md, tried: every route, by everybody, on everybody's things."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.authorization.calls import CALLS, Call, ask
from tests.authorization.scene import Scene, open_scene
from tests.authorization.table import (
    ACTORS,
    ASKED_WHO,
    FORBIDDEN,
    LET_IN,
    NO_SUCH,
    REACHES,
    UNKNOWN,
    Row,
    read_table,
)
from tests.kit.direct import Database
from tests.kit.world import World

from learning_service.api.openapi.document import permission_of
from learning_service.api.routes import api_routes

SIGNS = {401: ASKED_WHO, 403: FORBIDDEN, 404: UNKNOWN, 422: UNKNOWN}


def test_every_route_has_its_row_and_its_request(app: FastAPI) -> None:
    routes = {
        (f"{method} {route.path}", getattr(permission_of(route), "name", "nobody"))
        for route in api_routes(app)
        for method in route.methods or ()
    }
    table = read_table()
    assert {(row.route, row.permission) for row in table} == routes
    assert len(table) == len(routes), "a route stands there twice"
    assert {row.route for row in table} == set(CALLS)


def sign_of(answer: httpx.Response, call: Call, scene: Scene, reach: str) -> str:
    """What became of a request; what a list leaves out, and what a body may not name, is unknown."""
    if call.listed is None or not answer.is_success:
        return SIGNS.get(answer.status_code, LET_IN)
    column, name = call.listed
    return LET_IN if scene.places[reach].ids[name] in set(values(answer.json()["items"], column)) else UNKNOWN


def values(items: list[dict[str, Any]], column: str) -> Iterator[str]:
    for item in items:
        value: Any = item
        for step in column.split("."):
            value = value[step]
        yield value


def unlike_unknown(answer: httpx.Response, unknown: httpx.Response) -> bool:
    """Whether an answer tells its thing apart from one that does not exist."""
    if answer.headers.get("content-type") != "application/problem+json":
        return answer.status_code == 404 and answer.content != unknown.content
    told = [{**one.json(), "instance": "", "request_id": ""} for one in (answer, unknown)]
    return told[0] != told[1]


@dataclass
class Trial:
    """The cells tried so far, and what was wrong with them."""

    scene: Scene
    faults: list[str] = field(default_factory=list)
    tried: int = 0
    succeeded: set[str] = field(default_factory=set)

    async def cells(self, row: Row, actor: str, *, refused: bool) -> None:
        """Try the row's cells of this actor that are refusals, or those that are not."""
        caller, call = self.scene.actor(actor), CALLS[row.route]
        wanted = {
            reach: sign for reach, sign in zip(REACHES, row.cells[actor], strict=True) if sign != NO_SUCH
        }
        answers: dict[str, httpx.Response] = {}
        for reach, sign in wanted.items():
            if (sign != LET_IN) != refused:
                continue
            # A list is one request, in which everybody's things are looked for.
            again = next(iter(answers.values()), None) if call.listed or not call.varies(row.path) else None
            answer = again or await ask(self.scene, caller, row.route, reach, fresh=not refused)
            answers[reach] = answer
            self.tried += 1
            found = sign_of(answer, call, self.scene, reach)
            if found != sign:
                what = f"{answer.status_code} {answer.text[:200]}"
                self.faults.append(f"{row.route}: {actor}, {reach}: {sign} expected, {found} found: {what}")
            if answer.status_code < 400:
                self.succeeded.add(row.route)
        unknown = answers.get("random id")
        for reach, answer in answers.items():
            secret = wanted[reach] == UNKNOWN and not answer.is_success
            if secret and unknown is not None and unlike_unknown(answer, unknown):
                self.faults.append(
                    f"{row.route}: {actor}, {reach}: differs from a random id's: {answer.text}"
                )

    async def actors(self, table: list[Row], *, refused: bool) -> None:
        """Try the whole table; authors last, for then chapter admins are authors."""
        for row in table:
            for actor in ACTORS:
                if actor != "author":
                    await self.cells(row, actor, refused=refused)
        await self.scene.let_chapter_admins_author(True)
        for row in table:
            await self.cells(row, "author", refused=refused)
        await self.scene.let_chapter_admins_author(False)


# What the scene's things cannot give: attempts are unlimited there, no delivery has ended, no document failed, no
# pass is in doubt, no mail has left, every course is published, and none invites to a newer version.
NEVER_GOES_THROUGH = {
    "DELETE /api/courses/{course_id}/",
    "POST /api/enrollments/{enrollment_id}/attempts/",
    "POST /api/learning/grading/lost-passes/{enrollment_id}/",
    "POST /api/webhooks/{webhook_id}/deliveries/{delivery_id}/replay/",
    "POST /api/documents/{document_id}/retry/",
    "POST /api/users/enrollments/{enrollment_id}/move/",
    "GET /unsubscribe/{token}/",
    "POST /unsubscribe/{token}/",
}


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_everybody_gets_what_the_document_says(
    world: World, other_world: World, database: Database
) -> None:
    scene = await open_scene(world, other_world)
    rows = {row.route: row for row in read_table()}
    table = [rows[route] for route in CALLS]
    trial = Trial(scene)
    await scene.let_chapter_admins_author(False)
    before, theirs = await database.digests(), await database.digests(other_world.id)
    await trial.actors(table, refused=True)
    touched = {name for name, digest in (await database.digests()).items() if digest != before[name]}
    assert touched <= {"organizations", "audit_entries"}, "refused requests changed something"
    refusals = trial.tried
    await trial.actors(table, refused=False)
    assert await database.digests(other_world.id) == theirs, "another organization was changed"
    assert trial.faults == [], "\n".join(trial.faults)
    assert set(rows) - trial.succeeded <= NEVER_GOES_THROUGH, "let in, and yet never answered 2xx or 3xx"
    assert refusals > 1500
    assert trial.tried > 2000
