"""Odd files, read as Moodle and Canvas read them, and what is lost of them told with its line."""

from typing import Literal

import pytest
from tests.kit.exchange import codes, done, fields, read, read_all, right

from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.exchange.gift_writing import write_gift
from learning_service.domain.questions.rules.exchange.moodle_writing import write_moodle
from learning_service.domain.questions.rules.exchange.qti2_writing import write_qti2
from learning_service.domain.questions.rules.question import QuestionBase
from learning_service.domain.questions.rules.types import Question


def test_a_category_ends_with_an_empty_line_and_what_it_swallows_is_told() -> None:
    entries = read(
        "$CATEGORY: top/a\n\na {T}\n\n// note\n$CATEGORY: top/b\n::B:: b {T}\n\n$CATEGORY: c\nd\n\nd {F}"
    )
    assert [(e.line, e.status, codes(e)) for e in entries] == [
        (3, "accepted", []),
        (7, "refused", ["category"]),
        (12, "accepted", []),
    ]


@pytest.mark.parametrize(
    ("answers", "kind", "name", "value"),
    [
        ("#3.5", "numeric", "tolerance", 0),
        ("#-5..-1", "numeric", "answer", -3),
        ("#-5..-1", "numeric", "tolerance", 2),
        ("# =1.5\\:0.25 ", "numeric", "tolerance", 0.25),
        ("#=5:0.5 =%50%5:2", "numeric", "tolerance", 0.5),
        ("#=5 =%0%*#No", "numeric", "answer", 5),
        ("#5 ~#No", "numeric", "answer", 5),
        ("#1e3", "numeric", "answer", 1000),
        ("=a\\=b =%100%c\\~d\\#\\{\\}\\:\\\\", "short_answer", "accepted_answers", ["a=b", "c~d#{}:\\"]),
        ("=a\\nb", "short_answer", "accepted_answers", ["a\nb"]),
        ("=x =%50%y", "short_answer", "accepted_answers", ["x"]),
        # Moodle looks for capitals.
        ("true", "short_answer", "accepted_answers", ["true"]),
        ("TRUE", "true_false", "correct", True),
        ("F#no", "true_false", "correct", False),
        ("=a -> b -> c =d->e\\:f", "matching", "pairs",
         [{"left": "a", "right": "b -> c"}, {"left": "d", "right": "e:f"}]),
        ("\n  =a\n  -> b\n  =c -> d\n", "matching", "pairs",
         [{"left": "a", "right": "b"}, {"left": "c", "right": "d"}]),
    ],
)  # fmt: skip
def test_answers_of_gift(answers: str, kind: str, name: str, value: object) -> None:
    [entry] = read(f"What? {{{answers}}}")
    assert (entry.type, fields(entry)[name]) == (kind, value)


@pytest.mark.parametrize(
    ("weights", "kind", "found", "told"),
    [
        (["%50%", "%50%", "%-100%"], "multi_select", [True, True, False], []),
        (["%50%", "%50%", ""], "multi_select", [True, True, False], ["fractions"]),
        (["%100%", "%-50%", "%-50%"], "multi_select", [True, False, False], []),
        (["%33.33333%", "%66.66667%", ""], "multi_select", [True, True, False], ["fractions"]),
        (["%-100%", "%-100%", "%0%"], "multi_select", None, ["no-right-answer"]),
    ],
)
def test_weights_of_gift(weights: list[str], kind: str, found: list[bool] | None, told: list[str]) -> None:
    [entry] = read("Q {" + " ".join(f"~{weight}{n}" for n, weight in enumerate(weights)) + "}")
    assert (entry.type, codes(entry)) == (kind, told)
    if found is not None:
        assert [correct for _, correct in right(entry)] == found


def test_a_line_of_a_no_break_space_ends_no_question() -> None:
    [entry] = read("What is\n\u00a0\nthis? {\n=a\n\u00a0\n~b\n}")
    assert right(entry) == [("a", True), ("b", False)]


def test_a_name_that_does_not_end_is_none() -> None:
    [entry] = read("::What is this? {T}")
    assert (entry.name, fields(entry)["prompt_html"]) == ("What is this?", "<p>What is this?</p>")


def test_questions_over_many_lines_with_comments_inside() -> None:
    [entry] = read("// before\n::Q::[plain]One\ntwo {\n// a comment = with ~ signs {\n  =right\n  ~wrong\n}")
    assert (entry.line, fields(entry)["prompt_html"]) == (2, "<p>One<br>two</p>")
    assert right(entry) == [("right", True), ("wrong", False)]


AIKEN = """Which set is {1, 2}?
A) {1}
B. {1, 2}
ANSWER: B) because

Next?\u00a0
A.one
B.two
ANSWER:A

Word?
A. one
B. two
ANSWER: Both
"""


def test_aiken_with_braces_is_aiken() -> None:
    form, entries = read_all(AIKEN.encode())
    assert form == "aiken"
    assert [(e.line, e.status, codes(e)) for e in entries] == [
        (1, "warned", ["answer-words"]),
        (6, "accepted", []),
        (11, "refused", ["no-right-answer"]),
    ]
    assert right(entries[0]) == [("{1}", False), ("{1, 2}", True)]
    assert right(entries[1]) == [("one", True), ("two", False)]


def moodle(kind: str, inner: str) -> str:
    shown = '<questiontext format="html"><text>Q</text></questiontext>'
    return f'<quiz>\n<question type="{kind}">{shown}{inner}</question></quiz>'


def answer(text: str, fraction: str) -> str:
    return f'<answer fraction="{fraction}"><text>{text}</text></answer>'


@pytest.mark.parametrize(
    ("kind", "inner", "told"),
    [
        ("essay", "<responsetemplate format='html'><text>Dear</text></responsetemplate>", ["template"]),
        ("essay", "<hint format='html'><text>Look</text></hint><hint><text/></hint>", ["hints"]),
        ("essay", "<hint><text></text></hint><responsetemplate><text/></responsetemplate>", []),
        *(
            (kind, "", ["not-known"])
            for kind in ("cloze", "calculated", "ddwtos", "gapselect", "description", "kprime")
        ),
    ],
)
def test_what_is_not_kept_of_moodle_is_told_with_its_line(kind: str, inner: str, told: list[str]) -> None:
    [entry] = read(moodle(kind, inner))
    assert (entry.line, codes(entry)) == (2, told)


@pytest.mark.parametrize(
    ("form", "text", "read_as"),
    [
        ("moodle_auto_format", "&lt;a&gt;", "<a>"),
        ("moodle_auto_format", "R&amp;amp;D", "R&amp;D"),
        ("plain_text", "a &lt; b", "a < b"),
        ("html", "&lt;p&gt;Paris&lt;/p&gt;", "Paris"),
    ],
)
def test_a_short_answer_is_compared_as_it_stands(form: str, text: str, read_as: str) -> None:
    inner = f'<answer fraction="100" format="{form}"><text>{text}</text></answer>'
    [entry] = read(moodle("shortanswer", inner))
    assert fields(entry)["accepted_answers"] == [read_as]


def test_the_place_of_an_item_decides_their_order() -> None:
    [entry] = read(
        moodle("ordering", answer("c", "3.0000000") + answer("a", "1.0000000") + answer("b", "2.0000000"))
    )
    assert fields(entry)["items"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("inner", "scoring", "told"),
    [
        ("<gradingtype>ABSOLUTE_POSITION</gradingtype><selecttype>ALL</selecttype>", "per_part", []),
        ("<gradingtype>ALL_OR_NOTHING</gradingtype>", "all_or_nothing", []),
        ("<gradingtype>RELATIVE_NEXT_EXCLUDE_LAST</gradingtype>", "per_part", ["fractions"]),
        ("<selecttype>RANDOM</selecttype><selectcount>2</selectcount>", "per_part", ["selection"]),
        ("<selecttype>RANDOM</selecttype><selectcount>0</selectcount>", "per_part", []),
    ],
)
def test_how_moodle_marks_an_order(inner: str, scoring: str, told: list[str]) -> None:
    items = "".join(answer(text, str(n)) for n, text in enumerate("abc", 1))
    [entry] = read(moodle("ordering", inner + items))
    assert entry.question is not None
    assert (getattr(entry.question, "scoring", None), codes(entry)) == (scoring, told)


@pytest.mark.parametrize(
    ("written", "number"), [("1,5", 1.5), ("1,234.5", 1234.5), ("1,234,567", 1234567.0), ("-2.5e-3", -0.0025)]
)
def test_numbers_with_commas_are_what_moodle_makes_of_them(written: str, number: float) -> None:
    for found in (read(moodle("numerical", answer(written, "100"))), read(f"How much? {{#{written}}}")):
        assert [fields(entry)["answer"] for entry in found] == [number]


def test_one_right_answer_among_several_to_choose_is_told() -> None:
    [entry] = read("Which? {~%100%a ~b ~c}")
    assert codes(entry) == ["one-right", "fractions"]


def test_all_or_nothing_choices_of_moodle() -> None:
    [entry] = read(moodle("multichoiceset", answer("a", "100") + answer("b", "0") + answer("c", "100")))
    assert (entry.type, codes(entry), fields(entry).get("scoring", "all_or_nothing")) == (
        "multi_select",
        [],
        "all_or_nothing",
    )
    assert right(entry) == [("a", True), ("b", False), ("c", True)]


CANVAS = """<questestinterop><assessment><section>
<item ident="i" title="Question"><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>question_type</fieldlabel>
<fieldentry>numerical_question</fieldentry></qtimetadatafield></qtimetadata></itemmetadata>
<presentation><material><mattext texttype="text/html">&lt;p&gt;Pi?&lt;/p&gt;</mattext></material></presentation>
<resprocessing>{conditions}</resprocessing>{feedback}</item></section></assessment></questestinterop>"""
GAIN = '<setvar action="Set" varname="SCORE">100</setvar>'


def test_further_numbers_and_feedback_of_canvas_are_told() -> None:
    range_ = "<and><vargte respident='r'>3.1</vargte><varlte respident='r'>3.2</varlte></and>"
    conditions = [
        f"<respcondition><conditionvar>{asked}</conditionvar>{GAIN}</respcondition>"
        for asked in (
            f"<or><varequal respident='r'>3.14</varequal>{range_}</or>",
            "<varequal respident='r'>4</varequal>",
        )
    ]
    feedback = (
        '<itemfeedback ident="general_incorrect_fb"><flow_mat><material><mattext texttype="text/plain">No</mattext>'
        "</material></flow_mat></itemfeedback>"
    )
    [one] = read(CANVAS.format(conditions=conditions[0], feedback=""))
    assert (codes(one), fields(one)["answer"], fields(one)["tolerance"]) == ([], 3.15, 0.05)
    [two] = read(CANVAS.format(conditions="".join(conditions), feedback=feedback))
    assert sorted(codes(two)) == ["feedback", "part-of-points"]


class Riddle(QuestionBase):
    type: Literal["riddle"]

    def answer_key(self, question_id: str, choice_ids: object = ()) -> AnswerKey:
        raise ValueError


def test_a_type_that_no_format_knows_is_told_in_each() -> None:
    riddle: Question = Riddle(type="riddle", prompt_html="<p>Why?</p>")  # type: ignore[assignment]
    assert "// Question 1 has nothing that GIFT can hold." in "".join(write_gift([riddle]))
    assert "<!-- not in Moodle XML: a question of the type riddle -->" in "".join(write_moodle([riddle]))
    [entry] = read("".join(write_moodle([riddle])))
    assert codes(entry) == ["not-known"]
    [entry] = read(done(write_qti2([riddle])))
    assert codes(entry) == ["no-question"]


def test_what_moodle_xml_and_qti_do_not_keep_stands_before_the_question() -> None:
    document = "00000000-0000-7000-8000-000000000000"
    [entry] = read(f'[html]<img src\\="document\\:{document}"> {{=a ~b}}')
    assert entry.question is not None
    assert "<!-- not in Moodle XML: pictures -->" in "".join(write_moodle([entry.question]))
    assert "// not in GIFT: pictures" in "".join(write_gift([entry.question]))
