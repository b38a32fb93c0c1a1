"""Numeric questions: numbers as people write them, and tolerances at their exact bounds."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from learning_service.domain.questions.rules.marks import WRONG, Mark
from learning_service.domain.questions.rules.numbers import one_unit, read_number
from learning_service.domain.questions.rules.numeric import Numeric
from learning_service.domain.questions.rules.responses import Response

Q = str(UUID(int=1))
FULL = Mark(Fraction(1), True)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3,5", "3.5"),
        ("3.5", "3.5"),
        (" 3.5 ", "3.5"),
        ("٣٫٥", "3.5"),
        ("３．５", "3.5"),
        ("1 000", "1000"),
        ("1\u202f000", "1000"),
        ("1\xa0000,5", "1000.5"),
        ("1’000", "1000"),
        ("1'000'000.25", "1000000.25"),
        ("12 345 678", "12345678"),
        ("1,000", "1"),
        ("3.500", "3.5"),
        ("1,000.5", "1000.5"),
        ("1.000,5", "1000.5"),
        ("1,000,000", "1000000"),
        ("1.000.000", "1000000"),
        ("1.234.567,89", "1234567.89"),
        ("½", "1/2"),
        ("1½", "3/2"),
        ("1 ½", "3/2"),
        ("-1 1/2", "-3/2"),
        ("3/4", "3/4"),
        ("3 / 4", "3/4"),
        ("2e3", "2000"),
        ("2E-3", "1/500"),
        ("2,5e+3", "2500"),
        ("2×10^3", "2000"),
        ("2 · 10³", "2000"),
        ("2 x 10⁻³", "1/500"),
        ("−4", "-4"),
        ("–4", "-4"),
        ("- 4", "-4"),
        ("+4", "4"),
        (".5", "1/2"),
        (",5", "1/2"),
        ("5.", "5"),
        ("007", "7"),
        ("0", "0"),
        ("0,1", "1/10"),
    ],
)  # fmt: skip
def test_a_number_as_people_write_it(written: str, value: str) -> None:
    read = read_number(written)
    assert read is not None
    assert (read.value, read.unit) == (Fraction(value), "")


@pytest.mark.parametrize(
    ("written", "value", "unit"),
    [
        ("5 kg", "5", "kg"),
        ("5kg", "5", "kg"),
        ("kg 5", "5", "kg"),
        ("€5", "5", "€"),
        ("-$5", "-5", "$"),
        ("$-5", "-5", "$"),
        ("−€ 1 000,50", "-1000.5", "€"),
        ("5 m²", "5", "m2"),
        ("5 m^2", "5", "m2"),
        ("5 m2", "5", "m2"),
        ("2e3 m/s", "2000", "m/s"),
        ("2 e", "2", "e"),
        ("37 °C", "37", "°C"),
        ("5 μm", "5", one_unit("µm")),
        ("½ l", "1/2", "l"),
        ("12%", "12", "%"),
        ("10 MW", "10", "MW"),
        ("1 500 m", "1500", "m"),
    ],
)  # fmt: skip
def test_a_unit_stands_before_or_after(written: str, value: str, unit: str) -> None:
    read = read_number(written)
    assert read is not None
    assert (read.value, read.unit) == (Fraction(value), unit)


@pytest.mark.parametrize("written", ["", " ", "kg", "-", ".", "1/0", "kg 5 kg", "five", "∞", "NaN", "1 1/0"])
def test_what_is_no_number(written: str) -> None:
    assert read_number(written) is None


@pytest.mark.parametrize(
    "written",
    ["1 2", "3-5", "1,2,3", "1 00", "1.2.3", "1/2/3", "5 5", "1e9999", "1 0000",
     "3,5 3,5", "1,000.000,5"],
)  # fmt: skip
def test_two_numbers_are_no_number_with_or_without_a_unit(written: str) -> None:
    for unit in (None, "kg"):
        for answer in (1, 2, 3, 5, 35, 100, 1000, 10000, 0.5):
            assert grade(written, answer=answer, unit=unit) == WRONG


def question(**fields: Any) -> Numeric:
    return Numeric.model_validate_json(json.dumps({"type": "numeric", "prompt_html": "<p>?</p>", **fields}))


def grade(written: str, **fields: Any) -> Mark:
    return question(**fields).answer_key(Q).grade(Response(question_id=Q, number=written))


@pytest.mark.parametrize(
    ("fields", "right", "wrong"),
    [
        ({"answer": 0.3, "tolerance": 0.1}, ["0.2", "0,4", "0.3", "1/5"], ["0.1999999999999999999", "0.4000000001"]),
        ({"answer": 3, "tolerance_percent": 10}, ["2.7", "3.3"], ["2.69999999999999999999", "3.30000000000001"]),
        ({"answer": -3, "tolerance_percent": 10}, ["-2.7", "−3,3"], ["-2.69", "-3.31", "3"]),
        ({"answer": 1}, ["1", "1,000", "1.0", "2/2"], ["1.0000001", "0.999999", ""]),
        ({"answer": 0, "tolerance_percent": 50}, ["0", "-0"], ["0.1"]),
        ({"answer": 0.5}, ["½", ".5", "1/2"], ["0.05"]),
        ({"answer": 5, "unit": "kg"}, ["5", "5 kg", "kg 5", "5kg"], ["5 g", "5 KG", "6 kg", "5 kg kg"]),
        ({"answer": 5, "unit": "m²"}, ["5 m2", "5 m^2", "5 m²"], ["5 m", "52"]),
        ({"answer": 5}, ["5"], ["5 kg"]),
        ({"answer": 6.02e23, "tolerance_percent": 1}, ["6.02e23", "6×10²³",
         "602 000 000 000 000 000 000 000"], ["6e22"]),
    ],
)  # fmt: skip
def test_tolerances_and_units(fields: dict[str, Any], right: list[str], wrong: list[str]) -> None:
    assert [text for text in right if grade(text, **fields) != FULL] == []
    assert [text for text in wrong if grade(text, **fields) != WRONG] == []


def test_none_given_is_wrong() -> None:
    assert question(answer=0).answer_key(Q).grade(None) == WRONG


@given(st.decimals(-(10**6), 10**6, places=3), st.decimals(0, 100, places=3))
def test_both_bounds_are_right_and_what_is_beyond_is_not(answer: Decimal, tolerance: Decimal) -> None:
    def mark(value: Decimal) -> Mark:
        key = Numeric(type="numeric", answer=answer, tolerance=tolerance).answer_key(Q)
        return key.grade(Response(question_id=Q, number=f"{value:f}"))

    least = Decimal("1e-12")
    assert mark(answer + tolerance) == mark(answer - tolerance) == FULL
    assert mark(answer + tolerance + least) == mark(answer - tolerance - least) == WRONG


@given(st.text("0123456789 ,.'/-+exX10^²½kg$", max_size=200))
def test_whatever_is_written_is_read_or_not_and_never_fails(written: str) -> None:
    read = read_number(written)
    assert read is None or isinstance(read.value, Fraction)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**8), max_value=10**8))
def test_an_answer_comes_back_as_it_was_sent(answer: Decimal) -> None:
    sent = Numeric(type="numeric", answer=answer)
    assert Numeric.model_validate_json(sent.model_dump_json()) == sent


@pytest.mark.parametrize(
    "fields",
    [
        {"answer": "3"},
        {"answer": True},
        {"answer": 1234567890.1234567},
        {"answer": 1e31},
        {"answer": 1e-31},
        {"tolerance": -1},
        {"tolerance_percent": -1},
        {"tolerance_percent": 1001},
        {"tolerance": 1, "tolerance_percent": 1},
        {"unit": ""},
        {"unit": "a\nb"},
    ],
)
def test_what_can_never_be_right_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        question(**fields)
