"""How many examples hypothesis draws: few in each run, all of them in `make long`."""

import os

FULL = os.environ.get("EXAMPLES_DRAWN") == "all"
PART = 5
USUAL = 100
"""What hypothesis draws where a test says nothing."""


def some_of(full: int = USUAL) -> int:
    """So many where all are asked for, else a fifth."""
    return full if FULL else max(full // PART, 1)
