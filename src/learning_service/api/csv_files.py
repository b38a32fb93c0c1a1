"""Lists as files: the rows of a JSON list, for callers who ask for `text/csv`."""

from collections.abc import AsyncIterable, Iterable

from fastapi import Request
from fastapi.responses import StreamingResponse

from learning_service.api.routes import Responses

AS_FILE: Responses = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
"""What a route that answers files too says of it in the reference."""


def wants_csv(request: Request) -> bool:
    """Whether the caller names text/csv, and does not rank JSON before it."""
    ranked: dict[str, float] = {}
    for part in request.headers.get("accept", "").lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        ranked[kind] = next((_quality(p) for p in parameters if p.startswith("q=")), 1.0)
    return ranked.get("text/csv", 0.0) > 0 and ranked["text/csv"] >= ranked.get("application/json", 0.0)


def csv_file(name: str, texts: Iterable[str] | AsyncIterable[str]) -> StreamingResponse:
    """The file of that name, sent as its parts come."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return StreamingResponse(texts, media_type="text/csv; charset=utf-8", headers=headers)


def _quality(parameter: str) -> float:
    try:
        return min(max(float(parameter[2:]), 0.0), 1.0)
    except ValueError:
        return 0.0
