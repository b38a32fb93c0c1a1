"""How many examples are drawn, and how often chance is tried: few in each run, all of them in `make long`."""

import os
from typing import Any

import pytest

FULL = os.environ.get("EXAMPLES_DRAWN") == "all"
PART = 5
USUAL = 100
"""What hypothesis draws where a test says nothing."""


def some_of(full: int = USUAL) -> int:
    """So many where all are asked for, else a fifth."""
    return full if FULL else max(full // PART, 1)


def rounds(full: int, *, quick: int = 1) -> list[Any]:
    """Numbers for `parametrize`: the first in each run, the others in `make long`."""
    return [pytest.param(n, marks=[pytest.mark.long] if n >= quick else []) for n in range(full)]
