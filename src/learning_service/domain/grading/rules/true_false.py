"""True or false."""

from learning_service.domain.attempts.rules import Response
from learning_service.domain.courses.rules.answer_keys import TrueFalseKey
from learning_service.domain.grading.rules.mark import WRONG, Mark, award


def grade_true_false(key: TrueFalseKey, response: Response | None) -> Mark:
    """Full points for the right value; none given is wrong."""
    if response is None or response.value is not key.correct:
        return WRONG
    return award(key.points)
