"""Reports as files. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_UNSEEN = r"[^\S\t\r\n\v\f]|[\u00ad\u200b-\u200f\u2060\ufeff]"
_SIGNS = "=+@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−-"
"""What begins a formula, also in the wide, small and raised forms that some spreadsheets read alike."""
_FORMULA = re.compile(
    rf"\A(?=(?:{_UNSEEN}){{0,200}}[\t\r\n{_SIGNS}])"
    # A spreadsheet that separates cells by another sign than a comma begins a cell within ours.
    rf"|(?<=[;\t\r\n])(?=(?:{_UNSEEN}){{0,200}}[{_SIGNS}])"
)


def formula_safe(cell: object) -> str:
    """The cell's text, such that no spreadsheet takes it for a formula. Source: OWASP, CSV injection."""
    if isinstance(cell, str):
        return _FORMULA.sub("'", cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Lines of a file (RFC 4180)."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([formula_safe(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file's lines, one at a time."""
    for row in chain([header], rows):
        yield csv_text([row])
