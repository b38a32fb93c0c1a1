"""Lists as files: the rows of a JSON list, for callers who ask for `text/csv`."""

from collections.abc import AsyncIterable, Iterable

from fastapi import Request
from fastapi.responses import StreamingResponse

from learning_service.api.accept import prefers_csv
from learning_service.api.routes import Responses

AS_FILE: Responses = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
"""What a route that answers files too says of it in the reference."""


def wants_csv(request: Request) -> bool:
    """Whether the caller would rather have a file."""
    return prefers_csv(request.headers.get("accept"))


def csv_file(name: str, texts: Iterable[str] | AsyncIterable[str]) -> StreamingResponse:
    """The file of that name, sent as its parts come."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return StreamingResponse(texts, media_type="text/csv; charset=utf-8", headers=headers)
