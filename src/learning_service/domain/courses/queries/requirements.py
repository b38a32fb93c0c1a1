"""Compliance requirements with the courses that meet them, as far as the caller sees those."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Select, Text, any_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.access import Draft, Published, courses_seen, joined_courses
from learning_service.domain.courses.queries.reach import Sight
from learning_service.domain.directory.models import ComplianceRequirement
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, Kept, fetch, fetch_first, kept


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
    given: dict[str, Any] = {"organization_id": caller.organization_id, "limit": page.limit + 1}
    if page.after is not None:
        given["after"] = page.after[0]
    rows = await fetch(session, _listed(closed=closed, after=page.after is not None), given)
    return await _views(session, caller, rows)


@cache
def _listed(*, closed: bool, after: bool) -> Kept:
    statement = _requirements()
    if not closed:
        statement = statement.where(ComplianceRequirement.closed_at.is_(None))
    if after:
        statement = statement.where(ComplianceRequirement.id > bindparam("after", type_=Text()))
    return kept(statement.order_by(ComplianceRequirement.id).limit(LIMIT))


@cache
def _one() -> Kept:
    return kept(_requirements().where(ComplianceRequirement.id == bindparam("requirement_id", type_=Text())))


def _requirements() -> Select[Any]:
    """A select of requirements of one organization (its parameter `organization_id`)."""
    return select(*ComplianceRequirement.__table__.columns).where(
        ComplianceRequirement.organization_id == ORGANIZATION_ID
    )


async def get_requirement(session: AsyncSession, caller: Principal, requirement_id: str) -> RequirementView:
    """One requirement. Raises NotFound."""
    given = {"organization_id": caller.organization_id, "requirement_id": requirement_id}
    found = await fetch_first(session, _one(), given)
    if found is None:
        raise NotFound
    return (await _views(session, caller, [found]))[0]


async def _views(
    session: AsyncSession, caller: Principal, requirements: Sequence[Any]
) -> Sequence[RequirementView]:
    linked: dict[str | None, list[LinkedCourse]] = {}
    seen = await courses_seen(session, caller)
    if seen is not None and requirements:
        given = {**seen.units.given(), "requirements": [requirement.id for requirement in requirements]}
        for requirement_id, course_id, name in await fetch(session, _linked(seen.sight), given):
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


@cache
def _linked(sight: Sight) -> Kept:
    title = func.coalesce(Published.title, Draft.title)
    requirements = bindparam("requirements", type_=ARRAY(Text()))
    return kept(
        joined_courses()
        .with_only_columns(Course.linked_compliance_requirement, Course.id, title, maintain_column_froms=True)
        .where(
            Course.organization_id == ORGANIZATION_ID,
            Course.linked_compliance_requirement == any_(requirements),
            or_(sight.authored(), sight.open()),
        )
        .order_by(title, Course.id)
    )
