"""The figures in the documents are those that the benchmark kept."""

import json

import pytest
from benchmarks.results import DOCUMENTS, LATEST, ROOT, Mark, Result, Row, median_rows, missed, with_figures


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_says_what_was_measured(name: str) -> None:
    entries = json.loads(LATEST.read_text())
    text = (ROOT / name).read_text()
    assert text == with_figures(name, entries)
    assert "\n| verify |" in text


def row(name: str, ours: float) -> Row:
    return Row(Result(name, ours, "ms"), ours=Mark(10, at_most=True))


def test_medians_hold_where_a_row_is_in_some_of_the_runs_only() -> None:
    runs = [[row("always", 9), row("once", 4)], [row("always", 30)], [row("always", 11)]]
    medians = median_rows(runs)
    assert [(one.result.name, one.result.ours) for one in medians] == [("always", 11), ("once", 4)]
    assert missed(medians) == "Below their marks: always."
    assert missed([row("always", 10)]) == ""
