"""Files of an organization."""

from typing import Literal, TypedDict


class DocumentOut(TypedDict):
    """An uploaded file as its authors see it."""

    id: str
    reference: str
    kind: Literal["deck", "pdf", "picture"]
    status: Literal["converting", "ready", "failed"]
    url: str | None
    error: str | None
    error_code: str | None
    pages: int | None
    width: int | None
    height: int | None
    name: str | None
    media_type: str
    hidden_slides: bool
    size: int
    sha256: str
    created_at: str
