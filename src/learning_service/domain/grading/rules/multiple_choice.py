"""Multiple choice: the one right choice, or nothing."""

from learning_service.domain.attempts.rules import Response
from learning_service.domain.courses.rules.answer_keys import MultipleChoiceKey
from learning_service.domain.grading.rules.mark import WRONG, Mark, award


def grade_multiple_choice(key: MultipleChoiceKey, response: Response | None) -> Mark:
    """Full points for exactly the right choice; none chosen is wrong."""
    if response is None or response.answer_ids != (key.right_id,):
        return WRONG
    return award(key.points)
