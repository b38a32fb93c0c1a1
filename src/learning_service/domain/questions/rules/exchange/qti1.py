"""QTI 1.2 as Canvas and Common Cartridge write it."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from fractions import Fraction

from learning_service.domain.questions.rules.exchange.amounts import from_range, number_in
from learning_service.domain.questions.rules.exchange.enclosures import Find, nowhere
from learning_service.domain.questions.rules.exchange.entries import Choice, Draft, Entry
from learning_service.domain.questions.rules.exchange.texts import Form, Rich
from learning_service.domain.questions.rules.exchange.xml import Node, elements

_KINDS = {
    "multiple_choice_question": "single",
    "true_false_question": "truth",
    "multiple_answers_question": "several",
    "short_answer_question": "text",
    "numerical_question": "number",
    "essay_question": "essay",
    "matching_question": "matching",
    "cc.multiple_choice.v0p1": "single",
    "cc.multiple_response.v0p1": "several",
    "cc.true_false.v0p1": "truth",
    "cc.fib.v0p1": "text",
    "cc.essay.v0p1": "essay",
}
_MOST_POINTS = 10_000


def read_qti1(data: bytes, *, find: Find = nowhere) -> Iterator[Entry]:
    """The items of a file, in order; `find`: the pictures that they show. Raises BadXml."""
    for item in elements(data, "item"):
        yield _item(item, find)


def _item(item: Node, find: Find) -> Entry:
    fields = {
        field.text_of("fieldlabel"): field.text_of("fieldentry")
        for found in item.within("qtimetadata")
        for field in found.all("qtimetadatafield")
    }
    presentation = item.first("presentation")
    draft = Draft(item.line, name=item.attributes.get("title", ""), points=_points(fields))
    if presentation is None:
        return draft.refused("no-question", "The item shows nothing.")
    for text in item.within("mattext"):
        text.content = [draft.with_pictures(text.text, find)]
    draft.prompt = _material(next(presentation.within("material"), None))
    draft.explanation = _feedback(item, "general_fb")
    word = fields.get("question_type") or fields.get("cc_profile") or ""
    kind = _KINDS.get(word, _guessed(presentation) if not word else "")
    asked = list(presentation.within("response_lid"))
    _leave_feedback(
        draft, item, {label.attributes.get("ident", "") for label in item.within("response_label")}
    )
    match kind:
        case "single" | "truth" | "several" if asked:
            return _choices(draft, item, asked[0], kind)
        case "matching" if asked:
            return _matching(draft, item, asked)
        case "text":
            texts = [Choice(Rich(value, "plain"), Fraction(1)) for value in _right(item)]
            return draft.texts(texts, case_sensitive=False)
        case "number":
            return _number(draft, item)
        case "essay":
            return draft.whole("free_form")
    return draft.refused("not-known", f"There is nothing like {word[:60] or 'this item'!r} here.")


def _guessed(presentation: Node) -> str:
    """What an item without metadata is by what it shows."""
    asked = next(presentation.within("response_lid"), None)
    if asked is not None:
        return "several" if asked.attributes.get("rcardinality", "").lower() == "multiple" else "single"
    return "text" if next(presentation.within("render_fib"), None) is not None else ""


def _choices(draft: Draft, item: Node, asked: Node, kind: str) -> Entry:
    right = set(_right(item, asked.attributes.get("ident")))
    labels = [
        (label.attributes.get("ident", ""), _material(next(label.within("material"), None)))
        for label in asked.within("response_label")
    ]
    if kind == "truth":
        words = [text.words.lower() for ident, text in labels if ident in right]
        if len(words) == 1 and words[0] in ("true", "false"):
            return draft.whole("true_false", correct=words[0] == "true")
    count = sum(ident in right for ident, _ in labels)
    wrong = len(labels) - count
    share = Fraction(1, count) if kind == "several" and count else Fraction(1)
    off = Fraction(-1, wrong) if kind == "several" and wrong else Fraction(0)
    choices = [
        Choice(text, share if ident in right else off, _feedback(item, f"{ident}_fb"))
        for ident, text in labels
    ]
    return draft.choices(choices, single=kind != "several")


def _matching(draft: Draft, item: Node, asked: list[Node]) -> Entry:
    draft.prompt = _material(_own_material(item)) if _own_material(item) else draft.prompt
    pairs: list[tuple[Rich, str]] = []
    texts: dict[str, str] = {}
    for each in asked:
        for label in each.within("response_label"):
            texts[label.attributes.get("ident", "")] = _material(next(label.within("material"), None)).words
        right = [texts[value] for value in _right(item, each.attributes.get("ident")) if value in texts]
        pairs.append((_material(each.first("material")), right[0] if right else ""))
    taken = {right for _, right in pairs}
    pairs.extend((Rich(""), text) for text in texts.values() if text not in taken)
    return draft.pairs(pairs)


def _number(draft: Draft, item: Node) -> Entry:
    conditions = list(_scoring(item))
    if len(conditions) > 1:
        draft.warn("part-of-points", "Only the first answer that is worth all of the points is kept.")
    for condition in conditions:
        least = next(condition.within("vargte"), None) or next(condition.within("vargt"), None)
        most = next(condition.within("varlte"), None) or next(condition.within("varlt"), None)
        exact = next(condition.within("varequal"), None)
        amount = None
        if least is not None and most is not None:
            amount = from_range(least.text, most.text)
        elif exact is not None:
            amount = from_range(exact.text, exact.text)
        if amount is not None:
            return draft.whole("numeric", answer=amount.answer, tolerance=amount.tolerance)
    return draft.refused("no-right-answer", "No number is worth all of the points.", "numeric")


def _right(item: Node, asked: str | None = None) -> list[str]:
    """The values that give points, of one response or of all."""
    return [
        equal.text
        for condition in _scoring(item)
        for equal in condition.within("varequal", unless="not")
        if asked is None or equal.attributes.get("respident") == asked
    ]


def _scoring(item: Node) -> Iterator[Node]:
    """The conditions that give points."""
    for condition in item.within("respcondition"):
        gains = [number_in(found.text) for found in condition.all("setvar")]
        if any(gain is not None and gain > 0 for gain in gains):
            yield condition


def _own_material(item: Node) -> Node | None:
    presentation = item.first("presentation")
    return None if presentation is None else presentation.first("material")


def _material(node: Node | None) -> Rich:
    found = None if node is None else next(node.within("mattext"), None)
    if found is None:
        return Rich("")
    form: Form = "html" if "html" in found.attributes.get("texttype", "").lower() else "plain"
    return Rich(found.text, form)


def _feedback(item: Node, ident: str) -> Rich | None:
    for feedback in item.all("itemfeedback"):
        if feedback.attributes.get("ident") == ident:
            return _material(next(feedback.within("material"), None))
    return None


def _leave_feedback(draft: Draft, item: Node, choices: Collection[str]) -> None:
    """Say that feedback is not kept which stands neither for the question nor for a choice of it."""
    kept = {"general_fb", *(f"{ident}_fb" for ident in choices)}
    for feedback in item.all("itemfeedback"):
        if (
            feedback.attributes.get("ident") not in kept
            and _material(next(feedback.within("material"), None)).html
        ):
            draft.warn("feedback", "Feedback on right and wrong answers as a whole is not kept.")


def _points(fields: dict[str, str]) -> Decimal:
    points = number_in(fields.get("points_possible") or fields.get("cc_weighting") or "1")
    return round(points, 6) if points is not None and 0 < points <= _MOST_POINTS else Decimal(1)
