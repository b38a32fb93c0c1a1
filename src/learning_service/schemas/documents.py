"""Wire types of documents."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from learning_service.domain.documents.rules import DocumentKind, file_path, kind_of, reference_to
from learning_service.schemas.common import Out


class PendingFileOut(Out):
    """The file is still being checked or converted."""

    status: Literal["converting"]


class DocumentOut(Out):
    """An uploaded file as its authors see it."""

    id: uuid.UUID
    reference: Annotated[str, Field(description="How a course or a setting names it: `document:<id>`.")]
    kind: Annotated[DocumentKind, Field(description="What was uploaded, in one word.")]
    status: Literal["converting", "ready", "failed"]
    url: str | None
    """Where its file is fetched, once it is ready."""
    error: str | None
    """Why it failed, for the author to read."""
    error_code: str | None
    """The same as a word that programs may switch on."""
    pages: int | None
    """Pages of the PDF; null for pictures, and until it is ready."""
    width: int | None
    """Pixels of a picture; null for other files."""
    height: int | None
    """Pixels of a picture; null for other files."""
    name: str | None
    """The file's name; null: none was given."""
    media_type: str
    """What was uploaded, by its content."""
    hidden_slides: bool
    """Whether the slides that a presentation hides are shown."""
    size: int
    """Bytes of what was uploaded."""
    sha256: str
    """Of the bytes that were uploaded, in hex."""
    created_at: datetime

    @classmethod
    def of(cls, document: Any) -> "DocumentOut":
        """What is sent of a document, or of its row."""
        url = file_path(document.id) if document.status == "ready" else None
        made = {"url": url, "reference": reference_to(document.id), "kind": kind_of(document.media_type)}
        return cls.model_validate(
            {name: made[name] if name in made else getattr(document, name) for name in cls.model_fields}
        )
