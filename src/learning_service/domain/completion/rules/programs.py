"""How far a member is in a program, and what comes next. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from learning_service.domain.courses.rules.programs import ProgramContent, Step

Excused: TypeAlias = Literal["exempt", "evidence"]


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a member need not do a course: an exemption that holds now, or evidence that was accepted."""

    user_id: str
    course_id: UUID
    kind: Excused
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """What counts as done in a member's program."""

    completed: Collection[UUID]
    """Courses that the member has completed."""
    excused: Mapping[UUID, Excused]
    """Courses that count all the same, and why."""
    closed: Collection[UUID]
    """Courses that are not done and that the member can neither go on with nor enter: they were archived."""

    @property
    def courses(self) -> Collection[UUID]:
        """All of them."""
        return {*self.completed, *self.excused}


@dataclass(frozen=True, slots=True)
class Path:
    """What is to be done about a member's program."""

    next: Sequence[UUID]
    """Courses to be enrolled in: of each step that is open, those that are not done."""
    superfluous: Sequence[UUID]
    """Courses of steps that are done without them."""
    is_done: bool
    percent: int
    """How many of the needed courses are done, rounded down."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A completion of a course that was not revoked."""

    completed_at: datetime
    expires_at: datetime | None


def counts(completions: Iterable[Counted], entered_at: datetime, renews: datetime | None) -> bool:
    """Whether a course with these completions is done for who entered a program then.

    It was completed since, or was still valid then. `renews`: when the member last completed the program that is
    renewed; what was done until then is to be done anew.
    """
    return any(
        (one.expires_at is None or one.expires_at > entered_at)
        and (renews is None or one.completed_at > renews)
        for one in completions
    )


def excused_from(excuses: Iterable[Excuse], entered_at: datetime) -> Mapping[UUID, Excused]:
    """What a member need not do in a program that they entered then.

    Evidence is a completion of its own kind: it goes on to count where it ends inside the program. How long it counts
    was said when it was accepted, so that it also counts in a renewal that begins before its end.
    """
    return {
        one.course_id: one.kind
        for one in sorted(excuses, key=lambda one: one.kind)
        if one.kind == "exempt" or one.expires_at is None or one.expires_at > entered_at
    }


def done_of(completed: Collection[UUID], excused: Mapping[UUID, Excused], archived: Collection[UUID]) -> Done:
    """What counts as done, where these of the courses were archived and the member is in none of them."""
    return Done(completed, excused, {one for one in archived if one not in completed and one not in excused})


def is_step_done(step: Step, done: Done) -> bool:
    """Whether enough courses of a step are done: no more than are done or can be."""
    return _count(step, done.courses) >= _needed(step, done)


def path_of(content: ProgramContent, done: Done) -> Path:
    """Where a member stands who has done these courses.

    A program whose courses are all closed is not done by that.
    """
    courses = done.courses
    waiting = [step for step in content.steps if not is_step_done(step, done)]
    opened = waiting[:1] if content.ordered else waiting
    needed = sum(_needed(step, done) for step in content.steps)
    have = sum(min(_needed(step, done), _count(step, courses)) for step in content.steps)
    return Path(
        next=[
            course
            for step in opened
            for course in step.courses
            if course not in courses and course not in done.closed
        ],
        superfluous=[
            course
            for step in content.steps
            if step not in waiting
            for course in step.courses
            if course not in courses
        ],
        is_done=not waiting and needed > 0,
        percent=100 * have // needed if needed else 0,
    )


def _needed(step: Step, done: Done) -> int:
    return min(step.needed, len(step.courses) - _count(step, done.closed))


def _count(step: Step, courses: Collection[UUID]) -> int:
    return sum(course in courses for course in step.courses)
