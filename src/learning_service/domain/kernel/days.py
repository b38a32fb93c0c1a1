"""Days belong to a place: they begin and end at its midnight. Source: DESIGN decision 12. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_TICK = timedelta(microseconds=1)


def start_of_day(day: date, timezone: str) -> datetime:
    """The day's local midnight, in UTC; where clocks skip it, the moment they do."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def end_of_day(day: date, timezone: str) -> datetime:
    """The local midnight after the day, in UTC."""
    return start_of_day(day + timedelta(days=1), timezone)


def noon_of_day(day: date, timezone: str) -> datetime:
    """The day's local noon, in UTC: a moment that is on this day almost everywhere."""
    return datetime.combine(day, time(12), ZoneInfo(timezone)).astimezone(UTC)


def local_day(instant: datetime, timezone: str) -> date:
    """Which day it is there."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def last_day(end: datetime, timezone: str) -> date:
    """The day there on which something is valid last that ends at this moment."""
    return local_day(last_moment(end), timezone)


def last_moment(end: datetime) -> datetime:
    """The last moment of what ends then."""
    return end - _TICK
