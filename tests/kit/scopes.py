"""Courses of every scope."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.access import (
    CourseView,
)
from learning_service.domain.courses.rules.access import Scope

AT = datetime(2026, 1, 1, tzinfo=UTC)
SCOPES = (
    Scope("national", None, None),
    Scope("regional", "north", None),
    Scope("regional", "south", None),
    Scope("chapter", "n1", "north"),
    Scope("chapter", "n2", "north"),
    Scope("chapter", "s1", "south"),
)


@dataclass(frozen=True)
class Made:
    """A course of the scene."""

    view: CourseView
    scope: Scope
    version_id: uuid.UUID | None


async def add_course(session: AsyncSession, organization: str, scope: Scope, state: str) -> Made:
    course = Course(
        organization_id=organization,
        scope=scope.kind,
        scope_id=scope.unit,
        self_enrollment=state == "changed",
        recertification_cadence="P1Y",
        linked_compliance_requirement="hazing",
        archived_at=AT if state == "archived" else None,
        created_by="boss",
        created_at=AT,
        updated_at=AT,
    )
    session.add(course)
    await session.flush()

    async def add_version(number: int, title: str, pass_score: int, published: bool) -> uuid.UUID:
        version = CourseVersion(
            organization_id=organization,
            course_id=course.id,
            number=number,
            title=title,
            description_html="",
            pass_score=pass_score,
            etag="e",
            created_at=AT,
            updated_at=AT,
            published_at=AT if published else None,
        )
        session.add(version)
        await session.flush()
        return version.id

    if state != "draft":
        course.published_version_id = await add_version(1, "One", 70, True)
    if state in ("draft", "changed"):
        await add_version(2, "Two", 80, False)
    await session.flush()
    view = CourseView(
        id=course.id,
        title="Two" if state == "draft" else "One",
        scope=scope.kind,
        scope_id=scope.unit,
        self_enrollment=state == "changed",
        recertification_cadence="P1Y",
        linked_compliance_requirement="hazing",
        published_version=None if state == "draft" else 1,
        draft_version=2 if state in ("draft", "changed") else None,
        pass_score=Decimal(80 if state == "draft" else 70),
        archived=state == "archived",
        description_html="",
        image_url=None,
        language=None,
        estimated_minutes=None,
        credit_hours=None,
        category=None,
        prerequisites=[],
        sequence="free",
        recertification="full",
    )
    return Made(view, scope, course.published_version_id)
