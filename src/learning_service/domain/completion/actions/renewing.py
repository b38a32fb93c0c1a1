"""Renewing by what changed: who renews a course that asks for no more keeps what is as it was when they passed it.

Lessons and results are copied into the new enrollment with the times at which they were done, so that both
tell the truth. The attempts stay with the old one: a quiz that is kept may be taken again with all its attempts.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.queries.moving import Move, move_between
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.rules.policy import DELTA
from learning_service.domain.enrollments.actions import enroll
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.kernel.principal import Principal

BATCH = 1_000
LOOKED_BACK = timedelta(days=7)
"""A renewal whose job was killed before it kept anything is found so long."""

# Nothing was done in them, and nothing was kept: either counts as a revision.
_NEW = text(
    """
SELECT e.id FROM enrollments e
JOIN courses c ON c.organization_id = e.organization_id AND c.id = e.course_id AND c.recertification = 'delta'
WHERE e.organization_id = :organization_id AND e.assigned_at >= :since AND e.id > :after
    AND e.source = 'recertification' AND e.status = 'assigned' AND e.revision = 0
ORDER BY e.id LIMIT :most FOR NO KEY UPDATE OF e SKIP LOCKED
"""
)
_PASSED = text(
    """
SELECT e.id, e.version_id, last.enrollment_id AS passed, last.version_id AS version_passed
FROM enrollments e CROSS JOIN LATERAL (
    SELECT c.enrollment_id, c.version_id FROM course_completions c
    WHERE c.organization_id = e.organization_id AND c.user_id = e.user_id AND c.course_id = e.course_id
        AND c.voided_at IS NULL
    ORDER BY c.completed_at DESC, c.id DESC LIMIT 1
) AS last
WHERE e.organization_id = :organization_id AND e.id = ANY(CAST(:ids AS uuid[]))
    AND last.version_id <> e.version_id
"""
)
_LESSONS = text(
    """
INSERT INTO lesson_progress (organization_id, enrollment_id, lesson_id, completed_at)
SELECT p.organization_id, r.id, l.new, p.completed_at
FROM unnest(CAST(:ids AS uuid[]), CAST(:passed AS uuid[])) AS r(id, passed)
JOIN lesson_progress p ON p.organization_id = :organization_id AND p.enrollment_id = r.passed
JOIN unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[])) AS l(old, new) ON l.old = p.lesson_id
ON CONFLICT DO NOTHING
"""
)
# A pass that waits for a person's decision is not carried on. Shares without a decimal are rounded.
_RESULTS = text(
    """
INSERT INTO quiz_progress (organization_id, enrollment_id, quiz_id, attempts_used, attempts_allowed, best_points,
    possible_points, max_points, passed_at)
SELECT p.organization_id, r.id, q.new, 0, q.most, p.best_points, p.best_points, p.max_points,
    coalesce(p.passed_at, e.ended_at, e.assigned_at)
FROM unnest(CAST(:ids AS uuid[]), CAST(:passed AS uuid[])) AS r(id, passed)
JOIN quiz_progress p ON p.organization_id = :organization_id AND p.enrollment_id = r.passed
JOIN enrollments e ON e.organization_id = p.organization_id AND e.id = p.enrollment_id
JOIN unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[]), CAST(:most AS integer[]), CAST(:scores AS numeric[]))
    AS q(old, new, most, score) ON q.old = p.quiz_id
WHERE p.held_points IS NULL AND p.best_points * 100 > (q.score - 0.001) * p.max_points
ON CONFLICT DO NOTHING
"""
)
_SEEN = text(
    """
UPDATE enrollments SET revision = revision + 1
WHERE organization_id = :organization_id AND id = ANY(CAST(:ids AS uuid[]))
"""
)
_ORGANIZATIONS = select(Course.organization_id).where(Course.recertification == DELTA).distinct()


async def enroll_or_renew(
    session: AsyncSession, access: CourseAccess, *, actor: Principal
) -> tuple[EnrollmentView, bool]:
    """Enroll the caller as `enroll` does; a renewal keeps what the course lets it keep. Raises as `enroll`."""
    enrollment, made = await enroll(session, access, actor=actor)
    if made and enrollment.source == "recertification" and access.view.recertification == DELTA:
        await _keep(session, actor.organization_id, [enrollment.id])
    return enrollment, made


async def keep_unchanged(
    session: AsyncSession, organization_id: str, course_id: uuid.UUID, user_ids: Sequence[str]
) -> None:
    """Let the enrollments that this transaction has made in the course keep what the course lets them keep."""
    found = await session.scalars(
        select(Enrollment.id)
        .join(
            Course,
            and_(
                Course.organization_id == Enrollment.organization_id,
                Course.id == Enrollment.course_id,
                Course.recertification == DELTA,
            ),
        )
        .where(
            Enrollment.organization_id == organization_id,
            Enrollment.course_id == course_id,
            Enrollment.user_id == func.any(list(user_ids)),
            Enrollment.assigned_at == now(session),
        )
        .order_by(Enrollment.id)
    )
    if ids := found.all():
        await _keep(session, organization_id, ids)


async def organizations_to_renew(session: AsyncSession) -> Sequence[str]:
    """Those with courses that are renewed by what changed. The transaction is of no organization."""
    return (await session.scalars(_ORGANIZATIONS)).all()


async def keep_in_renewals(
    session: AsyncSession, organization_id: str, after: uuid.UUID | None
) -> uuid.UUID | None:
    """Let the next new renewals of the organization keep what has not changed; the last one, None: there are no more.

    Each is looked at once.
    """
    await plan_afresh(session)
    found = await session.scalars(
        _NEW,
        {
            "organization_id": organization_id,
            "since": now(session) - LOOKED_BACK,
            "after": after or uuid.UUID(int=0),
            "most": BATCH,
        },
    )
    ids = found.all()
    if not ids:
        return None
    await _keep(session, organization_id, ids)
    last: uuid.UUID = ids[-1]
    return last


async def _keep(session: AsyncSession, organization_id: str, ids: Sequence[uuid.UUID]) -> None:
    rows = await session.execute(_PASSED, {"organization_id": organization_id, "ids": list(ids)})
    pairs: Mapping[tuple[uuid.UUID, uuid.UUID], list[tuple[uuid.UUID, uuid.UUID]]] = defaultdict(list)
    for enrollment_id, version_id, passed, version_passed in rows:
        pairs[version_passed, version_id].append((enrollment_id, passed))
    for (before, after), renewals in sorted(pairs.items()):
        move = await move_between(session, organization_id, before, after)
        if asks_for_something(move):
            await _copy(session, move, renewals)
    await session.execute(_SEEN, {"organization_id": organization_id, "ids": list(ids)})


def asks_for_something(move: Move) -> bool:
    """Whether the version has something required that is not as it was.

    Where it has not, a renewal that kept all of it would end before its member did anything: it asks for the whole
    course.
    """
    kept = {*move.lessons.values(), *(quiz.id for quiz in move.quizzes.values())}
    shape = move.after.shape
    return not {*shape.required_lessons, *(quiz.id for quiz in shape.to_pass)} <= kept


async def _copy(session: AsyncSession, move: Move, renewals: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> None:
    own: dict[str, Any] = {
        "organization_id": move.organization_id,
        "ids": [one for one, _ in renewals],
        "passed": [passed for _, passed in renewals],
    }
    if move.lessons:
        await session.execute(_LESSONS, own | {"old": list(move.lessons), "new": list(move.lessons.values())})
    if move.quizzes:
        quizzes = list(move.quizzes.values())
        await session.execute(
            _RESULTS,
            own
            | {
                "old": list(move.quizzes),
                "new": [quiz.id for quiz in quizzes],
                "most": [quiz.max_attempts for quiz in quizzes],
                "scores": [quiz.pass_score for quiz in quizzes],
            },
        )
