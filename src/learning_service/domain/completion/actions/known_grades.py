"""What persons have said before about texts that read like those of a submission: such responses do not wait."""

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import AttemptRow, Position
from learning_service.domain.courses.queries.compiled import CompiledQuiz
from learning_service.domain.grading.actions import (
    GivenGrade,
    KnownGrade,
    known_grades,
    write_known_grades,
)
from learning_service.domain.grading.rules.groups import group_of
from learning_service.domain.grading.rules.release import BY_PERSON
from learning_service.domain.grading.rules.score import Graded, sum_up
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.marks import award_points
from learning_service.domain.records.audit import record_audit


async def find_known(
    session: AsyncSession, quiz: CompiledQuiz, marks: Graded, attempt: AttemptRow
) -> Sequence[KnownGrade]:
    """The grades of the groups that the waiting responses belong to. Asked only where some wait."""
    groups: dict[uuid.UUID, str] = {}
    for question_id in marks.pending_question_ids:
        text = attempt.responses[question_id].get("text") or ""
        groups[group_of(quiz.keys[question_id], text).id] = question_id
    return await known_grades(session, groups, learner=attempt.user_id) if groups else ()


def marks_with(quiz: CompiledQuiz, graded: Graded, known: Sequence[GivenGrade]) -> Graded:
    """The marks with what persons have given in their place."""
    marks = dict(graded.marks)
    for one in known:
        question_id = str(one.question_id)
        most = quiz.keys[question_id].points
        marks[question_id] = award_points(min(one.points, most), most)
    return sum_up(quiz.keys.values(), marks)


async def note_known(
    session: AsyncSession,
    position: Position,
    attempt: AttemptRow,
    keys: Mapping[str, AnswerKey],
    known: Sequence[KnownGrade],
) -> None:
    """Write on the closed attempt whose grades it got, as if they had been given now."""
    for response_id, one in zip(
        await write_known_grades(session, position, attempt, keys, known), known, strict=True
    ):
        record_audit(
            session,
            "response.graded",
            organization_id=position.organization_id,
            actor_id=one.graded_by,
            subject=("response", response_id),
            user_id=position.user_id,
            course_id=position.course_id,
            enrollment_id=position.enrollment_id,
            details={
                "attempt_id": str(attempt.id),
                "question_id": str(one.question_id),
                "points": str(one.points),
                "group_id": str(one.group_id),
            },
        )


def marks_with_feedback(graded: Graded, grades: Sequence[GivenGrade]) -> JsonObject:
    """Marks as stored on an attempt, exact points as text, with what graders wrote to the learner."""
    marks = {question_id: mark.stored for question_id, mark in graded.marks.items()}
    for grade in grades:
        question_id = str(grade.question_id)
        told = {} if grade.feedback_html is None else {"feedback": grade.feedback_html}
        marks[question_id] = {**marks[question_id], BY_PERSON: True, **told}
    return marks
