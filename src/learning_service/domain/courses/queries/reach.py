"""Whom courses are for, and whose they are: conditions on `Course`.

They are about `Units`: a caller's own, or for a kept read the parameters of the same names, which it is given.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
)

from learning_service.domain.courses.models import Course
from learning_service.domain.directory.models import Chapter
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import ORGANIZATION_ID


@dataclass(frozen=True, slots=True)
class Units:
    """A caller's organization, what they administer there, and where they are a member themselves."""

    organization_id: Any
    admin_regions: Any
    admin_chapters: Any
    own_chapter: Any = None
    own_region: Any = None

    def given(self) -> dict[str, Any]:
        """What a kept read is given of them."""
        return asdict(self)


PARAMETERS = Units(
    ORGANIZATION_ID,
    bindparam("admin_regions", type_=ARRAY(Text())),
    bindparam("admin_chapters", type_=ARRAY(Text())),
    bindparam("own_chapter", type_=Text()),
    bindparam("own_region", type_=Text()),
)


def units_of(caller: Principal, *place: str | None) -> Units:
    """A caller's units; `place` are the own chapter and its region."""
    return Units(caller.organization_id, sorted(caller.admin_regions), sorted(caller.admin_chapters), *place)


@dataclass(frozen=True, slots=True)
class Offices:
    """Where a caller has offices: in the organization, in some regions, in some chapters."""

    national: bool
    regions: bool
    chapters: bool

    def authored(self, thing: Any = Course, units: Units = PARAMETERS) -> ColumnElement[bool]:
        """What is of those units, as a condition on courses, or on another thing with a scope."""
        if self.national:
            return true()
        allowed: list[ColumnElement[bool]] = [false()]
        if self.regions:
            allowed.append(and_(thing.scope == "regional", thing.scope_id == func.any(units.admin_regions)))
            allowed.append(and_(thing.scope == "chapter", thing.scope_id.in_(_chapters_in_regions(units))))
        if self.chapters:
            allowed.append(and_(thing.scope == "chapter", thing.scope_id == func.any(units.admin_chapters)))
        return or_(*allowed)

    def assigned(self, units: Units = PARAMETERS) -> ColumnElement[bool]:
        """Courses for members of those units."""
        if self.national:
            return true()
        allowed: list[ColumnElement[bool]] = [false()]
        if self.regions:
            allowed.append(Course.scope == "national")
            allowed.append(and_(Course.scope == "regional", Course.scope_id == func.any(units.admin_regions)))
            allowed.append(and_(Course.scope == "chapter", Course.scope_id.in_(_chapters_in_regions(units))))
        if self.chapters:
            own = select(Chapter.region_id).where(
                Chapter.organization_id == units.organization_id, Chapter.id == func.any(units.admin_chapters)
            )
            allowed.append(and_(Course.scope == "national", own.exists()))
            allowed.append(and_(Course.scope == "regional", Course.scope_id.in_(own)))
            allowed.append(and_(Course.scope == "chapter", Course.scope_id == func.any(units.admin_chapters)))
        return or_(*allowed)


def _chapters_in_regions(units: Units) -> Select[Any]:
    return select(Chapter.id).where(
        Chapter.organization_id == units.organization_id, Chapter.region_id == func.any(units.admin_regions)
    )


def authoring_offices(caller: Principal, roles: Sequence[str]) -> Offices:
    """Offices by which a caller authors; `roles` are those that may."""
    return Offices(
        caller.is_national_admin,
        "regional_admin" in roles and bool(caller.admin_regions),
        "chapter_admin" in roles and bool(caller.admin_chapters),
    )


def assigning_offices(caller: Principal, *, chapters: bool = True) -> Offices:
    """Offices by which a caller administers members; without `chapters`, those of regions."""
    return Offices(
        caller.is_national_admin, bool(caller.admin_regions), chapters and bool(caller.admin_chapters)
    )


def assigned_by(caller: Principal, *, chapters: bool = True) -> ColumnElement[bool]:
    """Courses for members whom the caller administers, as a condition on `Course`; without `chapters`, in regions."""
    return assigning_offices(caller, chapters=chapters).assigned(units_of(caller))


def is_for_member(chapter: Any, region: Any) -> ColumnElement[bool]:
    """Whether a course is for members of that chapter and region."""
    return or_(
        Course.scope == "national",
        and_(Course.scope == "regional", Course.scope_id == region),
        and_(Course.scope == "chapter", Course.scope_id == chapter),
    )


@dataclass(frozen=True, slots=True)
class Sight:
    """By what a caller sees courses: conditions on `Course`."""

    authoring: Offices
    assigning: Offices
    is_member: bool
    kind: str

    def authored(self, units: Units = PARAMETERS) -> ColumnElement[bool]:
        """What they may author."""
        return and_(Course.kind == self.kind, self.authoring.authored(Course, units))

    def open(self, units: Units = PARAMETERS) -> ColumnElement[bool]:
        """What is open to them."""
        entered = is_for_member(units.own_chapter, units.own_region) if self.is_member else false()
        published = and_(Course.published_version_id.is_not(None), Course.archived_at.is_(None))
        return and_(Course.kind == self.kind, published, or_(entered, self.assigning.assigned(units)))


@dataclass(frozen=True, slots=True)
class CoursesSeen:
    """What a caller sees within their organization."""

    sight: Sight
    units: Units

    @property
    def authored(self) -> ColumnElement[bool]:
        """What they may author, by their own units."""
        return self.sight.authored(self.units)

    @property
    def open(self) -> ColumnElement[bool]:
        """What is open to them, by their own units."""
        return self.sight.open(self.units)
