"""A hypothesis state machine: whatever a member, graders, administrators and the years do, the service keeps what the
contract says on standing, on scores and on dates. The sentences are in `oracle`.
"""

import asyncio
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
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
from tests.grading.scenes import essay, quiz, tree
from tests.standing.facts import Clock, Facts
from tests.standing.oracle import (
    BLURRED,
    MOST,
    PASSING,
    WINDOW,
    Attempt,
    Completion,
    Enrollment,
    History,
)
from tests.world import Caller, Json, World, right

from learning_service.jobs.recertification import open_recertifications

STEPS = 5_000
YEAR = timedelta(days=365)
DAYS = st.sampled_from([1, 20, 40, 330, 345, 400])
POINTS = st.sampled_from([0, 1, 2, 3, 4])
ANY = st.integers(0, 99)


def machine(
    world: World, clock: Clock, loop: asyncio.AbstractEventLoop, course: Json, counted: list[str]
) -> type[RuleBasedStateMachine]:
    """The machine over one course; each run of it is a new member. Every step is noted in `counted`."""

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, loop)
        return future.result(60)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            clock.now = datetime.now(UTC)
            self.user = f"m-{uuid.uuid4().hex[:10]}"
            wait(world.add_member(self.user))
            self.me = world.member(self.user)
            self.boss: Caller = world.call_as(f"boss-{self.user}", "national_admin")
            self.history = History()
            self.read = Facts(world, self.user, clock)
            self.facts: dict[str, Any] = {}
            self.sent: tuple[Json, str] | None = None
            self.path, self.latest = "", ""
            self.question: Json = {}

        # What the machine reads.

        def _refresh(self) -> None:
            self.facts = {row.id: row for row in wait(self.read.enrollments())}

        def _made(self) -> Enrollment | None:
            """The enrollment that was just made, if one was."""
            known = {e.id for e in self.history.enrollments}
            self._refresh()
            fresh = [row for id_, row in self.facts.items() if id_ not in known]
            assert len(fresh) <= 1
            if not fresh:
                return None
            return self.history.add(fresh[0].id, fresh[0].status, fresh[0].source)

        def _pick(self, which: int) -> Enrollment:
            return self.history.enrollments[which % len(self.history.enrollments)]

        def _settle(self, enrollment: Enrollment, *, again: bool) -> None:
            before = self.history.lasting
            if self.history.settle(enrollment, clock.now, again=again) != "won":
                return
            self._refresh()
            row = self.facts[enrollment.id]
            assert row.status == "completed", "passed, and nothing newer counts"
            assert row.completed_at == wait(self.read.handed_in(enrollment.id)), (
                "the learner's day, not the grader's"
            )
            self._check_expiry(row.completed_at, row.expires_at, before)
            self.history.won(enrollment, Completion(row.completed_at, row.expires_at), clock.now)

        def _check_expiry(self, done: datetime, expires: datetime, before: Completion | None) -> None:
            """A year from the day, or from the old expiry where it was renewed inside the window."""
            start = done
            if before is not None:
                opens = before.expires_at - WINDOW
                if min(abs(done - opens), abs(done - before.expires_at)) < BLURRED:
                    return
                if opens <= done <= before.expires_at:
                    start = before.expires_at
            assert abs(expires - start - YEAR) <= timedelta(days=2), (done, expires, before)

        # What happens.

        @rule()
        def enroll(self) -> None:
            counted.append("enroll")
            expected, blurred = self.history.enrolling(clock.now), self.history.blurred(clock.now)
            answer = wait(self.me("POST", f"/api/courses/{course['id']}/enroll/"))
            if not blurred:
                told = (answer.status_code, None if answer.is_success else answer.json()["code"])
                assert told == expected
            if answer.status_code == 201:
                made = self._made()
                assert made is not None
                assert made.id == answer.json()["id"]
            elif answer.status_code == 200:
                assert self.history.open is not None
                assert answer.json()["id"] == self.history.open.id

        @precondition(lambda self: self.history.enrollments)
        @rule()
        def assign(self) -> None:
            counted.append("assign")
            open_, valid = self.history.open, self.history.valid(clock.now)
            last, lasting = self.history.last, self.history.lasting
            blurred = self.history.blurred(clock.now)
            body = {"user_ids": [self.user]}
            answer = wait(self.boss.ok("POST", f"/api/courses/{course['id']}/assign/", body))
            made = self._made()
            assert answer["assigned"] == (made is not None)
            if open_ is not None:
                assert answer["already_enrolled"] == 1
            elif valid and not blurred:
                # After a failed renewal an administrator may assign anew.
                failed = last is not None and last.status in ("failed", "withdrawn")
                in_window = lasting is not None and clock.now >= lasting.expires_at - WINDOW
                if not (failed and in_window):
                    assert answer["skipped"] == [{"user_id": self.user, "reason": "completed"}]
            elif not valid and not blurred:
                assert made is not None

        @precondition(lambda self: any(e.completion for e in self.history.enrollments))
        @rule()
        def renew(self) -> None:
            counted.append("renew")
            lasting, history = self.history.lasting, self.history
            newer = lasting is not None and any(
                e.order > next(k.order for k in history.enrollments if k.completion is lasting)
                for e in history.enrollments
            )
            blurred, was_open = history.blurred(clock.now), history.open
            wait(open_recertifications(world.worker, None))
            made = self._made()
            if made is not None:
                assert was_open is None
                assert lasting is not None
                assert made.source == "recertification"
                assert clock.now >= lasting.expires_at - WINDOW - BLURRED, "no renewal before its window"
            elif lasting is not None and was_open is None and not newer and not blurred:
                in_window = lasting.expires_at - WINDOW <= clock.now < lasting.expires_at
                assert not in_window, "a renewal opens for whoever has none"

        @precondition(lambda self: self.history.enrollments)
        @rule()
        def start(self) -> None:
            counted.append("start")
            meant = self.history.meant(clock.now)
            assert meant is not None
            answer = wait(self.me("POST", f"{self._quiz()}attempts/"))
            self._expect_attempt(meant, answer, made=201)

        def _quiz(self) -> str:
            if not self.path:
                shown = wait(self.me.ok("GET", f"/api/courses/{course['id']}/modules/"))
                self.path = f"/api/quizzes/{shown['items'][0]['items'][0]['id']}/"
                self.question = wait(self.me.ok("GET", self.path))["questions"][0]
            return self.path

        def _expect_attempt(self, meant: Enrollment, answer: httpx.Response, *, made: int) -> Attempt | None:
            """The attempt that a call without a name has started or found; None where it was rightly refused."""
            under_way = meant.under_way
            if under_way is not None:
                assert (answer.status_code, answer.json()["attempt_id"]) == (200, under_way.id)
                return under_way
            if meant.status == "withdrawn":
                assert (answer.status_code, answer.json()["code"]) == (409, "withdrawn")
                return None
            if len(meant.attempts) >= meant.allowed:
                assert (answer.status_code, answer.json()["code"]) == (409, "no-attempts-left")
                return None
            assert answer.status_code == made, answer.text
            shown = wait(self.me.ok("GET", f"/api/attempts/{answer.json()['attempt_id']}/"))
            assert shown["enrollment"]["id"] == meant.id
            attempt = Attempt(answer.json()["attempt_id"], len(meant.attempts) + 1)
            assert attempt.number == answer.json()["number"]
            meant.attempts.append(attempt)
            if meant.status == "assigned":
                meant.status = "in_progress"
            return attempt

        @precondition(lambda self: self.history.enrollments)
        @rule(named=st.booleans(), blank=st.booleans())
        def submit(self, named: bool, blank: bool) -> None:
            meant = self.history.meant(clock.now)
            assert meant is not None
            path = self._quiz()
            words = "" if blank else f"Because {uuid.uuid4()}."
            body: Json = {"responses": [right(self.question, {"text": words})]}
            if blank and meant.under_way is None:
                return
            counted.append("submit")
            if named and meant.under_way is not None:
                body["attempt_id"] = meant.under_way.id
            answer = wait(self.me("POST", f"{path}submit/", body))
            attempt = self._expect_attempt(meant, answer, made=200)
            if attempt is None:
                return
            attempt.under_way, attempt.text, self.latest = False, words, attempt.id
            self.sent = None if named or blank else (body, attempt.id)
            self._settle(meant, again=False)

        @precondition(lambda self: self.sent is not None and self.history.meant(clock.now).under_way is None)
        @rule()
        def submit_again(self) -> None:
            """Within the minute, and nothing has been opened since."""
            assert self.sent is not None
            body, attempt_id = self.sent
            self.sent = None
            meant = self.history.meant(clock.now)
            assert meant is not None
            late = wait(self.read.age(attempt_id)) > timedelta(seconds=50)
            if late or (meant.open and not any(a.id == attempt_id for a in meant.attempts)):
                return
            counted.append("submit_again")
            again = wait(self.me.ok("POST", f"{self._quiz()}submit/", body))
            assert again["attempt_id"] == attempt_id

        def _written(self) -> list[tuple[Enrollment, Attempt]]:
            return [
                (e, a) for e in self.history.enrollments for a in e.attempts if a.text and not a.under_way
            ]

        @precondition(lambda self: self.history.enrollments)
        @rule(points=POINTS)
        def submit_and_be_graded(self, points: int) -> None:
            """The shortest way to an outcome, which chance seldom takes."""
            before = len(self._written())
            self.submit(named=False, blank=False)
            if len(self._written()) > before:
                enrollment, attempt = next(
                    (e, a) for e, a in self._written() if a.waits and a.id == self.latest
                )
                self._grade(enrollment, attempt, points)

        @precondition(lambda self: self._written())
        @rule(which=ANY, points=POINTS)
        def grade(self, which: int, points: int) -> None:
            written = self._written()
            self._grade(*written[which % len(written)], points)

        def _grade(self, enrollment: Enrollment, attempt: Attempt, points: int) -> None:
            others = [a for a in enrollment.attempts if a is not attempt]
            passes = points >= PASSING or any((a.points or 0) >= PASSING for a in others)
            # What becomes of a pass that a correction would lose is another model's.
            if enrollment.passed and not passes:
                return
            counted.append("grade")
            body = {"points": points, "correction": True}
            response = wait(self.read.response(attempt.id))
            graded = wait(self.boss("POST", f"/api/learning/grading/{response}/", body))
            assert graded.status_code == 200, graded.text
            attempt.points = points
            self._settle(enrollment, again=True)

        @precondition(lambda self: self.history.enrollments)
        @rule(which=ANY)
        def grant(self, which: int) -> None:
            enrollment = self._pick(which)
            if enrollment.allowed > 5:
                return
            counted.append("grant")
            quiz_id = self._quiz().split("/")[3]
            gone_on = not enrollment.open and self.history.gone_on(enrollment, clock.now)
            body = {"quiz_id": quiz_id, "reason": "Because"}
            answer = wait(self.boss("POST", f"/api/enrollments/{enrollment.id}/attempts/", body))
            if enrollment.status == "withdrawn":
                assert (answer.status_code, answer.json()["code"]) == (409, "withdrawn")
            elif gone_on:
                assert (answer.status_code, answer.json()["code"]) == (409, "newer-enrollment")
            else:
                assert answer.status_code == 200, answer.text
                enrollment.allowed += 1
                self._settle(enrollment, again=True)

        @precondition(lambda self: self.history.enrollments)
        @rule(which=ANY, rarely=st.integers(0, 2))
        def withdraw(self, which: int, rarely: int) -> None:
            if rarely:
                return
            counted.append("withdraw")
            enrollment = self._pick(which)
            path = f"/api/enrollments/{enrollment.id}/withdraw/"
            answer = wait(self.boss("POST", path, {"reason": "Because"}))
            if enrollment.status == "completed":
                assert (answer.status_code, answer.json()["code"]) == (409, "completed")
                return
            assert answer.status_code == 200, answer.text
            if enrollment.status != "withdrawn":
                self.history.withdraw(enrollment, "administrator")

        @precondition(lambda self: any(e.completion for e in self.history.enrollments))
        @rule(which=ANY, reissue=st.booleans())
        def change_certificate(self, which: int, reissue: bool) -> None:
            done = [e for e in self.history.enrollments if e.completion and e.completion.valid(clock.now)]
            if not done:
                return
            counted.append("change_certificate")
            enrollment = done[which % len(done)]
            current = wait(self.read.certificate(enrollment.id))
            verb, body = (
                ("reissue", {"recipient_name": "Ana", "reason": "?"})
                if reissue
                else ("revoke", {"reason": "?"})
            )
            wait(self.boss.ok("POST", f"/api/certificates/{current}/{verb}/", body))
            assert enrollment.completion is not None
            enrollment.completion.voided = not reissue

        @precondition(lambda self: self.history.enrollments)
        @rule(days=DAYS, rarely=st.integers(0, 2))
        def wait_days(self, days: int, rarely: int) -> None:
            if rarely:
                return
            counted.append("wait_days")
            clock.now += timedelta(days=days)

        # What holds after every step.

        @invariant()
        def every_enrollment_is_where_it_should_be(self) -> None:
            self._refresh()
            for e in self.history.enrollments:
                row = self.facts[e.id]
                assert (row.status, row.withdrawn_because) == (e.status, e.because), e
                assert (row.completed_at is None) == (e.completion is None)
                if e.completion is None:
                    continue
                assert (row.expires_at, row.voided_at is not None) == (
                    e.completion.expires_at,
                    e.completion.voided,
                )
                best = max(a.points or 0 for a in e.attempts)
                if not any(a.waits for a in e.attempts) and not e.completion.voided:
                    assert row.score == 100 * best / MOST, "the score follows corrections and retakes"

        @invariant()
        def the_member_stands_where_it_says(self) -> None:
            standing = self.history.standing(clock.now)
            if len(counted) % 3 or standing is None or self.history.blurred(clock.now):
                return
            shown = wait(self.me.ok("GET", f"/api/courses/{course['id']}/modules/"))
            assert shown["enrollment"]["id"] == standing.id
            assert shown["items"][0]["items"][0]["attempts_used"] == len(standing.attempts)

        @invariant()
        def nobody_has_two_certificates_for_one_span(self) -> None:
            """Two that are valid at once are an old one in its window, and what renewed it."""
            valid = sorted(e.completion.expires_at for e in self.history.valid(clock.now) if e.completion)
            assert len(valid) <= 2
            if len(valid) == 2:
                assert valid[1] - valid[0] >= YEAR - WINDOW - BLURRED

        @invariant()
        def lists_leave_out_what_was_withdrawn(self) -> None:
            if len(counted) % 5:
                return
            listed = wait(self.me.ok("GET", "/api/users/enrollments/", params={"limit": "200"}))["items"]
            kept = {e.id: e.status for e in self.history.enrollments if e.status != "withdrawn"}
            assert {item["id"]: item["status"] for item in listed} == kept

    return Machine


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_service_keeps_its_sentences_on_standing_scores_and_dates(
    years: World, clock: Clock
) -> None:
    content = tree(quiz(essay(points=MOST), pass_score=50, max_attempts=2))
    course = await years.course(content, recertification_cadence="P1Y")
    counted: list[str] = []
    checks = settings(
        max_examples=20,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    made = machine(years, clock, asyncio.get_running_loop(), course, counted)
    while len(counted) < STEPS:
        await asyncio.to_thread(run_state_machine_as_test, made, settings=checks)
    print(f"{len(counted)} steps: { {name: counted.count(name) for name in sorted(set(counted))} }")
