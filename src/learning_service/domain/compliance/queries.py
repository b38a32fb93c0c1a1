"""Reads of compliance and skills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.clock import now
from learning_service.domain.compliance.models import ChapterComplianceStatus, MemberSkill
from learning_service.domain.courses.models import Course
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.standing import OPEN
from learning_service.domain.paging import PageRequest
from learning_service.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class StatusView:
    """Where a member stands with a requirement, now."""

    user_id: str
    chapter_id: str
    requirement_id: str
    status: str
    completed_at: datetime | None
    expires_at: datetime | None


async def list_own_statuses(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[StatusView]:
    """The caller's statuses, by requirement; one more than the page holds.

    Complete or expired where there is a completion, pending where only an enrollment is open.
    """
    mine = ChapterComplianceStatus
    shown = select(
        mine.requirement_id,
        case((mine.expires_at <= now(session), "expired"), else_="complete").label("status"),
        mine.completed_at,
        mine.expires_at,
    ).where(mine.organization_id == caller.organization_id, mine.user_id == caller.user_id)
    pending = (
        select(
            Course.linked_compliance_requirement,
            literal("pending", String),
            cast(null(), mine.completed_at.type),
            cast(null(), mine.expires_at.type),
        )
        .join(Enrollment, Enrollment.course_id == Course.id)
        .where(
            Enrollment.organization_id == caller.organization_id,
            Enrollment.user_id == caller.user_id,
            Enrollment.status.in_(OPEN),
            Course.linked_compliance_requirement.is_not(None),
            ~exists().where(
                mine.organization_id == caller.organization_id,
                mine.user_id == caller.user_id,
                mine.requirement_id == Course.linked_compliance_requirement,
                func.coalesce(mine.expires_at > now(session), True),
            ),
        )
        .distinct()
    )
    found = union_all(shown, pending).subquery()
    # A lapsed requirement whose renewal is under way is both; it stays expired until it is met again.
    statement = (
        select(Member.user_id, Member.chapter_id, found)
        .join(found, literal(True))
        .where(Member.organization_id == caller.organization_id, Member.user_id == caller.user_id)
        .ext(distinct_on(found.c.requirement_id))
        .order_by(found.c.requirement_id, (found.c.status == "expired").desc())
        .limit(page.limit + 1)
    )
    if page.after is not None:
        statement = statement.where(found.c.requirement_id > page.after[0])
    return [StatusView(*row) for row in await session.execute(statement)]


async def list_statuses(
    session: AsyncSession,
    organization_id: str,
    who: ColumnElement[bool],
    page: PageRequest,
    *,
    requirement_id: str | None,
    status: str | None,
) -> Sequence[StatusView]:
    """Statuses of these members, by member and requirement; one more than the page holds."""
    met = _met(organization_id, now(session))
    under_way = _under_way_only(organization_id)
    parts = []
    for part in (met, under_way):
        part = part.where(who)
        found = part.subquery()
        statement = select(found)
        if requirement_id is not None:
            statement = statement.where(found.c.requirement_id == requirement_id)
        if status is not None:
            statement = statement.where(found.c.status == status)
        if page.after is not None:
            statement = statement.where(tuple_(found.c.user_id, found.c.requirement_id) > page.after)
        parts.append(
            statement.order_by(found.c.user_id, found.c.requirement_id).limit(page.limit + 1).subquery()
        )
    both = union_all(*(select(part) for part in parts)).subquery()
    statement = select(both).order_by(both.c.user_id, both.c.requirement_id).limit(page.limit + 1)
    return [StatusView(*row) for row in await session.execute(statement)]


def _met(organization_id: str, instant: datetime) -> Any:
    """Requirements that members have met at least once; what is under way says more than what lapsed."""
    met = ChapterComplianceStatus
    renewing = exists().where(
        Enrollment.organization_id == organization_id,
        Enrollment.user_id == met.user_id,
        Enrollment.status.in_(OPEN),
        Enrollment.course_id == Course.id,
        Course.linked_compliance_requirement == met.requirement_id,
    )
    lapsed = func.coalesce(met.expires_at <= instant, False)
    status = case((~lapsed, "complete"), (renewing, "pending"), else_="expired")
    return (
        select(
            Member.user_id,
            Member.chapter_id,
            met.requirement_id,
            status.label("status"),
            case((status != "pending", met.completed_at)).label("completed_at"),
            case((status != "pending", met.expires_at)).label("expires_at"),
        )
        .join(met, and_(met.organization_id == Member.organization_id, met.user_id == Member.user_id))
        .where(Member.organization_id == organization_id, Member.erased_at.is_(None))
    )


def _under_way_only(organization_id: str) -> Any:
    """Requirements that members never met, with an open enrollment of a linked course."""
    met = ChapterComplianceStatus
    never = ~exists().where(
        met.organization_id == organization_id,
        met.user_id == Member.user_id,
        met.requirement_id == Course.linked_compliance_requirement,
    )
    return (
        select(
            Member.user_id,
            Member.chapter_id,
            Course.linked_compliance_requirement.label("requirement_id"),
            literal("pending", String).label("status"),
            cast(null(), met.completed_at.type).label("completed_at"),
            cast(null(), met.expires_at.type).label("expires_at"),
        )
        .join(
            Enrollment,
            and_(Enrollment.organization_id == Member.organization_id, Enrollment.user_id == Member.user_id),
        )
        .join(Course, Course.id == Enrollment.course_id)
        .where(
            Member.organization_id == organization_id,
            Member.erased_at.is_(None),
            Enrollment.status.in_(OPEN),
            Course.linked_compliance_requirement.is_not(None),
            never,
        )
        .distinct()
    )


async def list_own_skills(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[MemberSkill]:
    """The caller's skills by id; one more than the page holds."""
    statement = select(MemberSkill).where(
        and_(MemberSkill.organization_id == caller.organization_id, MemberSkill.user_id == caller.user_id)
    )
    if page.after is not None:
        statement = statement.where(MemberSkill.skill_id > page.after[0])
    return (await session.scalars(statement.order_by(MemberSkill.skill_id).limit(page.limit + 1))).all()
