"""Moodle XML, read as Moodle reads it."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from urllib.parse import quote

from learning_service.domain.questions.rules.exchange.amounts import amount_of, number_in
from learning_service.domain.questions.rules.exchange.enclosures import Found, from_base64
from learning_service.domain.questions.rules.exchange.entries import ALL_OR_NOTHING, Choice, Draft, Entry
from learning_service.domain.questions.rules.exchange.texts import Form, Rich
from learning_service.domain.questions.rules.exchange.xml import Node, elements

_FORMS: dict[str, Form] = {
    "html": "html",
    "moodle_auto_format": "moodle",
    "plain_text": "plain",
    "markdown": "markdown",
    # Numbers of before 2009.
    "0": "moodle",
    "1": "html",
    "2": "plain",
    "4": "markdown",
}
_NOT_KEPT = {
    "cloze": "gaps in a text",
    "multianswer": "gaps in a text",
    "calculated": "calculated numbers",
    "calculatedsimple": "calculated numbers",
    "calculatedmulti": "calculated choices",
    "description": "a description, which asks nothing",
    "ddwtos": "words to be dragged into a text",
    "gapselect": "words to be chosen in a text",
    "ddimageortext": "things to be dragged onto a picture",
    "ddmarker": "marks to be dragged onto a picture",
    "randomsamatch": "questions drawn at random",
    "random": "questions drawn at random",
}
_AS_A_WHOLE = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
_USUAL = {"", *(f"Your answer is {how}." for how in ("correct", "partially correct", "incorrect"))}
_TRUE = frozenset({"true", "1"})
_MOST_POINTS = 10_000
FILE = "@@PLUGINFILE@@/"
"""What a picture's address begins with that stands beside the text."""


def read_moodle(data: bytes) -> Iterator[Entry]:
    """The questions of a file, in order; categories are none. Raises BadXml."""
    for node in elements(data, "question"):
        kind = node.attributes.get("type", "").strip().lower()
        if kind != "category":
            yield _question(node, kind)


def _question(node: Node, kind: str) -> Entry:
    draft = Draft(
        node.line,
        name=_text(node, "name"),
        points=_points(node),
        tags=frozenset(tag.text_of("text") for tags in node.all("tags") for tag in tags.all("tag")),
    )
    if kind not in _NOT_KEPT:
        _enclose_files(draft, node)
    draft.prompt = _rich(node.first("questiontext"))
    draft.explanation = _rich(node.first("generalfeedback"), "html")
    if any(_rich(hint).html for hint in node.all("hint")):
        draft.warn("hints", "Hints between tries are not kept.")
    _leave_feedback(draft, node)
    match kind:
        case "multichoice":
            single = node.text_of("single").lower() in _TRUE | {""}
            return draft.choices(_answers(node), single=single)
        case "multichoiceset":
            draft.tags |= {ALL_OR_NOTHING}
            return draft.choices(_answers(node), single=False)
        case "truefalse":
            return _true_false(draft, node)
        case "shortanswer":
            return draft.texts(_answers(node, literal=True), case_sensitive=node.text_of("usecase") in _TRUE)
        case "numerical":
            return _numerical(draft, node)
        case "matching" | "match":
            pairs = [(_rich(sub), _text(sub, "answer")) for sub in node.all("subquestion")]
            return draft.pairs(pairs)
        case "ordering":
            return _ordering(draft, node)
        case "essay":
            if _rich(node.first("responsetemplate"), "html").html:
                draft.warn("template", "The text that an answer begins with is not kept.")
            _judge_essay(draft, node)
            rubric = _rich(node.first("graderinfo"), "html").html
            return draft.whole("free_form", rubric_html=rubric or None)
    what = _NOT_KEPT.get(kind, f"a question of the type {kind[:50]!r}")
    return draft.refused("not-known", f"This is {what}: there is nothing like it here.", None)


def _true_false(draft: Draft, node: Node) -> Entry:
    answers = _answers(node, literal=True)
    right = [answer.text.words.lower() for answer in answers if answer.fraction > 0]
    if len(right) != 1 or right[0] not in ("true", "false"):
        return draft.refused(
            "no-right-answer", "It does not say whether the statement is true.", "true_false"
        )
    draft.leave_feedback(answers)
    return draft.whole("true_false", correct=right[0] == "true")


def _numerical(draft: Draft, node: Node) -> Entry:
    answers = list(zip(node.all("answer"), _answers(node, literal=True), strict=True))
    full = [(sub, answer) for sub, answer in answers if answer.fraction >= 1 and answer.text.words != "*"]
    if not full:
        return draft.refused("no-right-answer", "No answer is worth all of the points.", "numeric")
    if len(answers) > 1:
        draft.warn("part-of-points", "Only the first answer that is worth all of the points is kept.")
    sub, answer = full[0]
    amount = amount_of(
        answer.text.words, sub.text_of("tolerance") or sub.attributes.get("tolerance", "") or "0"
    )
    if amount is None:
        return draft.refused("no-number", f"{answer.text.words[:50]!r} is no number.", "numeric")
    draft.leave_feedback(answer for _, answer in answers)
    units = [unit.text_of("unit_name") for units in node.all("units") for unit in units.all("unit")]
    if len(units) > 1:
        draft.warn("units", "Only the first unit is kept.")
    return draft.whole(
        "numeric", answer=amount.answer, tolerance=amount.tolerance, unit=units[0] if units else None
    )


def _ordering(draft: Draft, node: Node) -> Entry:
    answers = list(node.all("answer"))
    places = [number_in(answer.attributes.get("fraction", "")) for answer in answers]
    if len(set(places)) == len(places) and None not in places:
        # The place of an item stands where others have a fraction.
        answers = [
            answer for _, answer in sorted(zip(places, answers, strict=True), key=lambda pair: pair[0] or 0)
        ]
    _judge_ordering(draft, node, len(answers))
    items = [_rich(answer) for answer in answers]
    if any(item.has_tags for item in items):
        draft.warn("markup", "Of the items only the words are kept.")
    return draft.whole("ordering", items=[item.words for item in items], scoring=draft.part_scoring)


def _judge_ordering(draft: Draft, node: Node, items: int) -> None:
    """How an order is marked there, and of how many items each learner gets one."""
    marked = node.text_of("gradingtype").upper()
    if marked == "ALL_OR_NOTHING":
        draft.tags |= {ALL_OR_NOTHING}
    elif marked not in ("", "ABSOLUTE_POSITION"):
        draft.warn("fractions", "Each item at its own place counts the same, unlike there.")
    asked = number_in(node.text_of("selectcount"))
    if node.text_of("selecttype").upper() not in ("", "ALL") and asked and asked < items:
        draft.warn("selection", f"All {items} items are asked; there it is {asked:f} of them.")


def _judge_essay(draft: Draft, node: Node) -> None:
    """What an essay asks for beside words of any number."""
    files = number_in(node.text_of("attachments"))
    if files or node.text_of("responseformat").lower() == "noinline":
        draft.warn("attachments", "It takes files there; here it takes words.")
    if any(number_in(node.text_of(name)) for name in ("minwordlimit", "maxwordlimit")):
        draft.warn("length", "How many words an answer must and may have is not kept.")


def _leave_feedback(draft: Draft, node: Node) -> None:
    """Say that feedback on a question as a whole is not kept, unless it is what Moodle writes by itself."""
    told = {_rich(node.first(name), "html").words for name in _AS_A_WHOLE}
    if told - _USUAL:
        draft.warn("feedback", "Feedback on right and wrong answers as a whole is not kept.")


def _answers(node: Node, *, literal: bool = False) -> list[Choice]:
    """The answers. `literal`: Moodle compares such a text as it stands, though it says that a line break counts."""
    return [
        Choice(
            _literal(answer) if literal else _rich(answer),
            Fraction(number_in(answer.attributes.get("fraction", "0")) or 0) / 100,
            _rich(answer.first("feedback"), "html"),
        )
        for answer in node.all("answer")
    ]


def _rich(node: Node | None, usual: Form = "moodle") -> Rich:
    if node is None:
        return Rich("")
    inside = node.first("text")
    text = node.text if inside is None else inside.text
    return Rich(text, _FORMS.get(node.attributes.get("format", "").strip().lower(), usual))


def _literal(node: Node) -> Rich:
    rich = _rich(node, "plain")
    return rich if rich.form == "html" else Rich(rich.text, "plain")


def _text(node: Node, name: str) -> str:
    found = node.first(name)
    return "" if found is None else found.text_of("text") or found.text


def _points(node: Node) -> Decimal:
    points = number_in(node.text_of("defaultgrade") or node.text_of("penalty_grade") or "1")
    if points is None or not 0 <= points <= _MOST_POINTS:
        return Decimal(1)
    return round(points, 6)


def _enclose_files(draft: Draft, node: Node) -> None:
    """Let the texts of a question name the pictures that stand beside them."""
    _show_old_picture(node)
    for part in list(node.all_within()):
        text = part.first("text")
        if text is None:
            continue
        files = {_path(file): file for file in part.all("file")}
        used: set[str] = set()

        def find(address: str, files: dict[str, Node] = files, used: set[str] = used) -> Found | None:
            path = address.removeprefix(FILE)
            if not address.startswith(FILE) or path not in files:
                return None
            used.add(path)
            return path, from_base64(files[path].text)

        words = draft.with_pictures(text.text, find)
        text.content = [words]
        if FILE in words:
            draft.warn("pictures", "A picture or file that a text names is not kept.")
        for path in files.keys() - used:
            draft.warn("pictures", f"The file {path[:100]!r} is not kept: no text shows it as a picture.")


def _show_old_picture(node: Node) -> None:
    """Moodle 1.9 had one picture of a question, under what it asks."""
    content, asked = node.first("image_base64"), node.first("questiontext")
    text = None if asked is None else asked.first("text")
    if content is None or not content.text or asked is None or text is None:
        return
    name = node.text_of("image").rpartition("/")[2] or "picture"
    asked.content.append(Node("file", content.line, {"name": name}, [content.text]))
    form: Form = _FORMS.get(asked.attributes.get("format", "").strip().lower(), "moodle")
    text.content = [f'{Rich(text.text, form).html}<p><img src="{FILE}{quote(name)}"></p>']
    asked.attributes = {**asked.attributes, "format": "html"}


def _path(file: Node) -> str:
    return f"{file.attributes.get('path', '/')}/{file.attributes.get('name', '')}".strip("/").replace(
        "//", "/"
    )
