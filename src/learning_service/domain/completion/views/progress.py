"""How far an enrollment is, and where its learner goes on. Pure: no I/O, and by allow-list."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from learning_service.domain.attempts.queries.order import is_done, items_in_order
from learning_service.domain.courses.queries.compiled import CompiledLesson, CompiledQuiz, CompiledVersion
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.enrollments.rules import (
    Standing,
    awaits_review,
    can_rise,
    progress,
)


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
        next_item=None if item is None else NextItem(item.kind, item.id, item.title),
    )


def _next_item(version: CompiledVersion, standing: Standing) -> CompiledLesson | CompiledQuiz | None:
    """The first required item that is not done; with all of them done, the first quiz that can still raise the score.

    What waits for a grader and may be enough is left out: nothing is to be done there. So is what is optional, but in
    a version that requires nothing.
    """
    wanted = wanted_items(version)
    for item in wanted:
        if not is_done(item, standing):
            return item
    if awaits_review(version.shape, standing):
        return None
    decisive = version.shape.to_pass[-1:] if version.assessment is not None else version.shape.to_pass
    raisable = {quiz.id for quiz in decisive if can_rise(quiz, standing)}
    return next((item for item in wanted if item.id in raisable), None)


def wanted_items(version: CompiledVersion) -> list[CompiledLesson | CompiledQuiz]:
    """The items among which a learner goes on, in order."""
    every = version.shape.requires_nothing
    return [item for item in items_in_order(version) if item.required or every]
