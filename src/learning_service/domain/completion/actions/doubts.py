"""Passes that a correction would lose: what they were earned with counts until a person has decided."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizProgress
from learning_service.domain.attempts.queries.positions import Position, QuizCount
from learning_service.domain.attempts.queries.tried import attempts_at
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.enrollments.rules import decide
from learning_service.domain.grading.actions import resolve_lost_passes
from learning_service.domain.grading.models import LostPass
from learning_service.domain.questions.rules.scores import exact, kept, scaled


class ClosedAttempt(Protocol):
    """What counting takes of an attempt."""

    @property
    def points(self) -> Decimal | None:
        """What it has for sure."""

    @property
    def pending_points(self) -> Decimal | None:
        """What waits for a person."""

    @property
    def max_points(self) -> Decimal:
        """Of how many."""

    @property
    def passed(self) -> bool | None:
        """None while undecided."""

    @property
    def submitted_at(self) -> datetime | None:
        """When it was handed in."""


async def recount(
    session: AsyncSession,
    position: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    *,
    hold: bool = True,
) -> tuple[Position, bool]:
    """A quiz's counter from all its attempts, stored; and whether a pass has only now come into doubt.

    With `hold`, what would lose a pass or the completion counts as before. The position must be locked.
    """
    before = position.quizzes[quiz.id]
    held = await session.scalar(
        select(QuizProgress.held_points).where(
            QuizProgress.enrollment_id == position.enrollment_id, QuizProgress.quiz_id == quiz.id
        )
    )
    facts = counted_again(
        position, quiz.id, await attempts_at(session, position.enrollment_id, quiz.id), quiz.max_points
    )
    lost = hold and loses(version, quiz, position, position.with_count(quiz.id, facts))
    lost = lost and not await counts_no_more(session, position)
    count = facts
    if lost and before.best_points is not None:
        best = scaled(before.best_points, before.max_points or quiz.max_points, quiz.max_points)
        count = replace(
            facts,
            best_points=best,
            possible_points=max(best, facts.possible_points or Decimal(0)),
            passed_at=before.passed_at,
        )
    await session.execute(
        update(QuizProgress)
        .where(QuizProgress.enrollment_id == position.enrollment_id, QuizProgress.quiz_id == quiz.id)
        .values(
            best_points=count.best_points,
            possible_points=count.possible_points,
            max_points=count.max_points,
            held_points=count.best_points if lost else None,
            passed_at=count.passed_at,
        )
    )
    return position.with_count(quiz.id, count), lost and held is None


def counted_again(
    position: Position, quiz_id: uuid.UUID, attempts: Sequence[ClosedAttempt], max_points: Decimal
) -> QuizCount:
    """A quiz's counter row from all its attempts: a correction may lower what was the best.

    In points of today's maximum, `max_points`: an attempt that kept its marks from before may have another. A result
    that a renewal keeps comes from no attempt of its own, and stays.
    """
    before = position.quizzes[quiz_id]
    if before.passed_at is not None and position.is_of_before(before.passed_at):
        again = _from_attempts(before, attempts, max_points)
        best = scaled(before.best_points or Decimal(0), before.max_points or max_points, max_points)
        return replace(
            again,
            best_points=max(best, again.best_points or Decimal(0)),
            possible_points=max(best, again.possible_points or Decimal(0)),
            passed_at=before.passed_at,
        )
    return _from_attempts(before, attempts, max_points)


def _from_attempts(before: QuizCount, attempts: Sequence[ClosedAttempt], max_points: Decimal) -> QuizCount:
    closed = [row for row in attempts if row.points is not None and row.pending_points is not None]
    passed_at = [row.submitted_at for row in closed if row.passed and row.submitted_at is not None]
    return replace(
        before,
        best_points=max(
            (scaled(row.points or Decimal(0), row.max_points, max_points) for row in closed), default=None
        ),
        possible_points=max(
            (scaled(possible_points(row), row.max_points, max_points) for row in closed), default=None
        ),
        max_points=max_points,
        passed_at=min(passed_at, default=None),
    )


def possible_points(closed: ClosedAttempt) -> Decimal:
    """The most that a closed attempt can come to, with full marks for all that waits."""
    if not closed.pending_points:
        return closed.points or Decimal(0)
    return kept(exact(closed.points or Decimal(0)) + exact(closed.pending_points))


async def settle_doubts(session: AsyncSession, position: Position, version: CompiledVersion) -> Position:
    """Take passes off the list that hold again, by a correction or by another attempt; the position after it."""
    for quiz_id in await doubted_quizzes(session, position.enrollment_id):
        quiz = version.quizzes[quiz_id]
        position, _ = await recount(session, position, version, quiz)
        held = await session.scalar(
            select(QuizProgress.held_points).where(
                QuizProgress.enrollment_id == position.enrollment_id, QuizProgress.quiz_id == quiz_id
            )
        )
        if held is None and _stands(version, quiz, position):
            await resolve_lost_passes(session, position.enrollment_id, quiz_id=quiz_id)
    return position


async def doubted_quizzes(session: AsyncSession, enrollment_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """The quizzes whose pass is in doubt."""
    found = await session.scalars(
        select(LostPass.quiz_id).where(
            LostPass.enrollment_id == enrollment_id, LostPass.resolved_at.is_(None)
        )
    )
    return found.all()


async def counts_no_more(session: AsyncSession, position: Position) -> bool:
    """Whether the completion was revoked: then there is nothing to lose."""
    revoked = exists().where(
        CourseCompletion.enrollment_id == position.enrollment_id, CourseCompletion.voided_at.is_not(None)
    )
    return bool(await session.scalar(select(revoked)))


def loses(version: CompiledVersion, quiz: CompiledQuiz, before: Position, after: Position) -> bool:
    """Whether what changed takes away the quiz's pass or the completion."""
    if before.has_passed(quiz.id, quiz.pass_score) and not after.has_passed(quiz.id, quiz.pass_score):
        return True
    return before.status == "completed" and _completes(version, before) and not _completes(version, after)


def _stands(version: CompiledVersion, quiz: CompiledQuiz, position: Position) -> bool:
    return position.has_passed(quiz.id, quiz.pass_score) and (
        position.status != "completed" or _completes(version, position)
    )


def _completes(version: CompiledVersion, position: Position) -> bool:
    return decide(version.shape, position.standing()).status == "completed"
