"""Writing what a regrade makes of many attempts, by a statement for each table."""

import json
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse
from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.actions.completing import tell_of_completion
from learning_service.domain.completion.actions.regrade_effects import Effect
from learning_service.domain.completion.queries.regrading import Plan, Weighing
from learning_service.domain.courses.queries.compiled import CompiledQuiz
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.grading.rules.groups import group_of
from learning_service.domain.grading.rules.regrading import Regraded
from learning_service.domain.grading.rules.score import score_percent
from learning_service.domain.kernel.base import new_id
from learning_service.domain.questions.rules.corrections import DroppedKey
from learning_service.domain.records.events import append_event

_MARKS = text(
    """
UPDATE quiz_attempts a SET points = v.points, pending_points = v.pending, max_points = v.most, passed = v.passed,
    status = v.status, correction = :correction, marks = a.marks || CAST(v.changed AS jsonb)
FROM unnest(CAST(:ids AS uuid[]), CAST(:points AS numeric[]), CAST(:pending AS numeric[]), CAST(:most AS numeric[]),
    CAST(:passed AS boolean[]), CAST(:statuses AS text[]), CAST(:changed AS text[]))
    AS v(id, points, pending, most, passed, status, changed)
WHERE a.organization_id = :organization_id AND a.id = v.id
"""
)
_RESULTS = text(
    """
UPDATE assessment_results r SET points = v.points, max_points = v.most, passed = v.passed
FROM unnest(CAST(:ids AS uuid[]), CAST(:points AS numeric[]), CAST(:most AS numeric[]), CAST(:passed AS boolean[]))
    AS v(id, points, most, passed)
WHERE r.organization_id = :organization_id AND r.attempt_id = v.id
"""
)
_COUNTS = text(
    """
UPDATE quiz_progress p SET best_points = v.best, possible_points = v.possible, max_points = v.most,
    passed_at = v.passed_at
FROM unnest(CAST(:enrollments AS uuid[]), CAST(:quizzes AS uuid[]), CAST(:best AS numeric[]),
    CAST(:possible AS numeric[]), CAST(:most AS numeric[]), CAST(:passed_at AS timestamptz[]))
    AS v(enrollment_id, quiz_id, best, possible, most, passed_at)
WHERE p.organization_id = :organization_id AND p.enrollment_id = v.enrollment_id AND p.quiz_id = v.quiz_id
"""
)
_SCORES = text(
    """
UPDATE course_completions c SET score = v.score
FROM unnest(CAST(:enrollments AS uuid[]), CAST(:scores AS numeric[])) AS v(enrollment_id, score)
WHERE c.organization_id = :organization_id AND c.enrollment_id = v.enrollment_id AND c.voided_at IS NULL
    AND c.score IS DISTINCT FROM v.score
RETURNING c.id
"""
)


async def write_marks(session: AsyncSession, plan: Plan, weighings: Sequence[Weighing]) -> None:
    """Store the marks of the attempts that change, what persons have to do with them, and an event for each."""
    changed = [one for weighing in weighings for one in weighing.changed]
    if not changed:
        return
    values = {
        "organization_id": plan.organization_id,
        "ids": [one.after.id for one in changed],
        "points": [one.after.points for one in changed],
        "most": [one.after.max_points for one in changed],
        "passed": [one.after.passed for one in changed],
    }
    await session.execute(
        _MARKS,
        values
        | {
            "correction": plan.version_correction,
            "pending": [one.after.pending_points for one in changed],
            "statuses": [one.after.status for one in changed],
            "changed": [json.dumps(one.changed) for one in changed],
        },
    )
    if any(plan.quizzes[one.after.quiz_id].kind == "assessment" for one in changed):
        await session.execute(_RESULTS, values)
    positions = {weighing.position.enrollment_id: weighing.position for weighing in weighings}
    await _write_waiting(session, plan, changed, positions)
    for one in changed:
        if one.after.status == "graded" and (one.changed or one.rises or one.falls):
            _announce(session, positions[one.after.enrollment_id], one)
    await session.flush()


async def write_standing(session: AsyncSession, plan: Plan, effects: Sequence[Effect]) -> None:
    """Store the counts of enrollments, and the scores of completions, whose outcome stays what it is."""
    counts = [(one, quiz_id, count) for one in effects for quiz_id, count in one.counts.items()]
    if not counts:
        return
    await session.execute(
        _COUNTS,
        {
            "organization_id": plan.organization_id,
            "enrollments": [one.position.enrollment_id for one, _, _ in counts],
            "quizzes": [quiz_id for _, quiz_id, _ in counts],
            "best": [count.best_points for _, _, count in counts],
            "possible": [count.possible_points for _, _, count in counts],
            "most": [count.max_points for _, _, count in counts],
            "passed_at": [count.passed_at for _, _, count in counts],
        },
    )
    scored = {
        one.position.enrollment_id: one
        for one in effects
        if one.counts and one.score is not None and not one.completes
    }
    if not scored:
        return
    changed = await session.scalars(
        _SCORES,
        {
            "organization_id": plan.organization_id,
            "enrollments": list(scored),
            "scores": [one.score for one in scored.values()],
        },
    )
    ids = list(changed)
    found = await session.scalars(
        select(CourseCompletion).where(
            CourseCompletion.organization_id == plan.organization_id, CourseCompletion.id == func.any(ids)
        )
    )
    for completion in found:
        tell_of_completion(session, "learning.completion.updated", completion)
    await session.flush()


def _announce(session: AsyncSession, position: Position, one: Regraded) -> None:
    append_event(
        session,
        "learning.attempt.graded",
        organization_id=position.organization_id,
        user_id=position.user_id,
        attempt_id=one.after.id,
        enrollment_id=position.enrollment_id,
        course_id=position.course_id,
        score=float(score_percent(one.after.points, one.after.max_points)),
    )


async def _write_waiting(
    session: AsyncSession,
    plan: Plan,
    changed: Sequence[Regraded],
    positions: Mapping[uuid.UUID, Position],
) -> None:
    """Responses that wait no more leave the queue, others come into it, and all are worth what they are worth now."""
    settled = [(one.after.id, uuid.UUID(question)) for one in changed for question in one.settled]
    r = PendingResponse
    if settled:
        await session.execute(
            delete(r).where(
                r.organization_id == plan.organization_id,
                tuple_(r.attempt_id, r.question_id).in_(settled),
                r.graded_at.is_(None),
            )
        )
    waiting = [
        _waiting(positions[one.after.enrollment_id], plan.quizzes[one.after.quiz_id], one, question)
        for one in changed
        for question in one.waiting
    ]
    if waiting:
        # A question that was dropped, and is asked again, has a row already.
        rows = insert(r).values(waiting)
        again: dict[str, Any] = {name: rows.excluded[name] for name in ("max_points", "group_id", "normal")}
        again |= dict.fromkeys(("points", "feedback_html", "graded_at", "graded_by"))
        keys = ["organization_id", "attempt_id", "question_id"]
        await session.execute(rows.on_conflict_do_update(index_elements=keys, set_=again))
    by_quiz: dict[uuid.UUID, list[uuid.UUID]] = {}
    for one in changed:
        by_quiz.setdefault(one.after.quiz_id, []).append(one.after.id)
    for quiz_id, attempts in by_quiz.items():
        for question in plan.changed_since(quiz_id, 0):
            await _reprice(session, plan, plan.quizzes[quiz_id], question, attempts)


async def _reprice(
    session: AsyncSession, plan: Plan, quiz: CompiledQuiz, question: str, attempts: Sequence[uuid.UUID]
) -> None:
    """What a person gave stays, but is at most what the question is worth; with a question dropped it goes."""
    key, r = quiz.keys[question], PendingResponse
    where = (
        r.organization_id == plan.organization_id,
        r.attempt_id == func.any(list(attempts)),
        r.question_id == uuid.UUID(question),
    )
    if isinstance(key, DroppedKey):
        await session.execute(update(r).where(*where).values(points=None))
        return
    await session.execute(
        update(r)
        .where(*where, r.max_points != key.points)
        .values(max_points=key.points, points=func.least(r.points, key.points))
    )


def _waiting(position: Position, quiz: CompiledQuiz, one: Regraded, question: str) -> dict[str, Any]:
    key, said = quiz.keys[question], one.after.responses.get(question, {}).get("text") or ""
    group = group_of(key, said)
    most: Decimal = key.points
    return {
        "id": new_id(),
        "organization_id": position.organization_id,
        "attempt_id": one.after.id,
        "question_id": uuid.UUID(question),
        "course_id": position.course_id,
        "user_id": position.user_id,
        "text": said,
        "max_points": most,
        "submitted_at": one.after.submitted_at,
        "group_id": group.id,
        "normal": group.normal,
    }
