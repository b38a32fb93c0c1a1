"""The modules of a version and their items, with a learner's standing. Pure: no I/O, and by allow-list."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from learning_service.domain.attempts.actions.attempts import attempts_allowed
from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.courses.queries.compiled import CompiledLesson, CompiledQuiz, CompiledVersion
from learning_service.domain.grading.rules.score import score_percent


class LessonView(NamedTuple):
    """A lesson with the learner's standing. A tuple, because a page of modules has a hundred."""

    kind: str
    id: uuid.UUID
    key: str
    title: str
    required: bool
    completed_at: datetime | None
    kept: bool
    body_html: str
    video_url: str | None
    document_url: str | None
    image_url: str | None


class AttestationView(NamedTuple):
    """An attestation with the learner's standing."""

    kind: str
    id: uuid.UUID
    key: str
    title: str
    required: bool
    completed_at: datetime | None
    kept: bool
    text_html: str
    text_hash: str


class QuizView(NamedTuple):
    """A quiz, or the assessment, with the learner's standing."""

    kind: str
    id: uuid.UUID
    key: str
    title: str
    required: bool
    completed_at: datetime | None
    kept: bool
    pass_score: Decimal
    max_attempts: int | None
    time_limit_seconds: int | None
    retry_delay_seconds: int | None
    question_count: int
    attempts_used: int
    best_score: Decimal | None
    passed: bool


ItemView: TypeAlias = LessonView | AttestationView | QuizView


@dataclass(frozen=True, slots=True)
class ModuleView:
    """A module with the learner's standing in each of its items."""

    id: uuid.UUID
    key: str
    title: str
    items: Sequence[ItemView]


def item_view(item: CompiledLesson | CompiledQuiz, position: Position | None) -> ItemView:
    """An item of a module with the learner's standing; without a position, as it is before anyone begins."""
    if isinstance(item, CompiledQuiz):
        return quiz_view(item, position)
    return lesson_view(item, position) if item.text_hash is None else attestation_view(item, position)


def lesson_view(lesson: CompiledLesson, position: Position | None) -> LessonView:
    """A lesson with the learner's standing."""
    return LessonView(
        kind=lesson.kind,
        id=lesson.id,
        key=lesson.key,
        title=lesson.title,
        required=lesson.required,
        completed_at=(at := None if position is None else position.lessons.get(lesson.id)),
        kept=_is_kept(at, position),
        body_html=lesson.body_html,
        video_url=lesson.video_url,
        document_url=lesson.document_url,
        image_url=lesson.image_url,
    )


def attestation_view(attestation: CompiledLesson, position: Position | None) -> AttestationView:
    """An attestation with the learner's standing."""
    return AttestationView(
        kind=attestation.kind,
        id=attestation.id,
        key=attestation.key,
        title=attestation.title,
        required=attestation.required,
        completed_at=(at := None if position is None else position.lessons.get(attestation.id)),
        kept=_is_kept(at, position),
        text_html=attestation.body_html,
        text_hash=attestation.text_hash or "",
    )


def quiz_view(quiz: CompiledQuiz, position: Position | None) -> QuizView:
    """A quiz, or the assessment, with the learner's standing."""
    count = None if position is None else position.quizzes.get(quiz.id)
    best = None
    if count is not None and count.best_points is not None and count.max_points is not None:
        best = score_percent(count.best_points, count.max_points)
    return QuizView(
        kind=quiz.kind,
        id=quiz.id,
        key=quiz.key,
        title=quiz.title,
        required=quiz.required,
        completed_at=None if count is None else count.passed_at,
        kept=count is not None and _is_kept(count.passed_at, position),
        pass_score=quiz.pass_score,
        max_attempts=quiz.max_attempts if position is None else attempts_allowed(position, quiz),
        time_limit_seconds=quiz.time_limit_seconds,
        retry_delay_seconds=quiz.retry_delay_seconds,
        question_count=quiz.question_count,
        attempts_used=0 if count is None else count.used,
        best_score=best,
        passed=position is not None and position.has_passed(quiz.id, quiz.pass_score),
    )


def _is_kept(done_at: datetime | None, position: Position | None) -> bool:
    """Whether that was in an earlier enrollment."""
    return position is not None and done_at is not None and position.is_of_before(done_at)


def module_views(version: CompiledVersion, position: Position | None) -> list[ModuleView]:
    """The modules of a version with the learner's standing."""
    return [
        ModuleView(
            id=module.id,
            key=module.key,
            title=module.title,
            items=[item_view(item, position) for item in module.items],
        )
        for module in version.modules
    ]
