"""What other systems say of a question and ours cannot keep is told, and what is right there is right here."""

import pytest
from tests.kit.exchange import codes, fields, read, right

from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.entries import Entry

TEMPLATES = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/"
GAP = "<p>How many? <textEntryInteraction responseIdentifier='RESPONSE'/></p>"
FEEDBACK = "<modalFeedback outcomeIdentifier='FEEDBACK' identifier='{}'>Look at page 3</modalFeedback>"


def qti2(declared: str, body: str, *, before: str = "", after: str = "") -> Entry:
    [entry] = read(
        f'<assessmentItem identifier="i" title="T"><responseDeclaration identifier="RESPONSE" {declared}'
        f"</responseDeclaration>{before}<itemBody>{body}</itemBody>{after}</assessmentItem>"
    )
    return entry


def correct(*values: str) -> str:
    return "<correctResponse>" + "".join(f"<value>{value}</value>" for value in values) + "</correctResponse>"


def mapping(**worth: str) -> str:
    entries = "".join(f'<mapEntry mapKey="{key}" mappedValue="{value}"/>' for key, value in worth.items())
    return f"<mapping>{entries}</mapping>"


def asked(*texts: str, kind: str = "choiceInteraction", part: str = "simpleChoice", beside: str = "") -> str:
    parts = "".join(f'<{part} identifier="{text}">{text}</{part}>' for text in texts)
    return f'<p>Which?{beside}</p><{kind} responseIdentifier="RESPONSE">{parts}</{kind}>'


def processing(inside: str) -> str:
    condition = f"<responseCondition><responseIf>{inside}</responseIf></responseCondition>"
    return f"<responseProcessing>{condition}</responseProcessing>"


SINGLE, SEVERAL = (
    'cardinality="single" baseType="identifier">',
    'cardinality="multiple" baseType="identifier">',
)
FLOAT, STRING = 'cardinality="single" baseType="float">', 'cardinality="single" baseType="string">'


@pytest.mark.parametrize("name", ["match_correct", "match_correct.xml"])
def test_where_only_the_right_answer_counts_a_mapping_says_nothing(name: str) -> None:
    template = f'<responseProcessing template="{TEMPLATES}{name}"/>'
    declared = SEVERAL + correct("A", "B") + mapping(A="1", B="1")
    entry = qti2(declared, asked("A", "B", "C"), after=template)
    assert (right(entry), codes(entry)) == ([("A", True), ("B", True), ("C", False)], [])
    assert (fields(entry).get("points", 1), fields(entry).get("scoring", "all_or_nothing")) == (
        1,
        "all_or_nothing",
    )


def test_a_part_of_the_points_for_another_choice_is_told() -> None:
    entry = qti2(SINGLE + correct("A") + mapping(A="2", B="1", C="-1"), asked("A", "B", "C"))
    assert (fields(entry)["points"], right(entry)) == (2, [("A", True), ("B", False), ("C", False)])
    assert codes(entry) == ["part-of-points", "penalty"]


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ('<templateDeclaration identifier="A" cardinality="single" baseType="integer"/>', GAP),
        ("", f'<p>2 + <printedVariable identifier="A"/></p>{GAP}'),
    ],
)
def test_an_item_whose_numbers_are_drawn_is_not_read_by_half(before: str, body: str) -> None:
    entry = qti2(FLOAT + correct("4"), body, before=before)
    assert (entry.status, codes(entry)) == ("refused", ["not-known"])


@pytest.mark.parametrize(
    ("declared", "body", "after", "told"),
    [
        (SINGLE + correct("A"), asked("A", "B"), FEEDBACK.format("correct"), ["feedback"]),
        (SINGLE + correct("A"), asked("A", "B"), FEEDBACK.format("A"), []),
        (SINGLE + correct("A"), asked("A", "B"), "<modalFeedback identifier='correct'/>", []),
        (
            SINGLE + correct("A"),
            asked("A", "B"),
            "<modalFeedback outcomeIdentifier='SOLUTION' identifier='x'>So it is</modalFeedback>",
            [],
        ),
        (
            SINGLE + correct("A"),
            asked("A", "B") + "<feedbackBlock identifier='x'>Well</feedbackBlock>",
            "",
            ["feedback"],
        ),
        (
            SINGLE + correct("A"),
            asked("A", "B", beside="<feedbackInline identifier='x'>Well</feedbackInline>"),
            "",
            ["feedback"],
        ),
        (SINGLE + correct("True"), asked("True", "False"), FEEDBACK.format("True"), ["feedback"]),
        (STRING + correct("x"), GAP, FEEDBACK.format("x"), ["feedback"]),
    ],
)
def test_feedback_of_qti_2_that_has_no_place_is_told(
    declared: str, body: str, after: str, told: list[str]
) -> None:
    assert codes(qti2(declared, body, after=after)) == told


@pytest.mark.parametrize(
    ("inside", "answer", "tolerance", "told"),
    [
        ("<equal toleranceMode='absolute' tolerance='0.5 0.1'/>", 3.3, 0.3, []),
        ("<equal toleranceMode='absolute' tolerance='0.25'/>", 3.5, 0.25, []),
        ("<equalRounded roundingMode='decimalPlaces' figures='1'/>", 3.5, 0.05, []),
        ("<equalRounded roundingMode='significantFigures' figures='1'/>", 4, 0.5, []),
        ("<equalRounded figures='2'/>", 3.5, 0.05, []),
        ("<equalRounded figures='{N}'/>", 3.5, 0, ["tolerance"]),
        ("<and><gte/><lte/></and>", 3.5, 0, ["tolerance"]),
        ("<match/>", 3.5, 0, []),
        ("<and><not><isNull/></not><match/></and><gt/>", 3.5, 0, []),
    ],
)
def test_how_near_a_number_must_be(inside: str, answer: float, tolerance: float, told: list[str]) -> None:
    entry = qti2(FLOAT + correct("3.5"), GAP, after=processing(inside))
    found = fields(entry)
    assert (found["answer"], found.get("tolerance", 0)) == pytest.approx((answer, tolerance))
    assert codes(entry) == told


def test_two_shares_of_a_number_that_differ_are_told() -> None:
    inside = "<equal toleranceMode='relative' tolerance='5 10'/>"
    entry = qti2(FLOAT + correct("3.5"), GAP, after=processing(inside))
    assert (fields(entry)["tolerance_percent"], codes(entry)) == (5, ["tolerance"])


def test_a_number_may_be_right_by_its_mapping_alone() -> None:
    entry = qti2('cardinality="single" baseType="integer">' + mapping(**{"42": "2", "41": "1"}), GAP)
    assert (fields(entry)["answer"], fields(entry)["points"], codes(entry)) == (42, 2, ["part-of-points"])


def test_what_learners_are_told_before_they_answer_is_asked_too() -> None:
    body = f"<rubricBlock view='candidate'><p>Count them twice.</p></rubricBlock>{GAP}"
    entry = qti2(STRING + correct("x"), body)
    assert fields(entry)["prompt_html"] == "<p>Count them twice.</p><p>How many? _____</p>"
    assert codes(entry) == []
    entry = qti2(STRING + correct("x"), body.replace("candidate", "scorer"))
    assert (fields(entry)["prompt_html"], codes(entry)) == ("<p>How many? _____</p>", ["rubric"])


@pytest.mark.parametrize("name", ["assessmentStimulusRef", "stimulusRef"])
def test_a_text_beside_the_item_is_told(name: str) -> None:
    entry = qti2(STRING + correct("x"), GAP, before=f'<{name} identifier="S" href="s.xml"/>')
    assert codes(entry) == (["stimulus"] if name == "assessmentStimulusRef" else [])


def canvas_text(*right_texts: str, case: str = "") -> JsonObject:
    equal = "".join(f'<varequal respident="r"{case}>{text}</varequal>' for text in right_texts)
    [entry] = read(
        '<questestinterop><item ident="i"><itemmetadata><question_type>short_answer_question</question_type>'
        '</itemmetadata><presentation><material><mattext>Q?</mattext></material><response_str ident="r"><render_fib>'
        '<response_label ident="a"/></render_fib></response_str></presentation><resprocessing><respcondition>'
        f'<conditionvar>{equal}</conditionvar><setvar action="Set" varname="SCORE">100</setvar></respcondition>'
        "</resprocessing></item></questestinterop>"
    )
    return fields(entry)


def test_a_star_of_qti_1_stands_for_itself() -> None:
    assert canvas_text("2*3", "6")["accepted_answers"] == ["2\\*3", "6"]


@pytest.mark.parametrize(
    ("case", "sensitive"), [("", False), (' case="No"', False), (' case="Yes"', True), (' case="yes"', True)]
)
def test_qti_1_says_whether_capitals_count(case: str, sensitive: bool) -> None:
    assert canvas_text("pH", case=case).get("case_sensitive", False) is sensitive


def moodle(kind: str, inner: str) -> list[str]:
    shown = "<questiontext format='html'><text>Q</text></questiontext>"
    [entry] = read(f"<quiz><question type='{kind}'>{shown}{inner}</question></quiz>")
    return codes(entry)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("correctfeedback", "Bravo, see page 3", ["feedback"]),
        ("incorrectfeedback", "&lt;p&gt;Read it again&lt;/p&gt;", ["feedback"]),
        ("partiallycorrectfeedback", "", []),
        # What Moodle writes where an author wrote nothing.
        ("correctfeedback", "&lt;p&gt;Your answer is correct.&lt;/p&gt;", []),
        ("partiallycorrectfeedback", "Your answer is partially correct.", []),
        ("incorrectfeedback", "Your answer is incorrect.", []),
    ],
)
def test_feedback_on_a_question_of_moodle_as_a_whole_is_told(name: str, text: str, told: list[str]) -> None:
    answers = "<answer fraction='100'><text>a</text></answer><answer fraction='0'><text>b</text></answer>"
    feedback = f"<{name} format='html'><text>{text}</text></{name}>"
    assert moodle("multichoice", f"<single>true</single>{feedback}{answers}") == told


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        ("<responseformat>noinline</responseformat><attachments>1</attachments>", ["attachments"]),
        ("<responseformat>editor</responseformat><attachments>-1</attachments>", ["attachments"]),
        ("<responseformat>editor</responseformat><attachments>0</attachments>", []),
        ("<minwordlimit>50</minwordlimit><maxwordlimit>100</maxwordlimit>", ["length"]),
        ("<minwordlimit></minwordlimit><maxwordlimit>0</maxwordlimit>", []),
    ],
)
def test_files_and_lengths_that_an_essay_asks_for_are_told(inner: str, told: list[str]) -> None:
    assert moodle("essay", inner) == told
