"""What is said of two trees that differ: each part by its key, with its places, its fields and how grave it is."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from learning_service.domain.courses.rules.diff import Change, diff_trees, gravest
from learning_service.domain.courses.rules.tree import Tree, parse_tree

Json = dict[str, Any]
Edit = Callable[[Json], object]
FIRST = "/modules/0/items/0"
QUIZ = "/modules/0/items/1"
QUESTION = f"{QUIZ}/questions/0"


def document() -> Json:
    """Two modules; a lesson and a quiz in the first, two lessons in the second; an assessment."""
    return {
        "title": "Course",
        "description_html": "<p>About</p>",
        "pass_score": 80,
        "modules": [
            {
                "key": "m1",
                "title": "One",
                "items": [
                    {
                        "kind": "lesson",
                        "key": "l1",
                        "title": "Read",
                        "body_html": "<p>Read  this &amp; that</p>",
                    },
                    {
                        "kind": "quiz",
                        "key": "q1",
                        "title": "Check",
                        "questions": [
                            {
                                "type": "multiple_choice",
                                "key": "a1",
                                "prompt_html": "<p>Which <b>one</b>?</p>",
                                "answers": [
                                    {"key": "x1", "text": "first", "is_correct": True},
                                    {"key": "x2", "text": "second"},
                                ],
                            },
                            {"type": "free_form", "key": "a2", "prompt_html": "<p>Why?</p>"},
                        ],
                    },
                ],
            },
            {
                "key": "m2",
                "title": "Two",
                "items": [
                    {"kind": "lesson", "key": "l2", "title": "More"},
                    {"kind": "lesson", "key": "l3", "title": "Most"},
                ],
            },
        ],
        "assessment": {
            "key": "f1",
            "title": "Final",
            "questions": [{"type": "true_false", "key": "a3", "prompt_html": "<p>So?</p>", "correct": True}],
        },
    }


def parsed(made: Json) -> Tree:
    return parse_tree(json.dumps(made))


def differences(edit: Edit, prepare: Edit = bool) -> list[Change]:
    """What an edit changed, of a tree prepared before."""
    before, after = document(), document()
    for made in (before, after):
        prepare(made)
    edit(after)
    return diff_trees(parsed(before), parsed(after))


def items(made: Json, module: int = 0) -> list[Json]:
    found: list[Json] = made["modules"][module]["items"]
    return found


def question(made: Json, n: int = 0) -> Json:
    found: Json = items(made)[1]["questions"][n]
    return found


def setting(place: Callable[[Json], Json], **fields: Any) -> Edit:
    return lambda made: place(made).update(fields)


def lesson(made: Json) -> Json:
    return items(made)[0]


def quiz(made: Json) -> Json:
    return items(made)[1]


def course(made: Json) -> Json:
    return made


@pytest.mark.parametrize(
    ("edit", "impact", "kind", "key", "title", "place"),
    [
        (setting(course, title="New"), "cosmetic", "course", None, "New", ""),
        (setting(course, pass_score=90), "scoring", "course", None, "Course", ""),
        (setting(course, description_html="<p>Else</p>"), "content", "course", None, "Course", ""),
        (
            setting(course, mastered_skills=[{"skill_id": "s", "name": "S"}]),
            "content", "course", None, "Course", "",
        ),
        (setting(lambda made: made["modules"][1], title="II"), "cosmetic", "module", "m2", "II", "/modules/1"),
        (setting(lesson, title="Look"), "cosmetic", "lesson", "l1", "Look", FIRST),
        (setting(lesson, body_html="<p>Look</p>"), "content", "lesson", "l1", "Read", FIRST),
        (setting(lesson, required=False), "content", "lesson", "l1", "Read", FIRST),
        (setting(lesson, video_url="https://v.example/1"), "content", "lesson", "l1", "Read", FIRST),
        (setting(quiz, shuffle=True), "cosmetic", "quiz", "q1", "Check", QUIZ),
        (setting(quiz, required=False), "scoring", "quiz", "q1", "Check", QUIZ),
        (setting(quiz, max_attempts=2), "scoring", "quiz", "q1", "Check", QUIZ),
        (setting(quiz, feedback="never"), "content", "quiz", "q1", "Check", QUIZ),
        (setting(quiz, time_limit_seconds=60), "scoring", "quiz", "q1", "Check", QUIZ),
        (setting(quiz, retry_delay_seconds=60), "scoring", "quiz", "q1", "Check", QUIZ),
        (setting(question, points=3), "scoring", "question", "a1", "Which one ?", QUESTION),
        (
            setting(lambda made: question(made)["answers"][1], text="third"),
            "content", "answer", "x2", "third", f"{QUESTION}/answers/1",
        ),
        (
            setting(lambda made: question(made)["answers"][0], is_correct=False),
            "scoring", "answer", "x1", "first", f"{QUESTION}/answers/0",
        ),
        (
            setting(lambda made: made["assessment"], pass_score=1),
            "scoring", "assessment", "f1", "Final", "/assessment",
        ),
        (
            setting(lambda made: made["assessment"]["questions"][0], correct=False),
            "scoring", "question", "a3", "So?", "/assessment/questions/0",
        ),
    ],
)  # fmt: skip
def test_a_field_that_changed(
    edit: Edit, impact: str, kind: str, key: str | None, title: str, place: str
) -> None:
    [change] = differences(edit)
    assert (change.change, change.impact, change.kind) == ("changed", impact, kind)
    assert (change.key, change.title) == (key, title)
    assert (change.pointer, change.pointer_before) == (place, place)


def test_only_the_fields_that_differ_are_told_as_they_were_and_are() -> None:
    [change] = differences(setting(quiz, max_attempts=2, shuffle=True))
    assert change.before == {"max_attempts": None, "shuffle": False}
    assert change.after == {"max_attempts": 2, "shuffle": True}
    assert change.impact == "scoring", "the gravest of both"


def test_a_question_of_another_type_has_other_fields() -> None:
    def retype(made: Json) -> None:
        items(made)[1]["questions"][1] = {
            "type": "true_false",
            "key": "a2",
            "prompt_html": "<p>Why?</p>",
            "correct": True,
        }

    [change] = differences(retype, setting(lambda made: question(made, 1), rubric_html="<p>Well</p>"))
    assert (change.impact, change.key) == ("scoring", "a2")
    assert change.before == {"type": "free_form", "rubric_html": "<p>Well</p>", "correct": None}
    assert change.after == {"type": "true_false", "rubric_html": None, "correct": True}


@pytest.mark.parametrize(
    ("body", "impact"),
    [
        ("<p>Read this</p> <p>&#38; that</p>", "cosmetic"),
        ("<h2>Read</h2><em>this &amp; that</em>", "cosmetic"),
        ("<p>Read this and that</p>", "content"),
        ('<p>Read this &amp; <a href="https://a.example/">that</a></p>', "content"),
        ('<p>Read this &amp; that</p><img src="document:1" alt="">', "content"),
        ("", "content"),
    ],
)
def test_markup_alone_is_cosmetic_and_words_and_addresses_are_not(body: str, impact: str) -> None:
    [change] = differences(setting(lesson, body_html=body))
    assert (change.impact, set(change.before or ())) == (impact, {"body_html"})


def test_the_same_address_in_other_markup_is_cosmetic() -> None:
    linked = setting(lesson, body_html='<p><a href="https://a.example/">there</a></p>')
    [change] = differences(setting(lesson, body_html='<a href="https://a.example/"><b>there</b></a>'), linked)
    assert change.impact == "cosmetic"


def test_a_title_is_told_to_200_characters() -> None:
    [change] = differences(setting(question, prompt_html=f"<p>{'x' * 300}</p>"))
    assert change.title == "x" * 200


def test_what_came_is_told_with_its_own_fields_and_each_part_of_it() -> None:
    new = {
        "kind": "quiz",
        "key": "q2",
        "title": "Again",
        "questions": [{"type": "free_form", "key": "a9", "prompt_html": "<p>And?</p>"}],
    }
    quiz_came, question_came = differences(lambda made: items(made, 1).append(new))
    assert quiz_came == Change(
        change="added",
        impact="scoring",
        kind="quiz",
        key="q2",
        title="Again",
        pointer="/modules/1/items/2",
        pointer_before=None,
        before=None,
        after={
            "title": "Again",
            "pass_score": 80,
            "max_attempts": None,
            "time_limit_seconds": None,
            "retry_delay_seconds": None,
            "required": True,
            "shuffle": False,
            "feedback": "after_last_attempt",
        },
    )
    assert (question_came.key, question_came.title) == ("a9", "And?")
    assert question_came.pointer == "/modules/1/items/2/questions/0"


def test_what_went_is_told_last_with_the_place_it_had() -> None:
    def rename_and_drop(made: Json) -> None:
        made["title"] = "New"
        items(made, 1).pop(1)

    renamed, gone = differences(rename_and_drop)
    assert renamed.kind == "course"
    assert gone == Change(
        change="removed",
        impact="content",
        kind="lesson",
        key="l3",
        title="Most",
        pointer=None,
        pointer_before="/modules/1/items/1",
        before={
            "title": "Most",
            "body_html": "",
            "video_url": None,
            "document_url": None,
            "image_url": None,
            "required": True,
        },
        after=None,
    )


@pytest.mark.parametrize(("key", "impact"), [("q1", "scoring"), ("l1", "content")])
def test_what_hangs_on_another_part_has_moved(key: str, impact: str) -> None:
    def move(made: Json) -> None:
        [moved] = [item for item in items(made) if item["key"] == key]
        items(made).remove(moved)
        items(made, 1).append(moved)

    [change] = differences(move)
    was = {"l1": 0, "q1": 1}[key]
    assert (change.change, change.key, change.impact) == ("moved", key, impact)
    assert (change.pointer, change.pointer_before) == ("/modules/1/items/2", f"/modules/0/items/{was}")
    assert change.before == {"parent": "m1", "position": was}
    assert change.after == {"parent": "m2", "position": 2}


def test_another_order_is_cosmetic_and_lessons_and_quizzes_are_one_order() -> None:
    [change] = differences(lambda made: items(made).reverse())
    assert (change.change, change.impact) == ("moved", "cosmetic")
    assert change.key in ("l1", "q1")
    assert {change.before["position"], change.after["position"]} == {0, 1}  # type: ignore[index]


def test_of_parts_that_changed_places_the_fewest_have_moved() -> None:
    def five(made: Json) -> None:
        made["modules"][1]["items"] = [{"kind": "lesson", "key": f"n{n}", "title": str(n)} for n in range(5)]

    def last_first(made: Json) -> None:
        items(made, 1).insert(0, items(made, 1).pop())

    assert [change.key for change in differences(last_first, five)] == ["n4"]

    def swap_twice(made: Json) -> None:
        a, b, c, d, e = items(made, 1)
        items(made, 1)[:] = [b, a, c, e, d]

    keys = [change.key for change in differences(swap_twice, five)]
    assert len(keys) == 2
    assert set(keys) & {"n0", "n1"}
    assert set(keys) & {"n3", "n4"}


def test_what_stands_elsewhere_because_others_came_or_went_has_not_moved() -> None:
    [gone] = differences(lambda made: items(made).pop(0))
    assert (gone.change, gone.key) == ("removed", "l1")


def test_a_part_that_moved_and_changed_is_told_twice_and_its_children_not() -> None:
    def both(made: Json) -> None:
        made["modules"].reverse()
        made["modules"][0]["title"] = "First"

    changes = differences(both)
    assert {change.change for change in changes if change.key == "m2"} >= {"changed"}
    assert sorted(change.change for change in changes) == ["changed", "moved"]
    assert {change.key for change in changes} <= {"m1", "m2"}


def test_the_assessment_has_no_place_among_others() -> None:
    def taken(made: Json) -> None:
        made["assessment"] = None

    gone, question_gone = differences(taken)
    assert (gone.kind, gone.key, gone.pointer_before) == ("assessment", "f1", "/assessment")
    assert (question_gone.key, question_gone.pointer_before) == ("a3", "/assessment/questions/0")


def test_nothing_differs_from_itself() -> None:
    assert diff_trees(parsed(document()), parsed(document())) == []
    assert gravest([]) is None


def test_the_gravest_of_all() -> None:
    cosmetic = differences(setting(course, title="New"))
    content = differences(setting(lesson, body_html=""))
    scoring = differences(setting(quiz, max_attempts=1))
    assert gravest(cosmetic) == "cosmetic"
    assert gravest([*content, *cosmetic]) == "content"
    assert gravest([*cosmetic, *scoring, *content]) == "scoring"
