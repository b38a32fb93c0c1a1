"""What learners see of quizzes and attempts, put together from a position. Pure: no I/O, and by allow-list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from learning_service.domain.attempts.actions.attempts import (
    attempts_allowed,
    attempts_used,
    questions_shown,
    shown_sequence,
)
from learning_service.domain.attempts.queries.positions import AttemptRow, Position
from learning_service.domain.completion.actions.submissions import Closed
from learning_service.domain.courses.queries.compiled import CompiledLesson, CompiledQuiz, CompiledVersion
from learning_service.domain.courses.rules.shape import QuizShape
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.enrollments.rules import (
    Standing,
    attempts_remaining,
    awaits_review,
    can_rise,
    may_be_passed,
    progress,
)
from learning_service.domain.grading.rules.release import is_released, marks_of, shown_mark
from learning_service.domain.grading.rules.score import score_percent


def item_view(item: CompiledLesson | CompiledQuiz, position: Position | None) -> dict[str, Any]:
    """An item of a module with the learner's standing; without a position, of nobody."""
    if isinstance(item, CompiledQuiz):
        return quiz_view(item, position)
    return {
        "kind": "lesson",
        "id": item.id,
        "key": item.key,
        "title": item.title,
        "required": item.required,
        "completed_at": None if position is None else position.lessons.get(item.id),
        "body_html": item.body_html,
        "video_url": item.video_url,
        "document_url": item.document_url,
        "image_url": item.image_url,
    }


def quiz_view(quiz: CompiledQuiz, position: Position | None) -> dict[str, Any]:
    """A quiz, or the assessment, with the learner's standing."""
    count = None if position is None else position.quizzes.get(quiz.id)
    best = None
    if count is not None and count.best_points is not None and count.max_points is not None:
        best = score_percent(count.best_points, count.max_points)
    return {
        "kind": quiz.kind,
        "id": quiz.id,
        "key": quiz.key,
        "title": quiz.title,
        "required": quiz.required,
        "completed_at": None if count is None else count.passed_at,
        "pass_score": quiz.pass_score,
        "max_attempts": quiz.max_attempts if count is None else count.allowed,
        "time_limit_seconds": quiz.time_limit_seconds,
        "question_count": len(quiz.shown),
        "attempts_used": 0 if count is None else count.used,
        "best_score": best,
        "passed": position is not None and position.has_passed(quiz.id, quiz.pass_score),
    }


def module_views(version: CompiledVersion, position: Position | None) -> list[dict[str, Any]]:
    """The modules of a version with the learner's standing."""
    return [
        {
            "id": module.id,
            "key": module.key,
            "title": module.title,
            "items": [item_view(item, position) for item in module.items],
        }
        for module in version.modules
    ]


@dataclass(frozen=True, slots=True)
class NextItem:
    """Where a learner goes on."""

    kind: str
    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class ProgressView:
    """How far an enrollment is."""

    enrollment_id: UUID
    course_id: UUID
    course_title: str
    status: str
    items_completed: int
    items_total: int
    percent: int
    due_at: datetime | None
    overdue: bool
    awaiting_review: bool
    next_item: NextItem | None


def progress_view(view: EnrollmentView, version: CompiledVersion, standing: Standing) -> ProgressView:
    """How far an enrollment is, and where it goes on while it is open."""
    done = progress(version.shape, standing)
    item = _next_item(version, standing) if view.status in OPEN and view.withdrawn_at is None else None
    return ProgressView(
        enrollment_id=view.id,
        course_id=view.course_id,
        course_title=view.course_title,
        status=view.status,
        items_completed=done.items_completed,
        items_total=done.items_total,
        percent=done.percent,
        due_at=view.due_at,
        overdue=view.overdue,
        awaiting_review=view.awaiting_review,
        next_item=None if item is None else NextItem(_kind(item), item.id, item.title),
    )


def _next_item(version: CompiledVersion, standing: Standing) -> CompiledLesson | CompiledQuiz | None:
    """The first required item that is not done; with all of them done, the first quiz that can still raise the score.

    What waits for a grader and may be enough is left out: nothing is to be done there. So is what is optional, but in
    a version that requires nothing.
    """
    items = [item for module in version.modules for item in module.items]
    if version.assessment is not None:
        items.append(version.assessment)
    wanted = [item for item in items if item.required or version.shape.requires_nothing]
    for item in wanted:
        if isinstance(item, CompiledLesson):
            if item.id not in standing.completed_lessons:
                return item
        elif not may_be_passed(QuizShape(item.id, item.pass_score), standing):
            return item
    if awaits_review(version.shape, standing):
        return None
    decisive = version.shape.to_pass[-1:] if version.assessment is not None else version.shape.to_pass
    raisable = {quiz.id for quiz in decisive if can_rise(quiz, standing)}
    return next((item for item in wanted if item.id in raisable), None)


def _kind(item: CompiledLesson | CompiledQuiz) -> str:
    return item.kind if isinstance(item, CompiledQuiz) else "lesson"


def remaining_attempts(quiz: CompiledQuiz, position: Position) -> int | None:
    """Attempts that may still be started; None: no limit."""
    return attempts_remaining(attempts_allowed(position, quiz), attempts_used(position, quiz.id))


def released(quiz: CompiledQuiz, position: Position) -> bool:
    """Whether the quiz's right answers may be shown to this learner now."""
    return is_released(
        quiz.feedback,
        quiz_passed=position.has_passed(quiz.id, quiz.pass_score),
        remaining=remaining_attempts(quiz, position),
        under_way=quiz.id in position.under_way,
    )


def mark_views(quiz: CompiledQuiz, attempt: AttemptRow, *, show: bool) -> list[dict[str, Any]]:
    """What may be shown of each response's mark, in the questions' order. `show`: all of it."""
    return [
        shown_mark(
            key,
            marks_of(attempt.marks, question_id),
            released=show,
            graded=attempt.status == "graded",
            explanation=quiz.explanations.get(question_id),
        )
        for question_id, key in quiz.keys.items()
    ]


def submission_view(closed: Closed) -> dict[str, Any]:
    """The answer to a submission."""
    attempt, quiz, position = closed.attempt, closed.quiz, closed.position
    view = {
        "attempt_id": attempt.id,
        "number": attempt.number,
        "status": attempt.status,
        "points": attempt.points,
        "max_points": attempt.max_points,
        "score": score_of(attempt),
        "passed": attempt.passed,
        "attempts_remaining": closed.remaining,
        "responses": mark_views(quiz, attempt, show=released(quiz, position)),
        "enrollment": {"id": position.enrollment_id, "status": position.status},
    }
    outcome = closed.outcome
    if outcome is not None and outcome.completion is not None and outcome.certificate is not None:
        done, certificate = outcome.completion, outcome.certificate
        view["completion"] = {
            "id": done.id,
            "score": done.score,
            "completed_at": done.completed_at,
            "expires_at": done.expires_at,
        }
        view["certificate"] = {"id": certificate.id, "verification_url": certificate.verification_url}
    return view


def score_of(attempt: AttemptRow) -> Any:
    """Percent; None while under way or while answers wait."""
    if attempt.status != "graded" or attempt.points is None:
        return None
    return score_percent(attempt.points, attempt.max_points)


def attempt_view(
    quiz: CompiledQuiz,
    attempt: AttemptRow,
    position: Position,
    instant: datetime,
    *,
    for_grader: bool = False,
) -> dict[str, Any]:
    """One attempt: what was asked, what was given, and what may be shown of the marks.

    A grader sees the marks of every closed attempt; its learner, what the quiz's policy has released, and what
    persons gave and wrote.
    """
    show = attempt.status != "in_progress" and (for_grader or released(quiz, position))
    marks = mark_views(quiz, attempt, show=show)
    given = attempt.responses
    return {
        "attempt_id": attempt.id,
        "number": attempt.number,
        "status": attempt.status,
        "started_at": attempt.started_at,
        "deadline_at": attempt.deadline_at,
        "submitted_at": attempt.submitted_at,
        "server_time": instant,
        "sequence": shown_sequence(attempt.sequence),
        "points": attempt.points,
        "max_points": attempt.max_points,
        "score": score_of(attempt),
        "passed": attempt.passed,
        "attempts_remaining": remaining_attempts(quiz, position),
        "responses": [
            {**mark, **given.get(mark["question_id"], {})}
            for mark in marks
            if show or mark["question_id"] in given
        ],
        "questions": questions_shown(quiz, attempt.layout),
        "enrollment": {"id": position.enrollment_id, "status": position.status},
    }


def summary_views(attempts: Sequence[AttemptRow]) -> list[dict[str, Any]]:
    """Attempts in a list."""
    return [
        {
            "attempt_id": attempt.id,
            "number": attempt.number,
            "status": attempt.status,
            "started_at": attempt.started_at,
            "submitted_at": attempt.submitted_at,
            "deadline_at": attempt.deadline_at,
            "score": score_of(attempt),
            "passed": attempt.passed,
        }
        for attempt in attempts
    ]
