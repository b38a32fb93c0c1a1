"""The figures in the documents are those that the benchmark kept."""

import json
from pathlib import Path

import pytest
from benchmarks.results import (
    DOCUMENTS,
    LATEST,
    ROOT,
    SCALING,
    Mark,
    Result,
    Row,
    keep_growth,
    median_rows,
    missed,
    with_figures,
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_says_what_was_measured(name: str) -> None:
    entries = json.loads(LATEST.read_text())
    text = (ROOT / name).read_text()
    assert text == with_figures(name, entries)
    assert "\n| verify |" in text


def test_growth_beside_more_than_usual_is_told_in_a_table_of_its_own(tmp_path: Path) -> None:
    kept, document = LATEST.read_text(), tmp_path / "scaling.md"
    document.write_text(SCALING.read_text())
    found = [Row(Result("growth: verify", 310, "µs", 300, 31 / 30))]
    for others in (5, 10_000_000):
        keep_growth(found, 1000, others, document)
    before, _, after = document.read_text().partition("<!-- growth -->\n")
    table, _, rest = after.partition("<!-- end of growth -->\n")
    assert table.splitlines() == [
        "| call | beside 1,000 | beside 10,000,000 | ratio | unit |",
        "| --- | --- | --- | --- | --- |",
        "| verify | 300 | 310 | 1.03 | µs |",
    ]
    assert SCALING.read_text().startswith(before)
    assert rest.startswith("\n")
    assert LATEST.read_text() == kept


def row(name: str, ours: float) -> Row:
    return Row(Result(name, ours, "ms"), ours=Mark(10, at_most=True))


def test_medians_hold_where_a_row_is_in_some_of_the_runs_only() -> None:
    runs = [[row("always", 9), row("once", 4)], [row("always", 30)], [row("always", 11)]]
    medians = median_rows(runs)
    assert [(one.result.name, one.result.ours) for one in medians] == [("always", 11), ("once", 4)]
    assert missed(medians) == "Below their marks: always."
    assert missed([row("always", 10)]) == ""
