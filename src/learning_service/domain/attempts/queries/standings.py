"""Standings of many enrollments at once, without what only their learners need."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.rules import NONE, Accommodations, read_accommodations
from learning_service.domain.attempts.models import QuizProgress
from learning_service.domain.attempts.queries.positions import known_id, read_count
from learning_service.domain.enrollments.models import LessonProgress
from learning_service.domain.enrollments.rules import QuizStanding, Standing, quiz_standing
from learning_service.domain.kernel.reads import Kept, fetch, kept


def read_standing(
    lessons: Collection[str] | None, quizzes: Mapping[str, Any] | None, needed: Any
) -> Standing:
    """A standing from `lessons_done`, `quizzes_of` and `accommodations_of`; attempts under way are not among them."""
    accommodations = read_accommodations(needed)
    counts = {known_id(key): read_count(value) for key, value in (quizzes or {}).items()}
    return Standing(
        completed_lessons=frozenset(map(known_id, lessons or ())),
        quizzes={key: count.standing(open=False, needed=accommodations) for key, count in counts.items()},
    )


async def progress_of(
    session: AsyncSession, enrollment_ids: Sequence[uuid.UUID], needed: Accommodations = NONE
) -> dict[uuid.UUID, Standing]:
    """Standings of many enrollments at once: two statements, whatever their number. `needed` by their member."""
    lessons: dict[uuid.UUID, set[uuid.UUID]] = {key: set() for key in enrollment_ids}
    quizzes: dict[uuid.UUID, dict[uuid.UUID, QuizStanding]] = {key: {} for key in enrollment_ids}
    given = {"enrollments": list(enrollment_ids)}
    for enrollment_id, lesson_id in await fetch(session, _lessons_done(), given):
        lessons[enrollment_id].add(lesson_id)
    for row in await fetch(session, _counts(), given):
        quizzes[row.enrollment_id][row.quiz_id] = quiz_standing(
            used=row.attempts_used,
            allowed=needed.attempts_of(row.attempts_allowed),
            open=False,
            best_points=row.best_points,
            possible_points=row.possible_points,
            max_points=row.max_points,
        )
    return {
        key: Standing(completed_lessons=frozenset(lessons[key]), quizzes=quizzes[key])
        for key in enrollment_ids
    }


_ENROLLMENTS = bindparam("enrollments", type_=ARRAY(Uuid()))


@cache
def _lessons_done() -> Kept:
    asked = LessonProgress.enrollment_id == any_(_ENROLLMENTS)
    return kept(select(LessonProgress.enrollment_id, LessonProgress.lesson_id).where(asked))


@cache
def _counts() -> Kept:
    asked = QuizProgress.enrollment_id == any_(_ENROLLMENTS)
    return kept(select(*QuizProgress.__table__.columns).where(asked))
