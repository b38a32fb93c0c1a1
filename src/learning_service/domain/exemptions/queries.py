"""Reads of exemptions, and the conditions by which other statements pass over those who have one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.directory.models import ComplianceRequirement, Member
from learning_service.domain.directory.queries.audience import within
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.documents.models import Document
from learning_service.domain.documents.rules import file_path
from learning_service.domain.exemptions.models import Exemption
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import FENCE, looked_up, of_many


@dataclass(frozen=True, slots=True)
class ExemptionView:
    """An exemption as administrators see it."""

    id: uuid.UUID
    user_id: str
    display_name: str | None
    requirement_id: str | None
    requirement_name: str | None
    course_id: uuid.UUID | None
    course_title: str | None
    reason: str | None
    document_id: uuid.UUID | None
    expires_on: date | None
    expires_at: datetime | None
    granted_by: str
    granted_at: datetime

    @property
    def document_url(self) -> str | None:
        """Where the file is fetched; None: there is none, or it is no longer kept."""
        return None if self.document_id is None else file_path(self.document_id)


@dataclass(frozen=True, slots=True)
class ExemptionFilter:
    """Which exemptions are wanted; None: whatever."""

    user_id: str | None = None
    requirement_id: str | None = None
    course_id: uuid.UUID | None = None
    chapter_id: str | None = None
    in_force: bool | None = None


def holds_at(instant: Any) -> ColumnElement[bool]:
    """Whether an exemption holds now: neither taken back nor at its end."""
    return and_(
        Exemption.ended_at.is_(None), or_(Exemption.expires_at.is_(None), Exemption.expires_at > instant)
    )


def is_exempt(organization_id: Any, user_id: Any, course_id: Any, instant: Any) -> ColumnElement[bool]:
    """Whether a member need not do a course: exempt from it, or from the requirement that it leads to.

    One look-up for each row, by `ix_exemptions_member`.
    """
    requirement = (
        select(Course.linked_compliance_requirement)
        .where(of_many(Course.organization_id, organization_id), Course.id == course_id)
        .correlate_except(Course)
        .offset(FENCE)
        .scalar_subquery()
    )
    exemption = select(Exemption.id).where(
        of_many(Exemption.organization_id, organization_id),
        Exemption.user_id == user_id,
        holds_at(instant),
        or_(Exemption.course_id == course_id, Exemption.requirement_id == requirement),
    )
    return exists(exemption.correlate_except(Exemption).offset(FENCE))


def exempt_from(organization_id: Any, course_id: Any, requirement_id: Any, instant: datetime) -> Select[Any]:
    """Members who need not do a course that leads to this requirement.

    Indexes: `ix_exemptions_course`, `ix_exemptions_requirement`.
    """
    return select(Exemption.user_id).where(
        Exemption.organization_id == organization_id,
        or_(Exemption.course_id == course_id, Exemption.requirement_id == requirement_id),
        holds_at(instant),
    )


async def list_exemptions(
    session: AsyncSession, organization_id: str, reach: Reach, page: PageRequest, wanted: ExemptionFilter
) -> Sequence[ExemptionView]:
    """Exemptions of members within the reach that were not taken back, newest first; one more than the page holds.

    Walks the primary key of the organization from its end.
    """
    statement = _views(organization_id).where(within(organization_id, reach, _MEMBER))
    if wanted.user_id is not None:
        statement = statement.where(Exemption.user_id == wanted.user_id)
    if wanted.requirement_id is not None:
        statement = statement.where(Exemption.requirement_id == wanted.requirement_id)
    if wanted.course_id is not None:
        statement = statement.where(Exemption.course_id == wanted.course_id)
    if wanted.chapter_id is not None:
        statement = statement.where(_MEMBER.chapter_id == wanted.chapter_id)
    if wanted.in_force is not None:
        holds = holds_at(now(session))
        statement = statement.where(holds if wanted.in_force else ~holds)
    if page.after is not None:
        statement = statement.where(Exemption.id < uuid.UUID(page.after[0]))
    rows = await session.execute(statement.order_by(Exemption.id.desc()).limit(page.limit + 1))
    return [ExemptionView(*row) for row in rows]


async def access_exemption(
    session: AsyncSession, organization_id: str, reach: Reach, exemption_id: uuid.UUID
) -> ExemptionView:
    """An exemption of a member within the reach that was not taken back. Raises NotFound."""
    statement = _views(organization_id).where(
        Exemption.id == exemption_id, within(organization_id, reach, _MEMBER)
    )
    row = (await session.execute(statement)).first()
    if row is None:
        raise NotFound
    return ExemptionView(*row)


_MEMBER = looked_up(
    Member,
    "member",
    of_many(Member.organization_id, Exemption.organization_id),
    Member.user_id == Exemption.user_id,
)
"""Whose exemption it is: looked up for each, whatever statistics say."""
_PUBLISHED = select(Course.published_version_id).where(
    Course.organization_id == Exemption.organization_id, Course.id == Exemption.course_id
)
_COLUMNS: tuple[Any, ...] = (
    Exemption.id,
    Exemption.user_id,
    _MEMBER.display_name,
    Exemption.requirement_id,
    ComplianceRequirement.name,
    Exemption.course_id,
    select(CourseVersion.title)
    .where(
        CourseVersion.organization_id == Exemption.organization_id,
        CourseVersion.id == _PUBLISHED.correlate(Exemption).scalar_subquery(),
    )
    .correlate(Exemption)
    .scalar_subquery(),
    Exemption.reason,
    # What is no longer kept cannot be shown.
    Document.id,
    Exemption.expires_on,
    Exemption.expires_at,
    Exemption.granted_by,
    Exemption.granted_at,
)


def _views(organization_id: str) -> Select[Any]:
    return (
        select(*_COLUMNS)
        .select_from(Exemption)
        .join(_MEMBER, true())
        .outerjoin(
            ComplianceRequirement,
            and_(
                ComplianceRequirement.organization_id == Exemption.organization_id,
                ComplianceRequirement.id == Exemption.requirement_id,
            ),
        )
        .outerjoin(
            Document,
            and_(Document.organization_id == Exemption.organization_id, Document.id == Exemption.document_id),
        )
        .where(
            Exemption.organization_id == organization_id,
            Exemption.ended_at.is_(None),
            _MEMBER.erased_at.is_(None),
        )
    )
