"""Reading workbooks of Excel back."""

import io
from typing import Any

import openpyxl

from tests.kit.world import Caller

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def sheet_of(content: bytes) -> Any:
    """The first sheet of a workbook."""
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def rows_of(sheet: Any) -> list[dict[str, Any]]:
    """Its rows, by the names of its header."""
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


async def workbook(caller: Caller, path: str) -> list[dict[str, Any]]:
    """What a call answers as a workbook."""
    answer = await caller("GET", path, headers={"Accept": XLSX})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    return rows_of(sheet_of(answer.content))
