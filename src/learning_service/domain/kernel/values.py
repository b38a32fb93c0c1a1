"""The strict value types that every input is made of.

Pydantic's strict mode still lets some things through that must never reach a column: NUL and lone surrogates
in text, numbers written as strings where a decimal is meant, NaN. The types here refuse them.
Sources: the contract's conventions on text, numbers, ids and times.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
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
    ValidationInfo,
    WithJsonSchema,
)

from learning_service.domain.kernel.characters import (
    BIDI_CONTROLS,
    OVERRIDES,
    WITHOUT_OVERRIDES,
    is_empty,
    stacks_more_than,
    unify,
)
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.json_objects import JsonObject as JsonObject

MAX_COMBINING_RUN = 8
MAX_MARKS = 30
"""Combining marks in a row of a longer text: sorting them takes the square of their number."""
MAX_UNIFIED = 4
"""How many times as long a text may become once its compatibility forms are written out; one makes 18 of itself."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_OVERRIDE = re.compile(f"[{''.join(OVERRIDES)}]")
_BIDI_CONTROL = re.compile(f"[{''.join(BIDI_CONTROLS)}]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""All of the categories Cc, Zl and Zp, which Unicode keeps as they are. Looking each up takes twenty times longer."""
_TIME = re.compile(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?\Z"
)
OPAQUE_ID = re.compile(r"\A[A-Za-z0-9._:@-]{1,128}\Z")
OPAQUE_ID_FORM = "must be 1–128 characters of A–Z a–z 0–9 . _ : @ -"


class StrictModel(BaseModel):
    """Base of everything that comes in: exact types, no unknown fields, no NaN, unchangeable."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


def _storable(text: str) -> str:
    if "\x00" in text:
        raise Wrong("must not contain NUL", "not-allowed")
    if not text.isascii() and _SURROGATE.search(text):
        raise Wrong("must not contain lone surrogates", "not-allowed")
    return text


def _clean(text: str) -> str:
    if _OVERRIDE.search(_storable(text)):
        raise Wrong("must not contain bidirectional overrides, embeddings or isolates", "not-allowed")
    return text


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _name(text: str) -> str:
    if _BIDI_CONTROL.search(text):
        raise Wrong("must not contain bidirectional control characters", "not-allowed")
    if _CONTROL.search(text):
        raise Wrong("must be one line without control characters", "not-allowed")
    _seen(text)
    if stacks_more_than(MAX_COMBINING_RUN, unify(text)):
        raise Wrong(
            f"must not stack more than {MAX_COMBINING_RUN} combining marks",
            "too-complex",
            {"most": MAX_COMBINING_RUN},
        )
    return text


def _seen(text: str) -> str:
    if is_empty(text):
        raise Wrong("must have at least one visible character", "empty")
    return text


def _comparable(text: str) -> str:
    """Refuse what would take long to bring into its normal form."""
    if text.isascii():
        return text
    unified = unify(text)
    if len(unified) > MAX_UNIFIED * max(len(text), 1000):
        raise Wrong(
            f"must not have compatibility forms that make it {MAX_UNIFIED} times as long", "too-complex"
        )
    if stacks_more_than(MAX_MARKS, unified):
        raise Wrong(
            f"must not stack more than {MAX_MARKS} combining marks", "too-complex", {"most": MAX_MARKS}
        )
    return text


def _without_overrides(text: str) -> str:
    return text if text.isascii() else text.translate(WITHOUT_OVERRIDES)


def _unless_held(judge: Callable[[str], str]) -> AfterValidator:
    """Judge what comes in; the validation's context holds texts that were accepted before."""

    def judged(text: str, info: ValidationInfo) -> str:
        return text if info.context is not None and text in info.context else judge(text)

    return AfterValidator(judged)


def _json_number(value: Any) -> Any:
    """Refuse what pydantic's strict Decimal takes beside numbers: strings, and booleans."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Wrong("must be a JSON number", "wrong-type")
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _rfc3339(value: Any) -> Any:
    """Read the text ourselves: pydantic also takes seconds since 1970 as text for a time."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value.upper() if _TIME.match(value) else "")
    except ValueError:
        raise Wrong("must be an RFC 3339 time such as 2026-11-22T09:00:00Z", "wrong-form") from None


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise Wrong("is out of range", "out-of-range") from error


LAST_DAY = date(9000, 1, 1)
"""Far enough ahead for any use, and far enough from the end of time for arithmetic in any zone."""


FIRST_DAY = date(1900, 1, 1)
"""Nothing that is told here was before it; a year such as 26 is a slip, and arithmetic needs room in any zone."""


def _day(day: date) -> date:
    if day < FIRST_DAY:
        raise Wrong(f"must not be before {FIRST_DAY}", "wrong-time", {"first": str(FIRST_DAY)})
    if day > LAST_DAY:
        raise Wrong(f"must not be after {LAST_DAY}", "wrong-time", {"last": str(LAST_DAY)})
    return day


LONG_LIST = 100
"""Longer ones are not judged to their end once an element is wrong."""


def some(most: int) -> tuple[Any, ...]:
    """The annotations of a list of 1 to `most`. (`min_length` would also complain of a list's only, bad element.)

    Its first wrong element ends a long one: finding all that is wrong with twenty thousand takes a second.
    """
    bounds = Field(max_length=most, fail_fast=most > LONG_LIST, json_schema_extra={"minItems": 1})
    return bounds, AfterValidator(_not_empty)


def _not_empty(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if not items:
        raise Wrong("must have at least 1 element", "empty")
    return items


def _clean_json(value: Any) -> Any:
    return _walk_json(value, _clean)


def _storable_json(value: Any) -> Any:
    return _walk_json(value, _storable)


def _walk_json(value: Any, judge: Callable[[str], str]) -> Any:
    """Walk free JSON: good text everywhere, integers that a database and a JavaScript client can hold."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            judge(item)
        elif isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, int) and abs(item) > 2**63 - 1:
            raise Wrong("must not contain integers beyond 64 bits", "not-allowed")
        elif isinstance(item, float) and (item != item or item in (float("inf"), float("-inf"))):
            raise Wrong("must not contain NaN or infinities", "not-allowed")
    return value


def number_between(least: float, most: float) -> WithJsonSchema:
    """What the reference says of a bounded `Number`; Pydantic would say that text is one too."""
    return WithJsonSchema({"type": "number", "minimum": least, "maximum": most})


CleanText: TypeAlias = Annotated[str, AfterValidator(_clean)]
"""Text of any length without NUL, lone surrogates, or what turns its direction."""
Name: TypeAlias = Annotated[CleanText, Field(min_length=1, max_length=200), _unless_held(_name)]
"""A name or title: 1–200 characters on one line, at least one of them visible."""
Word: TypeAlias = Annotated[
    CleanText, BeforeValidator(_trimmed), Field(min_length=1, max_length=64), _unless_held(_name)
]
"""A status or filter word: 1–64 characters, trimmed."""
ChoiceText: TypeAlias = Annotated[
    CleanText, Field(min_length=1, max_length=2000), _unless_held(lambda text: _comparable(_seen(text)))
]
"""A choice or an accepted answer: 1–2,000 characters, at least one of them visible."""
LearnerText: TypeAlias = Annotated[
    str,
    Field(max_length=20_000),
    AfterValidator(_storable),
    AfterValidator(_without_overrides),
    AfterValidator(_comparable),
]
"""What a learner wrote. What turns its direction is left out."""
NumberText: TypeAlias = Annotated[
    str,
    Field(max_length=200),
    AfterValidator(_storable),
    AfterValidator(_without_overrides),
    AfterValidator(_comparable),
]
"""A number as a learner wrote it, perhaps with its unit."""
Html: TypeAlias = Annotated[str, Field(max_length=200_000), AfterValidator(_storable)]
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
Day: TypeAlias = Annotated[date, AfterValidator(_day)]
"""A day of the calendar, from `FIRST_DAY` to `LAST_DAY`."""
FreeJson: TypeAlias = Annotated[Any, AfterValidator(_clean_json)]
"""Any JSON value that is kept as it is."""
StorableJson: TypeAlias = Annotated[Any, AfterValidator(_storable_json)]
"""Any JSON value, whose texts are judged by what it becomes a part of."""
