"""Tables as spreadsheets save them: which encoding and separator, and on which lines a row stands. Pure."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from learning_service.domain.kernel.errors import Invalid, Wrong

SEPARATORS = ",;\t"
LONGEST_ROW = 16_384
"""Characters of a row, its line breaks included."""
MOST_LINES = 200_000
"""Empty ones too: going through millions of those takes seconds."""
_PIECE = 65_536
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
FILE = "/file"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table: the first of its lines, and its cells or what is wrong with it as a whole."""

    line: int
    cells: Sequence[str]
    fault: Wrong | None = None


def table_rows(content: bytes) -> Iterator[TableRow]:
    """The rows that are not empty, the header first. What cannot be read as a row says so and the others go on.

    UTF-8 with or without a byte order mark, UTF-16 with one, and what is neither as Windows-1252. The separator is
    the one that divides the header into most cells. Raises Invalid for bytes that are no text, or too many lines.
    """
    lines = io.TextIOWrapper(io.BytesIO(content), encoding=_encoding_of(content))
    try:
        yield from _rows(lines)
    except UnicodeError:
        raise Invalid.at(FILE, "is no text in UTF-8 or Windows-1252", "wrong-form") from None


def _encoding_of(content: bytes) -> str:
    if content.startswith(_UTF_16):
        return "utf-16"
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(content)
    try:
        for start in range(0, len(content), _PIECE):
            decoder.decode(view[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _rows(lines: Iterator[str]) -> Iterator[TableRow]:
    """A row goes on where a quotation is open at the end of a line.

    A quotation that does not end within a row's length, or as one ends, is none: its line is a bad row by itself, and
    the next line begins another.
    """
    waiting: deque[str] = deque()

    def following() -> str | None:
        return waiting.popleft() if waiting else next(lines, None)

    separator, number = "", 1
    while (first := following()) is not None:
        if number > MOST_LINES:
            raise Invalid.at(FILE, f"has more than {MOST_LINES} lines", "too-many", {"most": MOST_LINES})
        taken, size, quotes = [first], len(first), first.count('"')
        while quotes % 2 and size <= LONGEST_ROW and (more := following()) is not None:
            taken.append(more)
            size, quotes = size + len(more), quotes + more.count('"')
        text = "".join(taken)
        separator = separator or max(SEPARATORS, key=text.count)
        row = _row(number, text, separator)
        if row.fault is not None and len(taken) > 1:
            waiting.extendleft(reversed(taken[1:]))
            del taken[1:]
        if row.cells or row.fault is not None:
            yield row
        number += len(taken)


def _row(line: int, text: str, separator: str) -> TableRow:
    if text.count('"') % 2:
        return TableRow(line, (), Wrong("has a quotation that does not end", "wrong-form"))
    if len(text) > LONGEST_ROW:
        return TableRow(line, (), Wrong(f"has more than {LONGEST_ROW} characters", "too-long"))
    try:
        rows = list(csv.reader([text], delimiter=separator, strict=True, skipinitialspace=True))
    except csv.Error:
        return TableRow(line, (), Wrong("has quotation marks in the wrong place", "wrong-form"))
    cells = [cell.strip() for cell in rows[0]]
    while cells and not cells[-1]:
        cells.pop()
    return TableRow(line, cells)
