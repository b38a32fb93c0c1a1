"""Closing an attempt: graded, counted and stored by one statement, then whatever follows from it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.actions.attempts import (
    AttemptClosed,
    attempts_allowed,
    attempts_used,
    bounds_of,
    is_overdue,
    refuse_early,
    refuse_misfits,
    refuse_timed_out,
)
from learning_service.domain.attempts.actions.beginning import refuse_unready
from learning_service.domain.attempts.queries.positions import (
    AttemptRow,
    Position,
    find_position,
    version_of,
)
from learning_service.domain.attempts.queries.repeats import repeated_attempt
from learning_service.domain.attempts.rules import digest_of
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.completion.actions.closing import (
    GradedSubmission,
    grade_submission,
    prepare_submission,
)
from learning_service.domain.completion.actions.completing import Outcome
from learning_service.domain.completion.actions.known_grades import (
    find_known,
    marks_with,
    note_known,
)
from learning_service.domain.completion.actions.marking import marks_of
from learning_service.domain.completion.actions.outcomes import settle
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.enrollments.rules import attempts_remaining
from learning_service.domain.grading.actions import KnownGrade
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.questions.rules.responses import Response, load_responses
from learning_service.domain.records.audit import SYSTEM_ACTOR

# One function of the database, because it is the hottest write: the attempt, its counter, what waits for a person,
# the assessment's result, the enrollment. False where another call closed it first.
_CLOSE = text("SELECT close_attempt(CAST(:graded AS jsonb), NULL)")


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed attempt, where it leaves the enrollment, and the outcome if it finished the course."""

    attempt: AttemptRow
    quiz: CompiledQuiz
    position: Position
    outcome: Outcome | None

    @property
    def remaining(self) -> int | None:
        """Attempts that may still be started; None: no limit."""
        return attempts_remaining(
            attempts_allowed(self.position, self.quiz), attempts_used(self.position, self.quiz.id)
        )


async def submit_attempt(
    session: AsyncSession,
    position: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    responses: tuple[Response, ...],
    *,
    attempt_id: uuid.UUID | None,
    late: bool = False,
) -> Closed:
    """Close the attempt under way with these responses laid over what was saved; make one if there is none.

    A submission that names no attempt and repeats what has just closed one gets that one's result. The position must
    be locked, and overdue attempts closed; `late`: this very call found one overdue. What arrives within the grace is
    stamped with the deadline. Raises Invalid, NotFound, AttemptClosed, AttemptNotStarted, EnrollmentWithdrawn,
    PrerequisitesMissing, ItemsMissing, NoAttemptsLeft, RetryLater, Unmarked.
    """
    refuse_misfits(_paper(position, quiz).keys, responses)
    if late:
        raise AttemptClosed
    digest = digest_of(responses)
    if attempt_id is None and position.attempt is None:
        repeated = await repeated_attempt(session, position, quiz.id, digest)
        if repeated is not None:
            return await _closed_before(session, position, quiz, repeated)
    position = await _named(session, position, quiz, attempt_id)
    if quiz.pools:
        quiz = _paper(position, quiz)
        refuse_misfits(quiz.keys, responses)
    await refuse_timed_out(session, position, quiz)
    if position.attempt is None:
        await refuse_unready(session, position, version, quiz.id)
    graded = prepare_submission(
        position, version, quiz, responses, digest=digest, instant=now(session), bounds=bounds_of(session)
    )
    await refuse_early(session, position, quiz)
    return await _close(session, position, version, graded)


def _paper(position: Position, quiz: CompiledQuiz) -> CompiledQuiz:
    """The quiz as the position's attempt asks it; where there is none, all of it."""
    return quiz if position.attempt is None else quiz.paper(position.attempt.layout)


async def _closed_before(
    session: AsyncSession, position: Position, quiz: CompiledQuiz, attempt_id: uuid.UUID
) -> Closed:
    """A closed attempt once more, with the outcome that it brought about."""
    found = await find_position(
        session, position.organization_id, "attempt", attempt_id, user_id=position.user_id
    )
    if found is None or found.attempt is None:
        raise NotFound
    completion = await session.scalar(
        select(CourseCompletion).where(
            CourseCompletion.enrollment_id == found.enrollment_id,
            CourseCompletion.completed_at == found.attempt.submitted_at,
        )
    )
    outcome = None
    if completion is not None:
        certificate = await session.scalar(
            select(Certificate).where(
                Certificate.completion_id == completion.id, Certificate.reissued_as.is_(None)
            )
        )
        outcome = Outcome(found.status, completion, certificate)
    return Closed(found.attempt, quiz.paper(found.attempt.layout), found, outcome)


async def _named(
    session: AsyncSession, position: Position, quiz: CompiledQuiz, attempt_id: uuid.UUID | None
) -> Position:
    """The position of the attempt that is named, whatever enrollment it belongs to; else the one given.

    Raises NotFound for an attempt that is none of the learner's at this quiz.
    """
    under_way = position.attempt
    if attempt_id is None or (under_way is not None and under_way.id == attempt_id):
        return position
    named = await find_position(
        session, position.organization_id, "attempt", attempt_id, user_id=position.user_id, lock=True
    )
    if named is None or named.attempt is None or named.attempt.quiz_id != quiz.id:
        raise NotFound
    return named


async def close_overdue(
    session: AsyncSession, position: Position, version: CompiledVersion, quiz: CompiledQuiz
) -> Closed:
    """Close the attempt whose time ran out with what was saved, stamped with its deadline. Raises Unmarked."""
    attempt = position.attempt
    assert attempt is not None
    quiz = quiz.paper(attempt.layout)
    given = load_responses(attempt.responses)
    instant = now(session)
    marks = marks_of(position, quiz, given, instant)
    graded = grade_submission(position, version, quiz, attempt, given, instant, marks)
    return await _close(session, position, version, graded, actor_id=SYSTEM_ACTOR)


async def close_if_overdue(session: AsyncSession, organization_id: str, attempt_id: uuid.UUID) -> bool:
    """What the sweeper does to one attempt, by the same compare-and-set; False when it was not overdue.

    Raises Unmarked.
    """
    position = await find_position(session, organization_id, "attempt", attempt_id, user_id=None, lock=True)
    attempt = position.attempt if position is not None else None
    if position is None or attempt is None or not is_overdue(attempt, now(session)):
        return False
    version = await version_of(session, position)
    await close_overdue(session, position, version, version.quizzes[attempt.quiz_id])
    return True


async def _close(
    session: AsyncSession,
    position: Position,
    version: CompiledVersion,
    graded: GradedSubmission,
    *,
    actor_id: str | None = None,
) -> Closed:
    known = await find_known(session, graded.quiz, graded.marks, graded.attempt)
    if known:
        graded = _with_known(position, version, graded, known)
    if not await session.scalar(_CLOSE, {"graded": graded.document}):
        raise AttemptClosed
    if known:
        await note_known(session, position, graded.attempt, graded.quiz.keys, known)
    after = graded.after
    outcome = await settle(session, after, version, actor_id=actor_id)
    if outcome is not None:
        after = replace(after, status=outcome.status)
    return Closed(graded.attempt, graded.quiz, after, outcome)


def _with_known(
    position: Position, version: CompiledVersion, graded: GradedSubmission, known: Sequence[KnownGrade]
) -> GradedSubmission:
    """The submission with what is known of its responses: those do not wait."""
    attempt = graded.attempt
    assert attempt.submitted_at is not None
    return grade_submission(
        position,
        version,
        graded.quiz,
        attempt,
        load_responses(attempt.responses),
        attempt.submitted_at,
        marks_with(graded.quiz, graded.marks, known),
        digest=graded.digest,
        known=known,
    )
