"""Which waiting responses still decide anything. Pure."""

from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from learning_service.domain.courses.rules.shape import CourseShape
from learning_service.domain.enrollments.rules import Standing


def still_decides(
    *,
    max_points: Decimal,
    attempt_passed: bool | None,
    quiz_passed: bool,
    raises_best: bool,
    enrollment_open: bool,
    course_reached: bool,
) -> bool:
    """Whether a person's points for the response can still change a pass that counts, or an outcome.

    None changes what has ended. An undecided attempt depends on each of its waiting responses, unless another one
    has passed. Then, and where it has passed itself, they matter while the course's score is not reached yet and the
    attempt could become the best at its quiz (`raises_best`). A failed one could not be saved by full marks.
    """
    if max_points <= 0 or not enrollment_open or attempt_passed is False:
        return False
    return not quiz_passed or (raises_best and not course_reached)


def course_reached(shape: CourseShape, standing: Standing, quiz_id: UUID) -> bool:
    """Whether this quiz's points are no longer needed for the course's score.

    An assessment that is passed reaches it by itself, and a quiz that is not required does not count.
    """
    required = [quiz.id for quiz in shape.required_quizzes]
    if shape.assessment is not None or quiz_id not in required:
        return True
    lows = [standing.quizzes[key].low if key in standing.quizzes else None for key in required]
    total = sum((low for low in lows if low is not None), Fraction(0))
    return total / len(required) >= Fraction(shape.pass_score)
