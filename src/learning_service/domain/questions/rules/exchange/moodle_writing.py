"""Questions as Moodle XML, with fractions that are on Moodle's list."""

import base64
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from html import escape

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.entries import ALL_OR_NOTHING
from learning_service.domain.questions.rules.exchange.fractions import percent
from learning_service.domain.questions.rules.exchange.losses import losses
from learning_service.domain.questions.rules.exchange.moodle import FILE
from learning_service.domain.questions.rules.exchange.packing import (
    NO_PICTURES,
    PackedFile,
    Pictures,
    Shown,
    address_of,
)
from learning_service.domain.questions.rules.types import Question

_TYPES = {
    "multiple_choice": "multichoice",
    "multi_select": "multichoice",
    "true_false": "truefalse",
    "short_answer": "shortanswer",
    "free_form": "essay",
    "numeric": "numerical",
    "matching": "matching",
    "ordering": "ordering",
}
_NOT_XML = {code: None for code in range(32) if chr(code) not in "\t\n"} | {0xFFFE: None, 0xFFFF: None}


def write_moodle(questions: Iterable[Question], pictures: Pictures = NO_PICTURES) -> Iterator[str]:
    """The file's text, question by question, each with its pictures."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
    for number, question in enumerate(questions, 1):
        shown = pictures.for_question(question.model_dump_json())
        yield "".join(_question(number, question.model_dump(mode="json"), shown))
    yield "</quiz>\n"


def _question(number: int, fields: JsonObject, shown: Shown) -> Iterator[str]:
    for lost in losses(fields, shown, keeps=("case_sensitive", "rubric_html", "unit")):
        yield f"<!-- not in Moodle XML: {lost} -->\n"
    kind = _TYPES.get(fields["type"])
    if kind is None:
        yield f"<!-- not in Moodle XML: a question of the type {fields['type']} -->\n"
    yield f'<question type="{kind or "description"}">\n<name><text>Q{number}</text></name>\n'
    yield _rich("questiontext", fields["prompt_html"], shown)
    yield _rich("generalfeedback", fields["explanation_html"] or "", shown)
    yield f"<defaultgrade>{Decimal(repr(fields['points'])):f}</defaultgrade>\n"
    yield from _own(fields, shown)
    if fields.get("scoring") == ALL_OR_NOTHING:
        yield f"<tags><tag><text>{ALL_OR_NOTHING}</text></tag></tags>\n"
    yield "</question>\n"


def _own(fields: JsonObject, shown: Shown) -> Iterator[str]:
    match fields["type"]:
        case "multiple_choice":
            yield "<single>true</single>\n"
            yield from (
                _choice(answer, Fraction(answer["is_correct"]), shown) for answer in fields["answers"]
            )
        case "multi_select":
            yield "<single>false</single>\n"
            yield from _weighed(fields, shown)
        case "true_false":
            for value in (True, False):
                yield _answer(str(value).lower(), Fraction(fields["correct"] is value))
        case "short_answer":
            yield f"<usecase>{int(fields['case_sensitive'])}</usecase>\n"
            yield from (_answer(text, Fraction(1)) for text in fields["accepted_answers"])
        case "free_form":
            yield _rich("graderinfo", fields["rubric_html"] or "", shown)
        case "numeric":
            yield from _numeric(fields)
        case "matching":
            for pair in fields["pairs"]:
                yield _subquestion(pair["left"], pair["right"])
            yield from (_subquestion("", text) for text in fields["distractors"])
        case "ordering":
            whole = fields["scoring"] == ALL_OR_NOTHING
            yield "<layouttype>VERTICAL</layouttype>\n<selecttype>ALL</selecttype>\n"
            yield f"<gradingtype>{'ALL_OR_NOTHING' if whole else 'ABSOLUTE_POSITION'}</gradingtype>\n"
            for place, item in enumerate(fields["items"], 1):
                yield f'<answer fraction="{place}" format="plain_text">{_text(item)}</answer>\n'


def _weighed(fields: JsonObject, shown: Shown) -> Iterator[str]:
    right = sum(answer["is_correct"] for answer in fields["answers"])
    wrong = len(fields["answers"]) - right
    off = 1 if fields["scoring"] == ALL_OR_NOTHING else wrong
    for answer in fields["answers"]:
        share = Fraction(1, right) if answer["is_correct"] else Fraction(-1, off)
        yield _choice(answer, share, shown)


def _numeric(fields: JsonObject) -> Iterator[str]:
    if fields["answer"] is None:
        return
    answer, tolerance = Decimal(repr(fields["answer"])), Decimal(repr(fields["tolerance"] or 0))
    if fields["tolerance_percent"]:
        tolerance = abs(answer) * Decimal(repr(fields["tolerance_percent"])) / 100
    yield f'<answer fraction="100" format="plain_text">{_text(f"{answer:f}")}'
    yield f"<tolerance>{tolerance:f}</tolerance></answer>\n"
    if fields["unit"]:
        name = escape(fields["unit"], quote=False)
        yield f"<units><unit><multiplier>1</multiplier><unit_name>{name}</unit_name></unit></units>\n"


def _choice(answer: JsonObject, share: Fraction, shown: Shown) -> str:
    rich = answer["html"] is not None
    form, text = ("html", _shown(answer["html"], shown)) if rich else ("plain_text", _text(answer["text"]))
    feedback = _rich("feedback", answer["feedback_html"] or "", shown)
    return f'<answer fraction="{percent(share)}" format="{form}">{text}{feedback}</answer>\n'


def _answer(text: str, share: Fraction) -> str:
    return f'<answer fraction="{percent(share)}" format="moodle_auto_format">{_text(text)}</answer>\n'


def _subquestion(left: str, right: str) -> str:
    return f'<subquestion format="plain_text">{_text(left)}<answer>{_text(right)}</answer></subquestion>\n'


def _rich(name: str, text: str, shown: Shown) -> str:
    return f'<{name} format="html">{_shown(text, shown)}</{name}>\n'


def _shown(html: str, shown: Shown) -> str:
    """A rich text, and after it the pictures that it names."""
    html, files = shown.named(html, lambda file: FILE + address_of(file))
    return "".join([_text(html), *map(_file, files)])


def _file(file: PackedFile) -> str:
    folder, _, name = file.place.rpartition("/")
    content = base64.b64encode(file.content).decode()
    return f'<file name="{escape(name)}" path="/{folder}/" encoding="base64">{content}</file>'


def _text(text: str) -> str:
    return f"<text>{escape(text.translate(_NOT_XML), quote=False)}</text>"
