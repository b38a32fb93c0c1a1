"""Enrollments as administrators see them. The scope is always the members whom the caller administers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import EnrollmentGrant
from learning_service.domain.clock import now
from learning_service.domain.directory.models import Chapter, Member, MembershipEvent
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries import EnrollmentView, enrollment_views, shown_status
from learning_service.domain.enrollments.standing import WITHDRAWN
from learning_service.domain.errors import Forbidden, NotFound
from learning_service.domain.paging import PageRequest
from learning_service.domain.principal import Principal


def administered(caller: Principal, member_id: Any, *, chapters: bool) -> ColumnElement[bool]:
    """Whether a column's member (of the caller's organization, not erased) is under the caller.

    With `chapters`, administrators of the member's chapter count too.
    """
    reach: list[ColumnElement[bool]] = [false()]
    if caller.admin_regions:
        reach.append(Chapter.region_id.in_(sorted(caller.admin_regions)))
    if chapters and caller.admin_chapters:
        reach.append(Member.chapter_id.in_(sorted(caller.admin_chapters)))
    scope = [
        Member.organization_id == caller.organization_id,
        Member.user_id == member_id,
        Member.erased_at.is_(None),
    ]
    if not caller.is_national_admin:
        scope.append(or_(*reach))
    lives_in = and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id)
    return exists(select(Member.user_id).join(Chapter, lives_in).where(*scope))


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
    """Enrollments of the caller's members, newest first; one more than the page holds."""
    withdrawn = Enrollment.status == WITHDRAWN
    statement = _visible_enrollments(session, caller).where(withdrawn if wanted.withdrawn else ~withdrawn)
    if wanted.user_id is not None:
        statement = statement.where(Enrollment.user_id == wanted.user_id)
    if wanted.course_id is not None:
        statement = statement.where(Enrollment.course_id == wanted.course_id)
    if wanted.status is not None:
        statement = statement.where(shown_status() == wanted.status)
    if wanted.chapter_id is not None:
        in_chapter = and_(
            Member.organization_id == Enrollment.organization_id,
            Member.user_id == Enrollment.user_id,
            Member.chapter_id == wanted.chapter_id,
        )
        statement = statement.where(exists(select(Member.user_id).where(in_chapter)))
    if page.after is not None:
        statement = statement.where(Enrollment.id < uuid.UUID(page.after[0]))
    statement = statement.order_by(Enrollment.id.desc()).limit(page.limit + 1)
    return [EnrollmentView(*row) for row in await session.execute(statement)]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an enrollment exists and what was granted to it since."""

    enrollment: EnrollmentView
    cause_kind: str
    cause_id: str
    rule_id: uuid.UUID | None
    run_id: uuid.UUID | None
    event_source: str | None
    event_id: str | None
    """The membership event's own, where one set the rule off."""
    started_at: datetime | None
    ended_at: datetime | None
    extra_time_seconds: int
    grants: Sequence[EnrollmentGrant]


async def explain_enrollment(session: AsyncSession, view: EnrollmentView) -> Explanation:
    """The story of an enrollment that the caller has already been allowed to see."""
    row = await session.execute(
        select(
            Enrollment.cause_kind,
            Enrollment.cause_id,
            Enrollment.rule_id,
            Enrollment.run_id,
            MembershipEvent.source,
            MembershipEvent.event_id,
            Enrollment.started_at,
            Enrollment.ended_at,
            Enrollment.extra_time_seconds,
        )
        .outerjoin(
            MembershipEvent,
            and_(
                Enrollment.cause_kind == "event",
                MembershipEvent.organization_id == Enrollment.organization_id,
                MembershipEvent.user_id == Enrollment.user_id,
                cast(MembershipEvent.id, Text) == Enrollment.cause_id,
            ),
        )
        .where(Enrollment.id == view.id)
    )
    grants = await session.scalars(
        select(EnrollmentGrant).where(EnrollmentGrant.enrollment_id == view.id).order_by(EnrollmentGrant.id)
    )
    return Explanation(view, *row.one(), grants=grants.all())
