"""Numbers of QTI 2.x and 3.0: which one is right, and how near an answer must be to it."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from learning_service.domain.questions.rules.exchange.amounts import amount_of, number_in
from learning_service.domain.questions.rules.exchange.entries import Draft, Entry
from learning_service.domain.questions.rules.exchange.xml import Node

_BETWEEN = frozenset({"gt", "gte", "lt", "lte", "inside"})
_MOST_FIGURES = 30


def number_of(draft: Draft, item: Node, right: Sequence[str], mapped: Mapping[str, Fraction]) -> Entry:
    """The question. `right`: its right answers; `mapped`: what answers are worth."""
    most = max(mapped.values(), default=Fraction(0))
    if not right:
        right = [key for key, worth in mapped.items() if worth == most > 0]
    if not right:
        return draft.refused("no-right-answer", "No number is worth all of the points.", "numeric")
    others = {key for key, worth in mapped.items() if worth > 0} - {*right}
    if len(right) > 1 or others:
        draft.warn("part-of-points", "Only the first answer that is worth all of the points is kept.")
    if number_in(right[0]) is None:
        return draft.refused("no-number", f"{right[0][:50]!r} is no number.", "numeric")
    for equal in item.within("equal"):
        return _near(draft, right[0], equal)
    for rounded in item.within("equalRounded"):
        return _rounded(draft, right[0], rounded)
    processing = item.first("responseProcessing")
    compared = set() if processing is None else {node.name for node in processing.all_within()}
    if compared & _BETWEEN and "match" not in compared:
        draft.warn(
            "tolerance", "Between which numbers an answer is right is not kept: the right one alone is."
        )
    return _whole(draft, right[0], "0")


def _near(draft: Draft, right: str, equal: Node) -> Entry:
    """Two tolerances are those below and above the number."""
    told = equal.attributes.get("tolerance", "").split() or ["0"]
    least, most = told[0], told[-1]
    if equal.attributes.get("toleranceMode") == "relative":
        if least != most:
            draft.warn("tolerance", "How far an answer may be above is not kept: as far as below.")
        amount = amount_of(right, least)
        if amount is not None:
            return draft.whole("numeric", answer=amount.answer, tolerance_percent=amount.tolerance)
    number, below, above = number_in(right), number_in(least), number_in(most)
    if number is not None and below is not None and above is not None and below != above:
        return _whole(draft, *_middle(number - below, number + above))
    return _whole(draft, right, least)


def _middle(least: Decimal, most: Decimal) -> tuple[str, str]:
    return str((least + most) / 2), str((most - least) / 2)


def _rounded(draft: Draft, right: str, equal: Node) -> Entry:
    """What is rounded to as many figures is half of the last one away, or less."""
    number, figures = number_in(right), number_in(equal.attributes.get("figures", ""))
    if number is None or figures is None or not 0 <= figures <= _MOST_FIGURES:
        return _whole(draft, right, "variable")
    places = int(figures)
    if equal.attributes.get("roundingMode") != "decimalPlaces":
        places -= number.adjusted() + 1
    step = Decimal(1).scaleb(-places)
    return _whole(draft, str((number / step).quantize(Decimal(1), ROUND_HALF_UP) * step), str(step / 2))


def _whole(draft: Draft, right: str, tolerance: str) -> Entry:
    amount = amount_of(right, tolerance)
    if amount is None:
        draft.warn("tolerance", "How near an answer must be is not kept: it must be the right one.")
        amount = amount_of(right, "0")
    if amount is None:
        return draft.refused("no-number", f"{right[:50]!r} is no number that is taken.", "numeric")
    return draft.whole("numeric", answer=amount.answer, tolerance=amount.tolerance)
