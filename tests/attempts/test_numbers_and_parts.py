"""Numbers, pairs and orders from the author's draft to the learner's marks."""

import json
from typing import Any

import pytest
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import Json, World

NUMERIC: Json = {
    "type": "numeric",
    "prompt_html": "<p>How heavy?</p>",
    "answer": 3.5,
    "tolerance": 0.1,
    "unit": "kg",
    "points": 1,
}
MATCHING: Json = {
    "type": "matching",
    "prompt_html": "<p>Match</p>",
    "points": 3,
    "pairs": [
        {"left": "France", "right": "Paris"},
        {"left": "Spain", "right": "Madrid"},
        {"left": "Peru", "right": "Lima"},
    ],
    "distractors": ["Rome"],
    "scoring": "per_part",
}
ORDERING: Json = {
    "type": "ordering",
    "prompt_html": "<p>Order</p>",
    "points": 3,
    "items": ["egg", "caterpillar", "butterfly"],
    "scoring": "per_part",
}


async def taker(world: World, **changes: Any) -> QuizTaker:
    content = tree(quiz(NUMERIC, MATCHING, ORDERING, feedback="after_submit", pass_score=100, **changes))
    return await quiz_taker(world, content)


def keys(parts: list[Json]) -> dict[str, str]:
    return {part["text"]: part["key"] for part in parts}


def answers(questions: list[Json], number: str, matches: Json, order: list[str]) -> list[Json]:
    heavy, match, arrange = questions
    left, right, items = keys(match["left"]), keys(match["right"]), keys(arrange["items"])
    return [
        {"question_id": heavy["id"], "number": number},
        {"question_id": match["id"], "matches": {left[a]: right[b] for a, b in matches.items()}},
        {"question_id": arrange["id"], "order": [items[item] for item in order]},
    ]


RIGHT: Json = {"France": "Paris", "Spain": "Madrid", "Peru": "Lima"}


@pytest.mark.parametrize("shuffle", [False, True])
async def test_from_the_start_to_the_marks(world: World, shuffle: bool) -> None:
    ana = await taker(world, shuffle=shuffle)
    started = await ana.start()
    by_type = {question["type"]: question for question in started["questions"]}
    questions = [by_type[word] for word in ("numeric", "matching", "ordering")]
    assert set(questions[0]) == {"id", "key", "type", "prompt_html", "points"}
    assert set(questions[1]) == {*questions[0], "left", "right"}
    assert set(questions[2]) == {*questions[0], "items"}
    assert sorted(keys(questions[1]["right"])) == ["Lima", "Madrid", "Paris", "Rome"]
    given = answers(questions, "3,6 kg", {**RIGHT, "Peru": "Rome"}, ["egg", "butterfly", "caterpillar"])
    attempt = f"/api/attempts/{started['attempt_id']}/"
    assert (await ana.call.ok("PATCH", attempt, {"responses": given}))["saved"] == 3
    shown = await ana.call.ok("GET", attempt)
    assert all(r.items() >= g.items() for r, g in zip(shown["responses"], given, strict=True))
    done = (await ana.submit(attempt_id=started["attempt_id"], responses=[])).json()
    assert [r["points_awarded"] for r in done["responses"]] == [1, 2, 1]
    assert (done["points"], done["max_points"], done["passed"]) == (4, 7, False)
    rights = [r["right_answer"] for r in done["responses"]]
    assert rights[0] == {"answer": 3.5, "tolerance": 0.1, "tolerance_percent": None, "unit": "kg"}
    best = answers(questions, "3.5", RIGHT, ORDERING["items"])
    assert rights[1:] == [{"matches": best[1]["matches"]}, {"order": best[2]["order"]}]
    assert (await ana.submit(responses=best)).json()["passed"] is True
    exported = await ana.call.ok("GET", "/api/users/export/")
    assert best[2]["order"] in [r.get("order") for e in exported["attempts"] for r in e["responses"]]


async def test_an_answer_is_taken_back(world: World) -> None:
    ana = await taker(world)
    started = await ana.start()
    given = answers(started["questions"], "3.5", RIGHT, ORDERING["items"])
    attempt = f"/api/attempts/{started['attempt_id']}/"
    await ana.call.ok("PATCH", attempt, {"responses": given})
    taken = [
        {"question_id": r["question_id"], form: None}
        for r, form in zip(given, ("number", "matches", "order"), strict=True)
    ]
    await ana.call.ok("PATCH", attempt, {"responses": taken})
    assert (await ana.call.ok("GET", attempt))["responses"] == []
    done = (await ana.submit(attempt_id=started["attempt_id"], responses=[])).json()
    assert done["points"] == 0


NO_RESPONSES: list[Json] = [
    {"number": 3.5},
    {"number": "3" * 201},
    {"number": "3\x00"},
    {"number": "3", "text": "3"},
    {"matches": {"a": "b"}},
    {"matches": {"0" * 24: "0" * 24}},
    {"matches": []},
    {"order": ["0" * 24]},
    {"order": {}},
    {"order": ["a"] * 51},
    {"text": "3.5"},
]


async def test_what_does_not_fit_is_refused_and_changes_nothing(world: World) -> None:
    ana = await taker(world)
    started = await ana.start()
    attempt = f"/api/attempts/{started['attempt_id']}/"
    for response in NO_RESPONSES:
        for question in started["questions"]:
            sent = {"responses": [{"question_id": question["id"], **response}]}
            assert (await ana.call("PATCH", attempt, sent)).status_code == 422, response
        assert (await ana.call.ok("GET", attempt))["responses"] == [], response


async def test_a_submission_sent_twice_is_known_again(world: World) -> None:
    ana = await taker(world)
    questions = (await ana.call.ok("GET", ana.path))["questions"]
    given = answers(questions, "3.5", RIGHT, ORDERING["items"])
    first = (await ana.submit(responses=given)).json()
    again = (await ana.submit(responses=given)).json()
    assert again["attempt_id"] == first["attempt_id"]
    worse = answers(questions, "4", RIGHT, ORDERING["items"])
    assert (await ana.submit(responses=worse)).json()["attempt_id"] != first["attempt_id"]


async def test_the_draft_comes_back_as_it_was_sent_and_its_changes_are_told(world: World) -> None:
    author = world.admin
    course = await world.course(tree(quiz(NUMERIC, MATCHING, ORDERING)))
    path = f"/api/courses/{course['id']}/"
    draft = await author.ok("GET", f"{path}draft/")
    questions = draft["modules"][0]["items"][0]["questions"]
    for sent, stored in zip((NUMERIC, MATCHING, ORDERING), questions, strict=True):
        assert stored.items() >= sent.items()
    questions[0]["tolerance"] = 0.2
    questions[1]["pairs"][0]["right"] = "Lyon"
    questions[2]["items"].reverse()
    tag = (await author("GET", f"{path}draft/")).headers["etag"]
    saved = await author("PUT", f"{path}draft/", draft, headers={"If-Match": tag})
    assert saved.status_code == 200, saved.text
    diff = (await author.ok("GET", f"{path}versions/2/diff/?against=1"))["changes"]
    assert [(c["change"], c["impact"], sorted(c["after"])) for c in diff] == [
        ("changed", "scoring", ["tolerance"]),
        ("changed", "scoring", ["pairs"]),
        ("changed", "scoring", ["items"]),
    ]


async def test_an_unfinished_one_is_kept_and_not_published(world: World) -> None:
    author = world.admin
    course = await author.ok("POST", "/api/courses/", {"title": "New", "scope": "national"})
    path = f"/api/courses/{course['id']}/"
    unfinished = [
        {"type": "numeric", "prompt_html": "<p>1</p>"},
        {"type": "matching", "prompt_html": "<p>2</p>", "pairs": MATCHING["pairs"][:1]},
        {"type": "ordering", "prompt_html": "<p>3</p>"},
    ]
    tag = (await author("GET", f"{path}draft/")).headers["etag"]
    saved = await author("PUT", f"{path}draft/", tree(quiz(*unfinished)), headers={"If-Match": tag})
    assert saved.status_code == 200, saved.text
    refused = await author("POST", f"{path}publish/", {})
    assert refused.status_code == 422
    found = [(e["pointer"].rpartition("/questions/")[2], e["code"]) for e in refused.json()["errors"]]
    assert found == [("0/answer", "required"), ("1/pairs", "too-few"), ("2/items", "too-few")]
    assert "Paris" in json.dumps(saved.json())
