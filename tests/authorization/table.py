"""The table of docs/authorization.md: for every route, who gets what, of whose things."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "authorization.md"
ACTORS = (
    "stranger",
    "member",
    "chapter admin",
    "regional admin",
    "national admin",
    "author",
    "grader",
    "service",
)
REACHES = ("own", "sibling chapter", "other region", "other organization", "random id")
LET_IN, FORBIDDEN, UNKNOWN, ASKED_WHO, NO_SUCH = "✓", "✗", "·", "?", "-"
_ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One route: the name of its permission, and for each actor a sign for each reach."""

    method: str
    path: str
    permission: str
    cells: dict[str, str]

    @property
    def route(self) -> str:
        """As the document writes it."""
        return f"{self.method} {self.path}"


def read_table() -> list[Row]:
    """The document's rows. Raises ValueError for one that is not whole."""
    rows = []
    for method, path, rest in _ROW.findall(DOCUMENT.read_text()):
        permission, *cells = (cell.strip(" `") for cell in rest.split(" | "))
        if len(cells) != len(ACTORS) or not all(re.fullmatch(r"[✓✗·?-]{5}|[✓✗·?]", cell) for cell in cells):
            raise ValueError(f"{method} {path}: needs a cell of one or five signs for each of {ACTORS}")
        spread = (cell * len(REACHES) if len(cell) == 1 else cell for cell in cells)
        rows.append(Row(method, path, permission, dict(zip(ACTORS, spread, strict=True))))
    return rows
