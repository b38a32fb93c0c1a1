"""The table of documents."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id


class Document(Base):
    """An uploaded file. The same bytes, to be shown alike, are one document of an author, however often sent.

    Another author's are another document, so that authors do not learn from their own upload what others have sent.

    What is ready never changes, so a reference to a document pins its file.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index(
            "uq_documents_upload", "organization_id", "uploaded_by", "sha256", "hidden_slides", unique=True
        ),
        CheckConstraint("status IN ('converting', 'ready', 'failed')", name="status"),
        CheckConstraint("(status = 'ready') = (file_key IS NOT NULL)", name="file_key"),
        CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name="error"),
        Index("ix_documents_original_key", "original_key"),
        Index("ix_documents_file_key", "file_key"),
        Index("ix_documents_touched_at", "touched_at"),
        Index("ix_documents_converting", "converting_since", postgresql_where=text("status = 'converting'")),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str | None]
    """The file's name as uploaded, cleaned; gone with its uploader's personal data."""
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str]
    hidden_slides: Mapped[bool] = mapped_column(server_default=false())
    """Whether the slides that a presentation hides are shown."""
    status: Mapped[str]
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    pages: Mapped[int | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    is_private: Mapped[bool] = mapped_column(server_default=false())
    """Sent as evidence: for its owner and for those who decide alone, until its owner uploads it for courses, too."""
    original_key: Mapped[str]
    """Where the uploaded bytes are stored; the original is kept."""
    file_key: Mapped[str | None]
    """Where the file that is shown is stored: the original, or the PDF made of it."""
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes of that file, where it is not the original."""
    uploaded_by: Mapped[str]
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    """When it was last sent or retried; long after that it is deleted, if nothing refers to it."""
    converting_since: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
