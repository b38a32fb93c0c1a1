"""The functions of the hot reads are what their statements compile to today."""

import pytest
from tests.kit.source import ROOT

from learning_service.api.fast.functions import HOT_READS, HotRead

FOLDER = ROOT / "migrations" / "functions"


CALLED_BY_OLDER_CODE = {"hot_courses", "hot_position", "hot_position_at_quiz"}
"""They answer with the columns of before; a contraction may drop them after the next release."""


@pytest.mark.parametrize("read", HOT_READS, ids=lambda read: read.name)
def test_the_file_says_what_the_statement_does(read: HotRead) -> None:
    """If this fails, run `python scripts/hot_functions.py` and add a migration that installs the new text."""
    assert (FOLDER / f"{read.name}.sql").read_text() == read.text()


def test_every_file_of_a_hot_read_has_its_statement() -> None:
    names = {read.name for read in HOT_READS}
    assert {path.stem for path in FOLDER.glob("hot_*.sql")} == names | CALLED_BY_OLDER_CODE
