"""What the contract says of a member's enrollments in a course of one essay, in a page of Python. It asks nobody."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

PASSING, MOST, LIMIT = Decimal("3.5"), Decimal(7), 2
WINDOW = timedelta(days=30)
HERE = ZoneInfo("America/New_York")
CADENCES = ("P1Y", "P20D")
"""Of the second the window is half the span."""
AHEAD = timedelta(seconds=12)
"""A call takes some seconds of the clock: for one that begins just before an edge nothing is said."""
OPEN = ("assigned", "in_progress")


def midnight_after(day: date, cadence: str) -> datetime:
    """When what is valid for that long from that day on ends."""
    if cadence == "P20D":
        last = day + timedelta(days=20)
    else:
        leap = (day.month, day.day) == (2, 29)
        last = day.replace(year=day.year + 1, day=28 if leap else day.day)
    return datetime.combine(last + timedelta(days=1), time(), HERE)


@dataclass
class Attempt:
    """One try at the essay."""

    id: str
    number: int
    under_way: bool = True
    text: str | None = None
    points: Decimal | None = None
    submitted_at: datetime | None = None

    @property
    def passes(self) -> bool:
        return self.points is not None and self.points >= PASSING

    @property
    def waits(self) -> bool:
        return not self.under_way and bool(self.text) and self.points is None


@dataclass
class Completion:
    """What a completed enrollment has won."""

    completed_at: datetime
    expires_at: datetime
    issued_at: datetime
    score: Decimal | None
    voided: bool = False
    renewed: bool = False
    """Whether its renewal was opened: each has one, unless something was revoked since."""

    def valid(self, now: datetime) -> bool:
        return not self.voided and now < self.expires_at

    def follow(self, score: Decimal | None) -> None:
        """The score follows retakes and corrections, while the completion counts and once the score is known."""
        if not self.voided and score is not None:
            self.score = score

    @property
    def opens(self) -> datetime:
        """From when on it can be renewed."""
        # Days of 24 hours: a window that spans a change of clocks begins at another local hour.
        ends = self.expires_at.astimezone(UTC)
        return ends - min(WINDOW, (ends - self.completed_at.astimezone(UTC)) / 2)


@dataclass
class Enrollment:
    """One enrollment; `order` is when it was made, `decided` when its status last changed."""

    id: str
    order: int
    status: str
    source: str
    decided: int = 0
    because: str | None = None
    allowed: int = LIMIT
    attempts: list[Attempt] = field(default_factory=list)
    completion: Completion | None = None

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def under_way(self) -> Attempt | None:
        return next((a for a in self.attempts if a.under_way), None)

    @property
    def passed(self) -> bool:
        return any(a.passes for a in self.attempts)

    @property
    def score(self) -> Decimal | None:
        """The best attempt's, in percent; None while one that waits can still be better."""
        best = max((a.points for a in self.attempts if a.points is not None), default=Decimal(0))
        if best < MOST and any(a.waits for a in self.attempts):
            return None
        return (100 * best / MOST).quantize(Decimal("0.000001"), ROUND_DOWN)

    @property
    def handed_in(self) -> datetime:
        """When the first attempt that passes was."""
        return min(a.submitted_at for a in self.attempts if a.passes and a.submitted_at is not None)

    @property
    def counts(self) -> bool:
        """Whether it is completed and that was not revoked."""
        return self.completion is not None and not self.completion.voided

    @property
    def possible(self) -> bool:
        """Whether it can still be completed, or is."""
        hope = self.under_way is not None or len(self.attempts) < self.allowed
        return hope or self.passed or any(a.waits for a in self.attempts)


@dataclass
class History:
    """All enrollments of the member in the course, and the sentences about them."""

    cadence: str
    enrollments: list[Enrollment] = field(default_factory=list)
    moment: int = 0

    def add(self, id_: str, status: str, source: str) -> Enrollment:
        """A new enrollment: there was no open one."""
        assert self.open is None, "one open enrollment of a course"
        made = Enrollment(id_, len(self.enrollments), status, source)
        self.enrollments.append(made)
        return made

    @property
    def open(self) -> Enrollment | None:
        return next((e for e in self.enrollments if e.open), None)

    def valid(self, now: datetime) -> list[Enrollment]:
        return [e for e in self.enrollments if e.completion is not None and e.completion.valid(now)]

    @property
    def last(self) -> Enrollment | None:
        """The one decided last; what the service withdrew was superfluous and decides nothing."""
        ended = [e for e in self.enrollments if not e.open and e.because != "completed-elsewhere"]
        return max(ended, key=lambda e: e.decided, default=None)

    def standing(self, now: datetime) -> Enrollment | None:
        """The open enrollment, else a valid completion, else the last decided one."""
        return self.open or max(self.valid(now), key=lambda e: e.decided, default=None) or self.last

    def meant(self, now: datetime) -> Enrollment | None:
        """What a call means that names no attempt: the attempt under way, else where the member stands."""
        return next((e for e in self.enrollments if e.under_way), None) or self.standing(now)

    @property
    def _lasting(self) -> Enrollment | None:
        kept = [
            (e.completion.expires_at, e.decided, e) for e in self.enrollments if e.counts and e.completion
        ]
        return max(kept, key=lambda one: one[:2])[2] if kept else None

    @property
    def lasting(self) -> Completion | None:
        """The completion that lasts longest, revoked ones apart."""
        found = self._lasting
        return None if found is None else found.completion

    @property
    def edges(self) -> list[datetime]:
        """When windows begin and completions expire."""
        ends = [e.completion for e in self.enrollments if e.completion is not None]
        return [edge for c in ends for edge in (c.opens, c.expires_at)]

    def blurred(self, now: datetime) -> bool:
        """Whether an edge may pass within the next call."""
        return any(timedelta(0) < edge - now <= AHEAD for edge in self.edges)

    def expiry(self, done: datetime, renewed: Completion | None) -> datetime:
        """The organization's midnight after the last day, which counts from the old one inside its window."""
        day = done.astimezone(HERE).date()
        if renewed is not None and renewed.opens <= done <= renewed.expires_at:
            day = renewed.expires_at.astimezone(HERE).date() - timedelta(days=1)
        return midnight_after(day, self.cadence)

    def renewable(self, now: datetime) -> Completion | None:
        """The completion for which the service opens a renewal now."""
        completed, lasting = self._lasting, self.lasting
        if completed is None or lasting is None or self.open is not None:
            return None
        if lasting.renewed or now < lasting.opens:
            return None
        since = [e for e in self.enrollments if e.decided > completed.decided and e.completion is None]
        # After a failed renewal an administrator may assign anew; what was withdrawn does not come back.
        return None if any(e.because != "completed-elsewhere" for e in since) else lasting

    def compliance(self, now: datetime) -> str:
        """The first that holds; what was revoked or withdrawn counts as never begun."""
        if self.valid(now):
            return "complete"
        if self.open is not None:
            return "pending"
        if self.lasting is not None:
            return "expired"
        failed = any(e.status == "failed" for e in self.enrollments)
        return "failed" if failed else "not_started"

    def enrolling(self, now: datetime) -> tuple[int, str | None]:
        """What enrolling answers, in the order in which it is judged."""
        lasting, last = self.lasting, self.last
        if self.open is not None:
            return 200, None
        if lasting is not None and now < lasting.opens:
            return 409, "already-completed"
        if last is not None and last.status == "withdrawn":
            return 409, "withdrawn"
        if last is not None and last.status == "failed":
            return 409, "enrollment-failed"
        return 201, None

    def gone_on(self, enrollment: Enrollment, now: datetime) -> bool:
        """Whether the member has another enrollment that is open, or completed and valid."""
        other = self.open is not None and self.open is not enrollment
        return other or self.completed_elsewhere(enrollment, now)

    def completed_elsewhere(self, enrollment: Enrollment, now: datetime) -> bool:
        """Whether one is completed and valid that is newer, or not yet in its window: this one could not renew it."""
        valid, lasting = self.valid(now), self.lasting
        early = lasting is not None and now < lasting.opens
        return any(e is not enrollment and (early or e.order > enrollment.order) for e in valid)

    def settle(self, enrollment: Enrollment, now: datetime, *, again: bool) -> str:
        """The enrollment's status after something happened in it; `again`: a grade or a grant, which undo a failure.

        `won` where it is completed now: the caller reads when the certificate was issued, and then calls `won`.
        """
        if enrollment.completion is not None:
            enrollment.completion.follow(enrollment.score)
        if enrollment.open and enrollment.passed:
            return "won"
        if enrollment.open and not enrollment.possible:
            self._decide(enrollment, "failed")
        elif again and enrollment.status == "failed" and enrollment.passed:
            return enrollment.status if self.completed_elsewhere(enrollment, now) else "won"
        elif (
            again
            and enrollment.status == "failed"
            and enrollment.possible
            and not self.gone_on(enrollment, now)
        ):
            enrollment.status = "in_progress"
        return enrollment.status

    def won(self, enrollment: Enrollment, issued_at: datetime, now: datetime) -> None:
        """It is completed: an open one is withdrawn, unless it is a renewal still wanted."""
        other = self.open if self.open is not enrollment else None
        done = enrollment.handed_in
        expires = self.expiry(done, self.lasting)
        self._decide(enrollment, "completed")
        enrollment.completion = Completion(done, expires, issued_at, enrollment.score)
        lasting = self.lasting
        if other is None or lasting is None or not lasting.expires_at > now:
            return
        if not (other.source == "recertification" and now >= lasting.opens):
            self.withdraw(other, "completed-elsewhere")
            # Both changed in one moment; what was completed is what counts.
            enrollment.decided = self.moment = self.moment + 1

    def revoke(self, completion: Completion) -> None:
        """It counts no more, and what it may have renewed is to be renewed again."""
        completion.voided = True
        for enrollment in self.enrollments:
            if enrollment.completion is not None and enrollment.counts:
                enrollment.completion.renewed = False

    def withdraw(self, enrollment: Enrollment, because: str) -> None:
        """Closed, with the attempt under way, which counts for nothing."""
        self._decide(enrollment, "withdrawn")
        enrollment.because = because
        if enrollment.under_way is not None:
            enrollment.under_way.text, enrollment.under_way.under_way = None, False

    def _decide(self, enrollment: Enrollment, status: str) -> None:
        self.moment += 1
        enrollment.status, enrollment.decided = status, self.moment
