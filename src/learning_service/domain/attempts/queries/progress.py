"""What an enrollment has come to at its items, as columns of a statement about enrollments."""

from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from learning_service.domain.attempts.models import QuizAttempt, QuizProgress
from learning_service.domain.enrollments.models import LessonProgress


def lessons_of(held: Any) -> Any:
    """What an enrollment has completed of lessons, as JSON by lesson."""
    return (
        select(func.jsonb_object_agg(LessonProgress.lesson_id, LessonProgress.completed_at, type_=JSONB))
        .where(LessonProgress.enrollment_id == held.id)
        .scalar_subquery()
        .label("lessons")
    )


def lessons_done(held: Any) -> Any:
    """The lessons that an enrollment has completed, as JSON, for `read_standing`."""
    return (
        select(func.jsonb_agg(LessonProgress.lesson_id, type_=JSONB))
        .where(LessonProgress.enrollment_id == held.id)
        .scalar_subquery()
        .label("lessons")
    )


def quizzes_of(held: Any) -> Any:
    """What an enrollment has come to at its quizzes, as JSON by quiz.

    Exact numbers travel as text: JSON numbers would come back as floats.
    """
    row = func.jsonb_build_array(
        QuizProgress.attempts_used,
        QuizProgress.attempts_allowed,
        cast(QuizProgress.best_points, Text),
        cast(QuizProgress.possible_points, Text),
        cast(QuizProgress.max_points, Text),
        QuizProgress.passed_at,
    )
    return (
        select(func.jsonb_object_agg(QuizProgress.quiz_id, row, type_=JSONB))
        .where(QuizProgress.enrollment_id == held.id)
        .scalar_subquery()
        .label("quizzes")
    )


def under_way_of(held: Any) -> Any:
    """The quizzes at which an enrollment has an attempt under way, as JSON."""
    tried = aliased(QuizAttempt)
    return (
        select(func.jsonb_agg(tried.quiz_id, type_=JSONB))
        .where(tried.enrollment_id == held.id, tried.status == "in_progress")
        .scalar_subquery()
        .label("under_way")
    )
