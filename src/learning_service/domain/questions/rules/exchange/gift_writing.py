"""Questions as Moodle's GIFT. What GIFT does not know is said in a comment before the question."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.entries import ALL_OR_NOTHING
from learning_service.domain.questions.rules.exchange.fractions import percent
from learning_service.domain.questions.rules.exchange.gift_lexer import LONGEST
from learning_service.domain.questions.rules.exchange.losses import losses
from learning_service.domain.questions.rules.exchange.packing import NO_PICTURES, Pictures, Shown, data_of
from learning_service.domain.questions.rules.types import Question

_ESCAPES = str.maketrans({**{c: f"\\{c}" for c in "\\:#={}~"}, "\n": "\\n", "\r": "\\n"})
_ARROW = "-&gt;"


def write_gift(questions: Iterable[Question], pictures: Pictures = NO_PICTURES) -> Iterator[str]:
    """The file's text, question by question. GIFT has no files: a small picture is its own address."""
    for number, question in enumerate(questions, 1):
        content = question.model_dump_json()
        shown = pictures.for_question(content, most=(LONGEST - 2 * len(content)) * 3 // 4)
        fields = shown.in_fields(question.model_dump(mode="json"), data_of)
        lost = list(_lost(fields, shown))
        if fields["type"] == "multi_select" and len(fields["answers"]) < 2:
            lost.append("it has fewer than two answers")
        comments = [f"// not in GIFT: {what}\n" for what in lost]
        if fields.get("scoring") == ALL_OR_NOTHING:
            comments.append(f"// [tag:{ALL_OR_NOTHING}]\n")
        answers = _answers(fields)
        if answers is None:
            yield f"// Question {number} has nothing that GIFT can hold.\n\n"
            continue
        general = fields["explanation_html"]
        if general:
            answers += f"####{_html(general)}"
        # Not to be taken for a name, a category or a comment, whatever the text begins with.
        yield f"{''.join(comments)}::Q{number}::{_html(fields['prompt_html'])}{{{answers}}}\n\n"


def _answers(fields: JsonObject) -> str | None:
    match fields["type"]:
        case "multiple_choice":
            return "".join(_choice("=" if a["is_correct"] else "~", a) for a in fields["answers"])
        case "multi_select":
            return "".join(_weighed_choices(fields))
        case "true_false":
            return "TRUE" if fields["correct"] else "FALSE"
        case "short_answer":
            if any("->" in text for text in fields["accepted_answers"]):
                return None
            return "".join(f"=%100%{_plain(text)}" for text in fields["accepted_answers"]) or None
        case "numeric":
            return _numeric(fields)
        case "matching":
            return _pairs(fields)
        case "free_form":
            return ""
    return None


def _weighed_choices(fields: JsonObject) -> Iterator[str]:
    right = sum(answer["is_correct"] for answer in fields["answers"])
    wrong = len(fields["answers"]) - right
    off = 1 if fields["scoring"] == ALL_OR_NOTHING else wrong
    for answer in fields["answers"]:
        share = Fraction(1, right) if answer["is_correct"] else Fraction(-1, off)
        yield _choice(f"~%{percent(share)}%", answer)


def _choice(mark: str, answer: JsonObject) -> str:
    text = _html(answer["html"]) if answer["html"] is not None else f"[plain]{_plain(answer['text'])}"
    feedback = answer["feedback_html"]
    return f"{mark}{text}#{_html(feedback)}" if feedback else f"{mark}{text}"


def _numeric(fields: JsonObject) -> str | None:
    if fields["answer"] is None:
        return None
    answer = Decimal(repr(fields["answer"]))
    tolerance = Decimal(repr(fields["tolerance"] or 0))
    if fields["tolerance_percent"]:
        tolerance = abs(answer) * Decimal(repr(fields["tolerance_percent"])) / 100
    return f"#{answer:f}:{tolerance:f}"


def _pairs(fields: JsonObject) -> str:
    pairs = [f"={_left(pair['left'])}->{_plain(pair['right'])}" for pair in fields["pairs"]]
    return "".join([*pairs, *(f"=->{_plain(text)}" for text in fields["distractors"])])


def _left(text: str) -> str:
    if "->" not in text:
        return f"[plain]{_plain(text)}"
    written = text.replace("&", "&amp;").replace("<", "&lt;").replace("->", _ARROW)
    return _html(written)


def _html(text: str) -> str:
    return f"[html]{text.translate(_ESCAPES)}"


def _plain(text: str) -> str:
    return text.translate(_ESCAPES)


def _lost(fields: JsonObject, shown: Shown) -> Iterator[str]:
    """What the format has no place for."""
    if fields["points"] != 1:
        yield f"{fields['points']:g} points"
    yield from losses(fields, shown)
