"""What one caller or one organization wants all of, the others still get."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.types import Message, Receive, Scope, Send
from tests.kit.service import MakeSettings
from tests.kit.waiting import someone_waits, until
from tests.kit.webhooks import complete
from tests.kit.world import Caller, World, choice

from learning_service.api.concurrency import ConcurrencyLimit
from learning_service.api.requests import NOBODY
from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.domain.courses.actions import drafts
from learning_service.domain.courses.rules.richtext import sanitize_tree
from learning_service.domain.kernel.large_work import workroom
from learning_service.main import create_app

OWN, POOL = 5, 3


@pytest.fixture
async def http(settings: Settings, make_settings: MakeSettings) -> AsyncIterator[httpx.AsyncClient]:
    small = make_settings(settings.database_url, max_requests_of_principal=OWN, database_pool_size=POOL)
    application = create_app(small)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as client:
            yield client


def through(http: httpx.AsyncClient, caller: Caller) -> Caller:
    return Caller(http, caller.token, caller.user)


async def test_one_principal_has_so_many_requests_under_way(world: World, http: httpx.AsyncClient) -> None:
    reader = through(http, world.call_as("reader", scopes=["events:read"]))
    last = (await reader.ok("GET", "/api/events/?limit=200"))["next_cursor"]
    while True:
        page = await reader.ok("GET", f"/api/events/?limit=200&after={last}")
        last = page["next_cursor"]
        if not page["items"]:
            break
    waits = [asyncio.create_task(reader("GET", f"/api/events/?wait=20&after={last}")) for _ in range(OWN + 3)]

    async def the_rest_is_refused() -> bool:
        return sum(wait.done() for wait in waits) == 3

    await until(the_rest_is_refused)
    other = await through(http, world.admin)("GET", "/api/courses/")
    assert other.status_code == 200
    await complete(world)
    answers = [await wait for wait in waits]
    assert sorted(answer.status_code for answer in answers) == [200] * OWN + [429] * 3
    [refused, *_] = [answer for answer in answers if answer.status_code == 429]
    assert (refused.json()["code"], int(refused.headers["retry-after"])) == ("rate-limited", 2)
    for path in ("/api/events/", "/api/courses/"):
        assert (await reader("GET", path)).status_code in (200, 403), "places are given back"


async def test_slow_bodies_take_none_of_their_senders_places(world: World, http: httpx.AsyncClient) -> None:
    admin = through(http, world.admin)

    begun, go_on = asyncio.Barrier(OWN + 1), asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        yield b'{"title": "Late", '
        await begun.wait()
        await go_on.wait()
        yield b'"scope": "national"}'

    headers = {"Content-Type": "application/json"}
    slow = [
        asyncio.create_task(admin("POST", "/api/courses/", content=drip(), headers=headers))
        for _ in range(OWN)
    ]
    await begun.wait()
    assert (await admin("GET", "/api/courses/")).status_code == 200
    go_on.set()
    assert [(await one).status_code for one in slow] == [201] * OWN


async def test_one_organization_does_not_take_all_connections(
    world: World, other_world: World, http: httpx.AsyncClient
) -> None:
    directory, other = through(http, world.directory), through(http, other_world.admin)
    async with world.worker.transaction(world.id) as session:
        held = text("SELECT 1 FROM chapters WHERE organization_id = :o AND id = 'n2' FOR UPDATE")
        await session.execute(held, {"o": world.id})
        body = {"name": "Locked", "region_id": "north"}
        pushes = [
            asyncio.create_task(directory("PUT", "/api/directory/chapters/n2/", body)) for _ in range(OWN)
        ]
        await someone_waits(world.worker)
        await asyncio.sleep(0.3)
        assert (await other("GET", "/api/courses/")).status_code == 200
        assert not any(push.done() for push in pushes), "nobody's end made room"
    for push in pushes:
        answer = await push
        assert answer.status_code in (200, 503), answer.text
    assert (await directory("PUT", "/api/directory/chapters/n2/", body)).status_code == 200


async def test_one_caller_does_not_take_all_of_the_organizations(
    world: World, http: httpx.AsyncClient
) -> None:
    directory, colleague = through(http, world.directory), through(http, world.admin)
    async with world.worker.transaction(world.id) as session:
        held = text("SELECT 1 FROM chapters WHERE organization_id = :o AND id = 'n2' FOR UPDATE")
        await session.execute(held, {"o": world.id})
        body = {"name": "Locked", "region_id": "north"}
        pushes = [
            asyncio.create_task(directory("PUT", "/api/directory/chapters/n2/", body)) for _ in range(OWN)
        ]
        await someone_waits(world.worker)
        await asyncio.sleep(0.3)
        assert (await colleague("GET", "/api/courses/")).status_code == 200
        assert not any(push.done() for push in pushes), "nobody's end made room"
    assert {(await push).status_code for push in pushes} <= {200, 503}


async def test_callers_without_login_do_not_take_all_connections(
    world: World, settings: Settings, make_settings: MakeSettings
) -> None:
    small = make_settings(settings.database_url, database_pool_size=POOL, database_pool_timeout_seconds=1)
    async with open_context(small, "learning_api") as context, AsyncExitStack() as stack:
        for _ in range(POOL - 1):
            await stack.enter_async_context(context.transaction(None, caller=NOBODY))
        with pytest.raises(TimeoutError):
            await stack.enter_async_context(context.transaction(None, caller=NOBODY))
        for whose in (world.id, None):
            async with context.transaction(whose):
                pass


async def test_exports_wait_in_line_without_a_connection(world: World, http: httpx.AsyncClient) -> None:
    admin = through(http, world.admin)
    bank = await admin.ok("POST", "/api/question-banks/", {"title": "B", "scope": "national"})
    await admin.ok("POST", f"/api/question-banks/{bank['id']}/questions/", choice())
    course = await world.course()
    paths = f"/api/question-banks/{bank['id']}/export/", f"/api/courses/{course['id']}/versions/1/export/"
    async with workroom(world.id, "somebody", object, size=0):
        exports = [asyncio.create_task(admin("GET", f"{path}?format=gift")) for path in paths * 2]
        await asyncio.sleep(0.5)
        colleague = through(http, world.call_as("regional", "regional_admin:north"))
        assert (await colleague("GET", "/api/courses/")).status_code == 200
        assert not any(one.done() for one in exports), "they wait"
    assert [(await one).status_code for one in exports] == [200] * 4


async def test_drafts_are_judged_one_after_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread more would take a turn at the interpreter from the event loop."""
    at_once: list[int] = []
    running: set[int] = set()

    def slowly(tree: Any, *arguments: Any) -> Any:
        yield
        running.add(threading.get_ident())
        at_once.append(len(running))
        time.sleep(0.2)
        running.discard(threading.get_ident())
        return (yield from sanitize_tree(tree, *arguments))

    courses = [await world.course(publish=False) for _ in range(3)]
    monkeypatch.setattr(drafts, "sanitize_tree", slowly)
    sent = {"title": "Changed"}
    answers = await asyncio.gather(
        *(
            world.admin("PUT", f"/api/courses/{one['id']}/draft/", sent, headers={"If-Match": "*"})
            for one in courses
        )
    )
    assert [answer.status_code for answer in answers] == [200] * 3, answers[0].text
    assert at_once == [1] * 3


@pytest.mark.parametrize("more", [True, False])
async def test_a_body_of_no_address_leaves_nothing_counted(settings: Settings, more: bool) -> None:
    """Behind a socket file a peer has none."""

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"some", "more_body": more}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    door = ConcurrencyLimit(read, settings)
    await door({"type": "http", "path": "/x", "headers": [], "client": None}, receive, send)
    assert door.under_way == 0
    for shares in (door.arriving, door.held, door.callers):
        assert shares.take("", shares.most), "all of it is free again"


async def test_a_request_leaves_nothing_to_the_search_for_garbage(settings: Settings) -> None:
    class Told(dict[str, Any]):
        """A scope that can be watched."""

    async def nothing(*_: Any) -> None:
        return None

    door = ConcurrencyLimit(nothing, settings)
    gc.disable()
    try:
        scope = Told(type="http", path="/x", headers=[], client=None)
        kept = weakref.ref(scope)
        await door(scope, nothing, nothing)  # type: ignore[arg-type]
        del scope
        assert kept() is None
    finally:
        gc.enable()
