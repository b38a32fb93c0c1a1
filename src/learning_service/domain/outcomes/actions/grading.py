"""Grading a response by hand: the attempt is judged again as a whole, and everything that follows happens."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import AssessmentResult, QuizAttempt, QuizProgress
from learning_service.domain.attempts.queries import (
    AttemptRow,
    Position,
    QuizCount,
    attempts_at,
    find_position,
)
from learning_service.domain.attempts.rules import load_responses
from learning_service.domain.audit import record_audit
from learning_service.domain.clock import now
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion, compiled_version
from learning_service.domain.courses.rules.richtext import sanitize_html
from learning_service.domain.courses.rules.scores import kept
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.rules import decide
from learning_service.domain.errors import Invalid, NotFound
from learning_service.domain.grading.actions import (
    AlreadyGraded,
    Claimed,
    GivenGrade,
    given_grades,
    held_by_another,
    record_lost_pass,
    resolve_lost_passes,
    write_grade,
)
from learning_service.domain.grading.queries import WaitingResponse, administers, get_waiting
from learning_service.domain.grading.rules.mark import award_points
from learning_service.domain.grading.rules.score import Graded, grade_attempt
from learning_service.domain.outcomes.actions.closing import dump_marks, possible_points
from learning_service.domain.outcomes.actions.deciding import Outcome
from learning_service.domain.outcomes.actions.reconsidering import reconsider
from learning_service.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class GradeResult:
    """What a grade made of the attempt and, when it ended the enrollment, the outcome."""

    points: Decimal
    attempt: AttemptRow
    outcome: Outcome | None


async def grade_response(
    session: AsyncSession,
    seen: WaitingResponse,
    *,
    points: Decimal,
    feedback: str | None,
    keep_feedback: bool,
    correction: bool,
    actor: Principal,
) -> GradeResult:
    """Give the response its points, judge the attempt again, and let everything follow.

    `seen` is the response as the actor was allowed to see it. `keep_feedback`: a correction that says nothing of
    feedback leaves what there is. Raises Invalid, NotFound, AlreadyGraded, Claimed.
    """
    awarded = _award(points, seen.max_points)
    html = _sanitize(feedback)
    position = await find_position(
        session, actor.organization_id, "attempt", seen.attempt_id, user_id=None, lock=True
    )
    if position is None:
        raise NotFound
    response = await get_waiting(session, seen.id)
    _refuse_unless_gradable(session, response, correction=correction, actor=actor)
    was_graded = response.graded_at is not None
    await write_grade(
        session,
        response.id,
        points=awarded,
        feedback_html=response.feedback_html if keep_feedback else html,
        is_correction=was_graded,
        actor=actor,
    )
    _audit(session, response, awarded, was_graded, actor)
    version = await compiled_version(session, position.version_id)
    quiz = version.quizzes[response.quiz_id]
    attempt, after = await _judge_again(session, position, quiz)
    status, outcome = await reconsider(session, after, version, actor=actor.user_id)
    await _note_doubt(session, position, replace(after, status=status), version, quiz, response, actor)
    return GradeResult(awarded, attempt, outcome)


def _award(points: Decimal, max_points: Decimal) -> Decimal:
    try:
        awarded = award_points(points, max_points).points
    except ValueError as error:
        raise Invalid.at("/points", str(error)) from None
    assert awarded is not None
    return kept(awarded)


def _sanitize(feedback: str | None) -> str | None:
    if feedback is None:
        return None
    try:
        return sanitize_html(feedback)[0]
    except ValueError as error:
        raise Invalid.at("/feedback", str(error)) from None


def _refuse_unless_gradable(
    session: AsyncSession, response: WaitingResponse, *, correction: bool, actor: Principal
) -> None:
    if response.graded_at is not None:
        may_correct = response.graded_by == actor.user_id or administers(actor, response)
        if not (correction and may_correct):
            raise AlreadyGraded
    elif held_by_another(response.claimed_by, response.claimed_until, actor.user_id, now(session)):
        raise Claimed


async def _judge_again(
    session: AsyncSession, position: Position, quiz: CompiledQuiz
) -> tuple[AttemptRow, Position]:
    """The attempt from its key, its responses and all grades given; stored, with all that is counted by it."""
    attempt = position.attempt
    assert attempt is not None
    grades = await given_grades(session, attempt.id)
    graded = grade_attempt(
        quiz.keys.values(),
        load_responses(attempt.responses),
        {str(grade.question_id): grade.points for grade in grades},
    )
    judged = replace(
        attempt,
        status="pending_review" if graded.pending_question_ids else "graded",
        marks=marks_with_feedback(graded, grades),
        points=kept(graded.points),
        pending_points=kept(graded.pending_points),
        passed=graded.passed(quiz.pass_score),
    )
    await _store_attempt(session, judged, is_assessment=quiz.kind == "assessment")
    others = [
        row for row in await attempts_at(session, attempt.enrollment_id, quiz.id) if row.id != attempt.id
    ]
    before = position.quizzes[quiz.id]
    count = counted_again(before, [*others, judged])
    await _store_count(session, position, quiz, count)
    return judged, replace(position, quizzes={**position.quizzes, quiz.id: count}, attempt=judged)


def marks_with_feedback(graded: Graded, grades: Sequence[GivenGrade]) -> dict[str, Any]:
    """Marks as stored on an attempt, with what graders wrote to the learner."""
    marks = dump_marks(graded)
    for grade in grades:
        if grade.feedback_html is not None:
            marks[str(grade.question_id)]["feedback"] = grade.feedback_html
    return marks


def counted_again(before: QuizCount, attempts: Sequence[AttemptRow]) -> QuizCount:
    """A quiz's counter row from all its attempts: a correction may lower what was the best."""
    closed = [row for row in attempts if row.points is not None and row.pending_points is not None]
    passed_at = [row.submitted_at for row in closed if row.passed and row.submitted_at is not None]
    return replace(
        before,
        best_points=max((row.points for row in closed if row.points is not None), default=None),
        possible_points=max(map(possible_points, closed), default=None),
        passed_at=min(passed_at, default=None),
    )


async def _store_attempt(session: AsyncSession, judged: AttemptRow, *, is_assessment: bool) -> None:
    await session.execute(
        update(QuizAttempt)
        .where(QuizAttempt.id == judged.id)
        .values(
            status=judged.status,
            marks=judged.marks,
            points=judged.points,
            pending_points=judged.pending_points,
            passed=judged.passed,
        )
        .execution_options(synchronize_session=False)
    )
    if is_assessment:
        await session.execute(
            update(AssessmentResult)
            .where(AssessmentResult.attempt_id == judged.id)
            .values(points=judged.points, passed=judged.passed)
            .execution_options(synchronize_session=False)
        )


async def _store_count(
    session: AsyncSession, position: Position, quiz: CompiledQuiz, count: QuizCount
) -> None:
    await session.execute(
        update(QuizProgress)
        .where(QuizProgress.enrollment_id == position.enrollment_id, QuizProgress.quiz_id == quiz.id)
        .values(
            best_points=count.best_points, possible_points=count.possible_points, passed_at=count.passed_at
        )
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(revision=Enrollment.revision + 1)
        .execution_options(synchronize_session=False)
    )


async def _note_doubt(
    session: AsyncSession,
    before: Position,
    after: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    response: WaitingResponse,
    actor: Principal,
) -> None:
    """List a pass that is gone, and take off the list one that is back. Completions are left to a person."""
    completion_id: uuid.UUID | None = None
    passes = after.has_passed(quiz.id, quiz.pass_score)
    if after.status == "completed":
        lost = decide(version.shape, after.standing()).status != "completed"
        completion_id = await session.scalar(
            select(CourseCompletion.id).where(CourseCompletion.enrollment_id == after.enrollment_id)
        )
    else:
        lost = before.has_passed(quiz.id, quiz.pass_score) and not passes
    if lost:
        await record_lost_pass(
            session,
            response_id=response.id,
            enrollment_id=after.enrollment_id,
            completion_id=completion_id,
            quiz_id=quiz.id,
            course_id=after.course_id,
            user_id=after.user_id,
            actor=actor,
        )
        record_audit(
            session,
            "pass.lost",
            organization_id=actor.organization_id,
            actor=actor.user_id,
            subject=("enrollment", after.enrollment_id),
            details={"quiz_id": str(quiz.id), "response_id": str(response.id)},
        )
    elif passes and after.status != "completed":
        await resolve_lost_passes(session, after.enrollment_id, quiz_id=quiz.id)
    await session.flush()


def _audit(
    session: AsyncSession, response: WaitingResponse, points: Decimal, was_graded: bool, actor: Principal
) -> None:
    details = {
        "attempt_id": str(response.attempt_id),
        "question_id": str(response.question_id),
        "points": str(points),
    }
    if response.points is not None:
        details["points_before"] = str(response.points)
    record_audit(
        session,
        "response.corrected" if was_graded else "response.graded",
        organization_id=actor.organization_id,
        actor=actor.user_id,
        subject=("response", response.id),
        details=details,
    )
