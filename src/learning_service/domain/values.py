"""The strict value types that every input is made of.

Pydantic's strict mode still lets some things through that must never reach a column: NUL and lone surrogates
in text, numbers written as strings where a decimal is meant, NaN. The types here refuse them.
Sources: the contract's conventions on text, numbers, ids and times.
"""

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Co", "Cs"})
MAX_COMBINING_RUN = 8
_TIME = re.compile(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?\Z"
)
OPAQUE_ID = re.compile(r"\A[A-Za-z0-9._:@-]{1,128}\Z")


class StrictModel(BaseModel):
    """Base of everything that comes in: exact types, no unknown fields, no NaN, unchangeable."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, hide_input_in_errors=True
    )


def _clean(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("must not contain lone surrogates")
    if not BIDI_CONTROLS.isdisjoint(text):
        raise ValueError("must not contain bidirectional control characters")
    return text


def _name(text: str) -> str:
    if any(unicodedata.category(c) == "Cc" for c in text):
        raise ValueError("must be one line without control characters")
    if all(unicodedata.category(c) in _INVISIBLE for c in text):
        raise ValueError("must have at least one visible character")
    run = 0
    for c in text:
        run = run + 1 if unicodedata.category(c) in ("Mn", "Me") else 0
        if run > MAX_COMBINING_RUN:
            raise ValueError(f"must not stack more than {MAX_COMBINING_RUN} combining marks")
    return text


def _json_number(value: Any) -> Any:
    """Refuse what pydantic's strict Decimal takes beside numbers: strings, and booleans."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a JSON number")
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _rfc3339(value: Any) -> Any:
    """Read the text ourselves: pydantic also takes seconds since 1970 as text for a time."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value.upper() if _TIME.match(value) else "")
    except ValueError:
        raise ValueError("must be an RFC 3339 time such as 2026-11-22T09:00:00Z") from None


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


def some(most: int) -> tuple[Any, ...]:
    """The annotations of a list of 1 to `most`. (`min_length` would also complain of a list's only, bad element.)"""
    return Field(max_length=most, json_schema_extra={"minItems": 1}), AfterValidator(_not_empty)


def _not_empty(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if not items:
        raise ValueError("must have at least 1 element")
    return items


def _clean_json(value: Any) -> Any:
    """Walk free JSON: clean text everywhere, integers that a database and a JavaScript client can hold."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            _clean(item)
        elif isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, int) and abs(item) > 2**63 - 1:
            raise ValueError("must not contain integers beyond 64 bits")
        elif isinstance(item, float) and (item != item or item in (float("inf"), float("-inf"))):
            raise ValueError("must not contain NaN or infinities")
    return value


def number_between(least: float, most: float) -> WithJsonSchema:
    """What the reference says of a bounded `Number`; Pydantic would say that text is one too."""
    return WithJsonSchema({"type": "number", "minimum": least, "maximum": most})


CleanText: TypeAlias = Annotated[str, AfterValidator(_clean)]
"""Text of any length without NUL, lone surrogates or bidi controls."""
Name: TypeAlias = Annotated[CleanText, Field(min_length=1, max_length=200), AfterValidator(_name)]
"""A name or title: 1–200 characters on one line, at least one of them visible."""
Word: TypeAlias = Annotated[CleanText, Field(min_length=1, max_length=64), AfterValidator(_name)]
"""A status or filter word: 1–64 characters."""
LearnerText: TypeAlias = Annotated[CleanText, Field(max_length=20_000)]
"""What a learner wrote."""
Html: TypeAlias = Annotated[CleanText, Field(max_length=200_000)]
"""Rich text as sent; sanitized before it is stored."""
OpaqueId: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@-]{1,128}$")]
"""An id made elsewhere."""
Number: TypeAlias = Annotated[
    Decimal,
    BeforeValidator(_json_number),
    PlainSerializer(lambda d: int(d) if d == d.to_integral_value() else float(d), return_type=float),
]
"""An exact decimal that is a plain JSON number on the wire."""
Percent: TypeAlias = Annotated[Number, Field(ge=0, le=100, decimal_places=6), number_between(0, 100)]
"""A score, 0–100."""
Instant: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_utc)]
"""A moment with its zone, normalized to UTC."""
FreeJson: TypeAlias = Annotated[Any, AfterValidator(_clean_json)]
"""Any JSON value that can be stored."""
