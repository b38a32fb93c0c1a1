"""Exact scores: compared as fractions, shown as decimals."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

SCORE_PLACES = 6
_SCALE = 10**SCORE_PLACES


# Making fractions is slow, and the same few scores are compared all the time (the row `submit`).
@lru_cache(maxsize=4096)
def exact(number: Decimal) -> Fraction:
    """The same number, to be compared with scores."""
    return Fraction(number)


@lru_cache(maxsize=4096)
def exact_score(points: Decimal, max_points: Decimal) -> Fraction:
    """Percent of the maximum, 0–100, exactly. A maximum of 0 cannot be published; it scores 0."""
    if max_points <= 0:
        return Fraction(0)
    return 100 * Fraction(points) / Fraction(max_points)


def shown_score(score: Fraction) -> Decimal:
    """The score as it is stored and shown: percent, 6 places, rounded down.

    Pass scores have 6 places too: so what is shown reaches one exactly when the score does.
    """
    return Decimal(score.numerator * _SCALE // score.denominator).scaleb(-SCORE_PLACES)
