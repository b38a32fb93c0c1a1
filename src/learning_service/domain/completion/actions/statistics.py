"""A version's statistics: made of all its attempts, and kept for a while where those are many."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.queries.statistics import measure_quiz
from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.queries.corrections import list_corrections
from learning_service.domain.courses.queries.versions import StoredTree, load_tree
from learning_service.domain.courses.rules.corrections import Correction
from learning_service.domain.courses.rules.tree import Assessment, Quiz
from learning_service.domain.grading.models import KeptStatistics
from learning_service.domain.grading.rules.statistics import QuizStatistics
from learning_service.domain.kernel.clock import now

MANY = 1_000
"""From so many attempts on, statistics are kept; of fewer they are made in a few hundredths of a second."""
KEPT = timedelta(minutes=1)
_STATISTICS = TypeAdapter(QuizStatistics)


@dataclass(frozen=True, slots=True)
class VersionStatistics:
    """The statistics of each quiz of a version in order, the assessment last, and when the oldest were made."""

    made_at: datetime
    quizzes: Sequence[QuizStatistics]


async def version_statistics(session: AsyncSession, version: CourseVersion) -> VersionStatistics:
    """A version's statistics, of large quizzes at most a minute old."""
    stored = await load_tree(session, version.id)
    every: list[Quiz | Assessment] = [
        item for module in stored.tree.modules for item in module.items if isinstance(item, Quiz)
    ]
    if stored.tree.assessment is not None:
        every.append(stored.tree.assessment)
    corrections = await list_corrections(session, version.id)
    found = [await _statistics(session, version, quiz, stored, corrections) for quiz in every]
    oldest = min((made_at for made_at, _ in found), default=now(session))
    return VersionStatistics(oldest, [statistics for _, statistics in found])


async def _statistics(
    session: AsyncSession,
    version: CourseVersion,
    quiz: Quiz | Assessment,
    stored: StoredTree,
    corrections: Sequence[Correction],
) -> tuple[datetime, QuizStatistics]:
    quiz_id = stored.ids[quiz.key or ""]
    kept = await _kept(session, quiz_id)
    if kept is None and version.published_at is not None:
        # One caller makes them; who asks meanwhile waits for those.
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"statistics {quiz_id}", 0))
        await session.execute(select(lock))
        kept = await _kept(session, quiz_id)
    if kept is not None:
        return kept
    made = await measure_quiz(session, version.organization_id, quiz, stored, corrections)
    if made.attempts >= MANY:
        await _keep(session, version.organization_id, quiz_id, made)
    return now(session), made


async def _kept(session: AsyncSession, quiz_id: uuid.UUID) -> tuple[datetime, QuizStatistics] | None:
    rows = await session.execute(
        select(KeptStatistics.made_at, KeptStatistics.statistics).where(
            KeptStatistics.quiz_id == quiz_id, KeptStatistics.made_at > now(session) - KEPT
        )
    )
    row = rows.first()
    return None if row is None else (row[0], _STATISTICS.validate_python(row[1]))


async def _keep(
    session: AsyncSession, organization_id: str, quiz_id: uuid.UUID, made: QuizStatistics
) -> None:
    statement = insert(KeptStatistics).values(
        organization_id=organization_id,
        quiz_id=quiz_id,
        made_at=now(session),
        statistics=_STATISTICS.dump_python(made, mode="json"),
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["organization_id", "quiz_id"],
            set_={"made_at": statement.excluded.made_at, "statistics": statement.excluded.statistics},
        )
    )


async def forget_statistics(session: AsyncSession, quiz_ids: Sequence[uuid.UUID]) -> None:
    """Have these quizzes' statistics made anew: their attempts have other marks now."""
    await session.execute(delete(KeptStatistics).where(KeptStatistics.quiz_id.in_(quiz_ids)))
