"""Assignments and extensions that the rows of a file ask for, after they were judged."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.actions.manual_assignments import assign_course
from learning_service.domain.assignments.rules.policy import AssignmentIn
from learning_service.domain.completion.actions.enrollment_changes import note_grant
from learning_service.domain.completion.rules.importing import WantedRow
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN, in_lock_order
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import record_act

_EXTEND = text(
    """UPDATE enrollments AS e SET due_at = w.due_at, revision = revision + 1
    FROM unnest(CAST(:ids AS uuid[]), CAST(:due_times AS timestamptz[])) AS w(id, due_at)
    WHERE e.organization_id = :organization_id AND e.id = w.id"""
)


def in_one_order(rows: Sequence[WantedRow], actor_id: str) -> bool:
    """Whether `assign_rows` writes the enrollments of each course by one statement, and so in order of the members.

    Else two of them, each with the other's members in hand, would wait for each other: unless the entrances are
    held alone. The actor's own row is a statement of its own.
    """
    together = {(row.course_id, row.due_at) for row in rows}
    own = {row.course_id for row in rows if row.user_id == actor_id}
    return not own and len(together) == len({course_id for course_id, _ in together})


async def assign_rows(session: AsyncSession, rows: Sequence[WantedRow], *, actor: Principal) -> int:
    """Assign courses as an administrator does by hand; how many rows are now as they ask. Mails follow.

    Course after course in one order, so that no two files wait for each other.
    """
    alike: dict[tuple[uuid.UUID, datetime | None], list[str]] = defaultdict(list)
    for row in rows:
        alike[row.course_id, row.due_at].append(row.user_id)
    done = 0
    for (course_id, due_at), user_ids in sorted(alike.items(), key=lambda one: one[0][0]):
        sent = AssignmentIn(user_ids=tuple(user_ids), due_at=due_at)
        handed = await assign_course(session, course_id, sent, actor=actor)
        done += handed.assigned + handed.already_enrolled
    reasons = {(row.user_id, row.course_id): row for row in rows if row.reason is not None}
    made = Enrollment.assigned_at == now(session)
    for one in await _open(session, reasons, actor, made) if reasons else ():
        why = reasons[one.user_id, one.course_id]
        note_grant(session, one.id, "due_at", actor, reason=why.reason, due_at=why.due_at)
    return done


async def extend_rows(session: AsyncSession, rows: Sequence[WantedRow], *, actor: Principal) -> int:
    """Move due times to later ones; how many rows are now as they ask."""
    wanted = {(row.user_id, row.course_id): row for row in rows}
    found = await _open(session, wanted, actor)
    later = [
        (one, row)
        for one in found
        if (row := wanted[one.user_id, one.course_id]).due_at is not None
        and (one.due_at is None or one.due_at < row.due_at)
    ]
    if later:
        parameters = {
            "organization_id": actor.organization_id,
            "ids": [one.id for one, _ in later],
            "due_times": [row.due_at for _, row in later],
        }
        await session.execute(_EXTEND, parameters)
    for one, row in later:
        note_grant(session, one.id, "due_at", actor, reason=row.reason, due_at=row.due_at)
        record_act(
            session,
            actor,
            "enrollment.changed",
            ("enrollment", one.id),
            user_id=one.user_id,
            course_id=one.course_id,
            enrollment_id=one.id,
            details={"fields": ["due_at"], "reason_given": row.reason is not None},
        )
    return len(found)


async def _open(
    session: AsyncSession,
    wanted: Mapping[tuple[str, uuid.UUID], WantedRow],
    actor: Principal,
    *conditions: object,
) -> Sequence[Enrollment]:
    """The open enrollments of these members in these courses, locked."""
    open_ = select(Enrollment).where(
        Enrollment.organization_id == actor.organization_id,
        tuple_(Enrollment.user_id, Enrollment.course_id).in_(list(wanted)),
        Enrollment.status.in_(OPEN),
        *conditions,  # type: ignore[arg-type]
    )
    found = await session.scalars(
        in_lock_order(open_).with_for_update(of=Enrollment).execution_options(populate_existing=True)
    )
    return found.all()
