"""Enrollments as administrators see them. The scope is always the members whom the caller administers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import EnrollmentGrant
from learning_service.domain.directory.models import Member, MembershipEvent
from learning_service.domain.directory.queries.audience import is_within, within
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.models import Enrollment, EnrollmentSource
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    enrollment_views,
    shown_status,
)
from learning_service.domain.enrollments.queries.standing import WITHDRAWN
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import FENCE, plan_afresh
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
class EnrollmentFilter:
    """Which enrollments are wanted; None: whatever."""

    user_id: str | None = None
    course_id: uuid.UUID | None = None
    chapter_id: str | None = None
    status: str | None = None
    withdrawn: bool = False
    """Those that were withdrawn, in place of all others."""


async def list_enrollments(
    session: AsyncSession, caller: Principal, page: PageRequest, wanted: EnrollmentFilter
) -> Sequence[EnrollmentView]:
    """Enrollments of the caller's members, newest first; one more than the page holds.

    Which they are is found first, and what is shown of them is read for no others.
    """
    withdrawn = Enrollment.status == WITHDRAWN
    scope = [
        Enrollment.organization_id == caller.organization_id,
        withdrawn if wanted.withdrawn else ~withdrawn,
    ]
    if wanted.course_id is not None:
        scope.append(Enrollment.course_id == wanted.course_id)
    if wanted.status is not None:
        scope.append(shown_status() == wanted.status)
    if page.after is not None:
        scope.append(Enrollment.id < uuid.UUID(page.after[0]))
    await plan_afresh(session)
    reach = reach_of(caller, chapters=True)
    if wanted.user_id is None and wanted.chapter_id is None and (reach.national or reach.regions):
        found = _of_many(caller, reach, scope)
    else:
        few = (await session.scalars(_few(caller, reach, wanted))).all()
        found = select(Enrollment.id).where(*scope, Enrollment.user_id == func.any(list(few)))
    newest = found.order_by(found.selected_columns.id.desc()).limit(page.limit + 1)
    ids = newest.cte("page").prefix_with("MATERIALIZED", dialect="postgresql")
    views = enrollment_views(now(session)).where(Enrollment.id == ids.c.id).offset(FENCE)
    shown = views.correlate(ids).lateral("shown")
    rows = await session.execute(
        select(shown).select_from(ids).join(shown, true()).order_by(shown.c.id.desc())
    )
    return [EnrollmentView(*row) for row in rows]


def _of_many(caller: Principal, reach: Reach, scope: list[ColumnElement[bool]]) -> Any:
    """Enrollments by their age, each looked at until the page is full."""
    by_age = (
        select(Enrollment.id, Enrollment.user_id)
        .where(*scope)
        .order_by(Enrollment.id.desc())
        .offset(FENCE)
        .subquery("by_age")
    )
    return select(by_age.c.id).where(is_within(caller.organization_id, by_age.c.user_id, reach))


def _few(caller: Principal, reach: Reach, wanted: EnrollmentFilter) -> Any:
    """One member, or those of chapters. Named by their ids they are looked for in one pass, not each in a pass."""
    who = [Member.organization_id == caller.organization_id, Member.erased_at.is_(None)]
    who.append(within(caller.organization_id, reach))
    if wanted.user_id is not None:
        who.append(Member.user_id == wanted.user_id)
    if wanted.chapter_id is not None:
        who.append(Member.chapter_id == wanted.chapter_id)
    return select(Member.user_id).where(*who)


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
