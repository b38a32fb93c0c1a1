"""QTI 1.2 as Canvas, Common Cartridge, Blackboard and D2L write it."""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from learning_service.domain.questions.rules.exchange.amounts import from_range, number_in
from learning_service.domain.questions.rules.exchange.enclosures import Find, nowhere
from learning_service.domain.questions.rules.exchange.entries import (
    ALL_OR_NOTHING,
    Choice,
    Draft,
    Entry,
    Group,
)
from learning_service.domain.questions.rules.exchange.texts import Form, Rich
from learning_service.domain.questions.rules.exchange.xml import Node, elements
from learning_service.domain.questions.rules.types import MAX_QUESTIONS

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
    # Blackboard's and D2L's words.
    "Multiple Choice": "single",
    "True/False": "truth",
    "Multiple Answer": "several",
    "Multi-Select": "several",
    "Fill in the Blank": "text",
    "Fill in the Blanks": "text",
    "Numeric": "number",
    "Essay": "essay",
    "Short Response": "essay",
    "Long Answer": "essay",
    "Matching": "matching",
}
_WHOLE = "SCORE.max"
"""How Blackboard writes all of the points."""
_CORRECT, _SOLUTION = "correct", "solution"
"""Blackboard's names: of the feedback that alone tells a right text or part, and of what an essay should say."""
_RIGHT_PARTS = "RIGHT_MATCH_BLOCK"
_WRONG = "incorrect"
"""With what a name ends under which D2L counts wrong answers."""
_WORTH = ("points_possible", "cc_weighting", "qmd_absolutescore_max", "qmd_weighting")
_MOST_POINTS = 10_000
_SELECTION = "selection_ordering"


def read_qti1(
    data: bytes, *, find: Find = nowhere, banks: Mapping[str, Group] = MappingProxyType({})
) -> Iterator[Entry]:
    """The items of a file, in order; `find`: the pictures that they show. Raises BadXml.

    `banks`: banks of items from which a file of the same package draws, by their idents.
    """
    groups = dict(banks)
    for node in elements(data, "item", _SELECTION):
        place = node.around.get("ident", "")
        if node.name == "item":
            yield _item(node, find, groups.get(place))
        elif not _bank(node) and (group := _group(node)) is not None:
            groups[place] = group


def drawn_banks(data: bytes) -> Iterator[tuple[str, Group]]:
    """The banks of items from which a file draws, by their idents. Raises BadXml."""
    for node in elements(data, _SELECTION):
        if (bank := _bank(node)) and (group := _group(node)) is not None:
            yield bank, group


def _bank(ordering: Node) -> str:
    return ordering.text_of("selection", "sourcebank_ref")


def _group(ordering: Node) -> Group | None:
    """The group from which a section draws; None: all are asked."""
    selection = ordering.first("selection")
    draw = None if selection is None else number_in(selection.text_of("selection_number"))
    if selection is None or draw is None or draw != int(draw) or not 1 <= draw <= MAX_QUESTIONS:
        return None
    each = number_in(selection.text_of("selection_extension", "points_per_item"))
    return Group(int(draw), each if each is not None and 0 < each <= _MOST_POINTS else None)


def _item(item: Node, find: Find, group: Group | None) -> Entry:
    fields = {
        field.text_of("fieldlabel"): field.text_of("fieldentry")
        for found in item.within("qtimetadata")
        for field in found.children
        if field.name in ("qtimetadatafield", "qti_metadatafield")
    }
    fields |= {field.name: field.text for found in item.all("itemmetadata") for field in found.children}
    presentation = item.first("presentation")
    draft = Draft(item.line, name=item.attributes.get("title", ""), points=_points(fields), group=group)
    if group is not None and group.points is not None:
        draft.points = round(group.points, 6)
    if presentation is None:
        return draft.refused("no-question", "The item shows nothing.")
    for text in _texts(item):
        text.content = [draft.with_pictures(text.text, find)]
    draft.prompt = _material(next(presentation.within("material"), None))
    draft.explanation = _feedback(item, "general_fb")
    words = ("question_type", "cc_profile", "bbmd_questiontype", "qmd_questiontype")
    word = next((fields[name] for name in words if fields.get(name)), "")
    kind = _KINDS.get(word, _guessed(presentation) if not word or word == "Short Answer" else "")
    asked = list(presentation.within("response_lid"))
    if fields.get("bbmd_partialcredit") == "false":
        draft.tags |= {ALL_OR_NOTHING}
    choices = {label.attributes.get("ident", "") for label in item.within("response_label")}
    kept = {"general_fb", *(f"{ident}_fb" for ident in choices), *([_SOLUTION] if kind == "essay" else [])}
    _leave_feedback(draft, item, kept)
    gaps = {label.attributes.get("ident") for label in presentation.within("response_label")}
    if (kind == "text" and len(gaps) > 1) or (kind in ("single", "truth", "several") and len(asked) > 1):
        return draft.refused("several-interactions", "The item asks several things in one; one is read.")
    match kind:
        case "single" | "truth" | "several" if asked:
            return _choices(draft, item, asked[0], kind)
        case "matching" if asked:
            return _matching(draft, item, asked)
        case "text":
            # A star stands for itself here.
            found = [Choice(Rich(value.replace("*", "\\*"), "plain"), Fraction(1)) for value in _right(item)]
            return draft.texts(found, case_sensitive=_minds_case(item))
        case "number":
            return _number(draft, item)
        case "essay":
            rubric = _feedback(item, _SOLUTION)
            return draft.whole("free_form", rubric_html=rubric.html or None if rubric else None)
    return draft.refused("not-known", f"There is nothing like {word[:60] or 'this item'!r} here.")


def _guessed(presentation: Node) -> str:
    """What an item without metadata is by what it shows."""
    asked = next(presentation.within("response_lid"), None)
    if asked is not None:
        return "several" if asked.attributes.get("rcardinality", "").lower() == "multiple" else "single"
    return "text" if next(presentation.within("render_fib"), None) is not None else ""


def _choices(draft: Draft, item: Node, asked: Node, kind: str) -> Entry:
    gains = _gains(item, asked.attributes.get("ident"))
    most = max(gains.values(), default=Fraction(1))
    right = {value for value, gain in gains.items() if gain == most or kind == "several"}
    labels = [
        (label.attributes.get("ident", ""), _material(next(label.within("material"), None)))
        for label in asked.within("response_label")
    ]
    if kind == "truth":
        words = [text.words.lower() for ident, text in labels if ident in right]
        if len(words) == 1 and words[0] in ("true", "false"):
            draft.leave_feedback(
                Choice(text, Fraction(0), _feedback(item, f"{ident}_fb")) for ident, text in labels
            )
            return draft.whole("true_false", correct=words[0] == "true")
    count = sum(ident in right for ident, _ in labels)
    wrong = len(labels) - count
    share = Fraction(1, count) if kind == "several" and count else Fraction(1)
    off = Fraction(-1, wrong) if kind == "several" and wrong else Fraction(0)
    choices = [
        Choice(
            text,
            share if ident in right else gains.get(ident, Fraction(0)) / most or off,
            _feedback(item, f"{ident}_fb"),
        )
        for ident, text in labels
    ]
    return draft.choices(choices, single=kind != "several")


def _matching(draft: Draft, item: Node, asked: list[Node]) -> Entry:
    block = next((flow for flow in item.within("flow") if flow.attributes.get("class") == _RIGHT_PARTS), None)
    if block is not None:
        return _matching_by_place(draft, item, [_material(flow).words for flow in block.all("flow")])
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


def _matching_by_place(draft: Draft, item: Node, rights: list[str]) -> Entry:
    """Blackboard's: the choices of each left part say nothing, and stand for the right parts in their order."""
    pairs: list[tuple[Rich, str]] = []
    for flow in item.within("flow"):
        if (asked := flow.first("response_lid")) is None:
            continue
        places = [label.attributes.get("ident", "") for label in asked.within("response_label")]
        right = [places.index(one) for one in _right(item, asked.attributes.get("ident")) if one in places]
        if not right or right[0] >= len(rights):
            return draft.refused("no-right-answer", "Each left part has to have one right part.", "matching")
        pairs.append((_material(flow), rights[right[0]]))
    taken = {right for _, right in pairs}
    pairs.extend((Rich(""), text) for text in rights if text not in taken)
    return draft.pairs(pairs)


def _number(draft: Draft, item: Node) -> Entry:
    conditions = [condition for condition, _ in _scoring(item)]
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
    return list(_gains(item, asked))


def _minds_case(item: Node) -> bool:
    """Whether every right text is compared with its capitals."""
    said = [
        equal.attributes.get("case", "").lower() in ("yes", "true")
        for condition, _ in _scoring(item)
        for equal in condition.within("varequal", unless="not")
    ]
    return bool(said) and all(said)


def _gains(item: Node, asked: str | None) -> dict[str, Fraction]:
    """What each value gives that gives points, of one response or of all."""
    return {
        equal.text: gain
        for condition, gain in _scoring(item)
        for equal in condition.within("varequal", unless="not")
        if asked is None or equal.attributes.get("respident") == asked
    }


def _scoring(item: Node) -> Iterator[tuple[Node, Fraction]]:
    """The conditions that give points, and how many."""
    for condition in item.within("respcondition"):
        gain = max(map(_gain, condition.all("setvar")), default=Fraction(0))
        if condition.first("setvar") is None and any(
            shown.attributes.get("linkrefid") == _CORRECT for shown in condition.all("displayfeedback")
        ):
            gain = Fraction(1)
        if gain > 0:
            yield condition, gain


def _gain(found: Node) -> Fraction:
    if found.attributes.get("varname", "").lower().endswith(_WRONG):
        return Fraction(0)
    return Fraction(1) if found.text == _WHOLE else Fraction(number_in(found.text) or 0)


def _own_material(item: Node) -> Node | None:
    presentation = item.first("presentation")
    return None if presentation is None else presentation.first("material")


def _material(node: Node | None) -> Rich:
    found = None if node is None else next(_texts(node), None)
    if found is None:
        return Rich("")
    kind = found.attributes.get("texttype") or found.attributes.get("type", "")
    form: Form = "html" if "html" in kind.lower() else "plain"
    return Rich(found.text, form)


def _texts(node: Node) -> Iterator[Node]:
    """The texts in an element; Blackboard has a word of its own for them."""
    return (found for found in node.all_within() if found.name in ("mattext", "mat_formattedtext"))


def _feedback(item: Node, ident: str) -> Rich | None:
    for feedback in item.all("itemfeedback"):
        if feedback.attributes.get("ident") == ident:
            return _material(next(feedback.within("material"), None))
    return None


def _leave_feedback(draft: Draft, item: Node, kept: Collection[str]) -> None:
    """Say that feedback is not kept beside these."""
    for feedback in item.all("itemfeedback"):
        if (
            feedback.attributes.get("ident") not in kept
            and _material(next(feedback.within("material"), None)).html
        ):
            draft.warn("feedback", "Feedback on right and wrong answers as a whole is not kept.")


def _points(fields: dict[str, str]) -> Decimal:
    points = number_in(next((fields[name] for name in _WORTH if fields.get(name)), "1"))
    return round(points, 6) if points is not None and 0 < points <= _MOST_POINTS else Decimal(1)
