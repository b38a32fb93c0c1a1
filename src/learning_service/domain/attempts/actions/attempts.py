"""Starting an attempt and saving responses. Closing one has consequences and lives in `completion`."""

import json
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.actions.beginning import refuse_unready, refuse_withdrawn
from learning_service.domain.attempts.actions.papers import new_layout
from learning_service.domain.attempts.models import QuizAttempt, QuizProgress
from learning_service.domain.attempts.queries.positions import AttemptRow, Position
from learning_service.domain.attempts.rules import Bounds, is_within
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Invalid, NotYet, TooLarge
from learning_service.domain.questions.rules.answer_keys import AnswerKey, check_responses
from learning_service.domain.questions.rules.responses import (
    Response,
    dump_responses,
    lay_over,
    load_responses,
)

# One statement, and the revision with it: a submission that waits for the enrollment's lock has to see what
# was saved meanwhile.
_SAVE = text(
    """
WITH saved AS (
    UPDATE quiz_attempts SET responses = CAST(:responses AS jsonb), sequence = :sequence
    WHERE id = :id AND status = 'in_progress'
    RETURNING enrollment_id
)
UPDATE enrollments SET revision = revision + 1 FROM saved WHERE enrollments.id = saved.enrollment_id
RETURNING enrollments.id
"""
)
GRACE = timedelta(seconds=30)
"""How long after the deadline what was sent in time may still arrive."""
BOUNDS = "attempt_bounds"
"""Where a session's `info` has them."""
_USUAL = Bounds()
NO_SEQUENCE = -1
"""Of an attempt that no numbered save has reached: the first may be number 0."""


class NoAttemptsLeft(Conflict):
    """Every attempt that the quiz allows has been used."""

    code = "no-attempts-left"

    def __init__(self, bound: int | None = None) -> None:
        super().__init__(
            "No attempts are left. An administrator can grant more."
            if bound is None
            else f"No attempts are left: a learner may make at most {bound} at one quiz."
        )


class AttemptClosed(Conflict):
    """The attempt is over; what was saved in time has been graded."""

    code = "attempt-closed"

    def __init__(self) -> None:
        super().__init__("The attempt is closed; what was saved in time has been graded.")


class RetryLater(NotYet):
    """The quiz wants some time between attempts, and it is not over."""

    code = "retry-later"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"The next attempt may begin in {seconds} seconds.", retry_after=seconds)


class AttemptNotStarted(Conflict):
    """A quiz with a time limit, or that draws its questions, is submitted in an attempt that was started."""

    code = "attempt-not-started"

    def __init__(self) -> None:
        super().__init__("This quiz has a time limit or draws its questions: start an attempt first.")


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did: how many responses it changed, and the attempt's last sequence."""

    attempt_id: uuid.UUID
    saved: int
    sequence: int
    deadline_at: datetime | None


def is_overdue(attempt: AttemptRow, instant: datetime) -> bool:
    """Whether the attempt's time, grace included, has run out while it was under way."""
    return (
        attempt.status == "in_progress"
        and attempt.deadline_at is not None
        and instant > attempt.deadline_at + GRACE
    )


def attempts_granted(position: Position, quiz: CompiledQuiz) -> int | None:
    """The limit for this enrollment, what an admin granted it included; None: no limit."""
    count = position.quizzes.get(quiz.id)
    return quiz.max_attempts if count is None else count.allowed


def attempts_allowed(position: Position, quiz: CompiledQuiz) -> int | None:
    """The same with the attempts that the member needs beyond it."""
    return position.accommodations.attempts_of(attempts_granted(position, quiz))


def attempts_used(position: Position, quiz_id: uuid.UUID) -> int:
    """Attempts made so far, one under way included."""
    count = position.quizzes.get(quiz_id)
    return 0 if count is None else count.used


def next_attempt(position: Position, quiz: CompiledQuiz, instant: datetime, bounds: Bounds) -> AttemptRow:
    """The attempt that would be made now; not stored, and not shown yet.

    Raises EnrollmentWithdrawn, NoAttemptsLeft.
    """
    refuse_withdrawn(position)
    used, allowed = attempts_used(position, quiz.id), attempts_allowed(position, quiz)
    if allowed is not None and used >= allowed:
        raise NoAttemptsLeft
    if used >= bounds.attempts:
        raise NoAttemptsLeft(bounds.attempts)
    limit, deadline = quiz.time_limit_seconds, None
    if limit is not None:
        time = position.accommodations.time_for(limit) + timedelta(seconds=position.extra_time_seconds)
        deadline = instant + time
    return AttemptRow(
        id=new_id(),
        enrollment_id=position.enrollment_id,
        quiz_id=quiz.id,
        user_id=position.user_id,
        number=used + 1,
        status="in_progress",
        started_at=instant,
        deadline_at=deadline,
        submitted_at=None,
        sequence=NO_SEQUENCE,
        layout=None,
        responses={},
        marks=None,
        max_points=quiz.max_points,
        points=None,
        pending_points=None,
        passed=None,
    )


async def start_attempt(
    session: AsyncSession, position: Position, version: CompiledVersion, quiz: CompiledQuiz
) -> tuple[AttemptRow, bool]:
    """Start an attempt, or give the one under way and False. The position must be locked.

    Raises EnrollmentWithdrawn, PrerequisitesMissing, ItemsMissing, NoAttemptsLeft, RetryLater.
    """
    if position.attempt is not None:
        return position.attempt, False
    await refuse_unready(session, position, version, quiz.id)
    attempt = next_attempt(position, quiz, now(session), bounds_of(session))
    await refuse_early(session, position, quiz)
    attempt = replace(attempt, layout=await new_layout(session, position.enrollment_id, quiz))
    columns = {name: getattr(attempt, name) for name in AttemptRow.__slots__}
    await session.execute(insert(QuizAttempt).values(organization_id=position.organization_id, **columns))
    await session.execute(
        insert(QuizProgress)
        .values(
            enrollment_id=position.enrollment_id,
            quiz_id=quiz.id,
            organization_id=position.organization_id,
            attempts_used=attempt.number,
            attempts_allowed=attempts_granted(position, quiz),
        )
        .on_conflict_do_update(
            index_elements=["organization_id", "enrollment_id", "quiz_id"],
            set_={"attempts_used": QuizProgress.attempts_used + 1},
        )
    )
    await touch_enrollment(session, position)
    return attempt, True


async def refuse_early(session: AsyncSession, position: Position, quiz: CompiledQuiz) -> None:
    """Raises RetryLater where no attempt is under way and the last one ended too short a time ago."""
    if position.attempt is not None or quiz.retry_delay_seconds is None:
        return
    last = select(func.max(QuizAttempt.submitted_at)).where(
        QuizAttempt.enrollment_id == position.enrollment_id, QuizAttempt.quiz_id == quiz.id
    )
    ended_at: datetime | None = await session.scalar(last)
    if ended_at is not None:
        wait = ended_at + timedelta(seconds=quiz.retry_delay_seconds) - now(session)
        if wait > timedelta(0):
            raise RetryLater(math.ceil(wait.total_seconds()))


async def touch_enrollment(session: AsyncSession, position: Position) -> None:
    """Note that progress changed; an assigned enrollment is in progress from here on."""
    statement = update(Enrollment).values(revision=Enrollment.revision + 1)
    if position.status == "assigned":
        started_at = func.coalesce(Enrollment.started_at, now(session))
        statement = statement.values(status="in_progress", started_at=started_at)
    await session.execute(statement.where(Enrollment.id == position.enrollment_id))


async def save_responses(
    session: AsyncSession,
    position: Position,
    quiz: CompiledQuiz,
    responses: tuple[Response, ...],
    sequence: int | None,
) -> Saved:
    """Keep responses of an attempt under way: those named are replaced, the others stay.

    A `sequence` not above the last changes nothing. The position must be locked. Raises Invalid, AttemptClosed.
    """
    attempt = position.attempt
    assert attempt is not None
    refuse_misfits(quiz.keys, responses)
    if attempt.status != "in_progress":
        raise AttemptClosed
    if sequence is not None and sequence <= attempt.sequence:
        return Saved(attempt.id, 0, shown_sequence(attempt.sequence), attempt.deadline_at)
    last = attempt.sequence if sequence is None else sequence
    merged = merge_responses(attempt, responses, bounds_of(session))
    parameters = {
        "id": attempt.id,
        "sequence": last,
        "responses": json.dumps(dump_responses(merged.values())),
    }
    if (await session.execute(_SAVE, parameters)).first() is None:
        raise AttemptClosed
    return Saved(attempt.id, len(responses), shown_sequence(last), attempt.deadline_at)


def shown_sequence(last: int) -> int:
    """The attempt's last sequence as the client sees it: 0 while there was none."""
    return max(0, last)


def open_attempt(position: Position, quiz: CompiledQuiz, instant: datetime, bounds: Bounds) -> AttemptRow:
    """The attempt that a submission closes: the position's, else, where it need not be started, a new one.

    Raises AttemptClosed for one that is over, AttemptNotStarted, EnrollmentWithdrawn, NoAttemptsLeft.
    """
    attempt = position.attempt
    if attempt is None:
        attempt = next_attempt(position, quiz, instant, bounds)
        if quiz.time_limit_seconds is not None or quiz.pools:
            raise AttemptNotStarted
    if attempt.status != "in_progress" or is_overdue(attempt, instant):
        raise AttemptClosed
    return attempt


async def refuse_timed_out(session: AsyncSession, position: Position, quiz: CompiledQuiz) -> None:
    """Raises AttemptClosed where no attempt is under way because the last one was closed at its deadline.

    The server closes an attempt at its deadline, when the learner or the sweeper first touches it.
    """
    if position.attempt is not None or quiz.time_limit_seconds is None:
        return
    timed_out = exists().where(
        QuizAttempt.enrollment_id == position.enrollment_id,
        QuizAttempt.quiz_id == quiz.id,
        QuizAttempt.number == attempts_used(position, quiz.id),
        QuizAttempt.submitted_at == QuizAttempt.deadline_at,
    )
    if await session.scalar(select(timed_out)):
        raise AttemptClosed


def refuse_misfits(keys: Mapping[str, AnswerKey], responses: tuple[Response, ...]) -> None:
    """Raises Invalid naming every response that does not fit the questions of these keys."""
    faults = check_responses(keys, responses)
    if faults:
        raise Invalid(faults)


def merge_responses(
    attempt: AttemptRow, responses: tuple[Response, ...], bounds: Bounds
) -> dict[str, Response]:
    """What was saved with the new responses laid over it. Raises TooLarge."""
    merged = lay_over(load_responses(attempt.responses), responses)
    if not is_within(merged, bounds.size):
        raise TooLarge(f"The answers of an attempt may have at most {bounds.size} bytes together.")
    return merged


def bounds_of(session: AsyncSession) -> Bounds:
    """The bounds that the process's settings name."""
    bounds: Bounds = session.info.get(BOUNDS, _USUAL)
    return bounds
