"""Lists as files: the rows of a JSON list, for callers who ask for `text/csv` or for a workbook of Excel."""

import asyncio
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from learning_service.adapters.packed_rows import packed_rows
from learning_service.adapters.pool_work import write_workbook
from learning_service.api.accept import preferred_file
from learning_service.api.routes import Responses
from learning_service.context import Context
from learning_service.domain.reports.rules import csv_text

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AS_FILE: Responses = {
    200: {
        "content": {
            CSV: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
"""What a route that answers files too says of it in the reference."""

FileKind: TypeAlias = Literal["csv", "xlsx"]
Rows: TypeAlias = Sequence[Sequence[Any]]
_KINDS: dict[str, FileKind] = {CSV: "csv", XLSX: "xlsx"}
_TYPES = {"csv": f"{CSV}; charset=utf-8", "xlsx": XLSX}
_CHUNK = 64 * 1024
_AT_ONCE = 1_000
"""So many rows of a list that is in memory are put into a file at a time."""


def wanted_file(request: Request) -> FileKind | None:
    """The kind of file that the caller would rather have; None: JSON."""
    kind = preferred_file(request.headers.get("accept"), tuple(_KINDS))
    return None if kind is None else _KINDS[kind]


def list_file(
    context: Context,
    kind: FileKind,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]] | AsyncIterable[Rows],
) -> StreamingResponse:
    """The file of that name, sent as its parts come. `rows`: all of them, or some at a time.

    A cell is a text, a number, a truth, a time, an id or nothing.
    """
    parts = rows if isinstance(rows, AsyncIterable) else _parts(rows)
    body = _lines(columns, parts) if kind == "csv" else _workbook(context, name, columns, parts)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Vary": "Accept"}
    return StreamingResponse(body, media_type=_TYPES[kind], headers=headers)


def cells_of(columns: Sequence[str], rows: Iterable[BaseModel]) -> Iterator[Sequence[Any]]:
    """The cells of a list's items: what their JSON says, but a time is a time."""
    for row in rows:
        shown = row.model_dump(mode="json")
        values = ((getattr(row, name), shown[name]) for name in columns)
        yield [value if isinstance(value, datetime) else cell for value, cell in values]


async def _parts(rows: Iterable[Sequence[Any]]) -> AsyncIterator[Rows]:
    part: list[Sequence[Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    yield part


async def _lines(columns: Sequence[str], parts: AsyncIterable[Rows]) -> AsyncIterator[str]:
    head: Rows = [columns]
    async for part in parts:
        yield csv_text([*head, *([_text(cell) for cell in row] for row in part)])
        head = []


def _text(cell: Any) -> Any:
    return to_jsonable_python(cell) if isinstance(cell, datetime) else cell


async def _workbook(
    context: Context, name: str, columns: Sequence[str], parts: AsyncIterable[Rows]
) -> AsyncIterator[bytes]:
    """The rows go to a file, a process makes a workbook of that one, and this is sent: nothing is in memory whole."""
    with tempfile.TemporaryDirectory(prefix="learning-list-") as folder:
        packed, made = Path(folder, "rows"), Path(folder, "workbook.xlsx")
        with await asyncio.to_thread(packed.open, "wb") as file:
            async for part in parts:
                await asyncio.to_thread(file.write, packed_rows(part))
        await context.processes.run(write_workbook, str(packed), str(made), name, tuple(columns))
        with await asyncio.to_thread(made.open, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
