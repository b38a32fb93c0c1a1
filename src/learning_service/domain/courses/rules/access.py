"""Who may author, see and assign a course. Source: the contract, "Who calls" and "Courses and versions"."""

from collections.abc import Collection
from dataclasses import dataclass

from learning_service.domain.kernel.principal import Principal


@dataclass(frozen=True, slots=True)
class Scope:
    """A course's scope: its kind, its unit, and the region that a chapter's course lies in."""

    kind: str
    unit: str | None
    region: str | None

    @property
    def regions(self) -> frozenset[str]:
        """Regions whose administrators have the course under them."""
        own = self.unit if self.kind == "regional" else self.region
        return frozenset({own} if own and self.kind != "national" else ())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person stands in the organization: a member's chapter and region."""

    chapter: str
    region: str


def roles_over(caller: Principal, scope: Scope) -> frozenset[str]:
    """The roles by which the caller administers the unit of a course."""
    held = {
        "national_admin": caller.is_national_admin,
        "regional_admin": bool(caller.admin_regions & scope.regions),
        "chapter_admin": scope.kind == "chapter" and scope.unit in caller.admin_chapters,
    }
    return frozenset(role for role, holds in held.items() if holds)


def is_among(roles: Collection[str], allowed: Collection[str]) -> bool:
    """Whether one of the roles may do what the organization allows to some; to national administrators always."""
    return "national_admin" in roles or any(role in allowed for role in roles)


def may_author(caller: Principal, scope: Scope, authoring_roles: Collection[str]) -> bool:
    """National administrators author everything; others their own unit, where the organization says so."""
    return is_among(roles_over(caller, scope), authoring_roles)


def authors_anything(caller: Principal, authoring_roles: Collection[str]) -> bool:
    """Whether the caller may author some course of the organization."""
    return (
        caller.is_national_admin
        or ("regional_admin" in authoring_roles and bool(caller.admin_regions))
        or ("chapter_admin" in authoring_roles and bool(caller.admin_chapters))
    )


def reaches(scope: Scope, place: Place) -> bool:
    """Whether the course is for members at that place."""
    match scope.kind:
        case "national":
            return True
        case "regional":
            return scope.unit == place.region
        case _:
            return scope.unit == place.chapter


def may_assign(caller: Principal, scope: Scope, chapters: Collection[Place]) -> bool:
    """Whether the caller administers members whom the course is for.

    `chapters` are the chapters that the caller administers, each with its region.
    """
    if caller.is_national_admin:
        return True
    if caller.admin_regions and (scope.kind == "national" or caller.admin_regions & scope.regions):
        return True
    return any(reaches(scope, chapter) for chapter in chapters)
