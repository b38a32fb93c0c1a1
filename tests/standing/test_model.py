"""A hypothesis state machine: whatever a member, graders, administrators and the years do, the service keeps what the
contract says on standing, on scores and on dates. The sentences are in `oracle`.
"""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test
from tests.kit.quiz_taker import essay, quiz, tree
from tests.kit.world import Json, World, right
from tests.standing.facts import Clock
from tests.standing.machine import Place, Walk, refused
from tests.standing.oracle import CADENCES, MOST, PASSING, Attempt, Enrollment

from learning_service.worker.jobs.completions import open_recertifications

STEPS = 5_000
DAYS = st.sampled_from([1, 5, 9, 20, 40, 330, 345, 400])
POINTS = st.sampled_from([Decimal(points) for points in ("0", "1", "3.49", "3.5", "5", "6", "7")])
ANY = st.integers(0, 99)
RARELY = st.sampled_from([True, False, False])


def moment(at: datetime | None) -> str | None:
    """A full second as answers write it."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Machine(Walk):
    """What happens, and what holds after it."""

    @initialize(cadence=st.sampled_from(CADENCES))
    def choose(self, cadence: str) -> None:
        self.begin(cadence)

    # What the member does.

    @rule()
    def enroll(self) -> None:
        self.step("enroll")
        expected, blurred = self.history.enrolling(self.now), self.history.blurred(self.now)
        lasting = self.history.lasting
        answer = self.wait(self.me("POST", f"/api/courses/{self.course['id']}/enroll/"))
        if not blurred:
            told = (answer.status_code, None if answer.is_success else answer.json()["code"])
            assert told == expected
        if answer.status_code == 201:
            made = self.made()
            assert made is not None
            assert made.id == answer.json()["id"]
            assert made.source == ("self" if lasting is None else "recertification")
        elif answer.status_code == 200:
            assert self.history.open is not None
            assert answer.json()["id"] == self.history.open.id

    @precondition(lambda self: self.history.enrollments)
    @rule()
    def start(self) -> None:
        self.step("start")
        meant = self.history.meant(self.now)
        assert meant is not None
        answer = self.wait(self.me("POST", f"{self.quiz()}attempts/"))
        self.expect_attempt(meant, answer, made=201)

    @precondition(lambda self: self.history.enrollments)
    @rule(named=st.booleans(), blank=st.booleans())
    def submit(self, named: bool, blank: bool) -> None:
        meant = self.history.meant(self.now)
        assert meant is not None
        path = self.quiz()
        words = "" if blank else f"Because {uuid.uuid4()}."
        body: Json = {"responses": [right(self.question, {"text": words})]}
        if blank and meant.under_way is None:
            return
        self.step("submit")
        if named and meant.under_way is not None:
            body["attempt_id"] = meant.under_way.id
        since = self.now
        answer = self.wait(self.me("POST", f"{path}submit/", body))
        attempt = self.expect_attempt(meant, answer, made=200)
        if attempt is None:
            return
        attempt.under_way, attempt.text, self.latest = False, words, attempt.id
        attempt.submitted_at = self.wait(self.read.submitted_at(attempt.id))
        assert since < attempt.submitted_at <= self.now
        self.sent = None if named or blank else (body, attempt)
        self.settle(meant, since, again=False)

    @precondition(lambda self: self.sent is not None and self.history.meant(self.now).under_way is None)
    @rule()
    def submit_again(self) -> None:
        """Within the minute, and nothing has been opened since."""
        assert self.sent is not None
        body, attempt = self.sent
        self.sent = None
        meant = self.history.meant(self.now)
        assert meant is not None
        assert attempt.submitted_at is not None
        late = self.now - attempt.submitted_at > timedelta(seconds=50)
        if late or (meant.open and attempt not in meant.attempts):
            return
        self.step("submit_again")
        again = self.wait(self.me.ok("POST", f"{self.quiz()}submit/", body))
        assert again["attempt_id"] == attempt.id

    # What graders and administrators do.

    @precondition(lambda self: self.history.enrollments)
    @rule(points=POINTS)
    def submit_and_be_graded(self, points: Decimal) -> None:
        """The shortest way to an outcome, which chance seldom takes."""
        before = len(self.written())
        self.submit(named=False, blank=False)
        if len(self.written()) > before:
            enrollment, attempt = next((e, a) for e, a in self.written() if a.waits and a.id == self.latest)
            self._grade(enrollment, attempt, points)

    @precondition(lambda self: self.written())
    @rule(which=ANY, points=POINTS)
    def grade(self, which: int, points: Decimal) -> None:
        written = self.written()
        self._grade(*written[which % len(written)], points)

    def _grade(self, enrollment: Enrollment, attempt: Attempt, points: Decimal) -> None:
        passes = points >= PASSING or any(a.passes for a in enrollment.attempts if a is not attempt)
        # What becomes of a pass that a correction would lose is another model's.
        if enrollment.passed and not passes:
            return
        self.step("grade")
        since = self.now
        body = {"points": float(points), "correction": True}
        response = self.wait(self.read.response(attempt.id))
        graded = self.wait(self.boss("POST", f"/api/learning/grading/{response}/", body))
        assert graded.status_code == 200, graded.text
        attempt.points = points
        self.settle(enrollment, since, again=True)

    @precondition(lambda self: self.history.enrollments)
    @rule()
    def assign(self) -> None:
        self.step("assign")
        open_, valid = self.history.open, self.history.valid(self.now)
        last, lasting = self.history.last, self.history.lasting
        blurred = self.history.blurred(self.now)
        path = f"/api/courses/{self.course['id']}/assign/"
        answer = self.wait(self.boss.ok("POST", path, {"user_ids": [self.user]}))
        made = self.made()
        assert answer["assigned"] == (made is not None)
        if open_ is not None:
            assert answer["already_enrolled"] == 1
        elif blurred:
            return
        elif valid:
            # After a failed renewal an administrator may assign anew.
            failed = last is not None and last.status in ("failed", "withdrawn")
            in_window = lasting is not None and self.now >= lasting.opens
            if not (failed and in_window):
                assert answer["skipped"] == [{"user_id": self.user, "reason": "completed"}]
        else:
            assert made is not None

    @precondition(lambda self: self.history.enrollments)
    @rule(which=ANY)
    def grant(self, which: int) -> None:
        enrollment = self.pick(which)
        if enrollment.allowed > 5:
            return
        self.step("grant")
        since, quiz_id = self.now, self.quiz().split("/")[3]
        gone_on = not enrollment.open and self.history.gone_on(enrollment, self.now)
        blurred = self.history.blurred(self.now)
        body = {"quiz_id": quiz_id, "reason": "Because"}
        answer = self.wait(self.boss("POST", f"/api/enrollments/{enrollment.id}/attempts/", body))
        if enrollment.status == "withdrawn":
            refused(answer, "withdrawn")
        elif gone_on and not blurred:
            refused(answer, "newer-enrollment")
        elif not gone_on or answer.is_success:
            assert answer.status_code == 200, answer.text
            enrollment.allowed += 1
            self.settle(enrollment, since, again=True)

    @precondition(lambda self: self.history.enrollments)
    @rule(which=ANY, rarely=RARELY)
    def withdraw(self, which: int, rarely: bool) -> None:
        if not rarely:
            return
        self.step("withdraw")
        enrollment = self.pick(which)
        path = f"/api/enrollments/{enrollment.id}/withdraw/"
        answer = self.wait(self.boss("POST", path, {"reason": "Because"}))
        if enrollment.status == "completed":
            refused(answer, "completed")
            return
        assert answer.status_code == 200, answer.text
        if enrollment.status != "withdrawn":
            self.history.withdraw(enrollment, "administrator")

    @precondition(lambda self: self.history.open and self.history.open.source == "recertification")
    @rule()
    def remove(self) -> None:
        """An administrator removes a renewal; nothing is begun there, or it stays."""
        renewal = self.history.open
        assert renewal is not None
        self.step("remove")
        answer = self.wait(self.boss("DELETE", f"/api/enrollments/{renewal.id}/"))
        if renewal.attempts:
            refused(answer, "enrollment-begun")
        else:
            assert answer.status_code == 204, answer.text
            self.history.enrollments.remove(renewal)

    @precondition(lambda self: any(e.completion for e in self.history.enrollments))
    @rule(which=ANY, reissue=st.booleans())
    def change_certificate(self, which: int, reissue: bool) -> None:
        done = [e for e in self.history.valid(self.now) if not self.history.blurred(self.now)]
        if not done:
            return
        self.step("change_certificate")
        enrollment = done[which % len(done)]
        current = self.facts[enrollment.id].certificate_id
        reissued = {"recipient_name": "Ana", "reason": "?"}
        verb, body = ("reissue", reissued) if reissue else ("revoke", {"reason": "?"})
        self.wait(self.boss.ok("POST", f"/api/certificates/{current}/{verb}/", body))
        assert enrollment.completion is not None
        if not reissue:
            self.history.revoke(enrollment.completion)
        shown = self.wait(self.me.ok("GET", f"/api/certificates/{current}/verify/"))
        assert shown["status"] == ("superseded" if reissue else "revoked")

    # What time does.

    @precondition(lambda self: any(e.completion for e in self.history.enrollments))
    @rule()
    def renew(self) -> None:
        self.step("renew")
        renewable, blurred = self.history.renewable(self.now), self.history.blurred(self.now)
        self.wait(open_recertifications(self.world.worker, None))
        made = self.made()
        if not blurred:
            assert (made is not None) == (renewable is not None), (
                "who lapses and has no renewal gets one, once"
            )
        assert made is None or made.source == "recertification"

    @precondition(lambda self: self.history.enrollments)
    @rule(days=DAYS, rarely=RARELY)
    def wait_days(self, days: int, rarely: bool) -> None:
        if not rarely:
            return
        self.step("wait_days")
        self.clock.now += timedelta(days=days)

    @precondition(lambda self: any(edge > self.now for edge in self.history.edges))
    @rule(which=ANY, before=st.booleans())
    def wait_for_an_edge(self, which: int, before: bool) -> None:
        """To a minute before a window begins or a completion expires, or to that very moment."""
        self.step("wait_for_an_edge")
        edges = [edge for edge in self.history.edges if edge > self.now]
        edge = edges[which % len(edges)]
        self.clock.now = max(self.now, edge - timedelta(minutes=1)) if before else edge

    # What holds after every step.

    @invariant()
    def every_enrollment_is_where_it_should_be(self) -> None:
        self.refresh()
        assert list(self.facts) == [e.id for e in self.history.enrollments]
        for e in self.history.enrollments:
            row, done = self.facts[e.id], e.completion
            assert (row.status, row.withdrawn_because) == (e.status, e.because), e
            if done is None:
                assert row.completed_at is None
                continue
            assert row.completed_at == done.completed_at, "the learner's day, not the grader's"
            assert row.expires_at == done.expires_at, (row, e)
            assert (row.voided_at is not None) == done.voided
            assert row.issued_at == done.issued_at, "no reissue moves it"
            assert row.score == done.score, "the score follows corrections and retakes"

    @invariant()
    def the_member_stands_where_it_says(self) -> None:
        standing = self.history.standing(self.now)
        if not self.every(3) or standing is None or self.history.blurred(self.now):
            return
        shown = self.wait(self.me.ok("GET", f"/api/courses/{self.course['id']}/modules/"))
        assert shown["enrollment"]["id"] == standing.id
        assert shown["items"][0]["items"][0]["attempts_used"] == len(standing.attempts)

    @invariant()
    def compliance_says_the_same(self) -> None:
        expected, lasting = self.history.compliance(self.now), self.history.lasting
        if not self.every(2) or self.history.blurred(self.now):
            return
        rows = self.wait(self.me.ok("GET", "/api/users/compliance/"))["items"]
        requirement = self.course["linked_compliance_requirement"]
        [row] = [row for row in rows if row["requirement_id"] == requirement]
        assert row["status"] == expected
        ends = None if lasting is None else lasting.expires_at
        assert row["expires_at"] == moment(ends)

    @invariant()
    def nobody_has_two_certificates_for_one_span(self) -> None:
        """Two that are valid at once are an old one in its window, and what renewed it."""
        valid = [e.completion for e in self.history.valid(self.now) if e.completion]
        assert len(valid) <= 2
        if len(valid) == 2:
            old, new = sorted(valid, key=lambda done: done.expires_at)
            assert old.opens <= new.completed_at
        if not self.every(5) or self.history.blurred(self.now):
            return
        path = "/api/users/certificates/"
        shown = self.wait(self.me.ok("GET", path, params={"limit": "200"}))["items"]
        told = sorted(one["expires_at"] for one in shown if one["status"] == "valid")
        assert told == sorted(moment(done.expires_at) or "" for done in valid)

    @invariant()
    def lists_leave_out_what_was_withdrawn(self) -> None:
        if not self.every(5):
            return
        path = "/api/users/enrollments/"
        listed = self.wait(self.me.ok("GET", path, params={"limit": "200"}))["items"]
        kept = {e.id: e.status for e in self.history.enrollments if e.status != "withdrawn"}
        assert {item["id"]: item["status"] for item in listed} == kept


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_service_keeps_its_sentences_on_standing_scores_and_dates(
    years: World, clock: Clock
) -> None:
    place = Place(years, clock, asyncio.get_running_loop(), {})
    content = tree(quiz(essay(points=float(MOST)), pass_score=50, max_attempts=2))
    for cadence in CADENCES:
        requirement = {"organization_id": years.id, "name": cadence}
        path = f"/api/directory/compliance-requirements/{cadence}/"
        await years.directory.ok("PUT", path, requirement)
        place.courses[cadence] = await years.course(
            content, recertification_cadence=cadence, linked_compliance_requirement=cadence
        )
    made = type("Walks", (Machine,), {"place": place})
    checks = settings(
        max_examples=20,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while len(place.steps) < STEPS:
        await asyncio.to_thread(run_state_machine_as_test, made, settings=checks)
    counts = {name: place.steps.count(name) for name in sorted(set(place.steps))}
    print(f"{len(place.steps)} steps: {counts}")
