"""Reads of documents. `domain.enrollments.queries` decides who may see one through a course or as evidence.

Private ones are not among the organization's: only what names them here finds them.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.documents.models import Document
from learning_service.domain.documents.rules import file_path, words_of
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal

_REFERENCE = "document:([0-9a-f-]{36})"


async def get_document(session: AsyncSession, organization_id: str, document_id: uuid.UUID) -> Document:
    """The organization's document of this id. Raises NotFound."""
    found = await documents_with_ids(session, organization_id, [document_id])
    if document_id not in found:
        raise NotFound
    return found[document_id]


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents are wanted; None: whatever."""

    typed: str | None = None
    """What a person types: words of the file's name, in any order."""
    media_types: frozenset[str] | None = None
    status: str | None = None


_FOLDED_NAME = func.lower(
    func.regexp_replace(func.normalize(Document.name, literal_column("NFKD")), "[\u0300-\u036f]", "", "g")
)
"""The name as `words_of` has what a person types."""


async def list_documents(
    session: AsyncSession, organization_id: str, page: PageRequest, wanted: DocumentFilter
) -> Sequence[Document]:
    """The organization's documents, newest first; one more than the page holds.

    Walks the primary key of the organization from its end.
    """
    statement = select(Document).where(Document.organization_id == organization_id, ~Document.is_private)
    if wanted.media_types is not None:
        statement = statement.where(Document.media_type.in_(sorted(wanted.media_types)))
    if wanted.status is not None:
        statement = statement.where(Document.status == wanted.status)
    for word in words_of(wanted.typed):
        statement = statement.where(_FOLDED_NAME.contains(word, autoescape=True))
    if page.after is not None:
        statement = statement.where(Document.id < uuid.UUID(page.after[0]))
    return (await session.scalars(statement.order_by(Document.id.desc()).limit(page.limit + 1))).all()


async def private_document(
    session: AsyncSession, organization_id: str, document_id: uuid.UUID
) -> Document | None:
    """The private document of this id, whosever it is: for what decides who may read it."""
    found: Document | None = await session.scalar(
        select(Document).where(
            Document.organization_id == organization_id, Document.id == document_id, Document.is_private
        )
    )
    return found


async def private_bytes(session: AsyncSession, caller: Principal) -> int:
    """What the caller's private documents take in the store."""
    found: int | None = await session.scalar(
        select(func.sum(Document.size)).where(
            Document.organization_id == caller.organization_id,
            Document.uploaded_by == caller.user_id,
            Document.is_private,
        )
    )
    return int(found or 0)


async def stored_bytes(session: AsyncSession, organization_id: str) -> int:
    """What the organization's documents take in the store, originals and what was made of them."""
    size = func.sum(Document.size + func.coalesce(Document.file_size, 0))
    found: int | None = await session.scalar(select(size).where(Document.organization_id == organization_id))
    return int(found or 0)


async def find_document(session: AsyncSession, document_id: uuid.UUID) -> Document | None:
    """The document of this id, whosever it is: for jobs."""
    found: Document | None = await session.scalar(select(Document).where(Document.id == document_id))
    return found


async def documents_with_ids(
    session: AsyncSession, organization_id: str, ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Document]:
    """Those of the ids that are documents of the organization and not private."""
    if not ids:
        return {}
    rows = await session.scalars(
        select(Document)
        .where(Document.organization_id == organization_id, Document.id.in_(ids), ~Document.is_private)
        .execution_options(populate_existing=True)
    )
    return {document.id: document for document in rows}


def shown_url_column(url: Any) -> ColumnElement[Any]:
    """The same as `shown_url`, of a column."""
    shown = func.regexp_replace(url, f"^{_REFERENCE}$", file_path(r"\1"))
    return case((url.like("document:%"), shown), else_=url)


def shown_html_column(html: Any) -> ColumnElement[Any]:
    """The same as `shown_html`, of a column of sanitized rich text."""
    found, shown = rf'(<img\s[^<>]*src="){_REFERENCE}"', r"\1" + file_path(r"\2") + '"'
    return case((html.like("%document:%"), func.regexp_replace(html, found, shown, "g")), else_=html)
