"""The tree: what is refused when saved, where, and that nothing changes on its way through JSON."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning_service.domain.courses.rules.tree import (
    Assessment,
    Lesson,
    Module,
    Quiz,
    Skill,
    Tree,
    dump_tree,
    parse_tree,
)
from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.questions.rules.free_form import FreeForm
from learning_service.domain.questions.rules.multi_select import MultiSelect
from learning_service.domain.questions.rules.multiple_choice import MultipleChoice
from learning_service.domain.questions.rules.pools import Pool
from learning_service.domain.questions.rules.question import Answer
from learning_service.domain.questions.rules.short_answer import ShortAnswer
from learning_service.domain.questions.rules.true_false import TrueFalse

TITLES = st.text("abcé你& <", min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
HTML = st.text("ab<>&é ", max_size=12)
POINTS = st.decimals(0, 10_000, places=6)
PERCENTS = st.decimals(0, 100, places=6)
BASE: dict[str, Any] = {
    "prompt_html": HTML,
    "points": POINTS,
    "explanation_html": st.none() | HTML,
}
ANSWERS = st.builds(Answer, text=TITLES, is_correct=st.just(False))
QUESTIONS = st.one_of(
    st.builds(
        MultipleChoice,
        type=st.just("multiple_choice"),
        answers=st.lists(ANSWERS, max_size=3).map(tuple),
        **BASE,
    ),
    st.builds(TrueFalse, type=st.just("true_false"), correct=st.none() | st.booleans(), **BASE),
    st.builds(
        MultiSelect,
        type=st.just("multi_select"),
        answers=st.lists(ANSWERS, max_size=3).map(tuple),
        scoring=st.sampled_from(["all_or_nothing", "right_minus_wrong"]),
        **BASE,
    ),
    st.builds(
        ShortAnswer,
        type=st.just("short_answer"),
        accepted_answers=st.lists(TITLES, max_size=3).map(tuple),
        case_sensitive=st.booleans(),
        review=st.sampled_from(["auto", "unmatched", "manual"]),
        **BASE,
    ),
    st.builds(FreeForm, type=st.just("free_form"), rubric_html=st.none() | HTML, **BASE),
)
POOLS = st.builds(
    Pool,
    type=st.just("pool"),
    draw=st.integers(1, 1000),
    questions=st.lists(QUESTIONS, max_size=3).map(tuple),
)
QUIZ: dict[str, Any] = {
    "title": TITLES,
    "pass_score": PERCENTS,
    "max_attempts": st.none() | st.integers(1, 1000),
    "time_limit_seconds": st.none() | st.integers(1, 2_592_000),
    "retry_delay_seconds": st.none() | st.integers(1, 2_592_000),
    "shuffle": st.booleans(),
    "feedback": st.sampled_from(["never", "after_submit", "after_last_attempt"]),
    "questions": st.lists(QUESTIONS | POOLS, max_size=3).map(tuple),
}
LESSONS = st.builds(
    Lesson,
    kind=st.just("lesson"),
    title=TITLES,
    body_html=HTML,
    video_url=st.none() | st.just("https://videos.example/1"),
    document_url=st.none() | st.just("document:01890a5d-ac96-774b-bcce-b302099a8057"),
    required=st.booleans(),
)
ITEMS = LESSONS | st.builds(Quiz, kind=st.just("quiz"), required=st.booleans(), **QUIZ)
TREES = st.builds(
    Tree,
    title=TITLES,
    description_html=HTML,
    pass_score=PERCENTS,
    mastered_skills=st.lists(
        st.builds(Skill, skill_id=st.sampled_from("abc"), name=TITLES),
        unique_by=lambda s: s.skill_id,
        max_size=2,
    ).map(tuple),
    modules=st.lists(
        st.builds(Module, title=TITLES, items=st.lists(ITEMS, max_size=3).map(tuple)), max_size=2
    ).map(tuple),
    assessment=st.none() | st.builds(Assessment, **QUIZ),
)


def course(*questions: dict[str, Any], **changes: Any) -> str:
    """A course whose one module has one quiz with these questions, as JSON."""
    quiz = {"kind": "quiz", "title": "Quiz", "questions": list(questions), **changes}
    return json.dumps({"title": "Course", "modules": [{"title": "Module", "items": [quiz]}]})


def pointers(raw: str | bytes) -> list[str]:
    with pytest.raises(Invalid) as refused:
        parse_tree(raw)
    return [fault.pointer for fault in refused.value.faults]


QUIZ_AT = "/modules/0/items/0"
QUESTION_AT = f"{QUIZ_AT}/questions/0"
TWO_RIGHT = [{"text": "a", "is_correct": True}, {"text": "b", "is_correct": True}]


@given(TREES)
def test_a_tree_survives_json(tree: Tree) -> None:
    assert parse_tree(dump_tree(tree)) == tree


def test_what_is_left_out_has_its_default() -> None:
    tree = parse_tree(course({"type": "multi_select"}))
    quiz = tree.modules[0].items[0]
    assert isinstance(quiz, Quiz)
    assert (quiz.required, quiz.shuffle, quiz.feedback) == (True, False, "after_last_attempt")
    assert (quiz.max_attempts, quiz.time_limit_seconds) == (None, None)
    assert Assessment(title="Final").feedback == "never"


def test_a_draft_may_be_incomplete() -> None:
    kinds = ["multiple_choice", "true_false", "multi_select", "short_answer", "free_form"]
    assert parse_tree(course(*({"type": kind} for kind in kinds)))
    assert parse_tree('{"title": "Course"}').modules == ()


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ({"type": "multiple_choice", "answers": TWO_RIGHT}, "/answers/1/is_correct"),
        ({"type": "essay"}, "/type"),
        ({}, "/type"),
        ({"type": "free_form", "points": -1}, "/points"),
        ({"type": "free_form", "points": "1"}, "/points"),
        ({"type": "free_form", "points": True}, "/points"),
        ({"type": "free_form", "points": 0.1234567}, "/points"),
        ({"type": "free_form", "points": 10_001}, "/points"),
        ({"type": "free_form", "points": float("1e308") * 10}, "/points"),
        ({"type": "free_form", "key": "a b"}, "/key"),
        ({"type": "free_form", "key": ""}, "/key"),
        ({"type": "free_form", "key": "k" * 65}, "/key"),
        ({"type": "free_form", "answers": []}, "/answers"),
        ({"type": "free_form", "free_form": 1}, "/free_form"),
        ({"type": "free_form", "prompt_html": "\x00"}, "/prompt_html"),
        ({"type": "free_form", "prompt_html": "x" * 200_001}, "/prompt_html"),
        ({"type": "true_false", "correct": 1}, "/correct"),
        ({"type": "multi_select", "scoring": "half"}, "/scoring"),
        ({"type": "multi_select", "answers": [{"text": ""}]}, "/answers/0/text"),
        ({"type": "multi_select", "answers": [{}]}, "/answers/0/text"),
        ({"type": "multi_select", "answers": [{"text": "a"}] * 51}, "/answers"),
        ({"type": "short_answer", "accepted_answers": [1]}, "/accepted_answers/0"),
        ({"type": "short_answer", "review": "auto "}, "/review"),
    ],
)
def test_a_question_that_can_never_be_right_is_refused(question: dict[str, Any], place: str) -> None:
    assert pointers(course(question)) == [QUESTION_AT + place]


@pytest.mark.parametrize(
    "changes",
    [
        {"max_attempts": 0},
        {"max_attempts": -1},
        {"max_attempts": 10**9},
        {"max_attempts": 1.0},
        {"time_limit_seconds": 0},
        {"time_limit_seconds": 315_360_000},
        {"pass_score": 101},
        {"pass_score": -1},
        {"pass_score": float("nan")},
        {"pass_score": "80"},
        {"title": ""},
        {"title": "\u200b"},
        {"title": "a\u202eb"},
        {"feedback": "always"},
        {"required": 1},
        {"kind": "film"},
        {"attempts": 3},
    ],
)
def test_a_quiz_that_can_never_be_right_is_refused(changes: dict[str, Any]) -> None:
    assert pointers(course(**changes)) == [f"{QUIZ_AT}/{next(iter(changes))}"]


@pytest.mark.parametrize(
    "url",
    [
        "http://videos.example/1",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "gopher://videos.example/",
        "https://user:secret@videos.example/1",
        "https://169.254.169.254/latest",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://localhost/",
        "https:videos.example",
        "https:///videos",
        "https://videos.example/a b",
        "https://videos.example\\@evil.example/",
        "https://videos.example:port/",
        "//videos.example/1",
        "/1",
        "",
        "document:1",
        "https://videos.example/" + "x" * 2000,
    ],
)
@pytest.mark.parametrize("field", ["video_url", "document_url", "image_url"])
def test_a_lesson_points_to_the_public_web_only(field: str, url: str) -> None:
    lesson = {"kind": "lesson", "title": "Lesson", field: url}
    raw = json.dumps({"title": "Course", "modules": [{"title": "Module", "items": [lesson]}]})
    assert pointers(raw) == [f"{QUIZ_AT}/{field}"]


@pytest.mark.parametrize(
    "url", ["https://videos.example/1?t=2#x", "HTTPS://bücher.example./", "https://a.b:8443"]
)
def test_a_lesson_takes_https_addresses(url: str) -> None:
    lesson = Lesson(kind="lesson", title="Lesson", video_url=url, document_url=url, image_url=url)
    assert lesson.video_url == url


def test_only_a_document_may_be_one_of_ours() -> None:
    ours = "document:01890a5d-ac96-774b-bcce-b302099a8057"
    assert Lesson(kind="lesson", title="Lesson", document_url=ours).document_url == ours
    with pytest.raises(ValueError, match="https"):
        Lesson(kind="lesson", title="Lesson", video_url=ours)


def test_duplicate_keys_are_named_wherever_they_are() -> None:
    document = {
        "title": "Course",
        "modules": [
            {"title": "One", "key": "k"},
            {"title": "Two", "items": [{"kind": "lesson", "title": "Lesson", "key": "k"}]},
        ],
        "assessment": {
            "title": "Final",
            "questions": [
                {
                    "type": "multi_select",
                    "key": "q",
                    "answers": [{"text": "a", "key": "q"}, {"text": "b", "key": "k"}],
                }
            ],
        },
    }
    assert pointers(json.dumps(document)) == [
        "/modules/1/items/0/key",
        "/assessment/questions/0/answers/0/key",
        "/assessment/questions/0/answers/1/key",
    ]


def test_a_skill_is_listed_once() -> None:
    skill = {"skill_id": "a", "name": "A"}
    raw = json.dumps({"title": "Course", "mastered_skills": [skill, skill]})
    assert pointers(raw) == ["/mastered_skills/1/skill_id"]


def test_every_fault_is_named_at_once() -> None:
    raw = course({"type": "free_form", "points": -1}, {"type": "essay"}, title="", max_attempts=0)
    assert sorted(pointers(raw)) == [
        f"{QUIZ_AT}/max_attempts",
        f"{QUESTION_AT}/points",
        f"{QUIZ_AT}/questions/1/type",
        f"{QUIZ_AT}/title",
    ]


@pytest.mark.parametrize(
    "raw", ["{", "", "[]", "null", '"x"', b"\xff\xfe", '{"title": "\\ud800"}', "{} {}", "[" * 100_000]
)
def test_what_is_no_tree_is_refused(raw: str | bytes) -> None:
    assert pointers(raw) == [""]


def test_numbers_are_kept_exactly() -> None:
    tree = parse_tree(course({"type": "free_form", "points": 0.1}, pass_score=66.666667))
    quiz = tree.modules[0].items[0]
    assert isinstance(quiz, Quiz)
    assert (quiz.questions[0].points, quiz.pass_score) == (Decimal("0.1"), Decimal("66.666667"))
