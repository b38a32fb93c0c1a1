"""Reports as files, and the times that they are about. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from learning_service.domain.kernel.days import end_of_day, last_moment, local_day
from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.kernel.values import FIRST_DAY, Instant

_UNSEEN = r"[^\S\t\r\n\v\f]|[\u00ad\u200b-\u200f\u2060\ufeff]"
_SIGNS = "=+@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−-"
"""What begins a formula, also in the wide, small and raised forms that some spreadsheets read alike."""
_FORMULA = re.compile(
    rf"\A(?=(?:{_UNSEEN}){{0,200}}[\t\r\n{_SIGNS}])"
    # A spreadsheet that separates cells by another sign than a comma begins a cell within ours.
    rf"|(?<=[;\t\r\n])(?=(?:{_UNSEEN}){{0,200}}[{_SIGNS}])"
)


def formula_safe(cell: object) -> str:
    """The cell's text, such that no spreadsheet takes it for a formula. Source: OWASP, CSV injection."""
    if isinstance(cell, str):
        return _FORMULA.sub("'", cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Lines of a file (RFC 4180)."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([formula_safe(cell) for cell in row] for row in rows)
    return buffer.getvalue()


MOST_MOMENTS = 60
"""How many months a series has at most: each is a report of its own."""
_YEAR = 12
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def past_day(name: str, given: str, timezone: str, now: datetime) -> date:
    """A day of the past or today, as a query gives it. Raises Invalid."""
    try:
        if not _DAY.fullmatch(given):
            raise ValueError
        day = date.fromisoformat(given)
    except ValueError:
        raise Invalid.at(f"?{name}", "must be a day such as 2026-03-01", "wrong-form") from None
    if day < FIRST_DAY:
        raise Invalid.at(f"?{name}", f"is before {FIRST_DAY}", "wrong-time")
    if day > local_day(now, timezone):
        raise Invalid.at(f"?{name}", "is in the future", "wrong-time")
    return day


def last_moment_of(day: date, timezone: str, now: datetime) -> datetime:
    """The last moment of a day there, or now where the day has not ended."""
    return min(last_moment(end_of_day(day, timezone)), now)


def past_instant(name: str, given: str, timezone: str, now: datetime) -> datetime:
    """The moment that a day or time of the past stands for: of a day its last one. Raises Invalid."""
    if _DAY.fullmatch(given):
        return last_moment_of(past_day(name, given, timezone, now), timezone, now)
    try:
        instant = _INSTANT.validate_python(given)
    except ValidationError:
        detail = "must be a day such as 2026-03-01, or an RFC 3339 time such as 2026-03-01T09:00:00Z"
        raise Invalid.at(f"?{name}", detail, "wrong-form") from None
    if instant > now:
        raise Invalid.at(f"?{name}", "is in the future", "wrong-time")
    return instant


def past_span(since: str | None, until: str | None, timezone: str, now: datetime) -> tuple[date, date]:
    """The first and last day of a series, by default of twelve months that end today. Raises Invalid."""
    last = local_day(now, timezone) if until is None else past_day("to", until, timezone, now)
    months = last.year * _YEAR + last.month - _YEAR
    first = date(months // _YEAR, months % _YEAR + 1, 1)
    if since is not None:
        first = past_day("from", since, timezone, now)
    if first > last:
        raise Invalid.at("?from", "is after ?to", "conflicting")
    if (last.year - first.year) * _YEAR + last.month - first.month >= MOST_MOMENTS:
        detail = f"must be less than {MOST_MOMENTS} months before ?to"
        raise Invalid.at("?from", detail, "too-many", {"most": MOST_MOMENTS})
    return first, last


def month_ends(first: date, last: date) -> Sequence[date]:
    """The last day of each month from the one to the other day, and the last day itself."""
    days: list[date] = []
    year, month = first.year, first.month
    while (year, month) < (last.year, last.month):
        year, month = (year, month + 1) if month < _YEAR else (year + 1, 1)
        days.append(date(year, month, 1) - timedelta(days=1))
    return [*days, last]
