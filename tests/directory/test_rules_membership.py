"""What membership events look like, and what they change: the same, whatever order they come in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from learning_service.domain.directory.rules.membership import (
    Clocks,
    MembershipData,
    MembershipEvents,
    MemberState,
    Stamp,
    apply_event,
    dump_clocks,
    load_clocks,
)

EVENTS: TypeAdapter[Any] = TypeAdapter(MembershipEvents)
EVENT = {
    "specversion": "1.0",
    "type": "membership.status_changed",
    "id": "1",
    "source": "/directory",
    "time": "2026-01-01T00:00:00Z",
    "subject": "ana",
    "data": {"status": "active"},
}
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


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"source": "urn:directory"},
        {"datacontenttype": "application/json"},
        {"datacontenttype": "Application/CloudEvents+JSON; charset=utf-8"},
    ],
)
def test_events_come_one_by_one_or_in_a_list(changes: dict[str, Any]) -> None:
    event = {**EVENT, **changes}
    one = EVENTS.validate_json(json.dumps(event))
    assert one.subject == "ana"
    assert EVENTS.validate_json(json.dumps([event, event])) == (one, one)


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"source": "a b"}, "source", "must not contain spaces or control characters"),
        ({"dataschema": "a\tb"}, "dataschema", "must not contain spaces or control characters"),
        ({"datacontenttype": "text/plain"}, "datacontenttype", "must be a JSON type: the data is JSON"),
        (
            {"datacontenttype": "application/jsonp"},
            "datacontenttype",
            "must be a JSON type: the data is JSON",
        ),
    ],
)
def test_an_event_of_another_form_is_refused(changes: dict[str, Any], place: str, said: str) -> None:
    event = {**EVENT, **changes}
    for body, where in ((event, ("one", place)), ([EVENT, event], ("many", 1, place))):
        with pytest.raises(ValidationError) as refusal:
            EVENTS.validate_json(json.dumps(body))
        [error] = refusal.value.errors()
        assert (error["loc"], error["msg"]) == (where, f"Value error, {said}")
