"""Floods from outside against a real process: whoever sends them, everybody else is answered.

A wait is told in the process's own processor time, so that a busy machine makes none longer, and that by what the
same work takes beside it: a processor that others use as well takes up to twice its time for it.
"""

import asyncio
import contextlib
import io
import json
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.kit.processes import Running, api
from tests.kit.quiz_taker import quiz, quiz_taker, tree
from tests.kit.world import Json, World

from learning_service.core.settings import Settings

pytestmark = pytest.mark.long
SECONDS = 5
ALIVE, OTHERS = 0.25, 1.0
"""How long a health check and another organization's call may wait, of a processor that is not shared."""
PATIENCE = 10
"""Seconds for a connection: many tests beside this one keep the database busy, too."""


@pytest.fixture(scope="module")
async def served(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    patient = settings.model_copy(update={"database_pool_timeout_seconds": PATIENCE})
    async with api(patient, tmp_path_factory.mktemp("floods") / "api.log") as started:
        yield started


class Slowness:
    """How many times as much of the processor the same work takes now as at best."""

    least = 1.0

    @classmethod
    def now(cls) -> float:
        """At least 1, and no more than 2: what is beyond that is no other's doing."""
        before = time.thread_time()
        sum(range(100_000))
        taken = time.thread_time() - before
        cls.least = min(cls.least, taken)
        return min(2, taken / cls.least)


class Watcher(threading.Thread):
    """Asks one thing again and again, and remembers its longest wait and what was not answered."""

    def __init__(self, running: Running, path: str, token: str | None = None) -> None:
        super().__init__(daemon=True)
        self.running, self.path = running, path
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.longest, self.asked = 0.0, 0
        self.refused: set[str] = set()
        self.is_over = False

    def run(self) -> None:
        """Ask until it is over."""
        with httpx.Client(base_url=self.running.address, headers=self.headers, timeout=60) as http:
            while not self.is_over:
                slowness = Slowness.now()
                before = self.running.processor_seconds()
                answer = http.get(self.path)
                waited = self.running.processor_seconds() - before
                slowness = (slowness + Slowness.now()) / 2
                if answer.status_code != 200:
                    self.refused.add(answer.text[:500])
                self.longest = max(self.longest, waited / slowness)
                self.asked += 1
                threading.Event().wait(0.02)


def request(method: str, path: str, token: str | None = None, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    kind = {"Content-Type": "application/json"} if body else {}
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines += [f"{name}: {value}" for name, value in {**kind, **bearer, **named}.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask_again_and_again(running: Running, sent: bytes, statuses: set[bytes]) -> None:
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
            with contextlib.closing(writer):
                while True:
                    writer.write(sent)
                    head = (await reader.readuntil(b"\r\n\r\n")).lower()
                    statuses.add(head.split(b" ", 2)[1])
                    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
                    await reader.readexactly(int(length or 0))
        await asyncio.sleep(0.02)


async def never_read(running: Running, sent: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", running.port, limit=1)
    with contextlib.closing(writer):
        writer.write(sent * 90)
        await asyncio.sleep(2 * SECONDS)


def batch(count: int) -> bytes:
    return json.dumps({"members": [{}] * count}).encode()


async def pushed(world: World, body: bytes) -> bytes:
    return request("POST", "/api/directory/members/batch/", world.directory.token, body)


async def waiting(world: World) -> bytes:
    reader = world.call_as("reader", scopes=["events:read"])
    return request("GET", "/api/events/?wait=25", reader.token)


async def edited(world: World, method: str, body: bytes, kind: str = "application/json") -> bytes:
    """An edit of a chapter author's draft, whatever it holds by then."""
    author = world.call_as("author", "chapter_admin:n1")
    organization = {"name": "Alpha", "timezone": "America/New_York", "authoring_roles": ["chapter_admin"]}
    await world.directory.ok("PUT", f"/api/directory/organizations/{world.id}/", organization)
    course = await author.ok("POST", "/api/courses/", {"title": "C", "scope": "chapter", "scope_id": "n1"})
    path = f"/api/courses/{course['id']}/draft/"
    return request(method, path, author.token, body, If_Match="*", Content_Type=kind)


async def assigned(world: World, audience: Json) -> bytes:
    regional = world.call_as("regional", "regional_admin:north")
    body = json.dumps({"audience_filter": audience}).encode()
    return request("POST", f"/api/courses/{uuid.uuid4()}/assign/", regional.token, body)


def png(width: int, height: int) -> bytes:
    """A picture of one colour: small as a file, large as pixels."""
    held = io.BytesIO()
    Image.new("RGB", (width, height)).save(held, "PNG")
    return held.getvalue()


async def uploaded(world: World, content: bytes) -> bytes:
    return request("POST", "/api/documents/", world.admin.token, form(content, "a.png"), Content_Type=FORM)


async def asked(method: str, path: str, token: str | None = None, body: bytes = b"") -> bytes:
    return request(method, path, token, body)


def form(content: bytes, name: str) -> bytes:
    part = f'--B\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return part.encode() + content + b"\r\n--B--\r\n"


async def checked(content: bytes, name: str) -> bytes:
    """A stranger's file: is it a certificate?"""
    body = form(content, name)
    return request("POST", "/api/certificates/check/", None, body, Content_Type=FORM)


async def imported(world: World, content: bytes, name: str, *, dry_run: bool = True) -> bytes:
    """Questions out of a file, into a bank."""
    bank = await world.admin.ok("POST", "/api/question-banks/", {"title": "B", "scope": "national"})
    path = f"/api/question-banks/{bank['id']}/imports/?dry_run={str(dry_run).lower()}"
    return request("POST", path, world.admin.token, form(content, name), Content_Type=FORM)


async def exported(world: World, content: bytes) -> bytes:
    """All questions of a full bank, as a file."""
    bank = await world.admin.ok("POST", "/api/question-banks/", {"title": "B", "scope": "national"})
    path = f"/api/question-banks/{bank['id']}/"
    filled = await world.admin("POST", f"{path}imports/", files={"file": ("a.gift", content)})
    assert filled.json()["accepted"] == 10_000
    return request("GET", f"{path}export/?format=gift", world.admin.token)


async def rows(world: World, content: bytes, kind: str) -> bytes:
    path = f"/api/imports/?kind={kind}&dry_run=true"
    return request("POST", path, world.admin.token, form(content, "a.csv"), Content_Type=FORM)


async def about_large_quiz(world: World, method: str, path: str, body: Json | None = None) -> bytes:
    """A call about a published course of 400 questions of 50 words each."""
    course = await world.course(tree(quiz(*[WORDY] * 400)))
    sent = b"" if body is None else json.dumps(body).encode()
    return request(method, f"/api/courses/{course['id']}/{path}", world.admin.token, sent)


async def saved(world: World, text: str) -> bytes:
    """A learner's answers, saved in an attempt of 400 questions."""
    taker = await quiz_taker(world, tree(quiz(*[WORDY] * 400)))
    started = await taker.start()
    responses = [{"question_id": one["id"], "text": text} for one in started["questions"]]
    body = json.dumps({"responses": responses}).encode()
    return request("PATCH", f"/api/attempts/{started['attempt_id']}/", taker.call.token, body)


FORM = "multipart/form-data; boundary=B"
WORDY = {
    "type": "short_answer",
    "prompt_html": "?",
    "points": 1,
    "accepted_answers": [f"*word{n}*" for n in range(50)],
}
GIFT = b"Number %d? {=right ~wrong ~no#not this}\n\n"
LESSON = {"kind": "lesson", "title": "L", "body_html": "<b><div><div></b></div></div>" * 60}
TREE = {"title": "T", "modules": [{"title": f"M{n}", "items": [LESSON] * 20} for n in range(200)]}
PATCHES = [{"op": "add", "path": "/modules/-", "value": {"title": "M"}}] * 3_000
FIELDS = {f"field {n}": ["x"] * 50 for n in range(200)}
STATES = {"status": [f"state {n}" for n in range(5_000)]}
RANGES = {"custom_fields": {f"field {n}": {"gte": "a", "lt": "z"} for n in range(25)}}
WORDS = "+".join(f"%E4%B8%{n:X}" for n in range(0x80, 0xC0))
FLOODS: dict[str, tuple[int, Callable[[World], Coroutine[Any, Any, bytes]]]] = {
    "empty members": (16, lambda w: pushed(w, batch(1_000))),
    "a batch of nothing": (8, lambda w: pushed(w, batch(5_000))),
    "too large a batch of nothing": (8, lambda w: pushed(w, batch(16_000))),
    "waits for events": (120, waiting),
    "trees": (4, lambda w: edited(w, "PUT", json.dumps(TREE).encode())),
    "nested trees": (8, lambda w: edited(w, "PUT", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)),
    "patches": (
        8,
        lambda w: edited(w, "PATCH", json.dumps(PATCHES).encode(), "application/json-patch+json"),
    ),
    "wide filters": (8, lambda w: assigned(w, {"any": [{"any": [{"status": ["a"]}] * 50}] * 40})),
    "filters of many fields": (8, lambda w: assigned(w, {"custom_fields": FIELDS})),
    "filters of many states": (8, lambda w: assigned(w, STATES)),
    "filters of many comparisons": (8, lambda w: assigned(w, RANGES)),
    "many words": (8, lambda w: asked("GET", f"/api/enrollments/?count=true&q={WORDS}", w.admin.token)),
    "uploads": (12, lambda w: uploaded(w, b"\x89PNG\r\n\x1a\n" + b"\0" * 5_000_000)),
    "long lists": (20, lambda w: asked("GET", "/api/directory/members/?limit=200", w.admin.token)),
    "a series of months": (
        40,
        lambda w: asked(
            "GET", "/api/reports/compliance/history/?from=2022-01-01&to=2026-11-01", w.admin.token
        ),
    ),
    "members as they were": (
        40,
        lambda w: asked("GET", "/api/reports/compliance/?as_of=2026-03-01", w.admin.token),
    ),
    "files that are no certificates": (
        12,
        lambda w: checked(b"%PDF-1.7\n" + b"1 0 obj<<>>endobj\n" * 200_000, "a.pdf"),
    ),
    "pictures that are no badges": (12, lambda w: checked(png(4_000, 4_000), "a.png")),
    "many questions": (4, lambda w: imported(w, b"".join(GIFT % n for n in range(20_000)), "a.gift")),
    "questions that are kept": (
        4,
        lambda w: imported(w, b"".join(GIFT % n for n in range(10_000)), "a.gift", dry_run=False),
    ),
    "full banks": (8, lambda w: exported(w, b"".join(GIFT % n for n in range(10_000)))),
    "nested elements": (4, lambda w: imported(w, b"<quiz>" + b"<question>" * 900_000, "a.xml")),
    "rows": (4, lambda w: rows(w, b"user_id,course_id,due_at\n" + b"a,b,c\n" * 900_000, "assignments")),
    "copies": (8, lambda w: about_large_quiz(w, "POST", "duplicate/", {})),
    "previews": (8, lambda w: about_large_quiz(w, "GET", "modules/?preview=draft")),
    "differences": (8, lambda w: about_large_quiz(w, "GET", "versions/1/diff/?against=1")),
    "statistics": (8, lambda w: about_large_quiz(w, "GET", "versions/1/statistics/")),
    "marks": (8, lambda w: saved(w, "e\u0301\u0323" * 800)),
    "unreadable tokens": (50, lambda w: asked("GET", "/api/courses/", "x.y.z")),
    "unknown certificates": (50, lambda w: asked("GET", f"/api/certificates/{uuid.uuid4()}/verify/")),
    "wrong lists of certificates": (
        50,
        lambda w: asked("POST", "/api/certificates/verify/", body=b"[" + b"[]," * 21_000 + b"1]"),
    ),
}


async def others_waited(
    served: tuple[Running, httpx.AsyncClient], other: World, flood: list[asyncio.Task[None]]
) -> None:
    running, _ = served
    watchers = [Watcher(running, "/healthz"), Watcher(running, "/api/courses/", other.admin.token)]
    try:
        for watcher in watchers:
            watcher.start()
        await asyncio.sleep(SECONDS)
    finally:
        for watcher in watchers:
            watcher.is_over = True
        for watcher in watchers:
            await asyncio.to_thread(watcher.join)
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
    alive, another = watchers
    assert not alive.refused | another.refused
    assert alive.asked > 5
    assert alive.longest < ALIVE, f"{alive.longest:.2f} s"
    assert another.longest < OTHERS, f"{another.longest:.2f} s"


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_of_requests_stops_nobody(
    world: World, other_world: World, served: tuple[Running, httpx.AsyncClient], name: str
) -> None:
    senders, sent_by = FLOODS[name]
    sent = await sent_by(world)
    statuses: set[bytes] = set()
    flood = [asyncio.create_task(ask_again_and_again(served[0], sent, statuses)) for _ in range(senders)]
    await others_waited(served, other_world, flood)
    assert b"500" not in statuses


async def test_many_who_do_not_read_stop_nobody(
    other_world: World, served: tuple[Running, httpx.AsyncClient]
) -> None:
    sent = request("GET", "/openapi.json")
    flood = [asyncio.create_task(never_read(served[0], sent)) for _ in range(300)]
    await others_waited(served, other_world, flood)
