"""A mark, and the one place where points are rounded."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

POINT_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Mark:
    """What one response earned. `points` None: it waits for a person. `correct`: full marks, or not yet
    known.
    """

    points: Decimal | None
    correct: bool | None

    @property
    def pending(self) -> bool:
        """Whether a person has still to judge it."""
        return self.points is None


PENDING = Mark(points=None, correct=None)
WRONG = Mark(points=Decimal(0), correct=False)


def award(points: Decimal, share: Fraction = Fraction(1)) -> Mark:
    """The mark for this share (0–1) of a question's points, rounded half up to 6 places.

    Half up, because that is what PostgreSQL's `round(numeric)` does: rules and SQL agree.
    """
    whole = share == 1
    if not whole:
        exact = Fraction(points) * share
        points = Decimal(exact.numerator) / Decimal(exact.denominator)
    return Mark(points=points.quantize(POINT_PLACES, ROUND_HALF_UP), correct=whole)


def award_points(points: Decimal, max_points: Decimal) -> Mark:
    """The mark for points that a person gave. Raises ValueError unless they are within 0 and the maximum."""
    if not 0 <= points <= max_points:
        raise ValueError(f"must be between 0 and {max_points.normalize():f}")
    return Mark(points=points.quantize(POINT_PLACES, ROUND_HALF_UP), correct=points == max_points)
