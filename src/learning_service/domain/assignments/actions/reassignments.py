"""Assigning what is open already: the earlier due date holds, and every source is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.queries.candidates import CourseToAssign
from learning_service.domain.assignments.rules.cause import Cause
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import Enrollment, EnrollmentSource
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.kernel.base import Columns
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import FENCE
from learning_service.domain.records.bulk_events import events_of, fixed_time, new_ids

ASSIGNED = "learning.enrollment.assigned"


@dataclass(frozen=True, slots=True)
class Again:
    """What assigning open enrollments again wrote."""

    sources: int
    brought_forward: int


NOTHING = Again(0, 0)


def fixed(column: Any, value: Any) -> Any:
    """A value of a statement's rows, typed as the column that it is for."""
    return cast(literal(value, column.type), column.type)


def cause_of(table: Any, cause: Cause, user_id: ColumnElement[str]) -> Columns:
    """The columns of a table that say why."""
    cause_id: Any = fixed(table.cause_id, cause.id)
    if cause.each:
        each = cast(literal(cause.each, Member.custom_fields.type), Member.custom_fields.type)
        cause_id = func.coalesce(each.op("->>", return_type=Text())(user_id), cause.id)
    return {
        "source": fixed(table.source, cause.source),
        "cause_kind": fixed(table.cause_kind, cause.kind),
        "cause_id": cause_id,
        "rule_id": fixed(table.rule_id, cause.rule_id),
        "run_id": fixed(table.run_id, cause.run_id),
    }


def is_settled(cause: Cause, due_at: datetime | None) -> Callable[[Any], ColumnElement[bool]]:
    """Whether an open enrollment (its columns) is due no later and has this source: the same rule, else the same
    person.

    Its further sources are looked at only where the first is another: a run that finds nothing to do reads none.
    """

    def same(table: Any) -> ColumnElement[bool]:
        by = table.cause_id == cause.id if cause.rule_id is None else table.rule_id == cause.rule_id
        return and_(table.source == cause.source, by)

    def settled(enrollment: Any) -> ColumnElement[bool]:
        further = exists(
            select(EnrollmentSource.id)
            .where(EnrollmentSource.enrollment_id == enrollment.id, same(EnrollmentSource))
            .offset(FENCE)
        )
        known = case((same(enrollment), true()), else_=further)
        return known if due_at is None else and_(~_is_later(enrollment, due_at), known)

    return settled


def _is_later(enrollment: Any, due_at: datetime) -> ColumnElement[bool]:
    return or_(enrollment.due_at.is_(None), enrollment.due_at > due_at)


async def assign_again(
    session: AsyncSession,
    course: CourseToAssign,
    user_ids: Sequence[str],
    *,
    cause: Cause,
    due_at: datetime | None,
) -> Again:
    """Give the open enrollments of these members this source, and the due time where theirs is later or none.

    They are held first, so that of two at once each sees what the other wrote.
    """
    found = await session.scalars(
        select(Enrollment.id).where(
            Enrollment.organization_id == course.organization_id,
            Enrollment.course_id == course.id,
            Enrollment.user_id == func.any(list(user_ids)),
            Enrollment.status.in_(OPEN),
        )
    )
    held = await session.scalars(
        select(Enrollment.id)
        .where(Enrollment.id == func.any(list(found)), Enrollment.status.in_(OPEN))
        .order_by(Enrollment.id)
        .with_for_update()
    )
    ids = list(held)
    if not ids:
        return NOTHING
    return Again(*(await session.execute(_statement(session, course, ids, cause, due_at))).one())


def _statement(
    session: AsyncSession, course: CourseToAssign, ids: Sequence[Any], cause: Cause, due_at: datetime | None
) -> Any:
    again = (
        select(Enrollment.id, Enrollment.organization_id, Enrollment.user_id, Enrollment.due_at)
        .where(Enrollment.id == func.any(ids), ~is_settled(cause, due_at)(Enrollment))
        .cte("again")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    sources = _sources(session, again, cause, due_at)
    count = select(func.count()).select_from(sources).scalar_subquery()
    if due_at is None:
        return select(count, literal(0))
    moved = (
        update(Enrollment)
        .where(Enrollment.id == func.any(ids), Enrollment.id == again.c.id, _is_later(again.c, due_at))
        .values(due_at=due_at, revision=Enrollment.revision + 1)
        .returning(Enrollment.id, Enrollment.organization_id, Enrollment.user_id)
        .cte("moved")
    )
    data = {"enrollment_id": moved.c.id, "course_id": str(course.id), "due_at": fixed_time(due_at)}
    told = events_of(session, ASSIGNED, moved, data=data)
    return select(count, select(func.count()).select_from(moved).scalar_subquery()).add_cte(told)


def _sources(session: AsyncSession, again: CTE, cause: Cause, due_at: datetime | None) -> CTE:
    values = {
        "id": new_ids(),
        "organization_id": again.c.organization_id,
        "enrollment_id": again.c.id,
        "due_at": fixed(EnrollmentSource.due_at, due_at),
        "due_before": again.c.due_at,
        "assigned_at": fixed(EnrollmentSource.assigned_at, now(session)),
        **cause_of(EnrollmentSource, cause, again.c.user_id),
    }
    return (
        insert(EnrollmentSource)
        .from_select(list(values), select(*values.values()), include_defaults=False)
        .returning(EnrollmentSource.id)
        .cte("sources")
    )
