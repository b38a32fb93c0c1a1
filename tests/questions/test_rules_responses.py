"""Responses: their one form, whether they fit the questions, and how they are kept."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.questions.rules.answer_keys import AnswerKey, check_responses
from learning_service.domain.questions.rules.free_form import FreeFormKey
from learning_service.domain.questions.rules.multi_select import MultiSelectKey
from learning_service.domain.questions.rules.multiple_choice import MultipleChoiceKey
from learning_service.domain.questions.rules.responses import (
    Id,
    IdText,
    Response,
    Responses,
    by_question,
    dump_responses,
    lay_over,
    load_responses,
)
from learning_service.domain.questions.rules.short_answer import ShortAnswerKey
from learning_service.domain.questions.rules.true_false import TrueFalseKey

RESPONSES: TypeAdapter[tuple[Response, ...]] = TypeAdapter(Responses)
IDS = [str(UUID(int=n)) for n in range(1, 6)]
CHOICES = [str(UUID(int=n)) for n in range(11, 14)]
PARTS = [f"{n:024x}" for n in range(3)]
ONE = Decimal(1)
KEYS: dict[str, AnswerKey] = {
    IDS[0]: MultipleChoiceKey(IDS[0], ONE, frozenset(CHOICES), frozenset({CHOICES[0]})),
    IDS[1]: TrueFalseKey(IDS[1], ONE, True),
    IDS[2]: MultiSelectKey(IDS[2], ONE, frozenset(CHOICES), frozenset(CHOICES[:2]), "all_or_nothing"),
    IDS[3]: ShortAnswerKey(IDS[3], ONE, ("a",), False, "auto"),
    IDS[4]: FreeFormKey(IDS[4], ONE),
}
FORMS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"answer_ids": st.lists(st.sampled_from(CHOICES), max_size=3).map(tuple)}),
    st.fixed_dictionaries({"value": st.booleans()}),
    st.fixed_dictionaries({"number": st.from_regex(r"-?[0-9]{1,3},[0-9]", fullmatch=True)}),
    st.fixed_dictionaries({"matches": st.dictionaries(st.sampled_from(PARTS), st.sampled_from(PARTS))}),
    st.fixed_dictionaries({"order": st.permutations(PARTS).map(tuple)}),
    st.fixed_dictionaries({"text": st.text(st.characters(min_codepoint=32, max_codepoint=1000), max_size=5)}),
)
GIVEN = st.lists(
    st.tuples(st.sampled_from(IDS), FORMS).map(lambda pair: Response(question_id=pair[0], **pair[1]))
)


def response(question: str, **form: Any) -> Response:
    return Response(question_id=question, **form)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question_id": IDS[0]},
        {"question_id": IDS[0], "value": 1},
        {"question_id": IDS[0], "value": "true"},
        {"question_id": IDS[0], "value": True, "text": "a"},
        {"question_id": IDS[0], "value": True, "text": None},
        {"question_id": IDS[0], "value": True, "score": 100},
        {"question_id": IDS[0], "text": ["a"]},
        {"question_id": IDS[0], "text": "a\x00"},
        {"question_id": IDS[0], "text": "a" * 20_001},
        {"question_id": IDS[0], "answer_ids": CHOICES[0]},
        {"question_id": IDS[0], "answer_ids": [CHOICES[0]] * 51},
        {"question_id": f"urn:uuid:{IDS[0]}", "value": True},
        {"question_id": f"{{{IDS[0]}}}", "value": True},
        {"question_id": IDS[0].replace("-", ""), "value": True},
        {"question_id": 1, "value": True},
    ],
)
def test_a_response_has_exactly_one_form(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Response.model_validate_json(json.dumps(body))


def test_an_id_is_taken_in_the_form_in_which_it_was_given_out() -> None:
    ids: TypeAdapter[UUID] = TypeAdapter(Id)
    given_out = UUID("01a20371-504b-77c7-91f6-b56ddf5371fa")
    assert ids.validate_json(f'"{given_out}"') == ids.validate_python(given_out) == given_out
    assert ids.validate_json(f'"{str(given_out).upper()}"') == given_out
    for other in (given_out.hex, f"{{{given_out}}}", f"urn:uuid:{given_out}", "x", ""):
        with pytest.raises(ValidationError) as refusal:
            ids.validate_json(json.dumps(other))
        [error] = refusal.value.errors()
        assert (error["type"], error["msg"]) == ("id_form", "must be an id as it was given")
    with pytest.raises(ValidationError, match="UUID"):
        ids.validate_python(1)
    assert ids.json_schema() == {"type": "string", "format": "uuid"}


def test_ids_as_text_have_one_form() -> None:
    ids: TypeAdapter[str] = TypeAdapter(IdText)
    given_out = "01a20371-504b-77c7-91f6-b56ddf5371fa"
    for sent in (given_out, given_out.upper()):
        assert ids.validate_json(f'"{sent}"') == ids.validate_python(sent) == given_out
    for other in (
        given_out.replace("-", ""),
        f"{{{given_out}}}",
        f"urn:uuid:{given_out}",
        f"{given_out}\n",
        "x",
        "",
    ):
        with pytest.raises(ValidationError, match="must be an id as it was given"):
            ids.validate_json(json.dumps(other))
    assert ids.json_schema() == {"type": "string", "format": "uuid"}


def test_there_are_not_too_many_responses() -> None:
    body = json.dumps([{"question_id": IDS[0], "value": True}] * 10_000)
    with pytest.raises(ValidationError, match="2000"):
        RESPONSES.validate_json(body)


def test_fitting_responses_have_no_faults() -> None:
    fitting = [
        response(IDS[0], answer_ids=(CHOICES[1],)),
        response(IDS[1], value=False),
        response(IDS[2], answer_ids=tuple(CHOICES)),
        response(IDS[3], text="a"),
        response(IDS[4], text=""),
    ]
    assert check_responses(KEYS, fitting) == []
    assert check_responses(KEYS, [response(IDS[0], answer_ids=()), response(IDS[2], answer_ids=())]) == []


@pytest.mark.parametrize(
    ("given_", "place", "what"),
    [
        (response(str(UUID(int=99)), value=True), "question_id", "is not a question of this attempt"),
        (
            response(IDS[0], answer_ids=(CHOICES[0], str(UUID(int=99)))),
            "answer_ids/1",
            "is not a choice of this question",
        ),
        (response(IDS[2], answer_ids=(*CHOICES[:2], CHOICES[0])), "answer_ids/2", "is chosen twice"),
        (response(IDS[0], answer_ids=tuple(CHOICES[:2])), "answer_ids", "this question takes one choice"),
        (response(IDS[0], value=True), "value", "this question is answered with answer_ids"),
        (response(IDS[1], text="true"), "text", "this question is answered with a value, true or false"),
        (response(IDS[2], text="a"), "text", "this question is answered with answer_ids"),
        (response(IDS[3], answer_ids=()), "answer_ids", "this question is answered with a text"),
        (response(IDS[4], value=True), "value", "this question is answered with a text"),
    ],
)
def test_what_does_not_fit_is_named(given_: Response, place: str, what: str) -> None:
    first = response(IDS[1], value=True)
    given_first = [] if given_.question_id == first.question_id else [first]
    faults = check_responses(KEYS, [*given_first, given_])
    assert [(f.pointer, f.detail) for f in faults] == [(f"/responses/{len(given_first)}/{place}", what)]


def test_a_question_is_answered_once() -> None:
    faults = check_responses(KEYS, [response(IDS[1], value=True), response(IDS[1], value=False)])
    assert faults == [Fault("/responses/1/question_id", "is answered twice", "twice")]


@given(GIVEN, GIVEN)
def test_new_answers_replace_those_they_name_and_keep_the_others(
    old: list[Response], new: list[Response]
) -> None:
    saved, named = by_question(old), by_question(new)
    laid = lay_over(saved, new)
    assert set(laid) == set(saved) | set(named)
    for question, kept in laid.items():
        assert kept == named.get(question, saved.get(question))
    assert lay_over(laid, new) == laid


@given(GIVEN)
def test_kept_responses_come_back_the_same(responses: list[Response]) -> None:
    kept = json.loads(json.dumps(dump_responses(responses)))
    assert load_responses(kept) == by_question(responses)
