"""When an assignment is due: days belong to a place. Source: DESIGN decision 12."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from learning_service.domain.kernel.days import end_of_day, local_day
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import LAST_DAY, Instant

_LAST_INSTANT = datetime.combine(LAST_DAY, time(), UTC)


def _whole_second(instant: datetime) -> datetime:
    if instant > _LAST_INSTANT:
        raise Wrong(f"must not be after {LAST_DAY}", "wrong-time", {"last": str(LAST_DAY)})
    return instant.replace(microsecond=0)


DAY_LENGTH = len("2026-11-22")
DueInDays: TypeAlias = Annotated[int, Field(ge=1, le=3650)]
DueAt: TypeAlias = Annotated[Instant, AfterValidator(_whole_second)]
"""A moment with its zone, kept to the second."""


def due_at_of(
    instant: datetime, timezone: str, *, due_in_days: int | None, due_on: date | None
) -> datetime | None:
    """When something assigned at `instant` is due: at the midnight after the day meant; None: never."""
    if due_on is not None:
        return end_of_day(due_on, timezone)
    if due_in_days is not None:
        return end_of_day(local_day(instant, timezone) + timedelta(days=due_in_days), timezone)
    return None


def due_at_from(value: object, days: int, timezone: str) -> datetime | None:
    """When something is due so many days after the day in a member's field; None: the field holds no day."""
    if not isinstance(value, str):
        return None
    try:
        day = date.fromisoformat(value) if len(value) == DAY_LENGTH else _day_of(value, timezone)
        return end_of_day(day + timedelta(days=days), timezone)
    except (ValueError, OverflowError):
        return None


def _day_of(text: str, timezone: str) -> date:
    moment = datetime.fromisoformat(text)
    return moment.date() if moment.tzinfo is None else local_day(moment, timezone)
