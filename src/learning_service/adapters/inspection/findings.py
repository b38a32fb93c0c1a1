"""How a look inside a file answers the process that asked for it: one line of JSON."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

CLEAN = "clean.pdf"
"""The name of a copy without what was taken out, beside the file."""


class Unusable(Exception):
    """The file cannot be used: a word for why, and what exactly where that helps its author."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def answer(look: Callable[[Path], Mapping[str, object]]) -> None:
    """Look at the file named on the command line and print what was found.

    Whatever goes wrong with it is the file's doing: `damaged`.
    """
    try:
        found = dict(look(Path(sys.argv[1])))
    except Unusable as refusal:
        found = {"code": refusal.code, "detail": refusal.detail}
    except MemoryError:
        found = {"code": "too-greedy", "detail": ""}
    except (Exception, RecursionError):
        found = {"code": "damaged", "detail": ""}
    print(json.dumps(found))  # noqa: T201
