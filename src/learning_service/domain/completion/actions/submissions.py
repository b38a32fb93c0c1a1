"""Closing an attempt: graded, counted and stored by one statement, then whatever follows from it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from pydantic_core import to_json
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.actions.attempts import (
    AttemptClosed,
    attempts_allowed,
    attempts_granted,
    attempts_used,
    bounds_of,
    is_overdue,
    merge_responses,
    open_attempt,
    refuse_early,
    refuse_misfits,
    refuse_timed_out,
)
from learning_service.domain.attempts.actions.beginning import refuse_unready
from learning_service.domain.attempts.queries.positions import (
    AttemptRow,
    Position,
    QuizCount,
    find_position,
    version_of,
)
from learning_service.domain.attempts.queries.repeats import digest_of, repeated_attempt
from learning_service.domain.attempts.rules import Bounds
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.completion.actions.completing import Outcome
from learning_service.domain.completion.actions.doubts import possible_points
from learning_service.domain.completion.actions.known_grades import (
    find_known,
    marks_with,
    marks_with_feedback,
    note_known,
)
from learning_service.domain.completion.actions.marking import marks_of
from learning_service.domain.completion.actions.outcomes import settle
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.enrollments.rules import Standing, attempts_remaining, awaits_review
from learning_service.domain.grading.actions import KnownGrade
from learning_service.domain.grading.rules.groups import group_of
from learning_service.domain.grading.rules.score import Graded, grade_attempt
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.responses import Response, dump_responses, load_responses
from learning_service.domain.questions.rules.scores import kept, scaled
from learning_service.domain.records.audit import SYSTEM_ACTOR

# One function of the database, because it is the hottest write: the attempt, its counter, what waits for a person,
# the assessment's result, the enrollment. False where another call closed it first.
_CLOSE = text("SELECT close_attempt(CAST(:graded AS jsonb), NULL)")


@dataclass(frozen=True, slots=True)
class GradedSubmission:
    """An attempt about to be closed, and the position behind it."""

    attempt: AttemptRow
    quiz: CompiledQuiz
    after: Position
    standing: Standing
    marks: Graded
    digest: str | None
    """Of the submission, where one closes it."""
    document: str
    """All of it as JSON, for `close_attempt`."""


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
    refuse_misfits(_paper(position, quiz), responses)
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
        refuse_misfits(quiz, responses)
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


def prepare_submission(
    position: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    responses: tuple[Response, ...],
    *,
    digest: str,
    instant: datetime,
    bounds: Bounds,
) -> GradedSubmission:
    """What closing will write when these responses, which fit the quiz, are laid over what was saved.

    It closes the position's attempt, or a new one where there is none. Pure but for ids. `digest`: of the responses.
    Raises AttemptClosed, AttemptNotStarted, EnrollmentWithdrawn, NoAttemptsLeft, TooLarge, Unmarked.
    """
    attempt = open_attempt(position, quiz, instant, bounds)
    given = merge_responses(attempt, responses, bounds)
    marks = marks_of(position, quiz, given, instant)
    return grade_submission(position, version, quiz, attempt, given, instant, marks, digest=digest)


def grade_submission(
    position: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    attempt: AttemptRow,
    given: Mapping[str, Response],
    instant: datetime,
    marks: Graded | None = None,
    *,
    digest: str | None = None,
    known: Sequence[KnownGrade] = (),
) -> GradedSubmission:
    """What closing will write of the attempt with these responses, and the position behind it. Pure but for ids.

    What arrives after the deadline is stamped with it. `marks`: those of the responses, where they are known already.
    `digest`: of the submission, where one closes it. `known`: what persons have given, and the marks have.
    """
    graded = marks or grade_attempt(quiz.keys.values(), given)
    closed = replace(
        attempt,
        status="pending_review" if graded.pending_question_ids else "graded",
        submitted_at=min(instant, attempt.deadline_at or instant),
        responses=dump_responses(given.values()),
        marks=marks_with_feedback(graded, known),
        points=kept(graded.points),
        pending_points=kept(graded.pending_points),
        max_points=quiz.max_points,
        passed=graded.passed(quiz.pass_score),
    )
    count = _counted(position, quiz, closed)
    after = replace(
        position,
        status="in_progress" if position.status == "assigned" else position.status,
        quizzes={**position.quizzes, quiz.id: count},
        under_way=position.under_way - {quiz.id},
        attempt=closed,
    )
    standing = after.standing()
    document = {
        **_document(after, quiz, count),
        "waiting": _waiting(quiz, graded, given),
        "closed_with": digest,
        "awaiting_review": awaits_review(version.shape, standing) and after.is_open,
    }
    return GradedSubmission(closed, quiz, after, standing, graded, digest, to_json(document).decode())


def _document(after: Position, quiz: CompiledQuiz, count: QuizCount) -> JsonObject:
    """What closing writes of the attempt and its quiz's counter."""
    return {
        **{name: getattr(after.attempt, name) for name in AttemptRow.__slots__},
        "organization_id": after.organization_id,
        "course_id": after.course_id,
        "used": count.used,
        "allowed": count.allowed,
        "best_points": count.best_points,
        "possible_points": count.possible_points,
        "passed_at": count.passed_at,
        "correction": quiz.correction,
        "is_assessment": quiz.kind == "assessment",
    }


def _counted(position: Position, quiz: CompiledQuiz, closed: AttemptRow) -> QuizCount:
    """The counter row with the closed attempt in it."""
    before = position.quizzes.get(quiz.id)
    passed_at = closed.submitted_at if closed.passed else None
    if before is not None and before.passed_at is not None:
        passed_at = before.passed_at
    points, possible = closed.points or Decimal(0), possible_points(closed)
    if before is not None and before.best_points is not None and before.possible_points is not None:
        most = before.max_points or quiz.max_points
        points = max(points, scaled(before.best_points, most, quiz.max_points))
        possible = max(possible, scaled(before.possible_points, most, quiz.max_points))
    return QuizCount(
        used=max(attempts_used(position, quiz.id), closed.number),
        allowed=attempts_granted(position, quiz),
        best_points=points,
        possible_points=possible,
        max_points=quiz.max_points,
        passed_at=passed_at,
    )


def _waiting(quiz: CompiledQuiz, graded: Graded, responses: Mapping[str, Response]) -> list[JsonObject]:
    waiting = []
    for question_id in graded.pending_question_ids:
        key, text = quiz.keys[question_id], responses[question_id].text or ""
        group = group_of(key, text)
        waiting.append(
            {
                "id": str(new_id()),
                "question_id": question_id,
                "text": text,
                "max_points": str(key.points),
                "group_id": str(group.id),
                "normal": group.normal,
            }
        )
    return waiting
