"""What membership events change: the same, whatever order they come in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from learning_service.domain.directory.rules.membership import (
    Clocks,
    MembershipData,
    MemberState,
    Stamp,
    apply_event,
    dump_clocks,
    load_clocks,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
FRESH = MemberState("pledge", "n1", {"kept": 1}, Clocks())

data = st.builds(
    MembershipData,
    status=st.sampled_from(["pledge", "active", "alumna"]),
    chapter_id=st.sampled_from([None, "n1", "n2", "s1"]),
    custom_fields=st.none()
    | st.dictionaries(st.sampled_from(["a", "b", "kept"]), st.none() | st.integers(0, 3), max_size=3),
)
stamps = st.builds(
    Stamp,
    time=st.integers(0, 5).map(lambda hours: START + timedelta(hours=hours)),
    event_id=st.sampled_from(["1", "10", "2"]),
    source=st.sampled_from(["/a", "/b"]),
)
histories = st.dictionaries(stamps, data, max_size=12)


def fold(events: list[tuple[Stamp, MembershipData]]) -> MemberState:
    state = FRESH
    for stamp, said in events:
        state = apply_event(state, stamp, said) or state
    return state


@settings(max_examples=300, deadline=None)
@given(histories, st.data())
def test_any_order_with_duplicates_ends_the_same(history: dict[Stamp, MembershipData], drawn: Any) -> None:
    once = sorted(history.items(), key=lambda event: event[0])
    shuffled = drawn.draw(
        st.permutations(once + drawn.draw(st.lists(st.sampled_from(once)) if once else st.just([])))
    )
    assert fold(shuffled) == fold(once)


@given(stamps, data)
def test_the_same_event_twice_is_stale(stamp: Stamp, said: MembershipData) -> None:
    state = apply_event(FRESH, stamp, said)
    assert state is not None
    assert apply_event(state, stamp, said) is None


def test_each_part_has_its_own_clock() -> None:
    late, early = Stamp(START + timedelta(hours=2), "l", "/"), Stamp(START, "e", "/")
    state = apply_event(FRESH, late, MembershipData(status="active", custom_fields={"a": 1}))
    assert state is not None
    older = MembershipData(status="alumna", chapter_id="s1", custom_fields={"a": 2, "b": None})
    state = apply_event(state, early, older)
    assert state is not None
    assert (state.status, state.chapter_id) == ("active", "s1")
    assert state.custom_fields == {"kept": 1, "a": 1, "b": None}


@given(histories)
def test_clocks_survive_being_stored(history: dict[Stamp, MembershipData]) -> None:
    clocks = fold(list(history.items())).clocks
    assert load_clocks(dump_clocks(clocks)) == clocks
    assert load_clocks({}) == Clocks()
