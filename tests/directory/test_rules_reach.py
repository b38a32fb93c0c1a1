"""Which members somebody administers: the algebra of reaches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_service.domain.directory.rules.reach import Reach, reach_of, reach_of_course
from learning_service.domain.kernel.principal import Principal

units = st.frozensets(st.sampled_from("abcd"), max_size=3)
reaches = st.builds(Reach, national=st.booleans(), regions=units, chapters=units)


@given(reaches, reaches)
def test_covering_and_meeting(one: Reach, other: Reach) -> None:
    assert Reach.from_json(one.as_json()) == one
    assert one.covers(one)
    assert one.meets(other) == other.meets(one)
    assert Reach(national=True).covers(one)
    assert Reach(national=True).meets(one)
    if not one.national:
        assert not one.covers(Reach(national=True))
        inside = other.regions <= one.regions and other.chapters <= one.chapters
        assert one.covers(other) == (inside and not other.national)
        common = one.regions & other.regions or one.chapters & other.chapters
        assert one.meets(other) == (bool(common) or other.national)


def test_a_region_is_not_a_chapter_of_its_name() -> None:
    region, chapter = Reach(regions=frozenset("a")), Reach(chapters=frozenset("a"))
    assert not region.covers(chapter)
    assert not chapter.covers(region)
    assert not region.meets(chapter)
    assert region.as_json() == {"national": False, "regions": ["a"], "chapters": []}


@pytest.mark.parametrize(
    ("roles", "chapters", "reach"),
    [
        ({"national_admin"}, False, Reach(national=True)),
        ({"regional_admin:r"}, False, Reach(regions=frozenset("r"))),
        ({"regional_admin:r", "chapter_admin:c"}, False, Reach(regions=frozenset("r"))),
        ({"regional_admin:r", "chapter_admin:c"}, True, Reach(False, frozenset("r"), frozenset("c"))),
        ({"chapter_admin:c"}, False, Reach()),
        (set(), True, Reach()),
    ],
)
def test_the_reach_of_a_caller(roles: set[str], chapters: bool, reach: Reach) -> None:
    assert reach_of(Principal("org", "u", roles=frozenset(roles)), chapters=chapters) == reach


def test_the_reach_of_a_course() -> None:
    assert reach_of_course("national", None) == Reach(national=True)
    assert reach_of_course("regional", "r") == Reach(regions=frozenset("r"))
    assert reach_of_course("chapter", "c") == Reach(chapters=frozenset("c"))
