"""The crash-point walk: an action dies at its first point, at its second, …, until it gets through alive."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.faults.client import Client
from tests.faults.experiment import DUE
from tests.faults.invariants import Database, unfinished
from tests.faults.learners import ESSAY_POINTS, RIGHT, Crowd
from tests.faults.mortality import DIE_AT, POINTS
from tests.kit.world import Json

STEP_SECONDS = 60
END_LEASES = (
    "UPDATE outbox SET run_at = clock_timestamp() WHERE status = 'leased' AND organization_id IN ('', $1)"
)
BACKDATE = (
    "UPDATE enrollments SET assigned_at = assigned_at - interval '1 hour', due_at = due_at - interval '1 hour'"
    " WHERE organization_id = $1 AND user_id = ANY ($2)"
)


@dataclass
class FatalClient(Client):
    """Sends the first try of one call so that the API dies at a point of it; then asks again as any client does."""

    target: str | None = None
    """In the path of the call."""
    at: int = 0
    survived: int | None = None
    """How many points the call passed, once it got through."""

    def begin(self, target: str, at: int) -> None:
        """The next call of `target` shall die."""
        self.target, self.at, self.survived = target, at, None

    def end(self) -> bool:
        """Whether that call got through alive."""
        assert self.target is None, f"nothing called {self.target}"
        return self.survived is not None

    async def _send(self, method: str, url: str, headers: dict[str, str], json: Any) -> httpx.Response:
        if self.target is None or method != "POST" or self.target not in url:
            return await super()._send(method, url, headers, json)
        self.target = None
        answer = await super()._send(method, url, {**headers, DIE_AT: str(self.at)}, json)
        self.survived = int(answer.headers[POINTS])
        return answer


@dataclass
class Walk:
    """One organization whose API and worker are mortal."""

    crowd: Crowd
    client: FatalClient
    database: Database
    order: Path
    notes: Path
    rule: str = ""
    quiz: str = ""
    assessment: str = ""

    async def through(self, flow: "Flow", *, stride: int) -> int:
        """Let the flow die at each `stride`th point; how often it died."""
        deaths, at = 0, 1
        while not await flow(self, at):
            deaths += 1
            at += stride
        return deaths

    async def call(self, target: str, at: int, act: Callable[[], Awaitable[Any]]) -> bool:
        """Do it with the API dying in the call to `target`; whether that got through alive."""
        self.client.begin(target, at)
        await act()
        return self.client.end()

    async def job(self, name: str, at: int, cause: Callable[[], Awaitable[Any]]) -> bool:
        """Do what causes the job, whose worker dies in it, and wait for the end; whether it got through alive."""
        noted = len(self._notes())
        self.order.write_text(json.dumps({"job": name, "at": at}))
        await cause()
        deadline = time.monotonic() + STEP_SECONDS
        while len(self._notes()) == noted:
            assert time.monotonic() < deadline, f"no {name} was run"
            await asyncio.sleep(0.02)
        alive = self._notes()[noted].startswith("survived")
        if not alive:
            # Nobody else has these: leases are not waited for, or the walk would take an hour.
            await self.database.execute(END_LEASES, self.crowd.world.id)
        while left := await unfinished(self.database, self.crowd):
            assert time.monotonic() < deadline, left
            await asyncio.sleep(0.05)
        return alive

    def _notes(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    async def learner(self, course: Json) -> tuple[str, str]:
        """A new member enrolled in the course: id and token."""
        user = f"w{next(self.crowd.numbers)}"
        await self.crowd.add_member(user)
        await self.crowd.enroll(user, course)
        return user, self.crowd.world.call_as(user).token

    async def find_out(self) -> None:
        """Learn the ids of what is walked on, and make the rule."""
        crowd = self.crowd
        _, token = await self.learner(crowd.plain)
        path = f"/api/courses/{crowd.plain['id']}/modules/"
        modules = (await self.client(token, "GET", path)).json()
        [self.quiz] = [i["id"] for i in modules["items"][0]["items"] if i["kind"] == "quiz"]
        self.assessment = modules["assessment"]["id"]
        rule = {"course_id": crowd.written["id"], "trigger": "manual", "audience_filter": {}}
        made = await self.client(crowd.world.admin.token, "POST", "/api/assignment-rules/", rule)
        self.rule = made.json()["id"]

    async def almost_done(self) -> tuple[str, str]:
        """A learner with the plain course done but for the assessment."""
        user, token = await self.learner(self.crowd.plain)
        path = f"/api/courses/{self.crowd.plain['id']}/modules/"
        modules = (await self.client(token, "GET", path)).json()
        [lesson] = [i["id"] for i in modules["items"][0]["items"] if i["kind"] == "lesson"]
        await self.client(token, "POST", f"/api/lessons/{lesson}/complete/")
        await self.crowd.attempt(token, user, f"/api/quizzes/{self.quiz}/", RIGHT)
        return user, token

    async def new_members(self, how_many: int) -> list[str]:
        """Members who have nothing yet."""
        users = [f"w{next(self.crowd.numbers)}" for _ in range(how_many)]
        for user in users:
            await self.crowd.add_member(user)
        return users


Flow = Callable[[Walk, int], Awaitable[bool]]


async def start(walk: Walk, at: int) -> bool:
    """Start an attempt."""
    user, token = await walk.learner(walk.crowd.plain)
    path = f"/api/quizzes/{walk.quiz}/"
    return await walk.call("/attempts/", at, lambda: walk.crowd.attempt(token, user, path, RIGHT))


async def submit(walk: Walk, at: int) -> bool:
    """Submit what completes the course."""
    user, token = await walk.almost_done()
    path = f"/api/assessments/{walk.assessment}/"
    return await walk.call("/submit/", at, lambda: walk.crowd.attempt(token, user, path, RIGHT))


async def grade(walk: Walk, at: int) -> bool:
    """Grade what completes the course."""
    user, token = await walk.learner(walk.crowd.written)
    path = f"/api/courses/{walk.crowd.written['id']}/modules/"
    items = (await walk.client(token, "GET", path)).json()["items"][0]["items"]
    for item in items:
        if item["kind"] == "lesson":
            await walk.client(token, "POST", f"/api/lessons/{item['id']}/complete/")
        else:
            await walk.crowd.attempt(token, user, f"/api/quizzes/{item['id']}/", {"text": "Care."})
    boss = walk.crowd.world.admin.token
    waiting = (await walk.client(boss, "POST", "/api/learning/grading/next/")).json()["response_id"]
    path = f"/api/learning/grading/{waiting}/"
    alive = await walk.call(path, at, lambda: walk.client(boss, "POST", path, {"points": ESSAY_POINTS}))
    walk.crowd.ledger.graded[waiting] = ESSAY_POINTS
    return alive


async def assign(walk: Walk, at: int) -> bool:
    """Assign a course to three members."""
    users = await walk.new_members(3)
    return await walk.call("/assign/", at, lambda: walk.crowd.assign(users, walk.crowd.plain))


async def assign_by_rule(walk: Walk, at: int) -> bool:
    """Run a rule over everybody."""
    users = await walk.new_members(2)
    path = f"/api/assignment-rules/{walk.rule}/run/"
    alive = await walk.job(
        "run_assignments", at, lambda: walk.client(walk.crowd.world.admin.token, "POST", path)
    )
    walk.crowd.ledger.assigned += [(user, walk.crowd.written["id"]) for user in users]
    return alive


async def certify(walk: Walk, at: int) -> bool:
    """Make the PDF of a certificate."""
    user, token = await walk.almost_done()
    path = f"/api/assessments/{walk.assessment}/"
    return await walk.job("generate_certificates", at, lambda: walk.crowd.attempt(token, user, path, RIGHT))


async def plan_mails(walk: Walk, at: int) -> bool:
    """Claim the mails of an assignment."""
    users = await walk.new_members(2)
    return await walk.job("plan_assignment_mails", at, lambda: walk.crowd.assign(users, walk.crowd.plain))


async def send_mails(walk: Walk, at: int) -> bool:
    """Send the mails of an assignment."""
    users = await walk.new_members(2)
    return await walk.job("send_mails", at, lambda: walk.crowd.assign(users, walk.crowd.plain))


async def remind(walk: Walk, at: int) -> bool:
    """Claim the reminders that are due."""
    users = await walk.crowd.assign_soon_reminded(2)

    async def due() -> None:
        await walk.database.execute(BACKDATE, walk.crowd.world.id, users)
        await walk.database.execute(DUE, 1)

    return await walk.job("send_course_reminders", at, due)


FLOWS: Sequence[Flow] = (
    *(start, submit, grade, assign, assign_by_rule),
    *(certify, plan_mails, send_mails, remind),
)
