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
    """Look at the file named on the command line and print what was found."""
    print(json.dumps(dict(found_by(look, Path(sys.argv[1])))))  # noqa: T201


def found_by(look: Callable[[Path], Mapping[str, object]], path: Path) -> Mapping[str, object]:
    """What the look found, or the `code` of why the file is refused, and the `detail`.

    Whatever goes wrong with it is the file's doing: `damaged`.
    """
    try:
        return look(path)
    except Unusable as refusal:
        return {"code": refusal.code, "detail": refusal.detail}
    except MemoryError:
        return {"code": "too-greedy", "detail": ""}
    except (Exception, RecursionError):
        return {"code": "damaged", "detail": ""}
