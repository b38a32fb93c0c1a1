"""Matching and ordering: exact shares, and nothing that tells the answer."""

import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from learning_service.domain.questions.rules.answer_keys import check_responses
from learning_service.domain.questions.rules.marks import WRONG, Mark
from learning_service.domain.questions.rules.matching import Matching, MatchingKey
from learning_service.domain.questions.rules.ordering import Ordering, OrderingKey
from learning_service.domain.questions.rules.parts import Part
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.scores import exact, kept

Q = str(UUID(int=1))
NOT_THERE = "0" * 24


def matching(*pairs: tuple[str, str], **fields: Any) -> Matching:
    sent = {"type": "matching", "pairs": [{"left": a, "right": b} for a, b in pairs], **fields}
    return Matching.model_validate_json(json.dumps(sent))


def ordering(*items: str, **fields: Any) -> Ordering:
    return Ordering.model_validate_json(json.dumps({"type": "ordering", "items": items, **fields}))


def by_text(parts: tuple[Part, ...]) -> Mapping[str, str]:
    return {part.text: part.key for part in parts}


def matched(question: Matching, pairs: Mapping[str, str]) -> Response:
    parts = question.parts(Q)
    left, right = by_text(parts["left"]), by_text(parts["right"])
    return Response(question_id=Q, matches={left[a]: right[b] for a, b in pairs.items()})


def ordered(question: Ordering, items: list[str]) -> Response:
    keys = by_text(question.parts(Q)["items"])
    return Response(question_id=Q, order=tuple(keys[item] for item in items))


@pytest.mark.parametrize(
    ("given_pairs", "share"),
    [
        ({"a": "1", "b": "2", "c": "3"}, 1),
        ({"a": "1", "b": "2", "c": "x"}, Fraction(2, 3)),
        ({"a": "1", "b": "2"}, Fraction(2, 3)),
        ({"a": "2", "b": "1", "c": "3"}, Fraction(1, 3)),
        ({"a": "2"}, 0),
        ({}, 0),
    ],
)
def test_matching_is_worth_its_exact_share(given_pairs: Mapping[str, str], share: Fraction | int) -> None:
    pairs = (("a", "1"), ("b", "2"), ("c", "3"))
    each = matching(*pairs, distractors=["x"], scoring="per_part", points=2)
    whole = matching(*pairs, distractors=["x"], points=2)
    mark = each.answer_key(Q).grade(matched(each, given_pairs))
    assert mark == Mark(2 * Fraction(share), share == 1)
    assert exact(kept(mark.points or Fraction(0))) == 2 * Fraction(share)
    mark = whole.answer_key(Q).grade(matched(whole, given_pairs))
    assert mark == (Mark(Fraction(2), True) if share == 1 else WRONG)


def test_of_two_pairs_with_the_same_right_text_either_is_right() -> None:
    question = matching(("a", "even"), ("b", "odd"), ("c", " even"))
    assert sorted(part.text for part in question.parts(Q)["right"]) == ["even", "odd"]
    mark = question.answer_key(Q).grade(matched(question, {"a": "even", "b": "odd", "c": "even"}))
    assert mark.correct is True


@pytest.mark.parametrize(
    ("given_items", "share"),
    [
        (["a", "b", "c", "d"], 1),
        (["a", "b", "d", "c"], Fraction(1, 2)),
        (["b", "a", "d", "c"], 0),
        (["a", "b", "c"], Fraction(3, 4)),
        (["d", "a", "b", "c"], 0),
        ([], 0),
    ],
)
def test_ordering_is_worth_its_exact_share(given_items: list[str], share: Fraction | int) -> None:
    each, whole = ordering("a", "b", "c", "d", scoring="per_part"), ordering("a", "b", "c", "d")
    assert each.answer_key(Q).grade(ordered(each, given_items)) == Mark(Fraction(share), share == 1)
    expected = Mark(Fraction(1), True) if share == 1 else WRONG
    assert whole.answer_key(Q).grade(ordered(whole, given_items)) == expected


def test_none_given_is_wrong() -> None:
    assert matching(("a", "1")).answer_key(Q).grade(None) == WRONG
    assert ordering("a", "b").answer_key(Q).grade(None) == WRONG


@given(st.permutations(["a", "b", "c", "d", "e"]))
def test_parts_are_the_same_whatever_the_right_answer_is(texts: list[str]) -> None:
    assert ordering(*texts).parts(Q) == ordering(*sorted(texts)).parts(Q)
    one = matching(*zip("vwxyz", texts, strict=True))
    other = matching(*zip("vwxyz", sorted(texts), strict=True))
    turned = matching(*reversed(list(zip("vwxyz", texts, strict=True))))
    assert one.parts(Q) == other.parts(Q) == turned.parts(Q)
    fewer = matching(*zip("vwxy", texts[1:], strict=True), distractors=[texts[0]])
    assert fewer.parts(Q)["right"] == one.parts(Q)["right"]


def test_another_question_has_other_keys_and_another_order() -> None:
    orders = {
        tuple(part.text for part in ordering(*"abcdefgh").parts(str(UUID(int=n)))["items"]) for n in range(20)
    }
    assert len(orders) == 20


def test_parts_that_the_question_does_not_have_are_named() -> None:
    pairs, items = matching(("a", "1"), ("b", "2")), ordering("a", "b")
    keys: dict[str, MatchingKey | OrderingKey] = {Q: pairs.answer_key(Q)}
    left = by_text(pairs.parts(Q)["left"])
    response = Response(question_id=Q, matches={left["a"]: NOT_THERE, NOT_THERE: left["a"]})
    assert [(f.pointer, f.code) for f in check_responses(keys, [response])] == [
        (f"/responses/0/matches/{left['a']}", "not-known"),
        (f"/responses/0/matches/{NOT_THERE}", "not-known"),
    ]
    keys = {Q: items.answer_key(Q)}
    item = by_text(items.parts(Q)["items"])["a"]
    response = Response(question_id=Q, order=(item, NOT_THERE, item))
    assert [(f.pointer, f.code) for f in check_responses(keys, [response])] == [
        ("/responses/0/order/1", "not-known"),
        ("/responses/0/order/2", "twice"),
    ]
    wrong_form = Response(question_id=Q, number="3")
    assert [(f.pointer, f.code, f.params) for f in check_responses(keys, [wrong_form])] == [
        ("/responses/0/number", "wrong-type", {"expected": "order"})
    ]


@pytest.mark.parametrize(
    "refused",
    [
        {"type": "matching", "pairs": [{"left": "a", "right": "1"}, {"left": " a", "right": "2"}]},
        {"type": "matching", "pairs": [{"left": "a", "right": "1"}], "distractors": ["1"]},
        {"type": "matching", "distractors": ["1", "1 "]},
        {"type": "matching", "pairs": [{"left": "a", "right": " "}]},
        {"type": "matching", "pairs": [{"left": "a"}]},
        {"type": "matching", "scoring": "right_minus_wrong"},
        {"type": "ordering", "items": ["a", "b", "a"]},
        {"type": "ordering", "items": ["a", ""]},
        {"type": "ordering", "items": [str(n) for n in range(51)]},
    ],
)
def test_what_can_never_be_right_is_refused(refused: Any) -> None:
    model = Matching if refused["type"] == "matching" else Ordering
    with pytest.raises(ValidationError):
        model.model_validate_json(json.dumps(refused))


@given(st.integers(1, 50), st.decimals(0, 100, places=6))
def test_points_of_parts_are_exact(count: int, points: Decimal) -> None:
    question = ordering(*map(str, range(count)), scoring="per_part").model_copy(update={"points": points})
    assert {exact(kept(share * Fraction(points))) for share in question.shares()} == {
        Fraction(points) * n / count for n in range(count + 1)
    }
