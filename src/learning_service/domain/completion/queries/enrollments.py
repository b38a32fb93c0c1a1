"""Enrollments as administrators see them. The scope is always the members whom the caller administers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import EnrollmentGrant
from learning_service.domain.directory.models import MembershipEvent
from learning_service.domain.directory.queries.audience import is_within, lives_within, reach_values
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.enrollments.models import Enrollment, EnrollmentSource
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    enrollment_views,
)
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    INSTANT,
    ORGANIZATION_ID,
    ROW_ID,
    USER_ID,
    Kept,
    fetch,
    fetch_first,
    kept,
)


def administered(caller: Principal, member_id: Any, *, chapters: bool) -> ColumnElement[bool]:
    """Whether a column's member (of the caller's organization, not erased) is under the caller.

    With `chapters`, administrators of the member's chapter count too.
    """
    return is_within(caller.organization_id, member_id, reach_of(caller, chapters=chapters))


async def access_enrollment(
    session: AsyncSession, caller: Principal, enrollment_id: uuid.UUID, *, chapters: bool = True
) -> EnrollmentView:
    """The enrollment, for an administrator over its member.

    Raises NotFound; without `chapters`, Forbidden for one who administers the member's chapter only.
    """
    given = {
        "organization_id": caller.organization_id,
        "row_id": enrollment_id,
        "instant": now(session),
        **reach_values(reach_of(caller, chapters=True)),
    }
    row = await fetch_first(session, _visible(national=caller.is_national_admin, chapters=chapters), given)
    if row is None:
        raise NotFound
    if not row[-1]:
        raise Forbidden("This call is for administrators of the organization or the member's region.")
    return EnrollmentView(*row[:-1])


@cache
def _visible(*, national: bool, chapters: bool) -> Kept:
    seen, changed = (
        lives_within(Enrollment.user_id, national=national, chapters=one) for one in (True, chapters)
    )
    asked = Enrollment.organization_id == ORGANIZATION_ID, Enrollment.id == ROW_ID, seen
    return kept(enrollment_views(INSTANT, changed).where(*asked))


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
    grants: Sequence[Any]
    """Rows of `EnrollmentGrant`, oldest first."""


async def explain_enrollment(session: AsyncSession, view: EnrollmentView) -> Explanation:
    """The story of an enrollment that the caller has already been allowed to see."""
    given = {"row_id": view.id, "user_id": view.user_id}
    [first] = await fetch(session, _first_cause(), given)
    further = await fetch(session, _further_causes(), given)
    sources = [Source(*first[:-3]), *(Source(*row[:-1]) for row in further)]
    if further:
        # Of before it was assigned again.
        sources[0] = replace(sources[0], due_at=further[0].due_before)
    return Explanation(
        view,
        sources,
        started_at=first.started_at,
        ended_at=first.ended_at,
        extra_time_seconds=first.extra_time_seconds,
        grants=await fetch(session, _grants(), given),
    )


@cache
def _first_cause() -> Kept:
    facts = Enrollment.started_at, Enrollment.ended_at, Enrollment.extra_time_seconds
    return kept(_caused(Enrollment, *facts).where(Enrollment.id == ROW_ID))


@cache
def _further_causes() -> Kept:
    again = EnrollmentSource
    found = _caused(again, again.due_before).where(again.enrollment_id == ROW_ID)
    return kept(found.order_by(again.id))


@cache
def _grants() -> Kept:
    found = select(*EnrollmentGrant.__table__.columns).where(EnrollmentGrant.enrollment_id == ROW_ID)
    return kept(found.order_by(EnrollmentGrant.id))


def _caused(table: Any, *columns: Any) -> Any:
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
            MembershipEvent.user_id == USER_ID,
            cast(MembershipEvent.id, Text) == table.cause_id,
        ),
    )
