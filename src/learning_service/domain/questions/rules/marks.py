"""A mark: what one response earned, exactly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.questions.rules.scores import exact, kept

_GIVEN_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Mark:
    """What one response earned. `points` None: it waits for a person. `correct`: full marks, or not yet
    known.
    """

    points: Fraction | None
    correct: bool | None
    stored: Mapping[str, object] = field(init=False, repr=False, compare=False)
    """As an attempt keeps it; exact points as text. Made with the mark, because most marks are the same few."""

    def __post_init__(self) -> None:
        """Write it down."""
        points = None if self.points is None else str(kept(self.points))
        object.__setattr__(self, "stored", {"points": points, "correct": self.correct})

    @property
    def pending(self) -> bool:
        """Whether a person has still to judge it."""
        return self.points is None


PENDING = Mark(points=None, correct=None)
WRONG = Mark(points=Fraction(0), correct=False)


def award(points: Decimal, share: Fraction | None = None) -> Mark:
    """The mark for this share (0–1) of a question's points; by default for all of them."""
    return full_mark(points) if share is None else Mark(exact(points) * share, share == 1)


@lru_cache(maxsize=4096)
def full_mark(points: Decimal) -> Mark:
    """The full mark for these points. Made once: nearly every right response has one of a few."""
    return Mark(exact(points), True)


def award_points(points: Decimal, max_points: Decimal) -> Mark:
    """The mark for points that a person gave; their number has 6 places, as a question's points have.

    Raises ValueError unless they are within 0 and the maximum.
    """
    if not 0 <= points <= max_points:
        raise Wrong(
            f"must be between 0 and {max_points.normalize():f}",
            "out-of-range",
            {"least": 0, "most": float(max_points)},
        )
    return Mark(exact(points.quantize(_GIVEN_PLACES, ROUND_HALF_UP)), points == max_points)
