"""Wire types of documents."""

import uuid
from datetime import datetime
from typing import Literal

from learning_service.domain.documents.models import Document
from learning_service.domain.documents.rules import file_path
from learning_service.schemas.common import Out


class DocumentOut(Out):
    """An uploaded file as its authors see it."""

    id: uuid.UUID
    status: Literal["converting", "ready", "failed"]
    url: str | None
    """Where its file is fetched, once it is ready."""
    error: str | None
    """Why it failed, for the author to read."""
    error_code: str | None
    """The same as a word that programs may switch on."""
    pages: int | None
    width: int | None
    height: int | None
    name: str | None
    media_type: str
    """What was uploaded, by its content."""
    hidden_slides: bool
    """Whether the slides that a presentation hides are shown."""
    size: int
    sha256: str
    created_at: datetime

    @classmethod
    def of(cls, document: Document) -> "DocumentOut":
        """What is sent of this row."""
        url = file_path(document.id) if document.status == "ready" else None
        columns = {name: getattr(document, name) for name in cls.model_fields if name != "url"}
        return cls(url=url, **columns)
