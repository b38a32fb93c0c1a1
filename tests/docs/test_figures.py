"""The figures in the documents are those that the benchmark kept."""

import json

import pytest
from benchmarks.results import DOCUMENTS, LATEST, ROOT, with_figures


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_says_what_was_measured(name: str) -> None:
    entries = json.loads(LATEST.read_text())
    text = (ROOT / name).read_text()
    assert text == with_figures(name, entries)
    assert "\n| verify |" in text
