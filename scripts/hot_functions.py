"""Writes the functions of the hot reads into migrations/functions, from the statements of today.

A migration then has to install them as well: see docs/operations.md.
"""

from pathlib import Path

from learning_service.api.fast.functions import HOT_READS

FOLDER = Path(__file__).parents[1] / "migrations" / "functions"

if __name__ == "__main__":
    for read in HOT_READS:
        (FOLDER / f"{read.name}.sql").write_text(read.text())
