"""What compliance is, in the contract's words alone: facts with the times from which they hold.

Nothing here knows the service, and nothing is recomputed: each question is answered from all facts up to its instant.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
WINDOW = timedelta(days=30)
STATUSES = ("exempt", "complete", "pending", "expired", "failed", "not_started")
OPEN = ("open", "handed in")
NEVER = datetime.max.replace(tzinfo=UTC)


def midnight_after(day: date) -> datetime:
    """When the day ends, where the organization is."""
    return datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC)


def noon(day: date) -> datetime:
    """What somebody did on that day, they did then."""
    return datetime.combine(day, time(12), ZONE).astimezone(UTC)


def last_instant(day: date) -> datetime:
    """What a report as of the day means."""
    return midnight_after(day) - timedelta(microseconds=1)


def a_year_after(day: date) -> date:
    """The same day of the next year, or the last of February."""
    leap = (day.month, day.day) == (2, 29)
    return date(day.year + 1, 2, 28) if leap else day.replace(year=day.year + 1)


@dataclass
class Course:
    """A published course, for good."""

    requirement: str
    yearly: bool
    """Whether completing it holds for a year, or for good."""


@dataclass
class Step:
    """Some courses of a program, of which so many are needed."""

    courses: frozenset[str]
    need: int


@dataclass
class Span:
    """Something that holds from one instant to another."""

    subject: str
    since: datetime
    until: datetime = NEVER
    expires: datetime = NEVER

    def holds(self, at: datetime) -> bool:
        """Whether it is there: it may have expired."""
        return self.since <= at < self.until


@dataclass
class Completion:
    """Of a course; `span` holds until it is revoked."""

    course: str
    made_at: datetime
    span: Span
    certified: bool = True

    @property
    def renewable_from(self) -> datetime:
        """The organization's window, but never more than half of what it lasts."""
        return self.span.expires - min(WINDOW, (self.span.expires - self.made_at) / 2)


@dataclass
class Enrollment:
    """In a course: when it was in which state (`open`, `handed in`, `completed`, `failed`, `withdrawn`)."""

    course: str
    id: str
    states: list[tuple[datetime, str]]
    late: list[tuple[datetime, bool]] = field(default_factory=list)
    """Whether its due time has passed, since when."""
    of_program: bool = False
    """Whether a program, and nobody else, has assigned it."""

    def state(self, at: datetime) -> str | None:
        """None: there was none yet."""
        found: str | None = _last(self.states, at, None)
        return found

    @property
    def now(self) -> str:
        """How it is."""
        return self.states[-1][1]


def _last(changes: list[tuple[datetime, Any]], at: datetime, first: Any) -> Any:
    return max(
        ((when, n, value) for n, (when, value) in enumerate(changes) if when <= at), default=(0, 0, first)
    )[2]


@dataclass
class Field:
    """What one field of a member was: what it began as, and each change at the time at which it happened."""

    first: Any
    now: Any
    changes: list[tuple[datetime, Any]] = field(default_factory=list)
    clock: datetime | None = None
    """The time of the event that set it last."""

    def put(self, at: datetime, value: Any) -> None:
        """A write of this moment, which moves no clock."""
        if value != self.now:
            self.changes.append((at, value))
            self.now = value

    def happened(self, time: datetime, value: Any, told_at: datetime) -> None:
        """An event: it says how it was since its own time, and how it is where none of a later time has come."""
        self.changes.append((time, value))
        if self.clock is None or time > self.clock:
            self.now, self.clock = value, time
        if _last(self.changes, told_at, self.first) != self.now:
            self.changes.append((told_at, self.now))

    def at(self, instant: datetime) -> Any:
        """What it was then."""
        return _last(self.changes, instant, self.first)


@dataclass
class Person:
    """One member from joining to erasure; who comes back after that is another."""

    user: str
    joined: datetime
    chapter: Field
    status: Field
    year: Field
    erased: datetime = NEVER
    enrollments: list[Enrollment] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    exemptions: list[Span] = field(default_factory=list)
    evidence: list[Span] = field(default_factory=list)
    told: list[datetime] = field(default_factory=list)
    """The times of all events about this member."""

    @property
    def known_since(self) -> datetime:
        """The earliest of joining, first event and first completion."""
        return min([self.joined, *self.told, *(one.made_at for one in self.completions)])

    def open_in(self, course: str) -> Enrollment | None:
        """The open enrollment there, now."""
        return next((one for one in self.enrollments if one.course == course and one.now in OPEN), None)

    def valid_in(self, course: str, at: datetime) -> Completion | None:
        """The completion that lasts longest, of those that count then."""
        mine = (one for one in self.completions if one.course == course and one.span.holds(at))
        return max(
            (one for one in mine if one.span.expires > at), key=lambda one: one.span.expires, default=None
        )

    def done_in_program(
        self, courses: dict[str, Course], entered_at: datetime, at: datetime
    ) -> dict[str, str]:
        """Which courses count at that instant in a program that was entered then, and why.

        Completed since, or before and still valid then; it goes on to count when it expires inside, and so does
        evidence, which is a completion of its own kind. An exemption counts while it holds.
        """
        found: dict[str, str] = {}
        for name, course in courses.items():
            spared = {one.subject for one in self.exemptions if one.holds(at)}
            proofs = (one for one in self.evidence if one.subject == course.requirement and one.holds(at))
            passed = (one.span for one in self.completions if one.course == name and one.span.holds(at))
            if any(one.expires > entered_at for one in passed):
                found[name] = "completed"
            elif spared & {name, course.requirement}:
                found[name] = "exempt"
            elif any(one.expires > entered_at for one in proofs):
                found[name] = "evidence"
        return found

    def expiry(self, course: str, made_at: datetime, *, yearly: bool) -> datetime:
        """Until when a completion of that moment lasts: inside the window of one before it counts from its end."""
        if not yearly:
            return NEVER
        before = [
            c
            for c in self.completions
            if c.course == course and c.span.until == NEVER and c.made_at < made_at
        ]
        last = max(before, key=lambda one: (one.span.expires, one.made_at), default=None)
        start = made_at
        if last is not None and last.renewable_from <= made_at <= last.span.expires:
            start = last.span.expires - timedelta(microseconds=1)
        return midnight_after(a_year_after(start.astimezone(ZONE).date()))


@dataclass
class Life:
    """All members that there were."""

    courses: dict[str, Course]
    active: tuple[str, ...]
    audiences: dict[str, int | None]
    """By requirement the year that its members are in; None: everybody must meet it."""
    people: list[Person] = field(default_factory=list)

    def of(self, user: str) -> Person | None:
        """The member who has this id now."""
        return next((one for one in self.people if one.user == user and one.erased == NEVER), None)

    def standing(self, person: Person, requirement: str, at: datetime) -> tuple[str, datetime, bool]:
        """The status then, until when what is shown lasts, and whether an open enrollment is past due."""
        leading = {name for name, course in self.courses.items() if course.requirement == requirement}
        spared = {one.subject for one in person.exemptions if one.holds(at)}
        shown = [c.span for c in person.completions if c.span.subject == requirement and c.span.holds(at)]
        shown += [one for one in person.evidence if one.subject == requirement and one.holds(at)]
        until = max((one.expires for one in shown), default=None)
        states = [(e.state(at), _last(e.late, at, False)) for e in person.enrollments if e.course in leading]
        late = any(state == "open" and past_due for state, past_due in states)
        if requirement in spared or leading <= spared:
            status = "exempt"
        elif until is not None and until > at:
            status = "complete"
        elif any(state in OPEN for state, _ in states):
            status = "pending"
        elif until is not None:
            status = "expired"
        else:
            status = "failed" if any(state == "failed" for state, _ in states) else "not_started"
        return status, until or NEVER, late

    def duties(self, at: datetime) -> Iterator[tuple[Person, str]]:
        """The active members of then with what they had to meet."""
        for person in self.people:
            if not person.known_since <= at < person.erased or person.status.at(at) not in self.active:
                continue
            for requirement, year in self.audiences.items():
                if year is None or person.year.at(at) == year:
                    yield person, requirement

    def report(self, at: datetime) -> dict[str, dict[str, int]]:
        """The counts of each chapter that has any."""
        rows: dict[str, Counter[str]] = {}
        for person, requirement in self.duties(at):
            status, until, late = self.standing(person, requirement, at)
            row = rows.setdefault(person.chapter.at(at), Counter())
            row.update(["members", status])
            row.update(["overdue"] if status == "pending" and late else [])
            for days in (30, 60, 90):
                if status == "complete" and until <= at + timedelta(days=days):
                    row[f"expiring_{days}"] += 1
        return {chapter: dict(row) for chapter, row in rows.items()}

    def lapses(self, at: datetime, days: int) -> list[tuple[datetime, str, str, str, bool]]:
        """Who lapses within so many days: when, who, of which chapter, in what, with something under way or not."""
        found = []
        for person, requirement in self.duties(at):
            status, until, _ = self.standing(person, requirement, at)
            if status == "complete" and until <= at + timedelta(days=days):
                leading = [name for name, course in self.courses.items() if course.requirement == requirement]
                going = any(person.open_in(name) for name in leading)
                found.append((until, person.user, person.chapter.at(at), requirement, going))
        return sorted(found)
