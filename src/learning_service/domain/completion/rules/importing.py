"""The rows of an import: which columns each kind has, and what a cell may say. Pure."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from learning_service.domain.assignments.rules.due import DueAt
from learning_service.domain.completion.rules.tables import FILE, TableRow, table_rows
from learning_service.domain.kernel.errors import Fault, FaultCode, Invalid, Wrong
from learning_service.domain.kernel.pieces import Work
from learning_service.domain.kernel.values import FIRST_DAY, OPAQUE_ID, OPAQUE_ID_FORM, CleanText

ImportKind: TypeAlias = Literal["assignments", "extensions", "completions"]
MOST_ROWS = 50_000
LONGEST_REASON = 2_000
RowCode: TypeAlias = Literal[
    "completed",
    "failed",
    "forbidden",
    "nothing-to-do",
    "not-enrolled",
    "not-published",
    "unknown-course",
    "unknown-member",
    "not-allowed",
    "out-of-range",
    "required",
    "too-long",
    "too-many",
    "twice",
    "wrong-form",
    "wrong-time",
]
"""Why a row is not taken: first what follows from the facts, then what is wrong with the row itself."""


@dataclass(frozen=True, slots=True)
class WantedRow:
    """What a row asks for; of a kind that has no such column, a field is None."""

    line: int
    user_id: str
    course_id: uuid.UUID
    due_at: datetime | None = None
    reason: str | None = None
    completed_on: date | None = None
    score: Decimal | None = None

    @property
    def what(self) -> tuple[str, uuid.UUID, date | None]:
        """What only one row of a file may say."""
        return self.user_id, self.course_id, self.completed_on


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is not taken, and why."""

    line: int
    code: RowCode | FaultCode
    detail: str


def read_rows(kind: ImportKind, content: bytes) -> Iterator[WantedRow | RejectedRow]:
    """The file's rows, as far as they can be read. Raises Invalid for what is no such file, or has too many."""
    rows = table_rows(content)
    names = _header(kind, next(rows, None))
    seen: set[tuple[str, uuid.UUID, date | None]] = set()
    for count, row in enumerate(rows, 1):
        if count > MOST_ROWS:
            raise Invalid.at(FILE, f"has more than {MOST_ROWS} rows", "too-many", {"most": MOST_ROWS})
        try:
            wanted = _wanted(kind, names, row)
            if wanted.what in seen:
                raise Wrong("says the same of this member and course as a row before it", "twice")
        except Wrong as wrong:
            yield RejectedRow(row.line, wrong.code, f"The row {wrong}.")
        else:
            seen.add(wanted.what)
            yield wanted


class Rows:
    """The rows of a file, some at a time; they may be held in another process."""

    def __init__(self, kind: ImportKind, content: bytes) -> None:
        self._left = read_rows(kind, content)

    def next(self, most: int) -> Work[list[WantedRow | RejectedRow]]:
        """The next rows, none at the end: work that pauses after each. Raises as `read_rows`."""
        found = []
        for row in islice(self._left, most):
            found.append(row)
            yield
        return found


def _header(kind: ImportKind, row: TableRow | None) -> Sequence[str]:
    if row is None:
        raise Invalid.at(FILE, "is empty", "empty")
    if row.fault is not None:
        raise Invalid([row.fault.at(FILE)])
    names = [name.lower() for name in row.cells]
    required, optional = _COLUMNS[kind]
    known = (*required, *optional)
    faults = [
        Fault(FILE, f"has a column that is none of {', '.join(known)}", "unknown-field", {"column": n + 1})
        for n, name in enumerate(names)
        if name not in known
    ]
    faults += [Fault(FILE, f"lacks the column {name}", "required") for name in required if name not in names]
    faults += [
        Fault(FILE, f"has the column {name} twice", "twice") for name in known if names.count(name) > 1
    ]
    if faults:
        raise Invalid(faults[:100])
    return names


def _wanted(kind: ImportKind, names: Sequence[str], row: TableRow) -> WantedRow:
    if row.fault is not None:
        raise row.fault
    if len(row.cells) > len(names):
        raise Wrong(f"has more cells than the header, which has {len(names)}", "too-many")
    cells = {name: cell for name, cell in zip(names, row.cells, strict=False) if cell}
    required = _NEEDED[kind]
    values: dict[str, Any] = {}
    for name in names:
        if name in cells:
            values[name] = _CELLS[name](cells[name])
        elif name in required:
            raise Wrong(f"has no {name}", "required")
    return WantedRow(row.line, **values)


def _user_id(text: str) -> str:
    if not OPAQUE_ID.match(text):
        raise Wrong(f"has a user_id that is none: it {OPAQUE_ID_FORM}", "wrong-form")
    return text


def _course_id(text: str) -> uuid.UUID:
    if not _UUID.match(text):
        raise Wrong("has a course_id that is no UUID", "wrong-form")
    return uuid.UUID(text)


def _due_at(text: str) -> datetime:
    try:
        found: datetime = _INSTANT.validate_python(text)
    except ValidationError:
        raise Wrong("needs a due_at with its zone, such as 2026-11-22T09:00:00Z", "wrong-form") from None
    return found


def _reason(text: str) -> str:
    if len(text) > LONGEST_REASON:
        raise Wrong(f"has a reason of more than {LONGEST_REASON} characters", "too-long")
    if text.startswith(_FORMULA):
        raise Wrong("has a reason that a spreadsheet takes for a formula", "not-allowed")
    try:
        found: str = _TEXT.validate_python(text)
    except ValidationError:
        raise Wrong("has a reason with characters that are not allowed", "not-allowed") from None
    return found


def _completed_on(text: str) -> date:
    try:
        day = date.fromisoformat(text if _DAY.match(text) else "")
    except ValueError:
        raise Wrong("needs a completed_on such as 2026-11-22", "wrong-form") from None
    if day < FIRST_DAY:
        raise Wrong(f"has a completed_on before {FIRST_DAY}", "wrong-time")
    return day


def _score(text: str) -> Decimal:
    if not _NUMBER.match(text):
        raise Wrong("has a score that is no number with at most 6 places", "wrong-form")
    score = Decimal(text.replace(",", "."))
    if score > 100:
        raise Wrong("has a score above 100", "out-of-range")
    return score


_COLUMNS: Mapping[ImportKind, tuple[Sequence[str], Sequence[str]]] = {
    "assignments": (("user_id", "course_id", "due_at"), ("reason",)),
    "extensions": (("user_id", "course_id", "due_at"), ("reason",)),
    "completions": (("user_id", "course_id", "completed_on"), ("score",)),
}
"""Which columns the header must have, and which it may have."""
_NEEDED: Mapping[ImportKind, frozenset[str]] = {
    "assignments": frozenset({"user_id", "course_id"}),
    "extensions": frozenset({"user_id", "course_id", "due_at"}),
    "completions": frozenset({"user_id", "course_id", "completed_on"}),
}
"""Which cells each row must have: who is assigned a course may be free to choose the day."""
_CELLS: Mapping[str, Callable[[str], Any]] = {
    "user_id": _user_id,
    "course_id": _course_id,
    "due_at": _due_at,
    "reason": _reason,
    "completed_on": _completed_on,
    "score": _score,
}
_FORMULA = ("=", "+", "-", "@")
_UUID = re.compile(r"\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_DAY = re.compile(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_NUMBER = re.compile(r"\A[0-9]{1,3}([.,][0-9]{1,6})?\Z")
_INSTANT: TypeAdapter[datetime] = TypeAdapter(DueAt)
_TEXT: TypeAdapter[str] = TypeAdapter(CleanText)
