"""What the contract says of a member's enrollments in a course of one essay, in a page of Python. It asks nobody."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

PASSING, MOST, LIMIT = 2, 4, 2
WINDOW = timedelta(days=30)
BLURRED = timedelta(days=3)
"""Around the begin of a window or an expiry, which end with a day somewhere, nothing is said."""
OPEN = ("assigned", "in_progress")


@dataclass
class Attempt:
    """One try at the essay."""

    id: str
    number: int
    under_way: bool = True
    text: str | None = None
    points: int | None = None

    @property
    def waits(self) -> bool:
        return not self.under_way and bool(self.text) and self.points is None


@dataclass
class Completion:
    """What a completed enrollment has won, with the dates as the service tells them, which were checked."""

    completed_at: datetime
    expires_at: datetime
    voided: bool = False

    def valid(self, now: datetime) -> bool:
        return not self.voided and now < self.expires_at


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
        return any((a.points or 0) >= PASSING for a in self.attempts)

    @property
    def possible(self) -> bool:
        """Whether it can still be completed, or is."""
        hope = self.under_way is not None or len(self.attempts) < self.allowed
        return hope or self.passed or any(a.waits for a in self.attempts)


@dataclass
class History:
    """All enrollments of the member in the course, and the sentences about them."""

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
    def lasting(self) -> Completion | None:
        """The completion that lasts longest, revoked ones apart."""
        kept = [
            e.completion for e in self.enrollments if e.completion is not None and not e.completion.voided
        ]
        return max(kept, key=lambda c: c.expires_at, default=None)

    def blurred(self, now: datetime) -> bool:
        """Whether a day more or less decides."""
        ends = [e.completion.expires_at for e in self.enrollments if e.completion is not None]
        return any(abs(now - end) < BLURRED or abs(now - (end - WINDOW)) < BLURRED for end in ends)

    def enrolling(self, now: datetime) -> tuple[int, str | None]:
        """What enrolling answers, in the order in which it is judged."""
        lasting, last = self.lasting, self.last
        if self.open is not None:
            return 200, None
        if lasting is not None and now < lasting.expires_at - WINDOW:
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
        early = lasting is not None and now < lasting.expires_at - WINDOW
        return any(early or e.order > enrollment.order for e in valid)

    def settle(self, enrollment: Enrollment, now: datetime, *, again: bool) -> str:
        """The enrollment's status after something happened in it; `again`: a grade or a grant, which undo a failure.

        `won` where it is completed now: the caller reads the dates, and then calls `won`.
        """
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

    def won(self, enrollment: Enrollment, completion: Completion, now: datetime) -> None:
        """It is completed: an open one is withdrawn, unless it is a renewal still wanted."""
        other = self.open if self.open is not enrollment else None
        self._decide(enrollment, "completed")
        enrollment.completion = completion
        lasting = self.lasting
        if other is None or lasting is None or not lasting.expires_at > now:
            return
        if not (other.source == "recertification" and now >= lasting.expires_at - WINDOW):
            self.withdraw(other, "completed-elsewhere")
            # Both changed in one moment; what was completed is what counts.
            enrollment.decided = self.moment = self.moment + 1

    def withdraw(self, enrollment: Enrollment, because: str) -> None:
        """Closed, with the attempt under way, which counts for nothing."""
        self._decide(enrollment, "withdrawn")
        enrollment.because = because
        if enrollment.under_way is not None:
            enrollment.under_way.text, enrollment.under_way.under_way = None, False

    def _decide(self, enrollment: Enrollment, status: str) -> None:
        self.moment += 1
        enrollment.status, enrollment.decided = status, self.moment
