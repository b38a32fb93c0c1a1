"""How many examples are drawn, and how often chance is tried: few in each run, all of them in `make long`."""

import os
from collections.abc import Collection, Mapping
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


def cases(every: Mapping[str, Any], *, quick: Collection[str]) -> list[Any]:
    """What is told by name, for `parametrize`: the quick ones in each run, the others in `make long`."""
    assert set(quick) <= every.keys()
    return [
        pytest.param(one, id=name, marks=[] if name in quick else [pytest.mark.long])
        for name, one in every.items()
    ]
