"""The load: members who learn, a grader, an administrator who assigns, and a service that reads the feed."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
from tests.faults.client import Client, Ledger, Surprise, cancel
from tests.kit.quiz_taker import essay, quiz, tree
from tests.kit.world import Json, Signer, World, right, small_tree

ESSAY_POINTS = 5
REMINDED_DAYS = 7
RIGHT, WRONG = {"texts": ["right"]}, {"texts": ["wrong"]}
EVENTS = ["learning.course.completed", "learning.certificate.issued", "learning.enrollment.assigned"]
"""What the receivers of webhooks want to hear of."""


@dataclass
class Crowd:
    """One organization under load."""

    world: World
    client: Client
    plain: Json
    """A course that grades itself: lesson, quiz, assessment."""
    written: Json
    """A course whose end a grader decides."""
    hooks: dict[str, str] = field(default_factory=dict)
    """Receivers: `good` and `dead` → subscription."""
    numbers: Any = field(default_factory=count)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: bool = False
    _cursor: str | None = None

    @property
    def ledger(self) -> Ledger:
        """What was acknowledged."""
        return self.client.ledger

    async def learn(self, *, seats: int) -> None:
        """Members learn, `seats` at once, until `stopping`; whoever has begun then ends in peace."""
        helpers = [asyncio.create_task(self._grade()), asyncio.create_task(self._read_feed())]
        try:
            await asyncio.gather(*(self._seat() for _ in range(seats)))
            self._ended = True
            await asyncio.gather(*helpers)
        finally:
            await cancel(*helpers)

    async def _seat(self) -> None:
        while not self.stopping.is_set():
            n = next(self.numbers)
            try:
                await self._journey(n)
            except Surprise as surprise:
                self.ledger.surprises.append(f"member {n}: {surprise}")
                await asyncio.sleep(0.2)

    async def _journey(self, n: int) -> None:
        user = f"m{n}"
        await self.add_member(user)
        course = self.written if n % 3 == 0 else self.plain
        if n % 4 == 1:
            await self.assign([user], course)
        else:
            await self.enroll(user, course, doubly=n % 5 == 3)
        token = self.world.call_as(user).token
        modules = (await self.client(token, "GET", f"/api/courses/{course['id']}/modules/")).json()
        for item in modules["items"][0]["items"]:
            if item["kind"] == "lesson":
                await self.client(token, "POST", f"/api/lessons/{item['id']}/complete/")
            elif course is self.written:
                await self.attempt(
                    token, user, f"/api/quizzes/{item['id']}/", {"text": f"Care, says {user}."}, n
                )
            else:
                if n % 4 == 2:
                    await self.attempt(token, user, f"/api/quizzes/{item['id']}/", WRONG, n)
                await self.attempt(token, user, f"/api/quizzes/{item['id']}/", RIGHT, n)
        if modules["assessment"] is not None:
            await self.attempt(token, user, f"/api/assessments/{modules['assessment']['id']}/", RIGHT, n)

    async def add_member(self, user: str) -> None:
        """The membership service tells of somebody."""
        body = {
            "chapter_id": "n1",
            "status": "active",
            "display_name": user.title(),
            "email": f"{user}@example.org",
            "custom_fields": {},
        }
        await self.client(self.world.directory.token, "PUT", f"/api/directory/members/{user}/", body)
        self.ledger.members.add(user)

    async def assign(self, users: Sequence[str], course: Json, due_at: datetime | None = None) -> None:
        """The administrator assigns."""
        body: Json = {"user_ids": list(users)}
        if due_at is not None:
            body["due_at"] = due_at.isoformat()
        await self.client(self.world.admin.token, "POST", f"/api/courses/{course['id']}/assign/", body)
        self.ledger.assigned += [(user, course["id"]) for user in users]

    async def assign_soon_reminded(self, how_many: int) -> list[str]:
        """Assign to new members what they will have to be reminded of in two seconds; their ids."""
        users = [f"r{next(self.numbers)}" for _ in range(how_many)]
        await asyncio.gather(*(self.add_member(user) for user in users))
        soon = datetime.now(UTC) + timedelta(days=REMINDED_DAYS, seconds=2)
        await self.assign(users, self.plain, due_at=soon)
        return users

    async def enroll(self, user: str, course: Json, *, doubly: bool = False) -> None:
        """A member enrolls, `doubly`: by a double click that brings two keys."""
        token, path = self.world.call_as(user).token, f"/api/courses/{course['id']}/enroll/"
        answers = [self.client(token, "POST", path) for _ in range(2 if doubly else 1)]
        for answer in await asyncio.gather(*answers):
            self.ledger.enrolled[answer.json()["id"]] = user

    async def attempt(self, token: str, user: str, path: str, answer: Json, n: int = 0) -> None:
        """Start, save and submit an attempt; `n` decides how nervously."""
        quiz_id = path.split("/")[3]
        self.ledger.meant[user, quiz_id] += 1
        started = (await self.client(token, "POST", f"{path}attempts/")).json()
        given = [right(question, answer) for question in started["questions"]]
        saving = {"responses": given, "sequence": 1}
        attempt = started["attempt_id"]
        await self.client(token, "PATCH", f"/api/attempts/{attempt}/", saving)
        sent = {"attempt_id": attempt, "responses": given}
        result: httpx.Response | None
        if n % 5 == 1:
            result = await self.client.twice(token, "POST", f"{path}submit/", sent)
        elif n % 5 == 2:
            result = await self._submit_without_key(token, f"{path}submit/", sent)
        else:
            result = await self.client(token, "POST", f"{path}submit/", sent)
        self._note(result, given)

    async def _submit_without_key(self, token: str, path: str, sent: Json) -> httpx.Response | None:
        """Two tabs, each with a key of its own: one submits, the other hears that the attempt is closed."""
        tabs = [self.client(token, "POST", path, sent, allow=[409]) for _ in range(2)]
        answers = await asyncio.gather(*tabs)
        return next((answer for answer in answers if answer.is_success), None)

    def _note(self, result: httpx.Response | None, given: list[Json]) -> None:
        if result is None or not result.is_success:
            return
        submission = result.json()
        self.ledger.submitted[submission["attempt_id"]] = {g["question_id"]: g for g in given}
        if submission.get("certificate"):
            self.ledger.completed[submission["enrollment"]["id"]] = submission["certificate"]["id"]

    async def _grade(self) -> None:
        """A grader takes what waits, until the learners have ended and nothing waits any more."""
        token = self.world.admin.token
        while True:
            try:
                taken = await self.client(token, "POST", "/api/learning/grading/next/")
                if taken.status_code == 200:
                    response = taken.json()["response_id"]
                    body = {"points": ESSAY_POINTS}
                    await self.client(token, "POST", f"/api/learning/grading/{response}/", body)
                    self.ledger.graded[response] = ESSAY_POINTS
                elif self._ended:
                    return
                else:
                    await asyncio.sleep(0.3)
            except Surprise as surprise:
                self.ledger.surprises.append(f"grader: {surprise}")
                await asyncio.sleep(0.2)

    async def _read_feed(self) -> None:
        while not self._ended:
            try:
                await self.read_feed_on()
            except Surprise as surprise:
                self.ledger.surprises.append(f"feed: {surprise}")
            await asyncio.sleep(0.1)

    async def read_feed_on(self) -> None:
        """Read what is new in the feed, from where we were."""
        token = self.world.call_as("reader", scopes=["events:read"]).token
        while True:
            where = f"&after={self._cursor}" if self._cursor else ""
            page = (await self.client(token, "GET", f"/api/events/?limit=200{where}")).json()
            # No await between these two: a reader that is stopped has noted all or nothing.
            self.ledger.feed += [event["id"] for event in page["items"]]
            self._cursor = page["next_cursor"]
            if not page["items"]:
                return


async def gather_crowd(
    http: httpx.AsyncClient, urls: Sequence[str], signer: Signer, hooks: dict[str, str]
) -> Crowd:
    """Found an organization with two courses and its receivers of events (`good`, `dead` → address)."""
    client = Client(urls, Ledger(), http)
    base = httpx.AsyncClient(base_url=urls[0], timeout=30)
    async with base:
        world = World(base, signer, None, f"rig-{uuid.uuid4().hex[:8]}")  # type: ignore[arg-type]
        await world.push()
        plain = await world.course(small_tree())
        written = await world.course(
            tree(
                {"kind": "lesson", "title": "Read", "body_html": "<p>.</p>"}, quiz(essay(points=ESSAY_POINTS))
            )
        )
        made = {}
        for name, url in hooks.items():
            body = {"url": url, "event_types": EVENTS}
            made[name] = (await world.admin.ok("POST", "/api/webhooks/", body))["id"]
    return Crowd(world, client, plain, written, made)
