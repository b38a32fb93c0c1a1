"""Every route that takes a body, a path or a query gets them wrong in every way: 4xx, and nothing changes."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.authorization.calls import CALLS, Call, ask, filled
from tests.authorization.scene import Scene, open_scene
from tests.authorization.table import LET_IN, Row, read_table
from tests.kit.direct import Database
from tests.kit.fields import refused
from tests.kit.malformed import MALFORMED, SOME
from tests.kit.world import Caller, Json, World

from learning_service.api.bodies import JsonBody
from learning_service.api.openapi.document import dependencies_of
from learning_service.api.routes import api_routes
from learning_service.domain.kernel.values import OPAQUE_ID

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
# What no field takes, whatever it is for; written out, because Python's own encoder would soften some.
NEVER: dict[str, str] = {
    "NUL": r'"a\u0000b"',
    "a lone surrogate": r'"a\ud800"',
    "a bidi control": r'"\u202eabc"',
    "beyond every number": "1e999",
    "thirty digits": "9" * 30,
    "minus thirty digits": "-" + "9" * 30,
    "not a number": "NaN",
    "a deep list": "[" * 40 + "]" * 40,
}
BAD_IDS = [
    f"{{{SOME}}}",
    f"urn:uuid:{SOME}",
    "%00",
    "%0d%0aX-A:%20b",
    "%27%20OR%201%3D1",
    "%ff%fe",
    "%F0%9F%92%A9",
    "x" * 4000,
    SOME[:-1] + "%D9%A1",
    "%7B%7B7*7%7D%7D",
]
BAD_VALUES = [
    "",
    "%00",
    "%ff",
    "x" * 5000,
    "-1",
    "1e9",
    "%27%20OR%201%3D1",
    "NaN",
    "%D9%A1",
    "a%0d%0ab",
    "[]",
]
PAGES = ("/certificates/", "/c/", "/unsubscribe/")
"""Answered for a person, in HTML."""
MADE_WHEN_ASKED_FOR = {"/api/users/transcript/pdf/"}
"""Whose first reading queues the making, as a good one does."""
MADE_ELSEWHERE = {"user_id", "region_id", "chapter_id", "requirement_id"}


class PatientCaller(Caller):
    """Waits and asks again when told to slow down: a quick machine calls more often than anybody may."""

    async def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        answer = await super().__call__(method, path, json, **options)
        if answer.status_code != 429:
            return answer
        await asyncio.sleep(int(answer.headers["Retry-After"]))
        return await self(method, path, json, **options)


@pytest.fixture
async def scene(world: World, other_world: World) -> Scene:
    return await open_scene(world, other_world)


def rows_of_callers(scene: Scene) -> Iterator[tuple[Row, Call, Caller]]:
    """Each route with a caller who is let in on their own things; any caller where a token in the path decides."""
    for row in read_table():
        actor = next(
            (name for name, cell in reversed(row.cells.items()) if cell[0] == LET_IN), "national admin"
        )
        if row.cells["national admin"][0] == LET_IN:
            actor = "national admin"
        caller = scene.actor(actor)
        yield row, CALLS[row.route], PatientCaller(caller.http, caller.token, caller.user)


def spoilt(value: Any, bad: str) -> Iterator[str]:
    """The JSON text of the value with each of its parts, one at a time, replaced by a bad one."""
    marker = "\x01spoilt"

    def parts(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            for key, part in value.items():
                yield from ({**value, key: changed} for changed in parts(part))
        elif isinstance(value, list):
            for n, part in enumerate(value):
                yield from ([*value[:n], changed, *value[n + 1 :]] for changed in parts(part))
        yield marker

    yield from (json.dumps(changed).replace(json.dumps(marker), bad) for changed in parts(value))


def judged(answer: httpx.Response, what: object) -> None:
    """Insist on a whole problem document of 4xx."""
    assert 400 <= answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:300]}"
    try:
        refused(answer, answer.status_code)
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error


def readers_of(app: FastAPI) -> dict[str, JsonBody]:
    """What reads the body of each route that takes JSON."""
    return {
        f"{method} {route.path}": call
        for route in api_routes(app)
        for method in route.methods or ()
        for call in dependencies_of(route)
        if isinstance(call, JsonBody)
    }


async def test_bodies(scene: Scene, app: FastAPI, database: Database) -> None:
    readers = readers_of(app)
    before, sent = await database.digests(), 0
    for row, call, caller in rows_of_callers(scene):
        reader = readers.get(row.route)
        if reader is None:
            continue
        ids = scene.places["own"].ids | {n: scene.places["own"].ids[o] for n, o in call.ids}
        path = row.path.format_map(ids)
        headers = {"Content-Type": reader.media_types[0], "If-Match": '"none"'}
        wrong = {what: content for what, content in MALFORMED.items() if content or not reader.optional}
        for name, bad in NEVER.items():
            wrong |= {
                f"{name} {n}": text.encode() for n, text in enumerate(spoilt(filled(call.body, ids), bad))
            }
        for what, content in wrong.items():
            judged(await caller(row.method, path, content=content, headers=headers), (row.route, what))
        odd = {**headers, "Content-Type": "text/plain"}
        refused(await caller(row.method, path, content=b"{}", headers=odd), 415)
        sent += len(wrong) + 1
    assert sent > 2000
    assert await database.digests() == before


async def test_paths(scene: Scene, database: Database) -> None:
    before = await database.digests()
    for row, call, caller in rows_of_callers(scene):
        names = [part[1:-1] for part in row.path.split("/") if part.startswith("{")]
        ids = scene.places["own"].ids
        for name in names:
            for bad in BAD_IDS:
                if name in MADE_ELSEWHERE and OPAQUE_ID.match(bad):
                    continue
                path = row.path.format_map(ids | {name: bad})
                body = filled(call.body, ids)
                if name == "organization_id" or row.path.startswith(PAGES):
                    answer = await caller(row.method, path, body)
                    assert 400 <= answer.status_code < 500, (row.route, bad)
                    continue
                judged(await caller(row.method, path, body), (row.route, bad))
    assert await database.digests() == before


async def test_queries(scene: Scene, app: FastAPI, database: Database) -> None:
    for row, _, caller in rows_of_callers(scene):
        if row.path in MADE_WHEN_ASKED_FOR:
            assert (await caller("GET", row.path)).status_code == 202
    before = await database.digests()
    documented = app.openapi()["paths"]
    for row, _, caller in rows_of_callers(scene):
        if row.method != "GET":
            continue
        asked = documented[row.path]["get"].get("parameters", [])
        names = {one["name"] for one in asked if one["in"] == "query"}
        path = row.path.format_map(scene.places["own"].ids)
        queries = [f"{name}={bad}" for name in names for bad in BAD_VALUES]
        queries += [f"{name}=1&{name}=2" for name in names] + ["%00=1", "=&=", "&&", "a[]=1", "x" * 3000]
        for query in queries:
            answer = await caller("GET", f"{path}?{query}")
            assert answer.status_code < 500, (row.route, query, answer.text)
            if answer.status_code >= 400 and not row.path.startswith(PAGES):
                judged(answer, (row.route, query))
    assert await database.digests() == before


async def test_unknown_parameters(scene: Scene, app: FastAPI, database: Database) -> None:
    """Whoever misspelt `dry_run` must not have done it."""
    readers = readers_of(app)
    before, found = await database.digests(), {}
    for row, call, caller in rows_of_callers(scene):
        if not row.path.startswith("/api/"):
            continue
        ids = scene.places["own"].ids | {n: scene.places["own"].ids[o] for n, o in call.ids}
        path = f"{row.path.format_map(ids)}{f'{call.query}&' if call.query else '?'}dryrun=true"
        reader = readers.get(row.route)
        headers = {} if reader is None else {"Content-Type": reader.media_types[0]}
        answer = await caller(row.method, path, filled(call.body, ids), headers=headers)
        faults = answer.json().get("errors") if answer.status_code == 422 else answer.text[:300]
        found[row.route] = (
            [(one["pointer"], one["code"]) for one in faults] if isinstance(faults, list) else faults
        )
    assert len(found) > 150
    assert {route: said for route, said in found.items() if said != [("?dryrun", "unknown-field")]} == {}
    assert await database.digests() == before


async def test_refusals_at_work_change_nothing(scene: Scene, database: Database) -> None:
    """Good requests about things that are not there, each with an idempotency key: no row of it is kept."""
    before = await database.digests()
    headers: Json = {"Idempotency-Key": "matrix"}
    for row, call, caller in rows_of_callers(scene):
        cells = {cell[4] for cell in row.cells.values()}
        if row.path.startswith(PAGES) or LET_IN in cells or not call.varies(row.path):
            continue
        if row.method == "POST" and call.listed is None:
            nothing = scene.places["random id"].ids
            path = row.path.format_map(nothing)
            judged(await caller("POST", path, filled(call.body, nothing), headers=headers), row.route)
            judged(await ask(scene, caller, row.route, "random id", fresh=False), row.route)
    assert await database.digests() == before
