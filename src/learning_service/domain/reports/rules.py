"""Reports as files. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def formula_safe(cell: object) -> str:
    """The cell's text, such that no spreadsheet takes it for a formula. Source: OWASP, CSV injection."""
    text = "" if cell is None else str(cell)
    if isinstance(cell, str) and text.lstrip(" \u3000").startswith(_FORMULA):
        return "'" + text
    return text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file's lines (RFC 4180), one at a time."""
    for row in chain([header], rows):
        buffer = io.StringIO()
        csv.writer(buffer).writerow([formula_safe(cell) for cell in row])
        yield buffer.getvalue()
