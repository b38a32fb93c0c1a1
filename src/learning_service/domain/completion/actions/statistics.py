"""A version's statistics: made of all its attempts, and kept where those are many.

A caller waits for them for some seconds. What takes longer is made by a job; until it is, the caller gets what was
kept before.
"""

import math
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.queries.statistics import measure_quiz
from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.queries.corrections import list_corrections
from learning_service.domain.courses.queries.versions import StoredTree, load_tree
from learning_service.domain.courses.rules.corrections import Correction
from learning_service.domain.courses.rules.tree import Assessment, Quiz
from learning_service.domain.grading.models import KeptStatistics
from learning_service.domain.grading.rules.statistics import QuizStatistics, nothing_known
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import MeasureStatistics
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.tenant import own_key

MANY = 1_000
"""From so many attempts on, statistics are kept; of fewer they are made in a few hundredths of a second."""
KEPT = timedelta(minutes=1)
PATIENCE = 3.0
"""Seconds for which a caller waits. What is not made by then is made by a job, under a worker's longer limits."""
_STATISTICS = TypeAdapter(QuizStatistics)
_LIMIT = text(
    "SELECT set_config('statement_timeout', :limit, true), set_config('lock_timeout', :limit, true)"
)
_LIMITS = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
_RESTORE = text(
    "SELECT set_config('statement_timeout', :statement, true), set_config('lock_timeout', :lock, true)"
)
_TOO_LATE = frozenset({"57014", "55P03"})
"""SQLSTATE: the statement was cancelled, or waited too long for a lock."""


@dataclass(frozen=True, slots=True)
class VersionStatistics:
    """The statistics of each quiz of a version in order, the assessment last, and when the oldest were made."""

    made_at: datetime
    quizzes: Sequence[QuizStatistics]
    under_way: Sequence[str]
    """Keys of quizzes whose figures are being made: what is here is from before, or there are none yet."""


async def version_statistics(session: AsyncSession, version: CourseVersion) -> VersionStatistics:
    """A version's statistics, of large quizzes at most a minute old, where they could be made in time."""
    by = time.monotonic() + PATIENCE
    stored = await load_tree(session, version.id)
    corrections = await list_corrections(session, version.id)
    made_at, found, under_way = now(session), list[QuizStatistics](), list[str]()
    for quiz in _quizzes(stored):
        key, quiz_id = quiz.key or "", stored.ids[quiz.key or ""]
        kept = await _kept(session, quiz_id)
        if kept is None or kept[0] <= now(session) - KEPT:
            made = await _made_by(session, version, quiz, stored, corrections, by)
            if made is not None:
                kept = now(session), made
            else:
                await _have_made(session, version, quiz_id, key)
                under_way.append(key)
        if kept is not None:
            made_at = min(made_at, kept[0])
        found.append(nothing_known(key, quiz.title) if kept is None else kept[1])
    return VersionStatistics(made_at, found, under_way)


def _quizzes(stored: StoredTree) -> Sequence[Quiz | Assessment]:
    every: list[Quiz | Assessment] = [
        item for module in stored.tree.modules for item in module.items if isinstance(item, Quiz)
    ]
    return every if stored.tree.assessment is None else [*every, stored.tree.assessment]


async def _made_by(
    session: AsyncSession,
    version: CourseVersion,
    quiz: Quiz | Assessment,
    stored: StoredTree,
    corrections: Sequence[Correction],
    by: float,
) -> QuizStatistics | None:
    """A quiz's statistics as of now; None where they could not be made by this time of the process's clock.

    One caller makes them; who asks meanwhile waits for those.
    """
    left = by - time.monotonic()
    if left <= 0:
        return None
    try:
        async with session.begin_nested():
            limits = (await session.execute(_LIMITS)).one()
            await session.execute(_LIMIT, {"limit": str(math.ceil(1000 * left))})
            made = await _made_once(session, version, quiz, stored, corrections, MANY)
            await session.execute(_RESTORE, {"statement": limits[0], "lock": limits[1]})
            return made
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _TOO_LATE:
            raise
        return None


async def _made_once(
    session: AsyncSession,
    version: CourseVersion,
    quiz: Quiz | Assessment,
    stored: StoredTree,
    corrections: Sequence[Correction],
    keep_from: int,
) -> QuizStatistics:
    quiz_id = stored.ids[quiz.key or ""]
    if version.published_at is not None:
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"statistics {quiz_id}", 0))
        await session.execute(select(lock))
        kept = await _kept(session, quiz_id)
        if kept is not None and kept[0] > now(session) - KEPT:
            return kept[1]
    made = await measure_quiz(session, version.organization_id, quiz, stored, corrections)
    if made.attempts >= keep_from:
        await _keep(session, version.organization_id, quiz_id, made)
    return made


async def _have_made(session: AsyncSession, version: CourseVersion, quiz_id: uuid.UUID, key: str) -> None:
    """Have a job make them, one in a minute."""
    await enqueue_job(
        session,
        MeasureStatistics(version_id=version.id, quiz_key=key),
        organization_id=version.organization_id,
        unique_key=f"statistics:{quiz_id}:{now(session):%Y%m%d%H%M}",
    )


async def remake_statistics(session: AsyncSession, version_id: uuid.UUID, quiz_key: str) -> None:
    """Make and keep the statistics of one quiz of a version, however long that takes."""
    version = await session.get(CourseVersion, own_key(session, version_id))
    if version is None:
        return
    stored = await load_tree(session, version.id)
    corrections = await list_corrections(session, version.id)
    for quiz in _quizzes(stored):
        if quiz.key == quiz_key:
            await _made_once(session, version, quiz, stored, corrections, 0)


async def _kept(session: AsyncSession, quiz_id: uuid.UUID) -> tuple[datetime, QuizStatistics] | None:
    """What was made last, and when."""
    rows = await session.execute(
        select(KeptStatistics.made_at, KeptStatistics.statistics).where(KeptStatistics.quiz_id == quiz_id)
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
