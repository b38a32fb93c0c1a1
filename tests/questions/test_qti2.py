"""QTI 2.x and 3.0: items as other systems write them, and our own back as they were."""

import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit.drawn import some_of
from tests.kit.exchange import codes, done, fields, read, read_all, right
from tests.kit.made_questions import (
    QUESTIONS,
    base,
    choice_questions,
    distinct,
    html_text,
    matchings,
    number,
    plain,
)

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.entries import Entry
from learning_service.domain.questions.rules.exchange.formats import UnknownFormat
from learning_service.domain.questions.rules.exchange.qti2_writing import write_qti2

CHOICE = """<?xml version="1.0" encoding="UTF-8"?>
<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="choice" title="Unattended Luggage"
  adaptive="false" timeDependent="false">
 <responseDeclaration identifier="RESPONSE" cardinality="single" baseType="identifier">
  <correctResponse><value>ChoiceA</value></correctResponse></responseDeclaration>
 <outcomeDeclaration identifier="SCORE" cardinality="single" baseType="integer"/>
 <itemBody><p>Look at the <em>text</em>:</p><p><img src="images/sign.png" alt="NEVER LEAVE LUGGAGE"/></p>
  <choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="1"><prompt>What does it say?</prompt>
   <simpleChoice identifier="ChoiceA">You must stay with your luggage.<feedbackInline outcomeIdentifier="FEEDBACK"
    identifier="ChoiceA" showHide="show">Right.</feedbackInline></simpleChoice>
   <simpleChoice identifier="ChoiceB"><b>Do not</b> leave it.</simpleChoice>
   <simpleChoice identifier="ChoiceC" fixed="true">None &amp; all.</simpleChoice>
  </choiceInteraction></itemBody>
 <responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>
</assessmentItem>"""


def item(declared: str, body: str, after: str = "", before: str = "") -> str:
    """An item with one interaction."""
    return (
        '<assessmentItem identifier="i" title="T">'
        f'<responseDeclaration identifier="RESPONSE" {declared}</responseDeclaration>{before}'
        f"<itemBody>{body}</itemBody>{after}</assessmentItem>"
    )


def correct(*values: str) -> str:
    return "<correctResponse>" + "".join(f"<value>{value}</value>" for value in values) + "</correctResponse>"


def mapping(**worth: str) -> str:
    return (
        "<mapping>"
        + "".join(f'<mapEntry mapKey="{k}" mappedValue="{v}"/>' for k, v in worth.items())
        + "</mapping>"
    )


def scoring(entry: Entry) -> str:
    assert entry.question is not None
    found: str = entry.question.model_dump()["scoring"]
    return found


def choices(name: str, *idents: str, inside: str = "simpleChoice") -> str:
    shown = "".join(f'<{inside} identifier="{one}">{one} text</{inside}>' for one in idents)
    return f'<{name} responseIdentifier="RESPONSE">{shown}</{name}>'


SETS = (
    "<matchInteraction responseIdentifier='RESPONSE'><simpleMatchSet>{}</simpleMatchSet>"
    "<simpleMatchSet>{}</simpleMatchSet></matchInteraction>"
)


def sets(left: str, rights: str) -> str:
    return SETS.format(
        *(
            "".join(
                f"<simpleAssociableChoice identifier='{one}'>{one} text</simpleAssociableChoice>"
                for one in side
            )
            for side in (left, rights)
        )
    )


def test_a_choice_of_the_specification() -> None:
    form, [entry] = read_all(CHOICE.encode())
    assert (form, entry.name, entry.line, entry.status) == ("qti-2.x", "Unattended Luggage", 2, "accepted")
    found = fields(entry)
    assert found["type"] == "multiple_choice"
    assert found["prompt_html"].startswith("<p>Look at the <em>text</em>:</p><p><img src=")
    assert found["prompt_html"].endswith("What does it say?")
    assert found["answers"] == [
        {"text": "You must stay with your luggage.", "is_correct": True, "feedback_html": "Right."},
        {"html": "<b>Do not</b> leave it."},
        {"text": "None & all.", "pinned": True},
    ]


def test_names_of_3_0_are_those_of_2_x() -> None:
    names = {"assessmentItem": "qti-assessment-item", "itemBody": "qti-item-body", "prompt>": "qti-prompt>"}
    names |= {"responseDeclaration": "qti-response-declaration", "correctResponse": "qti-correct-response"}
    names |= {"outcomeDeclaration": "qti-outcome-declaration", "choiceInteraction": "qti-choice-interaction"}
    names |= {
        "simpleChoice": "qti-simple-choice",
        "feedbackInline": "qti-feedback-inline",
        "value>": "qti-value>",
    }
    names |= {
        "responseIdentifier": "response-identifier",
        "baseType": "base-type",
        "maxChoices": "max-choices",
    }
    names |= {"responseProcessing": "qti-response-processing", "imsqti_v2p1": "imsqtiasi_v3p0"}
    written = CHOICE
    for old, new in names.items():
        written = written.replace(old, new)
    form, [entry] = read_all(written.encode())
    assert form == "qti-3.0"
    assert entry.question == read(CHOICE)[0].question


def test_several_choices_with_and_without_a_mapping() -> None:
    several = 'cardinality="multiple" baseType="identifier">'
    asked = choices("choiceInteraction", "A", "B", "C", "D")
    [entry] = read(item(several + correct("A", "C"), asked))
    assert right(entry) == [("A text", True), ("B text", False), ("C text", True), ("D text", False)]
    assert scoring(entry) == "all_or_nothing"
    [entry] = read(item(several + correct("A", "C") + mapping(A="1", C="1", B="-1", D="-1"), asked))
    assert (scoring(entry), fields(entry)["points"]) == (
        "right_minus_wrong",
        2,
    )
    assert codes(entry) == []
    [entry] = read(item(several + mapping(A="1", C="0.5"), asked))
    assert [answer for answer, is_right in right(entry) if is_right] == ["A text", "C text"]
    assert codes(entry) == ["fractions"]
    [entry] = read(item('cardinality="single" baseType="identifier">' + mapping(A="2", B="1"), asked))
    assert (right(entry)[0], fields(entry)["points"], codes(entry)) == (
        ("A text", True),
        2,
        ["part-of-points"],
    )


def test_texts_numbers_orders_pairs_and_essays() -> None:
    gap = "<p>Now is the <textEntryInteraction responseIdentifier='RESPONSE'/> of our</p>"
    string = 'cardinality="single" baseType="string">'
    [entry] = read(item(string + correct("winter*") + mapping(Winter="1", cold="0.5"), gap))
    found = fields(entry)
    assert (found["type"], found["prompt_html"]) == ("short_answer", "<p>Now is the _____ of our</p>")
    assert (found["accepted_answers"], found["case_sensitive"]) == (["winter\\*", "Winter"], True)
    assert codes(entry) == ["part-of-points"]
    equal = "<responseProcessing><equal toleranceMode='{}' tolerance='{}'/></responseProcessing>"
    floating = 'cardinality="single" baseType="float">' + correct("3.5")
    [entry] = read(item(floating, gap, equal.format("absolute", "0.1 0.1")))
    assert (fields(entry)["answer"], fields(entry)["tolerance"]) == (3.5, 0.1)
    [entry] = read(item(floating, gap, equal.format("relative", "5")))
    assert fields(entry)["tolerance_percent"] == 5
    asked = choices("orderInteraction", "A", "B", "C")
    [entry] = read(item('cardinality="ordered" baseType="identifier">' + correct("C", "A", "B"), asked))
    assert fields(entry)["items"] == ["C text", "A text", "B text"]
    paired = 'cardinality="multiple" baseType="directedPair">' + correct("A X", "B Y")
    [entry] = read(item(paired, sets("AB", "XYZ")))
    assert fields(entry)["pairs"] == [
        {"left": "A text", "right": "X text"},
        {"left": "B text", "right": "Y text"},
    ]
    assert (fields(entry)["distractors"], scoring(entry)) == (
        ["Z text"],
        "all_or_nothing",
    )
    body = (
        "<p>Why?</p><extendedTextInteraction responseIdentifier='RESPONSE'/>"
        "<rubricBlock view='scorer'>R</rubricBlock>"
    )
    [entry] = read(item(string, body))
    assert (fields(entry)["type"], fields(entry)["rubric_html"], fields(entry)["prompt_html"]) == (
        "free_form",
        "R",
        "<p>Why?</p>",
    )
    true = (
        '<choiceInteraction responseIdentifier="RESPONSE"><simpleChoice identifier="x">True</simpleChoice>'
        '<simpleChoice identifier="y">False</simpleChoice></choiceInteraction>'
    )
    [entry] = read(item('cardinality="single" baseType="identifier">' + correct("y"), true))
    assert (fields(entry)["type"], fields(entry)["correct"]) == ("true_false", False)


@pytest.mark.parametrize(
    ("declared", "body", "code"),
    [
        ('cardinality="single" baseType="identifier">', "<p>Read.</p>", "no-question"),
        (
            'cardinality="single" baseType="point">',
            "<hotspotInteraction responseIdentifier='RESPONSE'/>",
            "not-known",
        ),
        (
            'cardinality="single" baseType="identifier">' + correct("A"),
            choices("choiceInteraction", "A", "B") * 2,
            "several-interactions",
        ),
        (
            'cardinality="single" baseType="identifier">',
            choices("choiceInteraction", "A", "B"),
            "no-right-answer",
        ),
        (
            'cardinality="single" baseType="identifier">' + correct("A", "B"),
            choices("choiceInteraction", "A", "B", "C"),
            "several-right",
        ),
        ('cardinality="single" baseType="float">' + correct("x"), "<textEntryInteraction/>", "no-number"),
        (
            'cardinality="ordered" baseType="identifier">' + correct("A", "A"),
            choices("orderInteraction", "A", "B"),
            "no-right-answer",
        ),
        (
            'cardinality="multiple" baseType="directedPair">' + correct("A X"),
            sets("AB", "XY"),
            "no-right-answer",
        ),
        (
            'cardinality="multiple" baseType="directedPair">' + correct("A X", "A Y"),
            sets("AB", "XY"),
            "no-right-answer",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_reason(declared: str, body: str, code: str) -> None:
    [entry] = read(item(declared, body))
    assert (entry.status, codes(entry)[-1]) == ("refused", code)


def test_a_package_is_read_item_by_item() -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as files:
        files.writestr("imsmanifest.xml", "<manifest><resource href='a.xml'/></manifest>")
        files.writestr("test.xml", "<assessmentTest><assessmentItemRef href='a.xml'/></assessmentTest>")
        files.writestr("a.xml", CHOICE)
        files.writestr("b.xml", CHOICE.replace("Unattended", "Another"))
    form, entries = read_all(package.getvalue())
    assert (form, [entry.name for entry in entries]) == ("qti-2.x", ["Unattended Luggage", "Another Luggage"])


def packed(test: str, *names: str, content: str = CHOICE) -> bytes:
    """A package of a test in a folder of its own, and items."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as files:
        files.writestr("tests/test.xml", test)
        for name in names:
            files.writestr(f"items/{name}.xml", content)
    return package.getvalue()


@pytest.mark.parametrize("edition", ["", "qti-"])
def test_items_come_in_the_order_of_their_test(edition: str) -> None:
    test = whole_test(section("", "c", "a"), section("", "stray", "b"))
    if edition:
        test = test.replace("assessmentTest", "qti-assessment-test").replace(
            "assessmentItemRef", "qti-assessment-item-ref"
        )
    package = io.BytesIO(packed(test))
    with zipfile.ZipFile(package, "a") as files:
        for name in "abcd":
            files.writestr(f"items/{name}.xml", CHOICE.replace("Unattended Luggage", name))
    _, entries = read_all(package.getvalue())
    assert [entry.name for entry in entries] == ["c", "a", "b", "d"]


def section(select: str, *items: str, inner: str = "") -> str:
    references = "".join(
        f'<assessmentItemRef identifier="{one}" href="../items/{one}.xml"/>' for one in items
    )
    selection = f'<selection select="{select}"/>' if select else ""
    return f"<assessmentSection>{selection}{references}{inner}</assessmentSection>"


def whole_test(*sections: str) -> str:
    return f"<assessmentTest><testPart>{''.join(sections)}</testPart></assessmentTest>"


def draws(package: bytes) -> list[int | None]:
    _, entries = read_all(package)
    assert {entry.status for entry in entries} <= {"accepted", "warned"}
    return [None if entry.group is None else entry.group.draw for entry in entries]


def test_a_section_that_selects_some_of_its_items_is_drawn_from() -> None:
    test = whole_test(section("2", "a%20b", "b", "c"), section("", "d", inner=section("1", "e", "f")))
    found = packed(test, "a b", "b", "c", "d", "e", "f", "stray")
    assert draws(found) == [2, 2, 2, None, 1, 1, None]
    _, entries = read_all(found)
    assert len({entry.group for entry in entries}) == 3


def test_a_section_of_qti_3_is_drawn_from() -> None:
    test = whole_test(section("1", "a", "b")).replace("assessmentTest", "qti-assessment-test")
    test = test.replace("assessmentSection", "qti-assessment-section").replace("selection", "qti-selection")
    test = test.replace("assessmentItemRef", "qti-assessment-item-ref")
    item3 = CHOICE.replace("assessmentItem", "qti-assessment-item").replace(
        "responseDecl", "qti-response-decl"
    )
    for name in ("itemBody", "choiceInteraction", "simpleChoice", "correctResponse", "value"):
        dashed = "qti-" + "".join(f"-{c.lower()}" if c.isupper() else c for c in name)
        item3 = item3.replace(f"<{name}", f"<{dashed}").replace(f"</{name}>", f"</{dashed}>")
    _, entries = read_all(packed(test, "a", "b", content=item3))
    assert [entry.group and entry.group.draw for entry in entries] == [1, 1]


@pytest.mark.parametrize("select", ["", "0", "-1", "1.5", "3", "4", "99999999999999999999", "all", "1e9"])
def test_a_section_that_selects_no_number_of_its_items_asks_all(select: str) -> None:
    assert draws(packed(whole_test(section(select, "a", "b", "c")), "a", "b", "c")) == [None, None, None]


@pytest.mark.parametrize(
    "test",
    [
        whole_test(section("1", "a", "b"))[:-5],
        whole_test(section("1", "../../etc/passwd", "nowhere")),
        whole_test("<assessmentSection>" * 100 + "</assessmentSection>" * 100),
        '<!DOCTYPE a [<!ENTITY x "y">]>' + whole_test(section("1", "a", "b")),
    ],
    ids=["cut off", "elsewhere", "deep", "entities"],
)
def test_a_test_that_cannot_be_read_leaves_its_items_alone(test: str) -> None:
    assert [found in (None, 1) for found in draws(packed(test, "a", "b"))] == [True, True]


def test_entities_and_deep_items_are_refused() -> None:
    for hostile in (
        '<!DOCTYPE a [<!ENTITY x "y">]>' + CHOICE.split("?>", 1)[1],
        item('cardinality="single">', "<div>" * 100 + "</div>" * 100),
    ):
        with pytest.raises(UnknownFormat):
            read(hostile)


points = st.sampled_from([1, 2.5, 3])
own = st.one_of(
    choice_questions(),
    matchings(),
    st.fixed_dictionaries({"type": st.just("true_false"), "correct": st.booleans(), **base}),
    st.fixed_dictionaries({"type": st.just("free_form"), "rubric_html": st.none() | html_text, **base}),
    st.fixed_dictionaries(
        {"type": st.just("numeric"), "answer": number, "tolerance": number.map(abs), **base}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("short_answer"),
            "accepted_answers": distinct(
                plain.filter(lambda text: "\\" not in text).map(lambda text: text.replace("*", "\\*")), 1
            ),
            "case_sensitive": st.booleans(),
            **base,
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("ordering"),
            "items": distinct(plain, 2),
            "scoring": st.sampled_from(["all_or_nothing", "per_part"]),
            **base,
        }
    ),
)


@given(st.lists(st.tuples(own, points), min_size=1, max_size=3))
@settings(max_examples=some_of(200), deadline=None)
def test_what_was_written_is_read_as_it_was(sent: list[tuple[JsonObject, float]]) -> None:
    questions = QUESTIONS.validate_json(json.dumps([{**one, "points": worth} for one, worth in sent]))
    form, entries = read_all(done(write_qti2(questions)))
    assert form == "qti-2.x"
    assert all(set(codes(entry)) <= {"not-publishable"} for entry in entries)
    assert [entry.question for entry in entries] == list(questions)
    assert done(write_qti2(questions)) == done(write_qti2(questions))
