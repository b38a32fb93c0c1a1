"""Compliance requirements with the courses that meet them, as far as the caller sees those."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.access import Draft, Published, courses_seen, joined_courses
from learning_service.domain.directory.models import ComplianceRequirement
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal


@dataclass(frozen=True, slots=True)
class LinkedCourse:
    """A course that meets a requirement."""

    id: uuid.UUID
    title: str


@dataclass(frozen=True, slots=True)
class RequirementView:
    """A requirement as the caller sees it."""

    id: str
    name: str
    courses: Sequence[LinkedCourse]
    audience_filter: Mapping[str, Any] | None
    """Who must meet it; None: all active members."""
    linkable_by: Sequence[str]
    closed: bool


async def list_requirements(
    session: AsyncSession, caller: Principal, page: PageRequest, *, closed: bool
) -> Sequence[RequirementView]:
    """The organization's requirements by id, with `closed` retired ones too; one more than the page holds."""
    statement = select(ComplianceRequirement).where(
        ComplianceRequirement.organization_id == caller.organization_id
    )
    if not closed:
        statement = statement.where(ComplianceRequirement.closed_at.is_(None))
    if page.after is not None:
        statement = statement.where(ComplianceRequirement.id > page.after[0])
    rows = await session.scalars(statement.order_by(ComplianceRequirement.id).limit(page.limit + 1))
    return await _views(session, caller, rows.all())


async def get_requirement(session: AsyncSession, caller: Principal, requirement_id: str) -> RequirementView:
    """One requirement. Raises NotFound."""
    found = await session.get(
        ComplianceRequirement, (caller.organization_id, requirement_id), populate_existing=True
    )
    if found is None:
        raise NotFound
    return (await _views(session, caller, [found]))[0]


async def _views(
    session: AsyncSession, caller: Principal, requirements: Sequence[ComplianceRequirement]
) -> Sequence[RequirementView]:
    linked: dict[str | None, list[LinkedCourse]] = {}
    seen = await courses_seen(session, caller)
    if seen is not None and requirements:
        title = func.coalesce(Published.title, Draft.title)
        columns = (Course.linked_compliance_requirement, Course.id, title)
        statement = (
            joined_courses()
            .with_only_columns(*columns, maintain_column_froms=True)
            .where(
                Course.organization_id == caller.organization_id,
                Course.linked_compliance_requirement.in_([requirement.id for requirement in requirements]),
                or_(seen.authored, seen.open),
            )
            .order_by(title, Course.id)
        )
        for requirement_id, course_id, name in await session.execute(statement):
            linked.setdefault(requirement_id, []).append(LinkedCourse(course_id, name))
    return [
        RequirementView(
            one.id,
            one.name,
            linked.get(one.id, ()),
            one.audience_filter,
            one.linkable_by,
            one.closed_at is not None,
        )
        for one in requirements
    ]
