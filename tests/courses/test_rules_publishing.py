"""What stops a draft from being published."""

import json
from typing import Any

import pytest

from learning_service.domain.courses.rules.publishing import publish_faults
from learning_service.domain.courses.rules.tree import parse_tree
from learning_service.domain.questions.rules.short_answer import ShortAnswer
from learning_service.domain.questions.rules.words import shows_something

NO_POINTS = "/questions: the questions are worth no points together"
TOO_FEW = "/answers: a choice needs at least two answers"
NONE_RIGHT = "/answers: no answer is marked as right"
IGNORED = "/accepted_answers/1: has only signs that this question ignores, so it would accept nothing, or everything"
NOTHING_ASKED = "/prompt_html: the question asks nothing"
NONE_ACCEPTED = "/accepted_answers: no answer is accepted; add one, or let a grader review it"
TWICE = "/answers/1/text: reads like another answer of this question"
RIGHT = {"text": "yes", "is_correct": True}
WRONG = {"text": "no"}
CHOICE: dict[str, Any] = {"type": "multiple_choice", "prompt_html": "<p>?</p>", "answers": [RIGHT, WRONG]}
SHORT: dict[str, Any] = {"type": "short_answer", "prompt_html": "?", "accepted_answers": ["yes"]}


def faults(**changes: Any) -> list[str]:
    """What stops a course with this one assessment, each as `pointer: what is wrong`."""
    assessment = {"title": "Final", "questions": [CHOICE], **changes}
    # Choices that show nothing are refused today; a draft from before may hold them.
    tree = parse_tree(
        json.dumps({"title": "Course", "assessment": assessment}), held=frozenset({" ", "\u200b"})
    )
    return [f"{fault.pointer.removeprefix('/assessment')}: {fault.detail}" for fault in publish_faults(tree)]


def question_faults(question: dict[str, Any]) -> list[str]:
    return [place.removeprefix("/questions/0") for place in faults(questions=[question])]


def test_a_finished_course_has_no_faults() -> None:
    every_type = [
        CHOICE,
        SHORT,
        {"type": "true_false", "prompt_html": "?", "correct": False},
        {
            "type": "multi_select",
            "prompt_html": "?",
            "answers": [RIGHT, {"text": "also", "is_correct": True}],
        },
        {"type": "free_form", "prompt_html": '<img src="https://a.b/c">', "points": 0},
        {"type": "short_answer", "prompt_html": "?", "review": "manual"},
    ]
    assert faults(questions=every_type) == []


def test_a_course_without_content_is_not_published() -> None:
    tree = parse_tree('{"title": "Course", "modules": [{"title": "Empty"}]}')
    [fault] = publish_faults(tree)
    assert fault.pointer == "/modules"
    assert fault.detail == "there is nothing in the course yet: add a lesson, a quiz or an assessment"
    lesson = (
        '{"title": "Course", "modules": [{"title": "One", "items": [{"kind": "lesson", "title": "Lesson"}]}]}'
    )
    assert publish_faults(parse_tree(lesson)) == []


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"questions": []}, ["/questions: there are no questions"]),
        ({"questions": [{**CHOICE, "points": 0}]}, [NO_POINTS]),
        ({"questions": [{**CHOICE, "points": 0}, CHOICE]}, []),
        (
            {"pass_score": 79.999999},
            ["/pass_score: is below the course's pass_score, so passing it would not pass the course"],
        ),
        ({"pass_score": 80}, []),
    ],
)
def test_an_assessment_must_be_able_to_decide(changes: dict[str, Any], places: list[str]) -> None:
    assert faults(**changes) == places


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ({**CHOICE, "answers": [RIGHT]}, [TOO_FEW]),
        ({**CHOICE, "answers": [WRONG, {"text": "never"}]}, [NONE_RIGHT]),
        ({**CHOICE, "answers": []}, [TOO_FEW, NONE_RIGHT]),
        ({**CHOICE, "answers": [RIGHT, {"text": " yes "}]}, [TWICE]),
        (
            {**CHOICE, "answers": [{"text": "oh  yes", "is_correct": True}, {"text": "oh yes"}]},
            [TWICE],
        ),
        ({**CHOICE, "answers": [RIGHT, {"text": "y es"}]}, []),
        ({**CHOICE, "answers": [RIGHT, {"text": "\u200b"}]}, ["/answers/1/text: shows nothing"]),
        ({**CHOICE, "prompt_html": "<p>&nbsp; </p>"}, [NOTHING_ASKED]),
        ({"type": "multi_select", "prompt_html": "?", "answers": [WRONG, {"text": "x"}]}, [NONE_RIGHT]),
        ({"type": "true_false", "prompt_html": "?"}, ["/correct: say whether the statement is true"]),
        ({**SHORT, "accepted_answers": []}, [NONE_ACCEPTED]),
        ({**SHORT, "accepted_answers": [], "review": "unmatched"}, [NONE_ACCEPTED]),
        ({**SHORT, "accepted_answers": ["yes", " "]}, ["/accepted_answers/1: shows nothing"]),
        ({**SHORT, "accepted_answers": ["?!"]}, []),
        ({**SHORT, "accepted_answers": ["no", "?!"], "ignore_punctuation": True}, [IGNORED]),
        ({**SHORT, "accepted_answers": ["no", "?*!"], "ignore_punctuation": True}, [IGNORED]),
        ({**SHORT, "accepted_answers": ["no", "\\*"], "ignore_punctuation": True}, [IGNORED]),
        ({**SHORT, "accepted_answers": ["no", "´"], "ignore_punctuation": True}, [IGNORED]),
        ({**SHORT, "accepted_answers": ["*"], "ignore_punctuation": True}, []),
        ({**SHORT, "accepted_answers": ["a*", "¿?"], "ignore_accents": True}, []),
        ({"type": "free_form"}, [NOTHING_ASKED]),
    ],
)
def test_an_unfinished_question_is_named(question: dict[str, Any], places: list[str]) -> None:
    assert question_faults(question) == places


def test_a_text_of_ignored_signs_is_not_taken_into_the_key() -> None:
    short = ShortAnswer(type="short_answer", accepted_answers=("no",), ignore_punctuation=True)
    assert short.accepting("?*!") is None
    assert short.accepting("never!") is not None


def test_everything_is_named_at_once() -> None:
    quiz = {"kind": "quiz", "title": "Quiz", "required": False}
    tree = parse_tree(
        json.dumps(
            {
                "title": "Course",
                "pass_score": 90,
                "modules": [{"title": "One", "items": [quiz]}],
                "assessment": {"title": "Final", "questions": [{"type": "true_false"}]},
            }
        )
    )
    assert [fault.pointer for fault in publish_faults(tree)] == [
        "/modules/0/items/0/questions",
        "/assessment/questions/0/prompt_html",
        "/assessment/questions/0/correct",
        "/assessment/pass_score",
    ]


def test_what_shows_something() -> None:
    assert shows_something("<p>a</p>")
    assert shows_something("&lt;")
    assert not shows_something("<p> <br>&#8203;</p>")
    assert not shows_something("")
