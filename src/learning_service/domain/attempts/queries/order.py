"""The items of a version in their order, and which of them stand in the way of a later one. Pure: no I/O."""

from collections.abc import Sequence
from uuid import UUID

from learning_service.domain.courses.queries.compiled import CompiledLesson, CompiledQuiz, CompiledVersion
from learning_service.domain.courses.rules.shape import QuizShape
from learning_service.domain.enrollments.rules import Standing, may_be_passed


def items_in_order(version: CompiledVersion) -> list[CompiledLesson | CompiledQuiz]:
    """The items of all modules, then the assessment."""
    items = [item for module in version.modules for item in module.items]
    return items if version.assessment is None else [*items, version.assessment]


def is_done(item: CompiledLesson | CompiledQuiz, standing: Standing) -> bool:
    """Whether an item is completed or passed, or may be by what waits for a grader: nothing is to be done there."""
    if isinstance(item, CompiledLesson):
        return item.id in standing.completed_lessons
    return may_be_passed(QuizShape(item.id, item.pass_score), standing)


def items_before(
    version: CompiledVersion, standing: Standing, item_id: UUID
) -> Sequence[CompiledLesson | CompiledQuiz]:
    """The required items before this one that are not done."""
    missing = []
    for item in items_in_order(version):
        if item.id == item_id:
            break
        if item.required and not is_done(item, standing):
            missing.append(item)
    return missing
