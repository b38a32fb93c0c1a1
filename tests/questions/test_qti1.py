"""QTI 1.2 as Canvas writes it, alone and in packages."""

from collections.abc import Callable, Mapping

import pytest
from tests.kit.exchange import codes, fields, read, read_all, right
from tests.kit.packed import packed

from learning_service.domain.questions.rules.exchange.formats import UnknownFormat


def item(kind: str, inside: str, title: str = "Question", points: str = "1") -> str:
    return (
        f'<item ident="i" title="{title}"><itemmetadata><qtimetadata><qtimetadatafield>'
        f"<fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>"
        f"<qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>{points}</fieldentry>"
        f"</qtimetadatafield></qtimetadata></itemmetadata>\n{inside}</item>\n"
    )


def material(text: str) -> str:
    return f'<material><mattext texttype="text/html">{text}</mattext></material>'


def lid(ident: str, labels: Mapping[str, str], cardinality: str = "Single", before: str = "") -> str:
    shown = "".join(
        f'<response_label ident="{i}"><material><mattext texttype="text/plain">{text}</mattext></material>'
        "</response_label>"
        for i, text in labels.items()
    )
    return (
        f'<response_lid ident="{ident}" rcardinality="{cardinality}">{before}<render_choice>{shown}</render_choice>'
        "</response_lid>"
    )


def scored(condition: str, points: str = "100") -> str:
    return (
        f'<respcondition continue="No"><conditionvar>{condition}</conditionvar>'
        f'<setvar action="Set" varname="SCORE">{points}</setvar></respcondition>'
    )


def equal(ident: str, value: str) -> str:
    return f'<varequal respident="{ident}">{value}</varequal>'


FEEDBACK = (
    '<itemfeedback ident="{ident}"><flow_mat><material><mattext texttype="text/html">{text}</mattext>'
    "</material></flow_mat></itemfeedback>"
)
AB = {"1": "a", "2": "b", "3": "c"}
ONE = item(
    "multiple_choice_question",
    f"<presentation>{material('&lt;p&gt;Which?&lt;/p&gt;')}{lid('r', AB)}</presentation>"
    "<resprocessing><respcondition continue='Yes'><conditionvar><other/></conditionvar>"
    "<displayfeedback linkrefid='general_fb'/></respcondition>"
    f"{scored(equal('r', '2'))}</resprocessing>"
    + FEEDBACK.format(ident="general_fb", text="Because")
    + FEEDBACK.format(ident="1_fb", text="No"),
    points="2.5",
)
SEVERAL = item(
    "multiple_answers_question",
    f"<presentation>{material('Some')}{lid('r', AB, 'Multiple')}</presentation><resprocessing>"
    f"{scored('<and>' + equal('r', '1') + equal('r', '3') + '<not>' + equal('r', '2') + '</not></and>')}"
    "</resprocessing>",
)
TRUTH = item(
    "true_false_question",
    f"<presentation>{material('So?')}{lid('r', {'t': 'True', 'f': 'False'})}</presentation><resprocessing>"
    f"{scored(equal('r', 'f'))}</resprocessing>",
)
SHORT = item(
    "short_answer_question",
    f"<presentation>{material('Word?')}<response_str ident='r'><render_fib/></response_str></presentation>"
    f"<resprocessing>{scored(equal('r', 'one') + equal('r', 'two'))}</resprocessing>",
)
NUMBER = item(
    "numerical_question",
    f"<presentation>{material('How many?')}</presentation><resprocessing>"
    + scored(
        f"<or>{equal('r', '3.5')}<and><vargte respident='r'>3.4</vargte>"
        "<varlte respident='r'>3.6</varlte></and></or>"
    )
    + "</resprocessing>",
)
ESSAY = item("essay_question", f"<presentation>{material('Write')}</presentation>")
MATCH = item(
    "matching_question",
    f"<presentation>{material('Match')}"
    + lid("m1", {"1": "x", "2": "y", "3": "z"}, before=material("left 1"))
    + lid("m2", {"1": "x", "2": "y", "3": "z"}, before=material("left 2"))
    + f"</presentation><resprocessing>{scored(equal('m1', '2'), '50')}{scored(equal('m2', '1'), '50')}"
    "</resprocessing>",
)
GAPS = item("fill_in_multiple_blanks_question", f"<presentation>{material('[a]')}</presentation>")


def file(*items: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<questestinterop xmlns="http://x"><assessment><section>\n'
        + "".join(items)
        + "</section></assessment></questestinterop>"
    )


def test_canvas_items() -> None:
    form, entries = read_all(file(ONE, SEVERAL, TRUTH, SHORT, NUMBER, ESSAY, MATCH, GAPS).encode())
    assert form == "qti-1.2"
    assert [(e.line, e.type, e.status) for e in entries] == [
        (3, "multiple_choice", "accepted"),
        (5, "multi_select", "accepted"),
        (7, "true_false", "accepted"),
        (9, "short_answer", "accepted"),
        (11, "numeric", "accepted"),
        (13, "free_form", "accepted"),
        (15, "matching", "accepted"),
        (17, None, "refused"),
    ]
    one = fields(entries[0])
    assert (one["prompt_html"], one["points"], one["explanation_html"]) == ("<p>Which?</p>", 2.5, "Because")
    assert right(entries[0]) == [("a", False), ("b", True), ("c", False)]
    assert one["answers"][0]["feedback_html"] == "No"
    assert right(entries[1]) == [("a", True), ("b", False), ("c", True)]
    assert fields(entries[1])["scoring"] == "right_minus_wrong"
    assert fields(entries[2])["correct"] is False
    assert fields(entries[3])["accepted_answers"] == ["one", "two"]
    assert (fields(entries[4])["answer"], fields(entries[4])["tolerance"]) == (3.5, 0.1)
    matching = fields(entries[6])
    assert matching["prompt_html"] == "Match"
    assert matching["pairs"] == [{"left": "left 1", "right": "y"}, {"left": "left 2", "right": "x"}]
    assert matching["distractors"] == ["z"]
    assert codes(entries[7]) == ["not-known"]


def test_a_package_holds_each_quiz_once() -> None:
    files = {
        "imsmanifest.xml": "<manifest/>",
        "g1/assessment_qti.xml": file(ONE),
        "non_cc_assessments/g1.xml.qti": file(ONE, TRUTH),
    }
    assert [e.type for e in read(packed(files))] == ["multiple_choice", "true_false"]
    del files["non_cc_assessments/g1.xml.qti"]
    assert [e.type for e in read(packed(files))] == ["multiple_choice"]


@pytest.mark.parametrize(
    ("made", "detail"),
    [
        (lambda: packed({"a": "nothing"}), "no question"),
        (lambda: packed({"a.xml": file(ESSAY)[:-40]}), "Line"),
        (lambda: packed({"a.xml": file(ESSAY)})[:200], "damaged"),
        (lambda: b"PK\x03\x04" + b"\0" * 100, "damaged"),
        (lambda: packed({"a.xml": file("<!-- " + " " * 70_000_000 + "-->")}), "far larger"),
        (lambda: packed({f"{n}.xml": "" for n in range(5001)}), "too many parts"),
        (lambda: file("").encode(), "no question"),
    ],
    ids=["empty", "broken-xml", "cut", "no-zip", "bomb", "many", "none"],
)
def test_what_cannot_be_read_is_told(made: Callable[[], bytes], detail: str) -> None:
    with pytest.raises(UnknownFormat, match=detail):
        read(made())


def test_a_document_type_that_lies_elsewhere_is_passed_over() -> None:
    text = file(ESSAY).replace(
        "<questestinterop", '<!DOCTYPE questestinterop SYSTEM "q.dtd">\n<questestinterop', 1
    )
    assert [e.line for e in read(text)] == [4]
