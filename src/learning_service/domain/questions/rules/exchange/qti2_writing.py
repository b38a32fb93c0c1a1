"""Questions as a package of QTI 2.1: an item for each, and the manifest that names them."""

import io
import uuid
import zipfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from decimal import Decimal
from html import escape
from html.parser import HTMLParser
from urllib.parse import quote

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.entries import ALL_OR_NOTHING
from learning_service.domain.questions.rules.exchange.losses import losses
from learning_service.domain.questions.rules.exchange.packing import NO_PICTURES, Pictures, Shown, address_of
from learning_service.domain.questions.rules.types import Question

_XMLNS = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_MATCH = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/"
_NOT_XML = {code: None for code in range(32) if chr(code) not in "\t\n"} | {0xFFFE: None, 0xFFFF: None}
_VOID = frozenset({"br", "hr", "img", "col", "wbr"})
_PICTURES = "pictures/"
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a package, so that the same questions are the same bytes."""


def write_qti2(
    questions: Iterable[Question], pictures: Pictures = NO_PICTURES
) -> Generator[None, None, bytes]:
    """The package, with the pictures that the questions show: work that pauses after each of them."""
    kept = io.BytesIO()
    resources: list[tuple[str, list[str]]] = []
    kept_files: set[uuid.UUID] = set()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as package:
        for number, question in enumerate(questions, 1):
            name = f"items/q{number:05}.xml"
            shown = pictures.for_question(question.model_dump_json())
            _add(package, name, "".join(_item(number, question.model_dump(mode="json"), shown)))
            for id_, file in shown.files.items():
                if id_ not in kept_files:
                    # Pictures are packed already.
                    package.writestr(zipfile.ZipInfo(_PICTURES + file.place, _WHEN), file.content)
                kept_files.add(id_)
            resources.append((name, [_PICTURES + file.place for file in shown.files.values()]))
            yield
        _add(package, "imsmanifest.xml", "".join(_manifest(resources)))
    return kept.getvalue()


def _add(package: zipfile.ZipFile, name: str, text: str) -> None:
    info = zipfile.ZipInfo(name, _WHEN)
    info.compress_type = zipfile.ZIP_DEFLATED
    package.writestr(info, text)


def _manifest(resources: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<manifest identifier="M" xmlns="http://www.imsglobal.org/xsd/imscp_v1p1">'
    yield "<metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion></metadata>"
    yield "<organizations/><resources>\n"
    for number, (name, files) in enumerate(resources, 1):
        yield f'<resource identifier="Q{number}" type="imsqti_item_xmlv2p1" href="{name}">'
        yield from (f'<file href="{quote(each)}"/>' for each in (name, *files))
        yield "</resource>\n"
    yield "</resources></manifest>\n"


def _item(number: int, fields: JsonObject, shown: Shown) -> Iterator[str]:
    fields = shown.in_fields(fields, lambda file: f"../{_PICTURES}{address_of(file)}")
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<assessmentItem xmlns="{_XMLNS}" identifier="Q{number}" title="Q{number}"'
    yield ' adaptive="false" timeDependent="false">\n'
    for lost in _lost(fields, shown):
        yield f"<!-- not in QTI: {lost} -->\n"
    yield from _declaration(fields)
    points = _number(fields["points"])
    yield '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>\n'
    yield '<outcomeDeclaration identifier="MAXSCORE" cardinality="single" baseType="float">'
    yield f"<defaultValue><value>{points}</value></defaultValue></outcomeDeclaration>\n"
    yield f'<itemBody><div class="prompt">{_xhtml(fields["prompt_html"])}</div>\n'
    yield from _interaction(fields)
    yield "</itemBody>\n"
    yield from _processing(fields)
    if fields["explanation_html"]:
        yield '<modalFeedback outcomeIdentifier="SOLUTION" identifier="SOLUTION" showHide="show">'
        yield f"{_xhtml(fields['explanation_html'])}</modalFeedback>\n"
    yield "</assessmentItem>\n"


def _declaration(fields: JsonObject) -> Iterator[str]:
    """What is right, and what each part of it is worth."""
    points = Decimal(_number(fields["points"]))
    cardinality, kind, right, mapped = "single", "identifier", list[str](), dict[str, Decimal]()
    match fields["type"]:
        case "multiple_choice":
            right = [f"C{n}" for n, answer in enumerate(fields["answers"]) if answer["is_correct"]]
        case "multi_select":
            cardinality = "multiple"
            right = [f"C{n}" for n, answer in enumerate(fields["answers"]) if answer["is_correct"]]
            wrong = len(fields["answers"]) - len(right)
            if fields["scoring"] != ALL_OR_NOTHING and right:
                mapped = {
                    f"C{n}": points / len(right) if answer["is_correct"] else -points / wrong
                    for n, answer in enumerate(fields["answers"])
                }
        case "true_false":
            right = [] if fields["correct"] is None else [str(fields["correct"]).lower()]
        case "short_answer":
            kind = "string"
            mapped = {text.replace("\\*", "*"): points for text in _literal(fields)}
            right = list(mapped)[:1]
        case "numeric":
            kind = "float"
            right = [] if fields["answer"] is None else [_number(fields["answer"])]
        case "matching":
            cardinality, kind = "multiple", "directedPair"
            rights = _rights(fields)
            right = [f"L{n} R{rights.index(pair['right'])}" for n, pair in enumerate(fields["pairs"])]
            mapped = (
                {}
                if fields["scoring"] == ALL_OR_NOTHING
                else dict.fromkeys(right, points / max(1, len(right)))
            )
        case "ordering":
            cardinality = "ordered"
            right = [f"C{n}" for n in range(len(fields["items"]))]
            mapped = (
                {}
                if fields["scoring"] == ALL_OR_NOTHING
                else dict.fromkeys(right, points / max(1, len(right)))
            )
        case "free_form":
            kind = "string"
    yield f'<responseDeclaration identifier="RESPONSE" cardinality="{cardinality}" baseType="{kind}">\n'
    if right:
        yield f"<correctResponse>{''.join(f'<value>{_text(one)}</value>' for one in right)}</correctResponse>\n"
    if mapped:
        yield from _mapping(fields, mapped)
    yield "</responseDeclaration>\n"


def _mapping(fields: JsonObject, mapped: dict[str, Decimal]) -> Iterator[str]:
    case = ""
    if fields["type"] == "short_answer":
        case = f' caseSensitive="{str(fields["case_sensitive"]).lower()}"'
    yield '<mapping lowerBound="0" defaultValue="0">'
    for key, worth in mapped.items():
        yield f'<mapEntry mapKey="{_attribute(key)}" mappedValue="{worth:f}"{case}/>'
    yield "</mapping>\n"


def _interaction(fields: JsonObject) -> Iterator[str]:
    match fields["type"]:
        case "multiple_choice" | "multi_select":
            most = 1 if fields["type"] == "multiple_choice" else 0
            yield f'<choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="{most}">\n'
            yield from (_choice(n, answer) for n, answer in enumerate(fields["answers"]))
            yield "</choiceInteraction>\n"
        case "true_false":
            yield '<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="1">\n'
            yield '<simpleChoice identifier="true">True</simpleChoice>'
            yield '<simpleChoice identifier="false">False</simpleChoice>\n</choiceInteraction>\n'
        case "short_answer" | "numeric":
            yield '<p><textEntryInteraction responseIdentifier="RESPONSE"/></p>\n'
        case "free_form":
            yield '<extendedTextInteraction responseIdentifier="RESPONSE"/>\n'
            if fields["rubric_html"]:
                yield f'<rubricBlock view="scorer">{_xhtml(fields["rubric_html"])}</rubricBlock>\n'
        case "matching":
            yield from _sides(fields)
        case "ordering":
            yield '<orderInteraction responseIdentifier="RESPONSE" shuffle="true">\n'
            for n, text in enumerate(fields["items"]):
                yield f'<simpleChoice identifier="C{n}">{_text(text)}</simpleChoice>\n'
            yield "</orderInteraction>\n"


def _sides(fields: JsonObject) -> Iterator[str]:
    yield '<matchInteraction responseIdentifier="RESPONSE" shuffle="true" maxAssociations="0">\n<simpleMatchSet>\n'
    for n, pair in enumerate(fields["pairs"]):
        yield _associable(f"L{n}", pair["left"], 1)
    yield "</simpleMatchSet>\n<simpleMatchSet>\n"
    for n, text in enumerate(_rights(fields)):
        yield _associable(f"R{n}", text, 0)
    yield "</simpleMatchSet>\n</matchInteraction>\n"


def _associable(ident: str, text: str, most: int) -> str:
    return f'<simpleAssociableChoice identifier="{ident}" matchMax="{most}">{_text(text)}</simpleAssociableChoice>\n'


def _choice(n: int, answer: JsonObject) -> str:
    rich = answer["html"]
    text = _text(answer["text"]) if rich is None else f'<div class="rich">{_xhtml(rich)}</div>'
    fixed = ' fixed="true"' if answer["pinned"] else ""
    said = answer["feedback_html"]
    feedback = ""
    if said:
        feedback = (
            f'<feedbackInline outcomeIdentifier="FEEDBACK" identifier="C{n}" showHide="show">{_xhtml(said)}'
            "</feedbackInline>"
        )
    return f'<simpleChoice identifier="C{n}"{fixed}>{text}{feedback}</simpleChoice>\n'


def _processing(fields: JsonObject) -> Iterator[str]:
    if fields["type"] == "numeric" and fields["answer"] is not None:
        mode, tolerance = "absolute", fields["tolerance"] or 0
        if fields["tolerance_percent"]:
            mode, tolerance = "relative", fields["tolerance_percent"]
        bound = _number(tolerance)
        yield "<responseProcessing><responseCondition><responseIf>"
        yield f'<equal toleranceMode="{mode}" tolerance="{bound} {bound}">'
        yield '<variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></equal>'
        yield '<setOutcomeValue identifier="SCORE"><variable identifier="MAXSCORE"/></setOutcomeValue>'
        yield "</responseIf></responseCondition></responseProcessing>\n"
    elif fields["type"] != "free_form":
        mapped = fields["type"] == "short_answer" or fields.get("scoring", ALL_OR_NOTHING) != ALL_OR_NOTHING
        yield f'<responseProcessing template="{_MATCH}{"map_response" if mapped else "match_correct"}"/>\n'


def _rights(fields: JsonObject) -> list[str]:
    return list(dict.fromkeys([*(pair["right"] for pair in fields["pairs"]), *fields["distractors"]]))


def _literal(fields: JsonObject) -> list[str]:
    """The accepted answers in which no star stands for other characters."""
    return [text for text in fields["accepted_answers"] if "*" not in text.replace("\\*", "")]


def _lost(fields: JsonObject, shown: Shown) -> Iterator[str]:
    """What the format has no place for."""
    yield from losses(fields, shown, keeps=("case_sensitive", "rubric_html", "pinned"))
    if not any(_interaction(fields)):
        yield f"a question of the type {fields['type']}"
    if fields["type"] == "short_answer" and len(_literal(fields)) < len(fields["accepted_answers"]):
        yield "accepted answers with a wildcard"


def _number(value: float) -> str:
    return f"{Decimal(repr(value)):f}"


def _text(text: str) -> str:
    return escape(text.translate(_NOT_XML), quote=False)


def _attribute(text: str) -> str:
    # A reader makes a line break in an attribute a space, unless it is written by number.
    return escape(text.translate(_NOT_XML)).replace("\n", "&#10;").replace("\t", "&#9;")


def _xhtml(text: str) -> str:
    """Sanitized HTML as XML."""
    writer = _Xhtml()
    writer.feed(text)
    writer.close()
    return "".join(writer.parts)


class _Xhtml(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write it; what has no end tag is closed at once."""
        told = "".join(f' {name}="{_attribute(value or "")}"' for name, value in attrs)
        self.parts.append(f"<{tag}{told}{'/' if tag in _VOID else ''}>")

    def handle_endtag(self, tag: str) -> None:
        """Write it."""
        if tag not in _VOID:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Write the words."""
        self.parts.append(_text(data))
