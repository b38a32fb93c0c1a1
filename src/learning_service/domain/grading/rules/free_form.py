"""Free form: a person reads it, unless there is nothing to read."""

from learning_service.domain.attempts.rules import Response
from learning_service.domain.courses.rules.answer_keys import FreeFormKey
from learning_service.domain.grading.rules.mark import PENDING, WRONG, Mark
from learning_service.domain.grading.rules.normalize import is_blank


def grade_free_form(key: FreeFormKey, response: Response | None) -> Mark:
    """Waits for a person; an empty one is worth nothing at once."""
    return WRONG if response is None or is_blank(response.text or "") else PENDING
