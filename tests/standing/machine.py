"""What the model's machine reads and expects, apart from what happens in it."""

import asyncio
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
from hypothesis.stateful import RuleBasedStateMachine
from tests.kit.world import Caller, Json, World
from tests.standing.facts import Clock, Facts
from tests.standing.oracle import CADENCES, Attempt, Enrollment, History


@dataclass
class Place:
    """Where the machine runs: an organization with a course for each of `CADENCES`. Every step is noted."""

    world: World
    clock: Clock
    loop: asyncio.AbstractEventLoop
    courses: dict[str, Json]
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    steps: list[str] = field(default_factory=list)

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do the work in the loop of the test."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(60)


class Walk(RuleBasedStateMachine):
    """One walk: a new member, in one course."""

    place: ClassVar[Place]

    def __init__(self) -> None:
        super().__init__()
        place = self.place
        self.wait, self.clock, self.world = place.wait, place.clock, place.world
        # Each walk begins at the same time and counts its own steps: what has failed fails again when it is repeated.
        self.clock.now, self.taken = place.began, 0
        self.user = f"m-{uuid.uuid4().hex[:10]}"
        self.wait(self.world.add_member(self.user))
        self.me = self.world.member(self.user)
        self.boss: Caller = self.world.call_as(f"boss-{self.user}", "national_admin")
        self.read = Facts(self.world, self.user, self.clock)
        self.facts: dict[str, Any] = {}
        self.begin(CADENCES[0])

    def begin(self, cadence: str) -> None:
        """In the course of that cadence."""
        self.course = self.place.courses[cadence]
        self.history = History(cadence)
        self.sent: tuple[Json, Attempt] | None = None
        self.path, self.latest = "", ""
        self.question: Json = {}

    @property
    def now(self) -> datetime:
        return self.clock.now

    def step(self, name: str) -> None:
        """Note that something happens."""
        self.taken += 1
        self.place.steps.append(name)

    def every(self, n: int) -> bool:
        """Whether it is the turn of what is looked at only after each n-th step."""
        return self.taken % n == 0

    def refresh(self) -> None:
        """Read the enrollments."""
        self.facts = {row.id: row for row in self.wait(self.read.enrollments())}

    def made(self) -> Enrollment | None:
        """The enrollment that was just made, if one was."""
        known = {e.id for e in self.history.enrollments}
        self.refresh()
        fresh = [row for id_, row in self.facts.items() if id_ not in known]
        assert len(fresh) <= 1
        if not fresh:
            return None
        [row], lasting = fresh, self.history.lasting
        if row.source == "recertification":
            assert lasting is not None
            assert row.due_at == lasting.expires_at, "a renewal is due at the old expiry"
            lasting.renewed = True
        return self.history.add(row.id, row.status, row.source)

    def pick(self, which: int) -> Enrollment:
        """Any enrollment."""
        return self.history.enrollments[which % len(self.history.enrollments)]

    def written(self) -> list[tuple[Enrollment, Attempt]]:
        """What may be graded, or its grade corrected."""
        return [(e, a) for e in self.history.enrollments for a in e.attempts if a.text and not a.under_way]

    def quiz(self) -> str:
        """The quiz's address; its question is read with it."""
        if not self.path:
            shown = self.wait(self.me.ok("GET", f"/api/courses/{self.course['id']}/modules/"))
            self.path = f"/api/quizzes/{shown['items'][0]['items'][0]['id']}/"
            self.question = self.wait(self.me.ok("GET", self.path))["questions"][0]
        return self.path

    def settle(self, enrollment: Enrollment, since: datetime, *, again: bool) -> None:
        """Let the model follow what was done since then."""
        if self.history.settle(enrollment, self.now, again=again) != "won":
            return
        self.refresh()
        row = self.facts[enrollment.id]
        assert row.status == "completed", "passed, and nothing newer counts"
        assert since < row.issued_at <= self.now
        self.history.won(enrollment, row.issued_at, self.now)

    def expect_attempt(self, meant: Enrollment, answer: httpx.Response, *, made: int) -> Attempt | None:
        """The attempt that a call without a name has started or found; None where it was rightly refused."""
        under_way = meant.under_way
        if under_way is not None:
            assert (answer.status_code, answer.json()["attempt_id"]) == (200, under_way.id)
            return under_way
        if meant.status == "withdrawn":
            refused(answer, "withdrawn")
            return None
        if len(meant.attempts) >= meant.allowed:
            refused(answer, "no-attempts-left")
            return None
        assert answer.status_code == made, answer.text
        shown = self.wait(self.me.ok("GET", f"/api/attempts/{answer.json()['attempt_id']}/"))
        assert shown["enrollment"]["id"] == meant.id
        attempt = Attempt(answer.json()["attempt_id"], len(meant.attempts) + 1)
        assert attempt.number == answer.json()["number"]
        meant.attempts.append(attempt)
        if meant.status == "assigned":
            meant.status = "in_progress"
        return attempt


def refused(answer: httpx.Response, code: str) -> None:
    """It is this conflict."""
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
