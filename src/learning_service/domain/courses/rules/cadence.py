"""How long a completion is valid: ISO 8601 calendar durations."""

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from learning_service.domain.kernel.errors import Wrong

MAX_CADENCE_YEARS = 100
_CADENCE = re.compile(r"P(?=\d)(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?")


def parse_cadence(text: str) -> str:
    """The same text, if it is a calendar duration such as `P1Y`, `P18M`, `P2W` or `P90D`. Raises ValueError
    otherwise.

    Times of day, fractions, signs, nothing at all, and more than 100 years are refused.
    """
    found = _CADENCE.fullmatch(text) if text.isascii() else None
    if found is None:
        raise Wrong("must be an ISO 8601 duration in years, months, weeks or days, such as P1Y", "wrong-form")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    if not any((years, months, weeks, days)):
        raise Wrong("must be longer than nothing", "empty")
    if years + months / 12 + (7 * weeks + days) / 365.25 > MAX_CADENCE_YEARS:
        raise Wrong(
            f"must not be longer than {MAX_CADENCE_YEARS} years", "too-long", {"most": MAX_CADENCE_YEARS}
        )
    return text


Cadence: TypeAlias = Annotated[str, Field(max_length=32), AfterValidator(parse_cadence)]
"""How long a completion is valid: an ISO 8601 calendar duration."""
