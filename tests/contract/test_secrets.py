"""Answer keys travel one way: no key, explanation or rubric reaches a learner before its time."""

import json
from typing import Any

from fastapi import FastAPI
from tests.kit.direct import Database
from tests.kit.fields import refused
from tests.kit.learner import Learner, tree
from tests.kit.world import Json, World

CANARY = "c4n4ry"


def secretive(feedback: str, **changes: Any) -> Json:
    """A quiz with a canary in everything that is not for learners."""
    hidden = {"explanation_html": f"<p>{CANARY} explanation</p>"}
    questions: list[Json] = [
        {
            "type": "multiple_choice",
            "prompt_html": "<p>1</p>",
            "answers": [{"text": "right", "is_correct": True}, {"text": "wrong", "is_correct": False}],
        },
        {"type": "true_false", "prompt_html": "<p>2</p>", "correct": True},
        {
            "type": "multi_select",
            "prompt_html": "<p>3</p>",
            "answers": [{"text": "right", "is_correct": True}, {"text": "wrong", "is_correct": False}],
        },
        {
            "type": "short_answer",
            "prompt_html": "<p>4</p>",
            "accepted_answers": [f"{CANARY} accepted"],
            "review": "unmatched",
        },
        {"type": "free_form", "prompt_html": "<p>5</p>", "rubric_html": f"<p>{CANARY} rubric</p>"},
    ]
    return {
        "kind": "quiz",
        "title": "Q",
        "pass_score": 90,
        "feedback": feedback,
        "questions": [question | hidden for question in questions],
        **changes,
    }


KEY_WORDS = ("is_correct", "right_id", "accepted", "rubric", "scoring", "case_sensitive", '"review"')


def assert_secret(text: str) -> None:
    assert CANARY not in text
    for word in KEY_WORDS:
        assert word not in text, word


async def everything_seen(at: Learner, attempt: str) -> list[str]:
    """Every answer that the learner can get while the quiz is open."""
    paths = [
        f"/api/courses/{at.course}/",
        f"/api/courses/{at.course}/modules/",
        "/api/courses/",
        at.path("Q"),
        f"/api/attempts/{attempt}/",
        *(f"/api/users/{w}/" for w in ("enrollments", "enrollments/progress", "certificates")),
        *(f"/api/users/{w}/" for w in ("compliance", "skills", "export")),
    ]
    return [(await at.call("GET", path)).text for path in paths]


async def test_no_key_material_before_release(world: World, database: Database) -> None:
    for user, feedback in (("ana", "never"), ("bob", "after_last_attempt")):
        at = await Learner.enter(world, tree(secretive(feedback, max_attempts=2)), user)
        begun = await at.start()
        attempt = begun.json()["attempt_id"]
        seen = [begun.text, *await everything_seen(at, attempt)]
        saved = await at.call("PATCH", f"/api/attempts/{attempt}/", {"responses": []})
        submitted = await at.send("Q")
        seen += [saved.text, submitted.text, *await everything_seen(at, attempt)]
        for text in seen:
            assert_secret(text)
        for mark in submitted.json()["responses"]:
            assert {v for k, v in mark.items() if k != "question_id"} == {None}, mark
        for method, path in (("GET", "draft"), ("GET", "versions"), ("GET", "versions/1")):
            answer = await at.call(method, f"/api/courses/{at.course}/{path}/")
            assert answer.status_code in (403, 404), answer.text
            assert_secret(answer.text)
    for table in ("outbox", "events", "audit_entries"):
        for row in await database(f"SELECT t::text FROM {table} t WHERE organization_id = $1", world.id):
            assert CANARY not in row[0], table


async def test_a_wrong_response_does_not_tell_the_key(world: World) -> None:
    at = await Learner.enter(world, tree(secretive("never")))
    questions = await at.questions("Q")
    wrong = {"question_id": questions[0]["id"], "text": "x"}
    assert_secret(refused(await at.send("Q", [wrong]), 422)["detail"])


async def test_after_release_the_right_answers_are_shown(world: World) -> None:
    at = await Learner.enter(world, tree(secretive("after_submit", pass_score=10)))
    shown = (await at.send("Q")).json()["responses"]
    assert CANARY in json.dumps(shown)
    assert "rubric" not in json.dumps(shown), "a rubric is the graders' own"
    assert shown[1]["right_answer"] == {"value": True}
    last = await Learner.enter(world, tree(secretive("after_last_attempt", max_attempts=1)), "bob")
    assert CANARY in (await last.send("Q")).text


async def test_after_the_last_attempt_means_none_is_left_or_it_is_passed(world: World) -> None:
    plain = secretive("after_last_attempt", max_attempts=3, pass_score=50)
    plain["questions"] = plain["questions"][:2]
    at = await Learner.enter(world, tree(plain))
    first, second = await at.questions("Q")
    wrong = await at.send("Q")
    assert_secret(wrong.text)
    passed = await at.send("Q", [{"question_id": second["id"], "value": True}])
    assert (passed.json()["passed"], CANARY in passed.text) == (True, True)
    old = f"/api/attempts/{wrong.json()['attempt_id']}/"
    assert CANARY in (await at.call("GET", old)).text, "then for every attempt"
    assert first["id"] in passed.text


def test_the_reference_names_no_key_field_in_learners_answers(app: FastAPI) -> None:
    document = app.openapi()
    learner = ("StartedAttemptOut", "SubmissionOut", "AttemptOut", "ModulesOut")
    names = [n for n in document["components"]["schemas"] if n.startswith(learner)]
    assert len(names) >= len(learner)
    for name in names:
        assert_secret(json.dumps(document["components"]["schemas"][name]["properties"]))
