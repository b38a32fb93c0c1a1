"""Grading a response by hand: the attempt is judged again as a whole, and everything that follows happens."""

import uuid
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import false, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import AssessmentResult, QuizAttempt
from learning_service.domain.attempts.queries.positions import AttemptRow, Position, find_position, version_of
from learning_service.domain.attempts.queries.tried import quiz_of, version_with
from learning_service.domain.completion.actions.completing import Outcome
from learning_service.domain.completion.actions.doubts import recount, settle_doubts
from learning_service.domain.completion.actions.holding import hold_to_reconsider
from learning_service.domain.completion.actions.known_grades import marks_with_feedback
from learning_service.domain.completion.actions.marking import marks_of
from learning_service.domain.completion.actions.reconsidering import reconsider
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion, compiled_version
from learning_service.domain.courses.rules.richtext import sanitize_html
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.enrollments.rules import awaits_review
from learning_service.domain.grading.actions import (
    AlreadyGraded,
    Claimed,
    given_grades,
    held_by_another,
    record_lost_pass,
    write_grade,
)
from learning_service.domain.grading.queries import WaitingResponse, administers, get_waiting
from learning_service.domain.grading.rules.score import score_percent, sum_up
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import PlanMailOfResult
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Invalid, NotFound, Wrong
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.marks import award_points
from learning_service.domain.questions.rules.responses import load_responses
from learning_service.domain.questions.rules.scores import kept
from learning_service.domain.records.audit import AuditAction, record_act
from learning_service.domain.records.events import append_event


@dataclass(frozen=True, slots=True)
class GradeResult:
    """What a grade made of the attempt and, when it ended the enrollment, the outcome."""

    response_id: uuid.UUID
    points: Decimal
    attempt: AttemptRow
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person says about a response.

    `keep_feedback`: what was written before stays. `reason`: why a mark is overridden; None for a grade.
    """

    points: Decimal
    feedback_html: str | None = None
    keep_feedback: bool = False
    correction: bool = False
    reason: str | None = None


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
    feedback leaves what there is. Raises Invalid, NotFound, AlreadyGraded, Claimed, Unmarked.
    """
    judgement = Judgement(
        award_within(points, seen.max_points), clean_feedback(feedback), keep_feedback, correction
    )
    await hold_to_reconsider(session, actor.organization_id, [seen.enrollment_id])
    position = await find_position(
        session, actor.organization_id, "attempt", seen.attempt_id, user_id=None, lock=True
    )
    if position is None:
        raise NotFound
    return await judge_response(session, position, seen.id, judgement, actor=actor)


async def judge_response(
    session: AsyncSession,
    position: Position,
    response_id: uuid.UUID,
    judgement: Judgement,
    *,
    actor: Principal,
) -> GradeResult:
    """Write what a person says about a response of the position's attempt, and let everything follow.

    The position must be locked. Raises AlreadyGraded, Claimed, Unmarked.
    """
    response = await get_waiting(session, response_id)
    _refuse_unless_gradable(session, response, correction=judgement.correction, actor=actor)
    # A group's grade may be from before the question was worth less.
    judgement = replace(judgement, points=min(judgement.points, response.max_points))
    await write_grade(
        session,
        response.id,
        points=judgement.points,
        feedback_html=response.feedback_html if judgement.keep_feedback else judgement.feedback_html,
        is_correction=response.graded_at is not None,
        reason=judgement.reason,
        actor=actor,
    )
    _audit(session, response, position, judgement, actor)
    version = await version_of(session, position)
    quiz = await quiz_of(session, version, response.quiz_id)
    before = position.attempt
    attempt = await _judge_again(session, position, await marked_by(session, position))
    counts = response.quiz_id in version.quizzes
    after, lost = await recount(session, replace(position, attempt=attempt), version, quiz, hold=counts)
    if lost:
        await note_doubt(session, after, quiz, response.id, actor)
    after = await settle_doubts(session, after, version)
    _, outcome = await reconsider(session, after, version, actor_id=actor.user_id)
    await touch(session, after, version)
    if attempt.status == "graded" and before is not None and before.marks != attempt.marks:
        await _announce(session, position, attempt)
    await session.flush()
    return GradeResult(response_id, judgement.points, attempt, outcome)


def award_within(points: Decimal, max_points: Decimal) -> Decimal:
    """The points that a person gives, as they are kept. Raises Invalid unless they are within 0 and the maximum."""
    try:
        awarded = award_points(points, max_points).points
    except Wrong as error:
        raise Invalid([error.at("/points")]) from None
    assert awarded is not None
    return kept(awarded)


def clean_feedback(feedback: str | None) -> str | None:
    """What a grader wrote, sanitized. Raises Invalid."""
    if feedback is None:
        return None
    try:
        return sanitize_html(feedback)[0]
    except Wrong as error:
        raise Invalid([error.at("/feedback")]) from None


def _refuse_unless_gradable(
    session: AsyncSession, response: WaitingResponse, *, correction: bool, actor: Principal
) -> None:
    if response.graded_at is not None:
        may_correct = response.graded_by == actor.user_id or administers(actor, response)
        if not (correction and may_correct):
            raise AlreadyGraded
    elif held_by_another(response.claimed_by, response.claimed_until, actor.user_id, now(session)):
        raise Claimed


async def marked_by(session: AsyncSession, position: Position) -> CompiledQuiz:
    """The quiz of the position's attempt with the keys that its marks are by.

    An attempt that a correction would have lowered keeps those from before.
    """
    assert position.attempt is not None
    number = await session.scalar(select(QuizAttempt.correction).where(QuizAttempt.id == position.attempt.id))
    quiz_id = position.attempt.quiz_id
    version = await compiled_version(session, await version_with(session, quiz_id), number)
    return version.quizzes[quiz_id].paper(position.attempt.layout)


async def _judge_again(session: AsyncSession, position: Position, quiz: CompiledQuiz) -> AttemptRow:
    """The attempt from its key, its responses and all grades given; stored."""
    attempt = position.attempt
    assert attempt is not None
    grades = await given_grades(session, attempt.id)
    marks = dict(marks_of(position, quiz, load_responses(attempt.responses), now(session)).marks)
    for grade in grades:
        question_id = str(grade.question_id)
        most = quiz.keys[question_id].points
        marks[question_id] = award_points(min(grade.points, most), most)
    graded = sum_up(quiz.keys.values(), marks)
    judged = replace(
        attempt,
        status="pending_review" if graded.pending_question_ids else "graded",
        marks=marks_with_feedback(graded, grades),
        points=kept(graded.points),
        pending_points=kept(graded.pending_points),
        passed=graded.passed(quiz.pass_score),
    )
    await _store_attempt(session, judged, is_assessment=quiz.kind == "assessment")
    return judged


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
    )
    if is_assessment:
        await session.execute(
            update(AssessmentResult)
            .where(AssessmentResult.attempt_id == judged.id)
            .values(points=judged.points, passed=judged.passed)
        )


async def touch(session: AsyncSession, position: Position, version: CompiledVersion) -> None:
    """Note that progress changed, and whether graders alone are waited for."""
    waits = awaits_review(version.shape, position.standing())
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == position.enrollment_id)
        .values(
            revision=Enrollment.revision + 1,
            awaiting_review=Enrollment.status.in_(OPEN) if waits else false(),
        )
    )


async def note_doubt(
    session: AsyncSession,
    position: Position,
    quiz: CompiledQuiz,
    response_id: uuid.UUID | None,
    actor: Principal,
) -> None:
    """List a pass that the correction would lose: of the response, or None for a regrade."""
    completion_id = await session.scalar(
        select(CourseCompletion.id).where(CourseCompletion.enrollment_id == position.enrollment_id)
    )
    await record_lost_pass(
        session,
        response_id=response_id,
        enrollment_id=position.enrollment_id,
        completion_id=completion_id,
        quiz_id=quiz.id,
        course_id=position.course_id,
        user_id=position.user_id,
        actor=actor,
    )
    record_act(
        session,
        actor,
        "pass.lost",
        ("enrollment", position.enrollment_id),
        user_id=position.user_id,
        course_id=position.course_id,
        enrollment_id=position.enrollment_id,
        details={"quiz_id": str(quiz.id)}
        | ({} if response_id is None else {"response_id": str(response_id)}),
    )


async def _announce(session: AsyncSession, position: Position, attempt: AttemptRow) -> None:
    """Announce that a person changed the attempt's marks, and have it mailed; not before all of it is graded."""
    append_event(
        session,
        "learning.attempt.graded",
        organization_id=position.organization_id,
        user_id=position.user_id,
        attempt_id=attempt.id,
        enrollment_id=position.enrollment_id,
        course_id=position.course_id,
        score=float(score_percent(attempt.points or Decimal(0), attempt.max_points)),
    )
    await enqueue_job(
        session,
        PlanMailOfResult(attempt_id=attempt.id),
        organization_id=position.organization_id,
    )


def _audit(
    session: AsyncSession,
    response: WaitingResponse,
    position: Position,
    judgement: Judgement,
    actor: Principal,
) -> None:
    attempt = position.attempt
    marks = (attempt.marks if attempt is not None else None) or {}
    before = marks.get(str(response.question_id), {}).get("points")
    details = {
        "attempt_id": str(response.attempt_id),
        "question_id": str(response.question_id),
        "points": str(judgement.points),
    }
    if before is not None:
        details["points_before"] = before
    was_graded = response.graded_at is not None
    action: AuditAction = "response.corrected" if was_graded else "response.graded"
    record_act(
        session,
        actor,
        action if judgement.reason is None else "response.overridden",
        ("response", response.id),
        user_id=response.user_id,
        course_id=response.course_id,
        enrollment_id=response.enrollment_id,
        details=details,
    )
