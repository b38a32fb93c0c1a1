"""What a caller may do, as units of the organization; judged by the same rules that the calls themselves ask."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from learning_service.domain.courses.rules.access import Place, Scope, may_author
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.kernel.principal import Principal

NATIONAL = Scope("national", None, None)


@dataclass(frozen=True, slots=True)
class Unit:
    """The whole organization, a region or a chapter."""

    scope: str
    scope_id: str | None


@dataclass(frozen=True, slots=True)
class Rights:
    """What a caller may do; the broadest unit stands for those inside it."""

    author: tuple[Unit, ...]
    administer: tuple[Unit, ...]
    grade: bool


def authored_units(
    caller: Principal, authoring_roles: Collection[str], regions: Collection[str], chapters: Collection[Place]
) -> tuple[Unit, ...]:
    """The units whose courses the caller may author, of those that exist."""
    return _broadest(
        [scope for scope in _scopes(caller, regions, chapters) if may_author(caller, scope, authoring_roles)]
    )


def administered_units(
    caller: Principal, regions: Collection[str], chapters: Collection[Place]
) -> tuple[Unit, ...]:
    """The units whose members the caller administers, of those that exist."""
    reach = reach_of(caller, chapters=True)
    reached = {
        "national": {None} if reach.national else set(),
        "regional": reach.regions,
        "chapter": reach.chapters,
    }
    return _broadest(
        [scope for scope in _scopes(caller, regions, chapters) if scope.unit in reached[scope.kind]]
    )


def _scopes(caller: Principal, regions: Collection[str], chapters: Collection[Place]) -> Iterator[Scope]:
    """The units that the caller's roles name, the broadest first."""
    yield NATIONAL
    for region in sorted(caller.admin_regions & set(regions)):
        yield Scope("regional", region, None)
    for place in sorted(chapters, key=lambda place: place.chapter):
        if place.chapter in caller.admin_chapters:
            yield Scope("chapter", place.chapter, place.region)


def _broadest(scopes: Collection[Scope]) -> tuple[Unit, ...]:
    if NATIONAL in scopes:
        return (Unit("national", None),)
    regions = {scope.unit for scope in scopes if scope.kind == "regional"}
    return tuple(Unit(scope.kind, scope.unit) for scope in scopes if scope.region not in regions)
