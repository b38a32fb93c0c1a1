"""QTI 2.0 to 3.0: items of one interaction each. 3.0 has the elements of 2.x under other names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from html import escape

from learning_service.domain.questions.rules.exchange.amounts import number_in
from learning_service.domain.questions.rules.exchange.enclosures import Find, nowhere
from learning_service.domain.questions.rules.exchange.entries import (
    ALL_OR_NOTHING,
    Choice,
    Draft,
    Entry,
    Group,
)
from learning_service.domain.questions.rules.exchange.qti2_numbers import number_of
from learning_service.domain.questions.rules.exchange.texts import Rich
from learning_service.domain.questions.rules.exchange.xml import Node, elements
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS

ITEM, ITEM_3 = "assessmentItem", "qti-assessment-item"
_REFERENCE, _REFERENCE_3 = "assessmentItemRef", "qti-assessment-item-ref"
SECTION, SECTION_3 = "assessmentSection", "qti-assessment-section"
_PREFIX = "qti-"
_DASH = re.compile("-([a-z])")
_GAP = "_____"
_MOST_POINTS = 10_000
# What stands in a body beside what is asked.
_ASIDE = frozenset(
    {"rubricBlock", "feedbackInline", "feedbackBlock", "modalFeedback", "templateInline", "script"}
)
_PART = Fraction(99, 100)
_VOID = frozenset({"br", "hr", "img"})
_CHOICES = {"choiceInteraction": "simpleChoice", "inlineChoiceInteraction": "inlineChoice"}
_SOLUTION = "SOLUTION"
"""Of feedback that is shown whatever was chosen."""


def read_qti2(
    data: bytes, *, name: str = ITEM, find: Find = nowhere, group: Group | None = None
) -> Iterator[Entry]:
    """The items of a file, in order; `name`: of their element, `find`: the pictures that they show. Raises BadXml.

    `group`: of which a test of the same package asks some.
    """
    for item in elements(data, name):
        yield _item(_plain(item), find, group)


def asked_items(data: bytes) -> Iterator[str]:
    """The files of all items that a test asks, by their addresses in it, in its order. Raises BadXml."""
    for item in elements(data, _REFERENCE, _REFERENCE_3):
        yield item.attributes.get("href", "")


def drawn_items(data: bytes) -> Iterator[tuple[str, Group]]:
    """The files of items of which a test asks some, by their addresses in it. Raises BadXml.

    A section that selects among sections is read as one that asks all of them.
    """
    for section in elements(data, SECTION, SECTION_3):
        yield from _drawn(_plain(section))


def _drawn(section: Node) -> Iterator[tuple[str, Group]]:
    selection, inner = section.first("selection"), list(section.all(SECTION))
    items = list(section.all(_REFERENCE))
    draw = None if selection is None else number_in(selection.attributes.get("select", ""))
    if draw is not None and not inner and draw == int(draw) and 1 <= draw < len(items):
        group = Group(int(draw))
        yield from ((item.attributes.get("href", ""), group) for item in items)
    for one in inner:
        yield from _drawn(one)


def _plain(node: Node) -> Node:
    """The element as 2.x names it, with all in it."""
    inside = [part if isinstance(part, str) else _plain(part) for part in node.content]
    if not node.name.startswith(_PREFIX):
        return replace(node, content=inside)
    attributes = {_camel(name): value for name, value in node.attributes.items()}
    return Node(_camel(node.name.removeprefix(_PREFIX)), node.line, attributes, inside)


def _camel(name: str) -> str:
    return _DASH.sub(lambda found: found[1].upper(), name)


def _item(item: Node, find: Find, group: Group | None) -> Entry:
    name = item.attributes.get("title") or item.attributes.get("identifier", "")
    draft = Draft(item.line, name=name, group=group)
    _enclose_pictures(draft, item, find)
    body = item.first("itemBody")
    asked = [] if body is None else [node for node in body.all_within() if node.name.endswith("Interaction")]
    if body is None or not asked:
        return draft.refused("no-question", "The item asks nothing.")
    # In our own files the prompt stands in an element of its own.
    own = next((node for node in body.all("div") if node.attributes.get("class") == "prompt"), body)
    told, rubrics = _rubrics(body)
    draft.prompt, draft.rubric = Rich(told + _html(own), "html"), Rich(rubrics, "html")
    if len(asked) > 1:
        return draft.refused(
            "several-interactions", f"The item asks {len(asked)} things in one; one is read."
        )
    if item.first("templateDeclaration") or next(body.within("printedVariable"), None):
        return draft.refused("not-known", "Its numbers or words are drawn anew for each attempt.")
    draft.explanation = _feedback(item, None)
    declared = _declared(item, asked[0].attributes.get("responseIdentifier", "RESPONSE"))
    draft.points = _points(item, declared)
    _leave(draft, item, asked[0])
    return _of_type(draft, item, asked[0], declared)


def _rubrics(body: Node) -> tuple[str, str]:
    """What a body tells learners before it asks, and what it tells others."""
    candidates, others = list[str](), list[str]()
    for rubric in body.within("rubricBlock"):
        is_for_learners = "candidate" in rubric.attributes.get("view", "").split()
        (candidates if is_for_learners else others).append(_html(rubric))
    return "".join(candidates), "".join(others)


def _leave(draft: Draft, item: Node, asked: Node) -> None:
    """Say what of an item has no place."""
    if item.first("assessmentStimulusRef") is not None:
        draft.warn("stimulus", "The text that stands beside the item is not kept.")
    if draft.rubric is not None and draft.rubric.html and asked.name != "extendedTextInteraction":
        draft.warn("rubric", "What the item says to those who mark it is not kept.")
    choices = (
        {node.attributes.get("identifier") for node in asked.all_within()} if _has_choices(asked) else set()
    )
    inside = {id(node) for node in asked.all_within()}
    left = [
        feedback
        for feedback in item.all("modalFeedback")
        if feedback.attributes.get("outcomeIdentifier") != _SOLUTION
        and feedback.attributes.get("identifier") not in choices
    ]
    left += [
        node
        for node in item.all_within()
        if node.name == "feedbackBlock" or (node.name == "feedbackInline" and id(node) not in inside)
    ]
    if any(_html(feedback) for feedback in left):
        draft.warn("feedback", "Feedback on right and wrong answers as a whole is not kept.")


def _has_choices(asked: Node) -> bool:
    """Whether what is said of a single choice has its place."""
    return asked.name in _CHOICES


def _enclose_pictures(draft: Draft, item: Node, find: Find) -> None:
    """Let images name their pictures. QTI also shows a picture as an object."""
    for node in item.all_within():
        if node.name == "object" and node.attributes.get("type", "").startswith("image/"):
            node.name, node.attributes = "img", {"src": node.attributes.get("data", ""), "alt": node.text}
        if node.name == "img":
            found = draft.picture(node.attributes.get("src", ""), find)
            node.attributes = {**node.attributes, **({} if found is None else {"src": found})}


def _of_type(draft: Draft, item: Node, asked: Node, declared: Node) -> Entry:
    match asked.name:
        case "choiceInteraction" | "inlineChoiceInteraction":
            return _choices(draft, item, asked, declared, _CHOICES[asked.name])
        case "textEntryInteraction" if declared.attributes.get("baseType") in ("float", "integer"):
            return number_of(draft, item, _right(declared), _mapped(declared))
        case "textEntryInteraction":
            return _texts(draft, item, declared)
        case "extendedTextInteraction":
            rubric = None if draft.rubric is None else draft.rubric.html
            return draft.whole("free_form", rubric_html=rubric or None)
        case "orderInteraction":
            return _order(draft, asked, declared)
        case "matchInteraction":
            return _matching(draft, asked, declared)
    return draft.refused("not-known", f"There is nothing like {asked.name[:60]!r} here.")


def _choices(draft: Draft, item: Node, asked: Node, declared: Node, name: str) -> Entry:
    shown = [(node.attributes.get("identifier", ""), node) for node in asked.within(name)]
    if len(shown) > MAX_ANSWERS:
        return draft.refused("too-many", f"A question has at most {MAX_ANSWERS} answers.")
    right, mapped = _right(declared), _mapped(declared)
    single = declared.attributes.get("cardinality", "single") == "single"
    texts = [(ident, _said(node), node) for ident, node in shown]
    truths = {text.words.lower(): ident for ident, text, _ in texts}
    if single and truths.keys() == {"true", "false"} and len(right) == 1:
        draft.leave_feedback(
            Choice(text, Fraction(0), _said_of(item, node, ident)) for ident, text, node in texts
        )
        return draft.whole("true_false", correct=right[0] == truths["true"])
    if not mapped and not single:
        draft.tags = frozenset({ALL_OR_NOTHING})
    shares = _shares([ident for ident, _ in shown], right, mapped, draft.points, single)
    choices = [
        Choice(
            text,
            shares[ident],
            _said_of(item, node, ident),
            node.attributes.get("fixed") == "true",
        )
        for ident, text, node in texts
    ]
    return draft.choices(choices, single=single)


def _shares(
    idents: Sequence[str],
    right: Sequence[str],
    mapped: Mapping[str, Fraction],
    points: Decimal,
    single: bool,
) -> dict[str, Fraction]:
    """What each choice is worth of the points."""
    worth = {ident: mapped.get(ident, Fraction(0)) / Fraction(points) for ident in idents}
    if mapped and single and right:
        # The right answer is right, whatever else is worth something.
        return {ident: Fraction(1) if ident in right else min(worth[ident], _PART) for ident in idents}
    if mapped:
        return worth
    wrong = Fraction(0) if single else Fraction(-1)
    share = Fraction(1) if single or not right else Fraction(1, len(right))
    return {ident: share if ident in right else wrong for ident in idents}


def _texts(draft: Draft, item: Node, declared: Node) -> Entry:
    right, mapped = _right(declared), _mapped(declared)
    most = max(mapped.values(), default=Fraction(0))
    full = [*right, *(text for text, worth in mapped.items() if worth == most > 0)]
    if any(0 < worth < most for worth in mapped.values()):
        draft.warn("part-of-points", "Answers that are worth a part of the points, or none, are not kept.")
    entries = [entry.attributes.get("caseSensitive", "true") for entry in declared.within("mapEntry")]
    matches = [node.attributes.get("caseSensitive", "true") for node in item.within("stringMatch")]
    accepted = [Choice(Rich(text.replace("*", "\\*"), "plain"), Fraction(1)) for text in dict.fromkeys(full)]
    return draft.texts(accepted, case_sensitive="false" not in (*entries, *matches))


def _order(draft: Draft, asked: Node, declared: Node) -> Entry:
    texts = {ident: text.words for ident, text in _named(asked, "simpleChoice").items()}
    right = _right(declared)
    if sorted(right) != sorted(texts):
        return draft.refused("no-right-answer", "Its right order does not name each part once.", "ordering")
    return draft.whole("ordering", items=[texts[ident] for ident in right], scoring=_part_scoring(declared))


def _matching(draft: Draft, asked: Node, declared: Node) -> Entry:
    sides = [_named(side, "simpleAssociableChoice") for side in asked.all("simpleMatchSet")]
    if len(sides) != 2:
        return draft.refused("too-few", "Matching needs two sides.", "matching")
    left, rights = sides
    pairs: list[tuple[Rich, str]] = []
    for value in _right(declared) or [key for key, worth in _mapped(declared).items() if worth > 0]:
        one, _, other = value.partition(" ")
        if one in left and other in rights:
            pairs.append((left[one], rights[other].words))
    named = [one for one, _ in pairs]
    if len(named) != len(set(map(id, named))) or len(pairs) < len(left):
        return draft.refused("no-right-answer", "Each left part has to have one right part.", "matching")
    taken = {words for _, words in pairs}
    pairs.extend((Rich(""), text.words) for text in rights.values() if text.words not in taken)
    if _part_scoring(declared) == ALL_OR_NOTHING:
        draft.tags = frozenset({ALL_OR_NOTHING})
    return draft.pairs(pairs)


def _named(node: Node, name: str) -> dict[str, Rich]:
    """What the elements of that name say, by their identifiers."""
    return {one.attributes.get("identifier", ""): Rich(_html(one), "html") for one in node.within(name)}


def _part_scoring(declared: Node) -> str:
    return "per_part" if declared.first("mapping") is not None else ALL_OR_NOTHING


def _declared(item: Node, ident: str) -> Node:
    """What an item declares of a response; its mapping only where that says what an answer is worth."""
    processing = item.first("responseProcessing")
    template = "" if processing is None else processing.attributes.get("template", "")
    for declaration in item.all("responseDeclaration"):
        if declaration.attributes.get("identifier") == ident:
            if template.removesuffix(".xml").endswith("match_correct"):
                content = [
                    part for part in declaration.content if isinstance(part, str) or part.name != "mapping"
                ]
                return replace(declaration, content=content)
            return declaration
    return Node("responseDeclaration", item.line, {})


def _right(declared: Node) -> list[str]:
    correct = declared.first("correctResponse")
    return [] if correct is None else [value.text for value in correct.all("value")]


def _mapped(declared: Node) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for entry in declared.within("mapEntry"):
        worth = number_in(entry.attributes.get("mappedValue", ""))
        if worth is not None:
            found[entry.attributes.get("mapKey", "")] = Fraction(worth)
    return found


def _points(item: Node, declared: Node) -> Decimal:
    """What the item says of its most points, else what its best answers come to, else one."""
    told = [
        number_in(outcome.text_of("defaultValue", "value"))
        for outcome in item.all("outcomeDeclaration")
        if outcome.attributes.get("identifier") == "MAXSCORE"
    ]
    told += [
        number_in(outcome.attributes.get("normalMaximum", ""))
        for outcome in item.all("outcomeDeclaration")
        if outcome.attributes.get("identifier") == "SCORE"
    ]
    gains = [worth for worth in _mapped(declared).values() if worth > 0]
    several = declared.attributes.get("cardinality", "single") != "single"
    reached = sum(gains) if several else max(gains, default=Fraction(0))
    if reached:
        told.append(Decimal(reached.numerator) / Decimal(reached.denominator))
    points = next((one for one in told if one is not None and 0 < one <= _MOST_POINTS), Decimal(1))
    return round(points, 6)


def _said(choice: Node) -> Rich:
    """What a choice says: rich text, or words alone."""
    own = next((node for node in choice.all("div") if node.attributes.get("class") == "rich"), None)
    if own is not None:
        return Rich(_html(own), "html")
    text = Rich(_html(choice), "html")
    return text if text.has_tags else Rich(text.words, "plain")


def _said_of(item: Node, choice: Node, ident: str) -> Rich | None:
    """What is said of a choice: in it, or beside the item."""
    for inside in choice.within("feedbackInline"):
        return Rich(_html(inside), "html")
    return _feedback(item, ident)


def _feedback(item: Node, ident: str | None) -> Rich | None:
    """The feedback that a choice shows; None: what is shown whatever was chosen."""
    for feedback in item.all("modalFeedback"):
        always = feedback.attributes.get("outcomeIdentifier") == _SOLUTION
        if (ident is None and always) or (
            ident is not None and feedback.attributes.get("identifier") == ident
        ):
            return Rich(_html(feedback), "html")
    return None


def _html(node: Node) -> str:
    """What an element says as HTML, without what is asked there. A gap stands for a text asked within words."""
    return "".join(_markup(node)).strip()


def _markup(node: Node) -> Iterator[str]:
    for part in node.content:
        if isinstance(part, str):
            yield escape(part, quote=False)
        elif part.name in _ASIDE:
            continue
        elif part.name in ("textEntryInteraction", "inlineChoiceInteraction"):
            yield _GAP
        elif part.name.endswith("Interaction"):
            for prompt in part.all("prompt"):
                yield from _markup(prompt)
        elif part.name == "prompt":
            yield from _markup(part)
        else:
            told = "".join(f' {name}="{escape(value)}"' for name, value in part.attributes.items())
            yield f"<{part.name}{told}>"
            if part.name not in _VOID:
                yield from _markup(part)
                yield f"</{part.name}>"
