"""Numbers as files write them: with a point before the decimals, or a comma as Moodle reads it."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and how far from it an answer may be."""

    answer: float
    tolerance: float


def number_in(text: str) -> Decimal | None:
    """The number that the text is; None: it is none."""
    text = text.strip()
    if "," in text:
        # With a point, or more than once, it stands between thousands.
        is_decimal = "." not in text and text.count(",") == 1
        text = text.replace(",", "." if is_decimal else "")
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def amount_of(answer: str, tolerance: str) -> Amount | None:
    """A number and its tolerance."""
    right, allowed = number_in(answer), number_in(tolerance)
    return None if right is None or allowed is None else _finite(right, allowed)


def from_range(least: str, most: str) -> Amount | None:
    """The number in the middle of a range, which is its tolerance."""
    low, high = number_in(least), number_in(most)
    if low is None or high is None:
        return None
    middle = (low + high) / 2
    return _finite(middle, high - middle)


def _finite(answer: Decimal, tolerance: Decimal) -> Amount | None:
    amount = Amount(float(answer), float(abs(tolerance)))
    return amount if math.isfinite(amount.answer) and math.isfinite(amount.tolerance) else None
