"""Who may author, see and assign a course: every kind of caller against every scope."""

from itertools import product

import pytest

from learning_service.domain.courses.rules.access import (
    Place,
    Scope,
    authors_anything,
    may_assign,
    may_author,
    reaches,
)
from learning_service.domain.kernel.principal import Principal

NATIONAL = Scope("national", None, None)
NORTH, SOUTH = Scope("regional", "north", None), Scope("regional", "south", None)
N1, S1 = Scope("chapter", "n1", "north"), Scope("chapter", "s1", "south")
SCOPES = {"national": NATIONAL, "north": NORTH, "south": SOUTH, "n1": N1, "s1": S1}
ALL_ROLES = ("national_admin", "regional_admin", "chapter_admin")
BOSS, NORA, CHAIR, ANA = "national_admin", "regional_admin:north", "chapter_admin:n1", "grader"
AUTHORS: dict[tuple[str, tuple[str, ...]], set[str]] = {
    (BOSS, ()): set(SCOPES),
    (NORA, ALL_ROLES): {"north", "n1"},
    (NORA, ("national_admin", "chapter_admin")): set(),
    (CHAIR, ALL_ROLES): {"n1"},
    (CHAIR, ("national_admin", "regional_admin")): set(),
    (ANA, ALL_ROLES): set(),
}
PLACES = {"n1": Place("n1", "north"), "n2": Place("n2", "north"), "s1": Place("s1", "south")}


def caller(*roles: str) -> Principal:
    return Principal("org", "user", roles=frozenset(roles))


@pytest.mark.parametrize("who", AUTHORS)
def test_who_may_author(who: tuple[str, tuple[str, ...]]) -> None:
    role, allowed = who
    found = {name for name, scope in SCOPES.items() if may_author(caller(role), scope, allowed)}
    assert found == AUTHORS[who]
    assert authors_anything(caller(role), allowed) == bool(AUTHORS[who])


def test_a_chapter_admin_authors_no_region_of_the_chapters_name() -> None:
    assert not may_author(caller(CHAIR), Scope("regional", "n1", None), ALL_ROLES)
    assert not may_author(caller("regional_admin:n1"), Scope("chapter", "n1", "north"), ALL_ROLES)


def test_the_regions_of_a_scope() -> None:
    assert NATIONAL.regions == frozenset()
    assert Scope("national", "north", "north").regions == frozenset()
    assert NORTH.regions == N1.regions == {"north"}
    assert Scope("chapter", "x", None).regions == frozenset()


def test_whom_a_course_is_for() -> None:
    found = {
        (s, p) for (s, scope), (p, place) in product(SCOPES.items(), PLACES.items()) if reaches(scope, place)
    }
    everywhere = {("national", place) for place in PLACES}
    assert found == everywhere | {
        ("north", "n1"),
        ("north", "n2"),
        ("south", "s1"),
        ("n1", "n1"),
        ("s1", "s1"),
    }


@pytest.mark.parametrize(
    ("role", "chapters", "courses"),
    [
        (BOSS, [], set(SCOPES)),
        (NORA, [], {"national", "north", "n1"}),
        (CHAIR, ["n1"], {"national", "north", "n1"}),
        ("chapter_admin:n2", ["n2"], {"national", "north"}),
        (CHAIR, [], set()),
        (ANA, [], set()),
    ],
)
def test_who_may_assign(role: str, chapters: list[str], courses: set[str]) -> None:
    places = [PLACES[chapter] for chapter in chapters]
    assert {name for name, scope in SCOPES.items() if may_assign(caller(role), scope, places)} == courses
