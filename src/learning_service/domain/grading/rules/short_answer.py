"""Short answers: matched against the key, or read by a person."""

from learning_service.domain.attempts.rules import Response
from learning_service.domain.courses.rules.answer_keys import ShortAnswerKey
from learning_service.domain.grading.rules.mark import PENDING, WRONG, Mark, award
from learning_service.domain.grading.rules.normalize import is_blank, matches


def grade_short_answer(key: ShortAnswerKey, response: Response | None) -> Mark:
    """`auto`: a match is right, all else wrong. `unmatched`: all else waits. `manual`: everything waits.

    An empty answer is wrong at once under each of them: nobody needs to read it.
    """
    text = "" if response is None or response.text is None else response.text
    if is_blank(text):
        return WRONG
    if key.review == "manual":
        return PENDING
    if matches(text, key.accepted_answers, case_sensitive=key.case_sensitive):
        return award(key.points)
    return PENDING if key.review == "unmatched" else WRONG
