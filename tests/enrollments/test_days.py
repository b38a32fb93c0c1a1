"""Valid until a day means to the end of that day where the organization is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kit.assignments import ZONES

from learning_service.domain.enrollments.rules import expiry, renewal_opens
from learning_service.domain.kernel.days import end_of_day, last_day, local_day


def test_the_end_of_the_day_where_the_organization_is() -> None:
    done = datetime(2026, 11, 29, 21, 27, tzinfo=UTC)
    expires = expiry(done, "P1Y", "America/New_York")
    assert expires == datetime(2027, 11, 30, 5, tzinfo=UTC)
    assert last_day(expires, "America/New_York") == date(2027, 11, 29)
    renewed = expiry(datetime(2027, 11, 20, tzinfo=UTC), "P1Y", "America/New_York", expires)
    assert renewed == datetime(2028, 11, 30, 5, tzinfo=UTC)


def test_29_february_and_what_was_kept_from_before() -> None:
    assert expiry(datetime(2028, 2, 29, 12, tzinfo=UTC), "P1Y", "UTC") == datetime(2029, 3, 1, tzinfo=UTC)
    kept = datetime(2027, 3, 5, 16, 27, tzinfo=UTC)
    assert last_day(kept, "UTC") == date(2027, 3, 5)
    assert expiry(datetime(2027, 3, 1, tzinfo=UTC), "P1Y", "UTC", kept) == datetime(2028, 3, 6, tzinfo=UTC)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.sampled_from(ZONES),
)
def test_a_day_counts_whole(moment: datetime, zone: str) -> None:
    done = moment.replace(tzinfo=UTC)
    expires = expiry(done, "P10D", zone)
    assert expires is not None
    day = local_day(done, zone) + timedelta(days=10)
    assert expires == end_of_day(day, zone)
    assert last_day(expires, zone) == day
    assert local_day(expires - timedelta(seconds=1), zone) == day


@pytest.mark.parametrize(("days", "opens"), [(1, 13), (7, 7), (30, 7), (365, 7)])
def test_the_window_is_at_most_half_of_the_span(days: int, opens: int) -> None:
    done = datetime(2026, 1, 1, tzinfo=UTC)
    assert renewal_opens(done, done + timedelta(days=14), days) == done + timedelta(days=opens)
