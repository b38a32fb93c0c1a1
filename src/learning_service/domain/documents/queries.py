"""Reads of documents. `domain.enrollments.queries` decides who may see one through a course."""

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.documents.models import Document
from learning_service.domain.kernel.errors import NotFound


async def get_document(session: AsyncSession, organization_id: str, document_id: uuid.UUID) -> Document:
    """The organization's document of this id. Raises NotFound."""
    found = await documents_with_ids(session, organization_id, [document_id])
    if document_id not in found:
        raise NotFound
    return found[document_id]


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
    """Those of the ids that are documents of the organization."""
    if not ids:
        return {}
    rows = await session.scalars(
        select(Document)
        .where(Document.organization_id == organization_id, Document.id.in_(ids))
        .execution_options(populate_existing=True)
    )
    return {document.id: document for document in rows}
