"""Whom courses are for, and whose they are: conditions on `Course`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from learning_service.domain.courses.models import Course
from learning_service.domain.directory.models import Chapter
from learning_service.domain.kernel.principal import Principal


def chapters_of(caller: Principal) -> Select[Any]:
    """The chapters in the regions that the caller administers."""
    return select(Chapter.id).where(
        Chapter.organization_id == caller.organization_id, Chapter.region_id.in_(sorted(caller.admin_regions))
    )


def authored_by(caller: Principal, roles: Sequence[str], thing: Any = Course) -> ColumnElement[bool]:
    """What the caller may author, as a condition on courses, or on another thing with a scope."""
    if caller.is_national_admin:
        return true()
    allowed: list[ColumnElement[bool]] = [false()]
    if "regional_admin" in roles and caller.admin_regions:
        allowed.append(and_(thing.scope == "regional", thing.scope_id.in_(sorted(caller.admin_regions))))
        allowed.append(and_(thing.scope == "chapter", thing.scope_id.in_(chapters_of(caller))))
    if "chapter_admin" in roles and caller.admin_chapters:
        allowed.append(and_(thing.scope == "chapter", thing.scope_id.in_(sorted(caller.admin_chapters))))
    return or_(*allowed)


def is_for_member(chapter: Any, region: Any) -> ColumnElement[bool]:
    """Whether a course is for members of that chapter and region."""
    return or_(
        Course.scope == "national",
        and_(Course.scope == "regional", Course.scope_id == region),
        and_(Course.scope == "chapter", Course.scope_id == chapter),
    )


def assigned_by(caller: Principal, *, chapters: bool = True) -> ColumnElement[bool]:
    """Courses for members whom the caller administers, as a condition on `Course`; without `chapters`, in regions."""
    if caller.is_national_admin:
        return true()
    allowed: list[ColumnElement[bool]] = [false()]
    if caller.admin_regions:
        regions = sorted(caller.admin_regions)
        allowed.append(Course.scope == "national")
        allowed.append(and_(Course.scope == "regional", Course.scope_id.in_(regions)))
        allowed.append(and_(Course.scope == "chapter", Course.scope_id.in_(chapters_of(caller))))
    if chapters and caller.admin_chapters:
        own = select(Chapter.region_id).where(
            Chapter.organization_id == caller.organization_id, Chapter.id.in_(sorted(caller.admin_chapters))
        )
        allowed.append(and_(Course.scope == "national", own.exists()))
        allowed.append(and_(Course.scope == "regional", Course.scope_id.in_(own)))
        allowed.append(and_(Course.scope == "chapter", Course.scope_id.in_(sorted(caller.admin_chapters))))
    return or_(*allowed)
