"""Moving open enrollments to another version of their course, a statement for each table whatever their number.

What their learners have done of items that are the same there goes with them, as if it had been done at the other
version. The rest stays what it was, of the version that was left, and counts no more.
"""

import json
import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse, QuizAttempt
from learning_service.domain.completion.queries.moving import Move
from learning_service.domain.grading.rules.groups import group_of
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict
from learning_service.domain.kernel.planning import plan_afresh, write_afresh, writing

# A learner who has been at this version before may have done the lesson there too: then both rows stay. OFFSET: each
# is looked up by its key, and never compared with all others.
_LESSONS = writing(
    """
UPDATE lesson_progress p SET lesson_id = l.new
FROM unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[])) AS l(old, new)
WHERE p.organization_id = :organization_id AND p.enrollment_id = ANY(CAST(:ids AS uuid[])) AND p.lesson_id = l.old
    AND NOT EXISTS (SELECT FROM lesson_progress o WHERE o.organization_id = p.organization_id
        AND o.enrollment_id = p.enrollment_id AND o.lesson_id = l.new OFFSET 0)
"""
)
_COUNTS = writing(
    """
UPDATE quiz_progress p SET quiz_id = q.new, attempts_allowed = CASE
    WHEN q.most IS NULL OR q.was IS NULL OR p.attempts_allowed IS NULL THEN q.most
    ELSE q.most + greatest(p.attempts_allowed - q.was, 0) END
FROM unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[]), CAST(:most AS integer[]), CAST(:was AS integer[]))
    AS q(old, new, most, was)
WHERE p.organization_id = :organization_id AND p.enrollment_id = ANY(CAST(:ids AS uuid[])) AND p.quiz_id = q.old
"""
)
_ATTEMPTS = writing(
    """
UPDATE quiz_attempts a SET quiz_id = q.new, correction = :correction, layout = with_new_ids(a.layout, q.names),
    responses = with_new_ids(a.responses, q.names), marks = with_new_ids(a.marks, q.names)
FROM (SELECT old, new, CAST(names AS jsonb) AS names
    FROM unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[]), CAST(:names AS text[])) AS u(old, new, names)) AS q
WHERE a.organization_id = :organization_id AND a.enrollment_id = ANY(CAST(:ids AS uuid[])) AND a.quiz_id = q.old
"""
)
_RESULTS = writing(
    """
UPDATE assessment_results r SET assessment_id = q.new
FROM unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[])) AS q(old, new)
WHERE r.organization_id = :organization_id AND r.enrollment_id = ANY(CAST(:ids AS uuid[]))
    AND r.assessment_id = q.old
"""
)
_RESPONSES = writing(
    """
UPDATE pending_responses r SET question_id = v.question_id,
    group_id = CASE WHEN r.group_id IS NOT NULL THEN v.group_id END
FROM unnest(CAST(:responses AS uuid[]), CAST(:questions AS uuid[]), CAST(:groups AS uuid[]))
    AS v(id, question_id, group_id)
WHERE r.organization_id = :organization_id AND r.id = v.id
"""
)
_ENROLLMENTS = writing(
    """
UPDATE enrollments SET version_id = :version_id, revision = revision + 1,
    awaiting_review = id = ANY(CAST(:awaiting AS uuid[]))
WHERE organization_id = :organization_id AND id = ANY(CAST(:ids AS uuid[]))
"""
)
# Counted and not joined: however few rows are expected, an enrollment is never compared with all others.
_NOTE = writing(
    """
INSERT INTO enrollment_moves (organization_id, enrollment_id, id, from_version, to_version, moved_at, kept, lost)
SELECT :organization_id, enrollment_id, gen_random_uuid(), :from_version, :to_version, :at,
    count(*) FILTER (WHERE item = ANY(CAST(:same AS uuid[]))),
    count(*) FILTER (WHERE item IS NOT NULL AND item <> ALL(CAST(:same AS uuid[])))
FROM (
    SELECT e.id AS enrollment_id, CAST(NULL AS uuid) AS item FROM unnest(CAST(:ids AS uuid[])) AS e(id)
    UNION ALL SELECT p.enrollment_id, p.lesson_id FROM lesson_progress p
    WHERE p.organization_id = :organization_id AND p.enrollment_id = ANY(CAST(:ids AS uuid[]))
        AND p.lesson_id = ANY(CAST(:items AS uuid[]))
    UNION ALL SELECT p.enrollment_id, p.quiz_id FROM quiz_progress p
    WHERE p.organization_id = :organization_id AND p.enrollment_id = ANY(CAST(:ids AS uuid[]))
        AND p.quiz_id = ANY(CAST(:items AS uuid[])) AND p.attempts_used > 0
) AS touched GROUP BY enrollment_id
"""
)


class MigrationUnderWay(Conflict):
    """Open enrollments of the course are being moved."""

    code = "migration-under-way"

    def __init__(self) -> None:
        super().__init__(
            "Enrollments of this course are being moved to another version. Wait until it is done."
        )


async def move_held(
    session: AsyncSession, move: Move, ids: Sequence[uuid.UUID], awaiting: Sequence[uuid.UUID] = ()
) -> None:
    """Move these enrollments, whose rows are locked and none of which has an attempt under way.

    `awaiting`: those of them that have handed in everything.
    """
    if not ids:
        return
    own = {"organization_id": move.organization_id, "ids": list(ids)}
    await plan_afresh(session)
    await write_afresh(
        session,
        _NOTE,
        own
        | {
            "from_version": move.before.number,
            "to_version": move.after.number,
            "at": now(session),
            "same": [*move.lessons, *move.quizzes],
            "items": list(move.items),
        },
    )
    if move.lessons:
        await write_afresh(
            session, _LESSONS, own | {"old": list(move.lessons), "new": list(move.lessons.values())}
        )
    if move.quizzes:
        await _move_quizzes(session, move, ids)
    await write_afresh(session, _ENROLLMENTS, own | {"version_id": move.after.id, "awaiting": list(awaiting)})


async def _move_quizzes(session: AsyncSession, move: Move, ids: Sequence[uuid.UUID]) -> None:
    pairs = {
        "organization_id": move.organization_id,
        "ids": list(ids),
        "old": list(move.quizzes),
        "new": [quiz.id for quiz in move.quizzes.values()],
    }
    await write_afresh(
        session,
        _COUNTS,
        pairs
        | {
            "most": [quiz.max_attempts for quiz in move.quizzes.values()],
            "was": [move.before.quizzes[old].max_attempts for old in move.quizzes],
        },
    )
    await _move_responses(session, move, ids)
    names = [json.dumps(move.ids_in(old)) for old in move.quizzes]
    await write_afresh(session, _ATTEMPTS, pairs | {"names": names, "correction": move.correction})
    if any(quiz.kind == "assessment" for quiz in move.quizzes.values()):
        await write_afresh(session, _RESULTS, pairs)


async def _move_responses(session: AsyncSession, move: Move, ids: Sequence[uuid.UUID]) -> None:
    """What persons grade: to the questions of the other version, and there among those that read alike."""
    r, a = PendingResponse, QuizAttempt
    rows = await session.execute(
        select(r.id, r.question_id, r.text, a.quiz_id)
        .join(a, (a.organization_id == r.organization_id) & (a.id == r.attempt_id))
        .where(
            a.organization_id == move.organization_id,
            a.enrollment_id.in_(ids),
            a.quiz_id.in_(list(move.quizzes)),
        )
    )
    found = rows.all()
    if not found:
        return
    names = {old: move.ids_in(old) for old in move.quizzes}
    keys = {old: quiz.keys for old, quiz in move.quizzes.items()}
    questions = [names[row.quiz_id][str(row.question_id)] for row in found]
    groups = [
        group_of(keys[row.quiz_id][question], row.text).id
        for row, question in zip(found, questions, strict=True)
    ]
    await write_afresh(
        session,
        _RESPONSES,
        {
            "organization_id": move.organization_id,
            "responses": [row.id for row in found],
            "questions": [uuid.UUID(one) for one in questions],
            "groups": groups,
        },
    )
