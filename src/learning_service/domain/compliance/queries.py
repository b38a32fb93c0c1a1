"""Reads of compliance and skills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, and_, case, cast, exists, func, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.clock import now
from learning_service.domain.compliance.models import ChapterComplianceStatus, MemberSkill
from learning_service.domain.courses.models import Course
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries import OPEN
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
