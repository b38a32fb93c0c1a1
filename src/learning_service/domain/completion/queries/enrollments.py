"""Enrollments as administrators see them. The scope is always the members whom the caller administers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import EnrollmentGrant
from learning_service.domain.directory.models import MembershipEvent
from learning_service.domain.directory.queries.audience import is_within
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.enrollments.models import Enrollment, EnrollmentSource
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    enrollment_views,
)
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.principal import Principal


def administered(caller: Principal, member_id: Any, *, chapters: bool) -> ColumnElement[bool]:
    """Whether a column's member (of the caller's organization, not erased) is under the caller.

    With `chapters`, administrators of the member's chapter count too.
    """
    return is_within(caller.organization_id, member_id, reach_of(caller, chapters=chapters))


def _visible_enrollments(session: AsyncSession, caller: Principal, *columns: Any) -> Any:
    return enrollment_views(now(session), *columns).where(
        Enrollment.organization_id == caller.organization_id,
        administered(caller, Enrollment.user_id, chapters=True),
    )


async def access_enrollment(
    session: AsyncSession, caller: Principal, enrollment_id: uuid.UUID, *, chapters: bool = True
) -> EnrollmentView:
    """The enrollment, for an administrator over its member.

    Raises NotFound; without `chapters`, Forbidden for one who administers the member's chapter only.
    """
    statement = _visible_enrollments(
        session, caller, administered(caller, Enrollment.user_id, chapters=chapters)
    )
    row = (await session.execute(statement.where(Enrollment.id == enrollment_id))).first()
    if row is None:
        raise NotFound
    if not row[-1]:
        raise Forbidden("This call is for administrators of the organization or the member's region.")
    return EnrollmentView(*row[:-1])


@dataclass(frozen=True, slots=True)
class Source:
    """What assigned an enrollment, at first or again."""

    source: str
    cause_kind: str
    cause_id: str
    rule_id: uuid.UUID | None
    run_id: uuid.UUID | None
    event_source: str | None
    event_id: str | None
    """The membership event's own, where one set the rule off."""
    due_at: datetime | None
    assigned_at: datetime


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an enrollment exists and what was granted to it since."""

    enrollment: EnrollmentView
    sources: Sequence[Source]
    """What made it, then what assigned it again."""
    started_at: datetime | None
    ended_at: datetime | None
    extra_time_seconds: int
    grants: Sequence[EnrollmentGrant]


async def explain_enrollment(session: AsyncSession, view: EnrollmentView) -> Explanation:
    """The story of an enrollment that the caller has already been allowed to see."""
    row = await session.execute(
        select(Enrollment.started_at, Enrollment.ended_at, Enrollment.extra_time_seconds).where(
            Enrollment.id == view.id
        )
    )
    grants = await session.scalars(
        select(EnrollmentGrant).where(EnrollmentGrant.enrollment_id == view.id).order_by(EnrollmentGrant.id)
    )
    return Explanation(view, await _sources(session, view), *row.one(), grants=grants.all())


async def _sources(session: AsyncSession, view: EnrollmentView) -> list[Source]:
    """Every source of an enrollment. The first one's due time is that of before it was assigned again."""
    again = EnrollmentSource
    [first] = await session.execute(_caused(view, Enrollment).where(Enrollment.id == view.id))
    further = await session.execute(
        _caused(view, again, again.due_before).where(again.enrollment_id == view.id).order_by(again.id)
    )
    rows = further.all()
    sources = [Source(*first), *(Source(*row[:-1]) for row in rows)]
    if rows:
        sources[0] = replace(sources[0], due_at=rows[0].due_before)
    return sources


def _caused(view: EnrollmentView, table: Any, *columns: Any) -> Any:
    """The columns of `Source`, then the given ones."""
    return select(
        table.source,
        table.cause_kind,
        table.cause_id,
        table.rule_id,
        table.run_id,
        MembershipEvent.source,
        MembershipEvent.event_id,
        table.due_at,
        table.assigned_at,
        *columns,
    ).outerjoin(
        MembershipEvent,
        and_(
            table.cause_kind == "event",
            MembershipEvent.organization_id == table.organization_id,
            MembershipEvent.user_id == view.user_id,
            cast(MembershipEvent.id, Text) == table.cause_id,
        ),
    )
