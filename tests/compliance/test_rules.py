"""Reports as files: no cell is a formula."""

import csv
import io

import pytest

from learning_service.domain.reports.rules import csv_lines, formula_safe


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u3000=1",
        '=HYPERLINK("http://evil")',
        "=cmd|' /C calc'!A0",
    ],
)
def test_what_could_be_a_formula_is_text(text: str) -> None:
    assert formula_safe(text) == "'" + text


def test_everything_else_stays() -> None:
    assert [formula_safe(cell) for cell in ("Ana", "", " x", "a=1", None, -5, 0.5)] == [
        "Ana",
        "",
        " x",
        "a=1",
        "",
        "-5",
        "0.5",
    ]


def test_lines_are_csv_with_a_header() -> None:
    rows = [('a"b', 1), ("c,d\ne", -2), ("=x", None)]
    lines = list(csv_lines(("name", "count"), rows))
    assert lines[0] == "name,count\r\n"
    assert len(lines) == 4
    assert list(csv.reader(io.StringIO("".join(lines)))) == [
        ["name", "count"],
        ['a"b', "1"],
        ["c,d\ne", "-2"],
        ["'=x", ""],
    ]
