"""Reports as files: what a spreadsheet must not take for a formula."""

import csv
import io

import pytest

from learning_service.domain.reports.rules import csv_text, formula_safe


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_formula_is_quoted(start: str) -> None:
    for cell in (f"{start}1", f"  {start}1", f"\u3000{start}1"):
        assert formula_safe(cell) == ("'" + cell)
    assert formula_safe(f"1{start}") == f"1{start}"


@pytest.mark.parametrize(
    ("cell", "text"), [(None, ""), (-1, "-1"), (1.5, "1.5"), (True, "true"), ("", ""), ("a", "a")]
)
def test_other_cells_stay(cell: object, text: str) -> None:
    assert formula_safe(cell) == text


def test_lines_can_be_read_back() -> None:
    rows: list[list[object]] = [["a,b", 'say "x"'], [None, "=1"]]
    lines = csv_text([["one", "two"], *rows]).splitlines(keepends=True)
    assert lines == ["one,two\r\n", '"a,b","say ""x"""\r\n', ",'=1\r\n"]
    assert list(csv.reader(io.StringIO("".join(lines))))[1] == rows[0]
