"""Exact scores: shares are fractions to the end, and rounded only where they are shown.

A third has no decimal. It is kept as one with so many places that the fraction comes back exactly: two fractions
whose denominators are at most `MAX_DENOMINATOR` are further apart than what those places leave out.
"""

import math
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

from learning_service.domain.questions.rules.sizes import MAX_ANSWERS

SCORE_PLACES = 6
_SCALE = 10**SCORE_PLACES
MAX_DENOMINATOR = math.lcm(*range(1, MAX_ANSWERS + 1)) * _SCALE
"""Of any sum of points: a share is a difference of shares of a question's choices, points have 6 places."""
KEPT_DIGITS = 100
_KEEPING = Context(prec=KEPT_DIGITS)


# Making fractions is slow, and the same few scores are compared all the time (the row `submit`).
@lru_cache(maxsize=4096)
def exact(number: Decimal) -> Fraction:
    """The number that a decimal stands for, be it given or kept."""
    return Fraction(number).limit_denominator(MAX_DENOMINATOR)


def kept(points: Fraction) -> Decimal:
    """The decimal that points are stored as; `exact` gives them back, and in order they stay."""
    if points.denominator == 1:
        return Decimal(points.numerator)
    return _KEEPING.divide(Decimal(points.numerator), Decimal(points.denominator))


def scaled(points: Decimal, most: Decimal, to: Decimal) -> Decimal:
    """The same share of another maximum, as it is stored."""
    return points if most == to else kept(exact(points) * exact(to) / exact(most))


@lru_cache(maxsize=4096)
def exact_score(points: Decimal, max_points: Decimal) -> Fraction:
    """Percent of the maximum, 0–100, exactly. A maximum of 0 cannot be published; it scores 0."""
    if max_points <= 0:
        return Fraction(0)
    return 100 * exact(points) / exact(max_points)


def shown_score(score: Fraction) -> Decimal:
    """The score as it is shown: percent, 6 places, rounded down.

    Pass scores have 6 places too: so what is shown reaches one exactly when the score does.
    """
    return Decimal(score.numerator * _SCALE // score.denominator).scaleb(-SCORE_PLACES)
