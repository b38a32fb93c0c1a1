"""QTI 1.2 as Blackboard, D2L and Canvas write it beside what all of them share: what is right, worth, and drawn."""

from typing import Any

import pytest
from tests.kit.exchange import codes, fields, read, right
from tests.kit.packed import packed

from learning_service.domain.questions.rules.exchange.entries import Entry


def metadata(**told: str) -> str:
    """As Canvas and D2L have it."""
    return "".join(
        f"<{element}><fieldlabel>{name}</fieldlabel><fieldentry>{value}</fieldentry></{element}>"
        for name, value in told.items()
        for element in ("qti_metadatafield" if name.startswith("qmd_") else "qtimetadatafield",)
    ).join(("<itemmetadata><qtimetadata>", "</qtimetadata></itemmetadata>"))


def choices(*texts: str, ident: str = "r", cardinality: str = "Single") -> str:
    labels = "".join(
        f'<response_label ident="{text}"><material><mattext>{text}</mattext></material></response_label>'
        for text in texts
    )
    asked = f'<response_lid ident="{ident}" rcardinality="{cardinality}">'
    return f"{asked}<render_choice>{labels}</render_choice></response_lid>"


def gives(value: str, set_to: str, ident: str = "r") -> str:
    return (
        f'<respcondition><conditionvar><varequal respident="{ident}">{value}</varequal></conditionvar>'
        f"{set_to}</respcondition>"
    )


def item(
    told: str, shown: str, *conditions: str, text: str = "<mattext>Which?</mattext>", ident: str = "i"
) -> str:
    return (
        f'<item ident="{ident}">{told}<presentation><flow><material>{text}</material>{shown}</flow></presentation>'
        f"<resprocessing>{''.join(conditions)}</resprocessing></item>"
    )


def file(*inside: str) -> str:
    section = f"<section ident='root'>{''.join(inside)}</section>"
    return f"<questestinterop><assessment>{section}</assessment></questestinterop>"


def set_to(value: str, name: str = "SCORE") -> str:
    return f'<setvar action="Set" varname="{name}">{value}</setvar>'


def test_blackboard_writes_texts_and_points_in_its_own_way() -> None:
    told = (
        "<itemmetadata><bbmd_questiontype>Multiple Choice</bbmd_questiontype>"
        "<qmd_absolutescore_max>10.0</qmd_absolutescore_max></itemmetadata>"
    )
    text = '<mat_extension><mat_formattedtext type="HTML">&lt;p&gt;2+2?&lt;/p&gt;</mat_formattedtext></mat_extension>'
    one = item(
        told,
        choices("3", "4"),
        gives("4", '<setvar variablename="SCORE" action="Set">SCORE.max</setvar>'),
        gives("3", '<setvar variablename="SCORE" action="Set">0.0</setvar>'),
        text=text,
    )
    for data in (file(one), packed({"res00001.dat": file(one), "imsmanifest.xml": "<manifest/>"})):
        [entry] = read(data)
        assert (entry.status, fields(entry)["prompt_html"], fields(entry)["points"]) == (
            "accepted",
            "<p>2+2?</p>",
            10,
        )
        assert right(entry) == [("3", False), ("4", True)]


def blackboard(kind: str, shown: str, *conditions: str, partial: str = "true", after: str = "") -> Entry:
    """The question of an item of Blackboard."""
    told = f"<bbmd_questiontype>{kind}</bbmd_questiontype><bbmd_partialcredit>{partial}</bbmd_partialcredit>"
    one = item(f"<itemmetadata>{told}</itemmetadata>", shown, *conditions)
    [entry] = read(file(one.replace("</item>", f"{after}</item>")))
    return entry


IS_CORRECT = '<displayfeedback feedbacktype="Response" linkrefid="correct"/>'
ALL_POINTS = '<setvar variablename="SCORE" action="Set">SCORE.max</setvar>'


def test_blackboard_tells_right_texts_by_their_feedback() -> None:
    shown = '<response_str ident="r"><render_fib/></response_str>'
    wrong = gives("Rome", '<displayfeedback linkrefid="incorrect"/>')
    entry = blackboard(
        "Fill in the Blank", shown, gives("Paris", IS_CORRECT), gives("paris", IS_CORRECT), wrong
    )
    assert (fields(entry)["accepted_answers"], codes(entry)) == (["Paris", "paris"], [])


@pytest.mark.parametrize(("partial", "scoring"), [("true", "right_minus_wrong"), ("false", "all_or_nothing")])
def test_blackboard_says_whether_a_part_counts(partial: str, scoring: str) -> None:
    equal = "".join(f'<varequal respident="r">{one}</varequal>' for one in "ab")
    condition = f"<respcondition><conditionvar><and>{equal}</and></conditionvar>{ALL_POINTS}</respcondition>"
    shown = choices("a", "b", "c", cardinality="Multiple")
    entry = blackboard("Multiple Answer", shown, condition, partial=partial)
    assert (fields(entry).get("scoring", "all_or_nothing"), codes(entry)) == (scoring, [])


def test_what_an_essay_of_blackboard_should_say_is_its_rubric() -> None:
    solution = "<material><mattext>Name two causes.</mattext></material>"
    solution = f"<solution><solutionmaterial>{solution}</solutionmaterial></solution>"
    after = f'<itemfeedback ident="solution">{solution}</itemfeedback>'
    entry = blackboard("Essay", "", after=after)
    assert (fields(entry)["rubric_html"], codes(entry)) == ("<p>Name two causes.</p>", [])


def matching_of_blackboard(*right: tuple[str, str]) -> Entry:
    def flow(inside: str, kind: str = "Block") -> str:
        return f'<flow class="{kind}">{inside}</flow>'

    def said(text: str) -> str:
        return flow(f"<material><mattext>{text}</mattext></material>", "FORMATTED_TEXT_BLOCK")

    lefts = "".join(
        flow(
            said(f"Left {one}")
            + f'<response_lid ident="{one}"><render_choice><flow_label>'
            + "".join(f'<response_label ident="{one}{n}"/>' for n in range(3))
            + "</flow_label></render_choice></response_lid>"
        )
        for one in "ab"
    )
    rights = "".join(flow(said(f"Right {n}")) for n in range(3))
    shown = flow(lefts, "RESPONSE_BLOCK") + flow(rights, "RIGHT_MATCH_BLOCK")
    return blackboard("Matching", shown, *(gives(label, IS_CORRECT, one) for one, label in right))


def test_parts_of_blackboard_are_matched_by_their_places() -> None:
    entry = matching_of_blackboard(("a", "a2"), ("b", "b0"))
    assert fields(entry)["pairs"] == [
        {"left": "Left a", "right": "Right 2"},
        {"left": "Left b", "right": "Right 0"},
    ]
    assert (fields(entry)["distractors"], codes(entry)) == (["Right 1"], [])
    assert codes(matching_of_blackboard(("a", "a2"))) == ["no-right-answer"]
    assert codes(matching_of_blackboard(("a", "a2"), ("b", "a0"))) == ["no-right-answer"]


def test_what_d2l_counts_as_incorrect_is_not_right() -> None:
    one = item(
        metadata(qmd_questiontype="Multi-Select", qmd_weighting="2"),
        choices("a", "b", "c", cardinality="Multiple"),
        gives("a", '<setvar varname="D2L_Correct" action="Add">1</setvar>'),
        gives("b", '<setvar varname="D2L_Incorrect" action="Add">1</setvar>'),
        gives("c", '<setvar varname="D2L_Correct" action="Add">1</setvar>'),
    )
    [entry] = read(file(one))
    assert right(entry) == [("a", True), ("b", False), ("c", True)]
    assert fields(entry)["points"] == 2


def test_of_a_single_choice_only_what_gives_the_most_is_right() -> None:
    told = metadata(question_type="multiple_choice_question")
    part = item(told, choices("a", "b"), gives("a", set_to("50")), gives("b", set_to("100")))
    several = item(told, choices("a", "b"), gives("a", set_to("100")), gives("b", set_to("100")))
    found = read(file(part, several))
    assert (codes(found[0]), right(found[0])) == (["part-of-points"], [("a", False), ("b", True)])
    assert (found[1].status, codes(found[1])) == ("refused", ["several-right"])


FIB = '<response_str ident="{0}"><render_fib><response_label ident="{0}"/></render_fib></response_str>'


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("multiple_choice_question", choices("a", "b", ident="one") + choices("c", "d", ident="two")),
        ("short_answer_question", FIB.format("one") + FIB.format("two")),
    ],
)
def test_an_item_that_asks_twice_is_not_read_by_half(kind: str, shown: str) -> None:
    conditions = [gives("a", set_to("100"), "one"), gives("c", set_to("100"), "two")]
    [entry] = read(file(item(metadata(question_type=kind), shown, *conditions)))
    assert (entry.status, codes(entry)) == ("refused", ["several-interactions"])


def essays(count: int, name: str = "") -> str:
    told = metadata(question_type="essay_question", points_possible="1.0")
    return "".join(item(told, "", text=f"<mattext>{name}{n}</mattext>") for n in range(count))


def drawing(number: Any, *, of: str = "", worth: str = "") -> str:
    each = (
        f"<selection_extension><points_per_item>{worth}</points_per_item></selection_extension>"
        if worth
        else ""
    )
    bank = f"<sourcebank_ref>{of}</sourcebank_ref>" if of else ""
    number = f"<selection_number>{number}</selection_number>"
    return f"<selection_ordering><selection>{bank}{number}{each}</selection></selection_ordering>"


def grouped(entries: list[Entry]) -> list[int | None]:
    return [None if entry.group is None else entry.group.draw for entry in entries]


def test_a_group_of_canvas_is_drawn_from_and_says_what_each_is_worth() -> None:
    group = f'<section ident="g">{drawing(2, worth="5.0")}{essays(3, "g")}</section>'
    other = f'<section ident="h">{drawing(1)}{essays(2, "h")}</section>'
    found = read(file(essays(1), group, essays(1, "between"), other))
    assert grouped(found) == [None, 2, 2, 2, None, 1, 1]
    assert [fields(entry).get("points", 1) for entry in found] == [1, 5, 5, 5, 1, 1, 1]
    assert len({entry.group for entry in found}) == 3


@pytest.mark.parametrize("number", ["", "0", "-1", "1.5", "all", "1e999", 10**30])
def test_a_group_that_draws_no_number_is_none(number: Any) -> None:
    assert grouped(read(file(f'<section ident="g">{drawing(number)}{essays(2)}</section>'))) == [None, None]


def test_a_quiz_of_canvas_draws_from_a_bank_in_the_same_package() -> None:
    quiz = file(essays(1, "q"), f'<section ident="g">{drawing(2, of="bank1", worth="3")}</section>')
    bank = f'<questestinterop><objectbank ident="bank1">{essays(3, "b")}</objectbank></questestinterop>'
    found = read(packed({"g1/g1.xml.qti": quiz, "non_cc_assessments/bank1.xml.qti": bank}))
    assert grouped(found) == [None, 2, 2, 2]
    assert [fields(entry).get("points", 1) for entry in found] == [1, 3, 3, 3]
