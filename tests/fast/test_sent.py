"""A body whose keys are counted, and not read once more, is refused for the same as every other one."""

import json

import pytest
from tests.kit.learner import Learner, quiz, tree
from tests.kit.world import Json, World

from learning_service.api.bodies import keys_of
from learning_service.api.fast.sent import keys_of as keys_sent
from learning_service.schemas.attempts import SubmissionIn

ID = "01a22bc1-f785-7246-87f4-49247f1ab96e"
PART = "0123456789abcdef01234567"
ONE: Json = {"question_id": ID, "answer_ids": [ID]}


@pytest.mark.parametrize(
    "given",
    [
        {"responses": []},
        {"responses": [ONE], "attempt_id": ID},
        {"responses": [ONE, {"question_id": ID, "text": "a: {b}, [c]: :"}], "attempt_id": None},
        {"responses": [{"question_id": ID, "matches": {PART: PART}}, {"question_id": ID, "value": None}]},
        {"responses": [{"question_id": ID, "order": [PART]}, {"question_id": ID, "number": "1"}]},
    ],
    ids=str,
)
def test_keys_are_counted_as_they_are(given: Json) -> None:
    sent = SubmissionIn.model_validate_json(json.dumps(given))
    body = json.dumps(given, indent=1).encode()
    assert keys_of(body) == keys_sent(sent)


def test_a_text_with_a_backslash_is_not_counted() -> None:
    assert keys_of(json.dumps({"text": '": '}).encode()) is None


@pytest.mark.parametrize(
    "inside",
    [
        '{"responses": [], "responses": []}',
        '{"attempt_id": null, "responses": [], "attempt_id": null}',
        '{"responses": [{"question_id": "Q", "text": "a", "text": "a:b"}]}',
        '{"responses": [{"question_id": "Q", "text": "\\u0022", "text": "b"}]}',
    ],
)
async def test_a_key_that_is_there_twice_is_refused_and_nothing_is_closed(world: World, inside: str) -> None:
    at = await Learner.enter(world, tree(quiz("Q")), user="ana")
    body = inside.replace('"Q"', f'"{ID}"')
    headers = {"Content-Type": "application/json"}
    answer = await at.call("POST", at.path("Q", "submit"), content=body.encode(), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "twice")
    assert (await at.submit("Q"))["number"] == 1
