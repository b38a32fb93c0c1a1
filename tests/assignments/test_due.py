"""Days belong to a place: they begin and end at its midnight, whatever its clocks do."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.kit.assignments import ZONES

from learning_service.domain.assignments.rules.due import DueAt, due_at_of
from learning_service.domain.kernel.days import end_of_day, local_day, start_of_day
from learning_service.domain.kernel.values import LAST_DAY, Day


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sampled_from(ZONES))
def test_a_day_holds_its_moments_and_no_others(day: date, zone: str) -> None:
    start, end = start_of_day(day, zone), end_of_day(day, zone)
    if (zone, day) == ("Pacific/Apia", date(2011, 12, 30)):
        return  # The day that Samoa left out.
    assert timedelta(hours=22) < end - start < timedelta(hours=26)
    assert local_day(start, zone) == day
    assert local_day(start - timedelta(seconds=1), zone) == day - timedelta(days=1)
    assert local_day(end - timedelta(seconds=1), zone) == day


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        (date(2026, 3, 8), "America/New_York", datetime(2026, 3, 9, 4, tzinfo=UTC)),
        (date(2026, 11, 1), "America/New_York", datetime(2026, 11, 2, 5, tzinfo=UTC)),
        (date(2018, 11, 3), "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
        (date(2026, 12, 31), "Pacific/Kiritimati", datetime(2026, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_where_clocks_change(day: date, zone: str, end: datetime) -> None:
    assert end_of_day(day, zone) == end


def test_due_in_days_counts_local_days() -> None:
    late = datetime(2026, 5, 1, 23, 30, tzinfo=ZoneInfo("America/New_York"))
    due = due_at_of(late.astimezone(UTC), "America/New_York", due_in_days=1, due_on=None)
    assert due == datetime(2026, 5, 3, 4, tzinfo=UTC)
    assert due_at_of(late, "UTC", due_in_days=None, due_on=None) is None


def test_a_day_that_is_named_ends_there_whenever_it_was_assigned() -> None:
    due = due_at_of(
        datetime(2026, 5, 1, tzinfo=UTC), "America/New_York", due_in_days=None, due_on=date(2026, 5, 3)
    )
    assert due == datetime(2026, 5, 4, 4, tzinfo=UTC)


def test_how_far_a_day_or_a_moment_may_be() -> None:
    days, moments = TypeAdapter[date](Day), TypeAdapter[datetime](DueAt)
    last = datetime(9000, 1, 1, tzinfo=UTC)
    assert days.validate_json('"9000-01-01"') == LAST_DAY == last.date()
    assert moments.validate_json('"9000-01-01T00:00:00Z"') == last
    assert moments.validate_json('"2026-05-01T10:20:30.999999Z"') == datetime(
        2026, 5, 1, 10, 20, 30, tzinfo=UTC
    )
    too_far: list[tuple[TypeAdapter[Any], str]] = [
        (days, '"9000-01-02"'),
        (moments, '"9000-01-01T00:00:01Z"'),
    ]
    for adapter, sent in too_far:
        with pytest.raises(ValidationError, match="must not be after 9000-01-01"):
            adapter.validate_json(sent)
