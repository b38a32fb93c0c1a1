"""Responses that were judged before are graded, kept and refused as those that are judged for the first time."""

import json
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.kit.both_ways import normal, without_hot_paths
from tests.kit.direct import Database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.regrades import questions_of, regrade, swapped
from tests.kit.world import Caller, Json, World, choice, right

from learning_service.core.settings import Settings
from learning_service.domain.grading.rules import judged

SEVERAL = {
    "type": "multi_select",
    "prompt_html": "<p>Which?</p>",
    "points": 1,
    "scoring": "right_minus_wrong",
    "answers": [{"text": text, "is_correct": text != "no"} for text in ("a", "b", "c", "no")],
}
KEPT = (
    "SELECT responses, marks, points, pending_points, max_points, passed, status, closed_with FROM quiz_attempts"
    " WHERE user_id = $1 AND quiz_id = $2 ORDER BY number"
)


@pytest.fixture(scope="module")
async def plain(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with without_hot_paths(settings) as http:
        yield http


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bodies that the hot path has validated, because not all of them was known."""
    bodies: list[bytes] = []
    module = sys.modules["learning_service.api.fast.submit"]
    read = module.read_body

    def noted(body: bytes, *arguments: Any) -> Any:
        bodies.append(body)
        return read(body, *arguments)

    monkeypatch.setattr(module, "read_body", noted)
    monkeypatch.setattr(judged, "_known", {})
    return bodies


def content(**changes: Any) -> Json:
    asked = {**quiz("Q"), "questions": [choice("First?", points=2.5), SEVERAL, choice("Last?")], **changes}
    return tree(lesson(), asked)


def given(questions: list[Json], *texts: str | None) -> list[Json]:
    """Responses: of each question the choices with one of these letters or words; None: left out."""
    pairs = zip(questions, texts, strict=True)
    return [right(one, {"texts": text.split()}) for one, text in pairs if text is not None]


ANSWERS = (
    ("right", "a b c", "right"),
    ("wrong", "a no", "wrong"),
    ("right", "a", None),
    (None, "", "right"),
    (None, None, None),
    ("", "a b c no", "wrong"),
)


async def _answered(caller: Caller, path: str, body: Json) -> tuple[int, Json]:
    answer = await caller("POST", path, body)
    shown = normal(answer.json())
    for name in ("attempt_id", "request_id", "instance"):
        shown.pop(name, None)
    shown.get("enrollment", {}).pop("id", None)
    return answer.status_code, shown


@pytest.mark.parametrize("feedback", ["never", "after_submit", "after_last_attempt"])
async def test_known_responses_come_to_the_same(
    world: World,
    plain: httpx.AsyncClient,
    database: Database,
    validated: list[bytes],
    feedback: str,
) -> None:
    bodies = validated
    first = await Learner.enter(world, content(feedback=feedback, max_attempts=7), user="cyd")
    questions = list(await first.questions("Q"))
    sent = [{"responses": given(questions, *texts)} for texts in ANSWERS]
    path = first.path("Q", "submit")
    for body in sent:
        await first.call.ok("POST", path, body)
    # Where all is left out there is nothing to know.
    assert len(bodies) == len(sent) - 1
    bodies.clear()
    ana = await Learner.join(world.member("ana"), first.course)
    bob = await Learner.join(world.member("bob"), first.course)
    ordinary = Caller(plain, bob.call.token, "bob")
    for body in sent:
        hot, by_route = await _answered(ana.call, path, body), await _answered(ordinary, path, body)
        assert hot == by_route
        assert list(hot[1]) == list(by_route[1])
    assert bodies == []
    kept = [
        [tuple(row) for row in await database(KEPT, user, first.ids["Q"])] for user in ("ana", "bob", "cyd")
    ]
    assert kept[0] == kept[1] == kept[2]
    assert len(kept[0]) == len(sent)


async def test_what_was_saved_counts_with_what_is_sent(
    world: World, plain: httpx.AsyncClient, database: Database, validated: list[bytes]
) -> None:
    bodies = validated
    pool = {"type": "pool", "draw": 1, "questions": [choice("Drawn?")]}
    first = await Learner.enter(world, content(questions=[choice("First?"), SEVERAL, pool]), user="cyd")
    users = [first.call, world.member("ana"), Caller(plain, world.member("bob").token, "bob")]
    path, found = first.path("Q", "submit"), []
    for caller in users:
        if caller is not first.call:
            await caller.ok("POST", f"/api/courses/{first.course}/enroll/")
        begun = await caller.ok("POST", first.path("Q", "attempts"))
        by_prompt = sorted(begun["questions"], key=lambda one: str(one["prompt_html"]))
        drawn, alone, several = by_prompt[0], by_prompt[1], by_prompt[2]
        asked = [alone, several, drawn]
        saved = {"responses": given(asked, "wrong", "a b c", None)}
        await caller.ok("PATCH", f"/api/attempts/{begun['attempt_id']}/", saved)
        bodies.clear()
        sent = {"attempt_id": begun["attempt_id"], "responses": given(asked, "right", None, "right")}
        found.append(await _answered(caller, path, sent))
        assert len(bodies) == (1 if caller is first.call else 0)
    assert found[0] == found[1] == found[2]
    assert found[0][1]["points"] == 3
    kept = [
        [tuple(row) for row in await database(KEPT, user, first.ids["Q"])] for user in ("ana", "bob", "cyd")
    ]
    assert kept[0] == kept[1] == kept[2]


async def test_a_corrected_key_judges_anew(world: World, validated: list[bytes]) -> None:
    course = await world.course(tree(lesson(), quiz("Q", max_attempts=9)))
    ana = await Learner.join(world.member("ana"), course["id"])
    assert (await ana.submit("Q", correct=1))["points"] == 1
    [question] = await questions_of(world, course)
    await regrade(world, course, swapped(question))
    # The first goes by the ordinary route, which learns of the new key. What the old one judged is there still.
    for user in ("bob", "cyd"):
        one = await Learner.join(world.member(user), course["id"])
        assert (await one.submit("Q", correct=1))["points"] == 0
        assert (await one.submit("Q", correct=0))["points"] == 1


def _hostile(question: str, choice_id: str) -> list[bytes]:
    one = f'"question_id":"{question}"'
    chosen = f'"answer_ids":["{choice_id}"]'
    other = str(uuid.uuid4())
    return [
        text.encode()
        for text in (
            f'{{"responses":[{{{one},{chosen},{chosen}}}]}}',
            f'{{"responses":[],"responses":[{{{one},{chosen}}}]}}',
            f'{{"responses":[{{{one},{chosen}}},{{{one},{chosen}}}]}}',
            f'{{"responses":[{{{one},"answer_ids":{{"{choice_id}":1}}}}]}}',
            f'{{"responses":[{{{one},"answer_ids":"{choice_id}"}}]}}',
            f'{{"responses":[{{{one},"answer_ids":["{choice_id}","{choice_id}"]}}]}}',
            f'{{"responses":[{{{one},{chosen},"value":null}}]}}',
            f'{{"responses":[{{{one},{chosen}}}],"more":1}}',
            f'{{"responses":[{{{one},{chosen}}}],"attempt_id":7}}',
            f'{{"responses":[{{{one},{chosen}}}],"attempt_id":"{other}"}}',
            f'{{"responses":{{"0":{{{one},{chosen}}}}}}}',
            f'{{"responses":"{question}"}}',
            '{"responses":""}',
            '{"responses":null}',
            '{"attempt_id":null}',
            f"[{{{one},{chosen}}}]",
            f'{{"responses":[{{{one},{chosen}}}]}} x',
            f'{{"responses":[[{question!r}]]}}'.replace("'", '"'),
            f'{{"responses":[{{"question_id":["{question}"],{chosen}}}]}}',
            f'{{"responses":[{{{one},"answer_ids":[["{choice_id}"]]}}]}}',
            f'{{"responses":[{{{one},"answer_ids":null,"answer_ids":["{choice_id}"]}}]}}',
            f'{{"responses":[{{"question_id":"{other}",{chosen}}}]}}',
            f'\ufeff{{"responses":[{{{one},{chosen}}}]}}',
        )
    ]


async def test_what_only_looks_known_is_refused_as_ever(
    world: World, plain: httpx.AsyncClient, validated: list[bytes], database: Database
) -> None:
    ana = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    await ana.submit("Q", correct=1)
    bob = await Learner.join(world.member("bob"), ana.course)
    [question] = await ana.questions("Q")
    [sent] = await ana.responses("Q", 1)
    headers = {"Content-Type": "application/json"}
    path = bob.path("Q", "submit")
    for body in _hostile(question["id"], sent["answer_ids"][0]):
        hot = await bob.call("POST", path, content=body, headers=headers)
        ordinary = await Caller(plain, bob.call.token, "bob")("POST", path, content=body, headers=headers)
        assert (hot.status_code, hot.json()["code"]) == (ordinary.status_code, ordinary.json()["code"]), body
        assert hot.status_code in (404, 409, 422), body
        assert hot.json().get("errors") == ordinary.json().get("errors"), body
    assert await database(KEPT, "bob", ana.ids["Q"]) == []
    assert (await bob.submit("Q", correct=1))["number"] == 1


async def test_a_known_response_of_another_course_does_not_fit(
    world: World, other_world: World, validated: list[bytes]
) -> None:
    there = await Learner.enter(other_world, tree(lesson(), quiz("Q")), user="ana")
    foreign = await there.responses("Q", 1)
    await there.submit("Q", correct=1)
    here = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    await here.submit("Q", correct=1)
    answer = await here.send("Q", foreign)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not-known")


async def test_ids_in_capitals_are_the_same(world: World, validated: list[bytes]) -> None:
    ana = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    await ana.submit("Q", correct=1)
    bob = await Learner.join(world.member("bob"), ana.course)
    loud = json.loads(json.dumps(await ana.responses("Q", 1)).replace("question_id", "Q").upper())
    sent = [{"question_id": one["Q"], "answer_ids": one["ANSWER_IDS"]} for one in loud]
    answer = await bob.send("Q", sent)
    assert (answer.status_code, answer.json()["points"]) == (200, 1)


async def test_what_is_remembered_is_bounded(
    world: World, validated: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged, "MOST", 3)
    ana = await Learner.enter(world, tree(lesson(), quiz("Q", questions=5, max_attempts=9)), user="ana")
    for correct in (5, 2, 0, 5):
        assert (await ana.submit("Q", correct=correct))["points"] == correct
        assert len(judged._known) <= 3
