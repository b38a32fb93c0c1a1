"""Workbooks of Excel (Office Open XML), in flat memory whatever their length.

Every text is a text there, whatever it begins with: one that a spreadsheet might take for a formula is also marked as
quoted, so that it stays a text when somebody edits it.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import xlsxwriter

from learning_service.adapters.packed_rows import TIME
from learning_service.domain.reports.rules import formula_safe

MOST_ROWS = 1_048_576
"""Of a sheet, its header among them; what is longer goes on in another sheet."""
LONGEST = 32_767
"""Characters of a cell."""
_WIDEST, _MEASURED = 60, 200


def write_workbook(
    packed: str, made: str, title: str, columns: Sequence[str], most_rows: int = MOST_ROWS
) -> None:
    """Make a workbook of a file of packed rows: a header that stays in sight, filters, times in UTC."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with open(packed, encoding="utf-8") as lines, xlsxwriter.Workbook(made, options) as book:
        styles = {
            "head": book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EAED"}),
            "time": book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss"Z"', "align": "left"}),
            "quoted": book.add_format({"quote_prefix": True}),
        }
        rows = (json.loads(line) for line in lines)
        number = 1
        while _write_sheet(book, styles, _name(title, number), columns, rows, most_rows):
            number += 1


def _name(title: str, number: int) -> str:
    return title[:25] if number == 1 else f"{title[:25]} {number}"


def _write_sheet(
    book: Any, styles: Any, name: str, columns: Sequence[str], rows: Iterator[list[Any]], most_rows: int
) -> bool:
    """Fill one sheet; whether it is full."""
    sheet = book.add_worksheet(name)
    first = list(islice(rows, min(_MEASURED, most_rows - 1)))
    for column, title in enumerate(columns):
        longest = max([len(title) + 3, *(_width(row[column]) for row in first)])
        sheet.set_column(column, column, min(longest + 1, _WIDEST))
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, columns, styles["head"])
    written = 0
    for source in (first, islice(rows, most_rows - 1 - len(first))):
        for row in source:
            written += 1
            for column, cell in enumerate(row):
                _write(sheet, styles, written, column, cell)
    sheet.autofilter(0, 0, max(written, 1), len(columns) - 1)
    return written == most_rows - 1


def _write(sheet: Any, styles: Any, row: int, column: int, cell: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell)
    elif isinstance(cell, dict):
        # A sheet rounds: the last microsecond of a day would be shown as the next one.
        at = datetime.fromisoformat(cell[TIME]).astimezone(UTC).replace(tzinfo=None, microsecond=0)
        sheet.write_datetime(row, column, at, styles["time"])
    else:
        text = str(cell)[:LONGEST]
        sheet.write_string(row, column, text, styles["quoted"] if formula_safe(text) != text else None)


def _width(cell: Any) -> int:
    return 20 if isinstance(cell, dict) else len(str(cell))
