"""Multi select: all or nothing, or right less wrong."""

from fractions import Fraction

from learning_service.domain.attempts.rules import Response
from learning_service.domain.courses.rules.answer_keys import MultiSelectKey
from learning_service.domain.grading.rules.mark import WRONG, Mark, award


def grade_multi_select(key: MultiSelectKey, response: Response | None) -> Mark:
    """`all_or_nothing`: exactly the right choices. `right_minus_wrong`: the share of right choices taken,
    less the share of wrong choices taken, not below 0. An empty answer is worth nothing either way.
    """
    chosen = frozenset(response.answer_ids or ()) if response is not None else frozenset()
    if not chosen:
        return WRONG
    if key.scoring == "all_or_nothing":
        return award(key.points) if chosen == key.right_ids else WRONG
    wrong_ids = key.choice_ids - key.right_ids
    share = Fraction(len(chosen & key.right_ids), len(key.right_ids))
    if wrong_ids:
        share -= Fraction(len(chosen & wrong_ids), len(wrong_ids))
    return award(key.points, share) if share > 0 else WRONG
