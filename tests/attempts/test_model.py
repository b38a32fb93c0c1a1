"""A hypothesis state machine: whatever learners, clocks, graders and administrators do, the service agrees with a
model of a page.
"""

import asyncio
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Json, World, choice, right

from learning_service.worker.jobs.attempts import close_overdue_attempts

PASSING, MOST = Decimal("5.6"), Decimal(4)
"""70 % of the 8 points of a choice and an essay of 4 each."""
QUEUE = "/api/learning/grading/"
CHOSEN = st.sampled_from([None, "right", "wrong"])
WORDS = st.sampled_from([None, "", "Because."])


@dataclass
class ModelAttempt:
    """What an attempt is worth is a function of what was given and how it was graded, and of nothing else."""

    id: str
    open: bool = True
    chosen: str | None = None
    essay: str | None = None
    grade: Decimal | None = None

    @property
    def waits(self) -> bool:
        return not self.open and bool(self.essay) and self.grade is None

    @property
    def points(self) -> Decimal:
        return (MOST if self.chosen == "right" else Decimal(0)) + (self.grade or Decimal(0))

    @property
    def possible(self) -> Decimal:
        return self.points + (MOST if self.waits else Decimal(0))

    @property
    def passed(self) -> bool | None:
        if self.open:
            return None
        return True if self.points >= PASSING else None if self.possible >= PASSING else False


@dataclass
class Model:
    """An enrollment in a course of one required quiz."""

    allowed: int = 2
    completed: bool = False
    counted: Decimal = Decimal(0)
    """The best, or what it was before a correction that would lose the pass."""
    doubt: bool = False
    kept: bool = False
    voided: bool = False
    score: Decimal | None = None
    attempts: list[ModelAttempt] = field(default_factory=list)

    def settle(self) -> None:
        """What counts after a change."""
        closed = [a for a in self.attempts if not a.open]
        best = max((a.points for a in closed), default=Decimal(0))
        loses = self.status == "completed" and not self.voided and best < PASSING <= self.counted
        if loses:
            self.doubt = not self.kept
        else:
            self.counted, self.doubt, self.kept = best, False, False
        possible = max((a.possible for a in closed), default=Decimal(0))
        if self.completed and not self.voided and self.counted >= max(PASSING, possible):
            self.score = 100 * self.counted / 8

    @property
    def under_way(self) -> ModelAttempt | None:
        return next((a for a in self.attempts if a.open), None)

    @property
    def status(self) -> str:
        closed = [a for a in self.attempts if not a.open]
        self.completed = self.completed or any(a.passed for a in closed)
        if self.completed:
            return "completed"
        hope = (
            self.under_way or len(self.attempts) < self.allowed or any(a.possible >= PASSING for a in closed)
        )
        return "in_progress" if hope else "failed"


def machine(world: World, loop: asyncio.AbstractEventLoop, course: Json) -> type[RuleBasedStateMachine]:
    """The machine over one course; each run of it is a new member."""

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, loop)
        return future.result(60)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            user = f"m-{uuid.uuid4().hex[:10]}"
            wait(world.add_member(user))
            self.me: QuizTaker = wait(quiz_taker(world, {}, user, course))
            self.model = Model()
            self.questions: list[Json] = []

        def _given(self, chosen: str | None, words: str | None) -> list[Json]:
            given = []
            if chosen is not None:
                given.append(right(self.questions[0], {"texts": [chosen]}))
            if words is not None:
                given.append(right(self.questions[1], {"text": words}))
            return given

        @rule()
        def start(self) -> None:
            before = self.model.under_way
            answer = wait(self.me.call("POST", f"{self.me.path}attempts/"))
            if before is not None:
                assert (answer.status_code, answer.json()["attempt_id"]) == (200, before.id)
            elif len(self.model.attempts) < self.model.allowed:
                assert answer.status_code == 201
                self.questions = answer.json()["questions"]
                self.model.attempts.append(ModelAttempt(answer.json()["attempt_id"]))
            else:
                assert (answer.status_code, answer.json()["code"]) == (409, "no-attempts-left")

        def _lay_over(self, attempt: ModelAttempt, chosen: str | None, words: str | None) -> None:
            attempt.chosen = attempt.chosen if chosen is None else chosen
            attempt.essay = attempt.essay if words is None else words

        @precondition(lambda self: self.model.attempts)
        @rule(chosen=CHOSEN, words=WORDS)
        def save(self, chosen: str | None, words: str | None) -> None:
            attempt = self.model.attempts[-1]
            body = {"responses": self._given(chosen, words)}
            answer = wait(self.me.call("PATCH", f"/api/attempts/{attempt.id}/", body))
            assert answer.status_code == (200 if attempt.open else 409)
            if attempt.open:
                self._lay_over(attempt, chosen, words)

        @precondition(lambda self: self.model.attempts)
        @rule(chosen=CHOSEN, words=WORDS)
        def submit(self, chosen: str | None, words: str | None) -> None:
            attempt = self.model.attempts[-1]
            sent = wait(self.me.submit(attempt_id=attempt.id, responses=self._given(chosen, words)))
            assert sent.status_code == (200 if attempt.open else 409)
            if attempt.open:
                self._lay_over(attempt, chosen, words)
                attempt.open = False
                assert sent.json()["passed"] is attempt.passed
                assert sent.json()["enrollment"]["status"] == self.model.status

        @precondition(lambda self: self.model.under_way)
        @rule(sweep=st.booleans())
        def expire(self, sweep: bool) -> None:
            attempt = self.model.under_way
            assert attempt is not None

            async def back() -> None:
                async with world.worker.transaction(world.id) as session:
                    await session.execute(
                        text(
                            "UPDATE quiz_attempts SET deadline_at = deadline_at - CAST(:by AS interval)"
                            " WHERE id = :id"
                        ),
                        {"by": timedelta(seconds=600), "id": attempt.id},
                    )
                if sweep:
                    await close_overdue_attempts(world.worker, None)

            wait(back())
            attempt.open = False

        @precondition(lambda self: any(a.essay and not a.open for a in self.model.attempts))
        @rule(halves=st.integers(0, 8), which=st.integers(0, 9), correction=st.booleans())
        def grade(self, halves: int, which: int, correction: bool) -> None:
            written = [a for a in self.model.attempts if a.essay and not a.open]
            attempt = written[which % len(written)]
            # A look at each attempt, so that the server has closed what is overdue.
            wait(self.me.call.ok("GET", f"/api/attempts/{attempt.id}/"))
            response = wait(self._response_of(attempt))
            body = {"points": halves / 2, "correction": correction}
            answer = wait(world.admin("POST", f"{QUEUE}{response}/", body))
            if attempt.grade is not None and not correction:
                assert (answer.status_code, answer.json()["code"]) == (409, "already-graded")
                return
            assert answer.status_code == 200, answer.text
            attempt.grade = Decimal(halves) / 2
            assert answer.json()["attempt"]["passed"] is attempt.passed

        async def _response_of(self, attempt: ModelAttempt) -> str:
            async with world.worker.transaction(world.id) as session:
                found = await session.scalar(
                    text("SELECT id FROM pending_responses WHERE attempt_id = :id"), {"id": attempt.id}
                )
            return str(found)

        @precondition(lambda self: self.model.completed)
        @rule(keep=st.booleans())
        def decide(self, keep: bool) -> None:
            self.model.settle()
            path = f"{QUEUE}lost-passes/{self.me.enrollment_id}/"
            sent = {"decision": "keep" if keep else "revoke", "reason": "Looked at it."}
            answer = wait(world.admin("POST", path, sent))
            assert answer.status_code == (200 if self.model.doubt else 409), answer.text
            if self.model.doubt:
                self.model.kept, self.model.voided, self.model.doubt = keep, not keep, False

        @precondition(lambda self: self.model.allowed < 5)
        @rule()
        def grant(self) -> None:
            # An overdue attempt is closed by the touch of its learner, not by an administrator's.
            wait(self.me.call.ok("GET", self.me.path))
            body = {"quiz_id": self.me.quiz_id, "reason": "Because"}
            wait(world.admin.ok("POST", f"/api/enrollments/{self.me.enrollment_id}/attempts/", body))
            _ = self.model.status
            self.model.allowed += 1

        @invariant()
        def agrees(self) -> None:
            shown = wait(self.me.call.ok("GET", self.me.path))
            status = wait(self.me.status())
            assert status == self.model.status
            assert shown["attempts_used"] == len(self.model.attempts) <= self.model.allowed
            assert shown["max_attempts"] == self.model.allowed
            for seen, attempt in zip(shown["attempts"], self.model.attempts, strict=True):
                assert (seen["attempt_id"], seen["passed"]) == (attempt.id, attempt.passed)
                kind = "in_progress" if attempt.open else "pending_review" if attempt.waits else "graded"
                assert seen["status"] == kind
                score = 100 * attempt.points / 8 if kind == "graded" else None
                assert seen["score"] == (None if score is None else float(score))
            closed = [a.points for a in self.model.attempts if not a.open]
            self.model.settle()
            assert shown["best_score"] == (float(100 * self.model.counted / 8) if closed else None)
            lost = wait(world.admin.ok("GET", f"{QUEUE}lost-passes/", params={"limit": "200"}))["items"]
            doubts = [item for item in lost if item["enrollment_id"] == self.me.enrollment_id]
            assert len(doubts) == int(self.model.doubt)
            certificates = wait(self.me.call.ok("GET", "/api/users/certificates/"))["items"]
            assert len(certificates) == int(status == "completed")
            if certificates:
                assert certificates[0]["status"] == ("revoked" if self.model.voided else "valid")
            mine = wait(self.me.call.ok("GET", "/api/users/enrollments/"))["items"][0]
            assert mine["score"] == (None if self.model.score is None else float(self.model.score))
            assert mine["awaiting_review"] is (
                status == "in_progress"
                and any(a.waits and a.possible >= PASSING for a in self.model.attempts)
            )

    return Machine


async def run(world: World, examples: int, steps: int) -> None:
    course = await world.course(
        tree(quiz(choice(points=4), essay(points=4), max_attempts=2, time_limit_seconds=300))
    )
    loop = asyncio.get_running_loop()
    checks = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, machine(world, loop, course), settings=checks)


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_the_service_agrees_with_the_model(world: World) -> None:
    await run(world, 6, 14)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_the_service_agrees_with_the_model_at_length(world: World) -> None:
    await run(world, 100, 40)
