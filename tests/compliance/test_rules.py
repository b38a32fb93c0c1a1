"""Reports as files: no cell is a formula."""

import csv
import io
import time

import pytest

from learning_service.domain.reports.rules import csv_text, formula_safe


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
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "\u00ad \u2060+1",
        "﹦1",
        "﹣1",
        "⁺1",
        "−1",
    ],
)
def test_what_could_be_a_formula_is_text(text: str) -> None:
    assert formula_safe(text) == "'" + text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Ana;=1+1", "Ana;'=1+1"),
        ("Ana; @SUM(A1);b", "Ana;' @SUM(A1);b"),
        ("Ana\t=1", "Ana\t'=1"),
        ("Ana\n+1", "Ana\n'+1"),
        ("Ana\r\n-1", "Ana\r\n'-1"),
        ("=1;=2", "'=1;'=2"),
        ("Ana; Bo, -x, a\n\nb", "Ana; Bo, -x, a\n\nb"),
    ],
)
def test_no_cell_begins_within_ours_where_cells_are_separated_otherwise(text: str, safe: str) -> None:
    assert formula_safe(text) == safe


def test_a_long_cell_is_looked_through_in_little_time() -> None:
    began = time.process_time()
    for text in (" " * 100_000, "; " * 50_000, "\n" * 100_000, "\u200b" * 100_000):
        formula_safe(text)
    assert time.process_time() - began < 1


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
    lines = csv_text([("name", "count"), *rows])
    assert lines.startswith("name,count\r\n")
    assert list(csv.reader(io.StringIO(lines))) == [
        ["name", "count"],
        ['a"b', "1"],
        ["c,d\ne", "-2"],
        ["'=x", ""],
    ]
