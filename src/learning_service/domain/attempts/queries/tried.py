"""The quizzes that an enrollment has been at, and its attempts there."""

import uuid
from collections.abc import Sequence
from functools import cache

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.attempts.queries.positions import ATTEMPT_COLUMNS, AttemptRow
from learning_service.domain.courses.models import Quiz
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion, compiled_version
from learning_service.domain.kernel.reads import ORGANIZATION_ID, ROW_ID, Kept, fetch, fetch_value, kept
from learning_service.domain.kernel.tenant import own_key


async def quiz_of(session: AsyncSession, version: CompiledVersion, quiz_id: uuid.UUID) -> CompiledQuiz:
    """A quiz of the version; or of one that the enrollment has left, where what was done of it counts no more."""
    found = version.quizzes.get(quiz_id)
    if found is not None:
        return found
    left = await compiled_version(session, await version_with(session, quiz_id))
    return left.quizzes[quiz_id]


async def version_with(session: AsyncSession, quiz_id: uuid.UUID) -> uuid.UUID:
    """The version that a quiz is of."""
    organization_id, _ = own_key(session, quiz_id)
    found = await fetch_value(
        session, _version_with(), {"organization_id": organization_id, "row_id": quiz_id}
    )
    return uuid.UUID(str(found))


@cache
def _version_with() -> Kept:
    columns = Quiz.__table__.c
    asked = columns.organization_id == ORGANIZATION_ID, columns.id == ROW_ID
    return kept(select(columns.version_id).where(*asked))


async def attempts_at(
    session: AsyncSession, enrollment_id: uuid.UUID, quiz_id: uuid.UUID
) -> Sequence[AttemptRow]:
    """All attempts of an enrollment at a quiz, first to last."""
    given = {"enrollment_id": enrollment_id, "row_id": quiz_id}
    return [AttemptRow(*row) for row in await fetch(session, _attempts_at(), given)]


@cache
def _attempts_at() -> Kept:
    enrollment_id = bindparam("enrollment_id", type_=Uuid())
    asked = QuizAttempt.enrollment_id == enrollment_id, QuizAttempt.quiz_id == ROW_ID
    return kept(select(*ATTEMPT_COLUMNS).where(*asked).order_by(QuizAttempt.number))
