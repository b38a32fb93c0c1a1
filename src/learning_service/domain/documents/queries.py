"""Reads of documents. `domain.enrollments.queries` decides who may see one through a course or as evidence.

Private ones are not among the organization's: only what names them here finds them.
"""

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.documents.models import Document
from learning_service.domain.documents.rules import file_path, words_of
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    Kept,
    fetch,
    fetch_first,
    kept,
)

_REFERENCE = "document:([0-9a-f-]{36})"
_SPECIAL = re.compile(r"[\\%_]")
_COLUMNS = tuple(Document.__table__.columns)
_IS_SHARED = and_(Document.organization_id == ORGANIZATION_ID, ~Document.is_private)


async def get_document(session: AsyncSession, organization_id: str, document_id: uuid.UUID) -> Any:
    """The row of the organization's document of this id. Raises NotFound."""
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
) -> Sequence[Any]:
    """The organization's documents, newest first; one more than the page holds.

    Walks the primary key of the organization from its end.
    """
    given = {
        "organization_id": organization_id,
        "media_types": sorted(wanted.media_types or ()),
        "status": wanted.status,
        "patterns": [f"%{_escaped(word)}%" for word in words_of(wanted.typed)],
        "after": None if page.after is None else uuid.UUID(page.after[0]),
        "limit": page.limit + 1,
    }
    shape = {name: bool(given[name]) for name in ("media_types", "status", "patterns", "after")}
    return await fetch(session, _listed(**shape), given)


@cache
def _listed(*, media_types: bool, status: bool, patterns: bool, after: bool) -> Kept:
    statement = select(*_COLUMNS).where(_IS_SHARED)
    if media_types:
        statement = statement.where(
            Document.media_type == any_(bindparam("media_types", type_=ARRAY(Text())))
        )
    if status:
        statement = statement.where(Document.status == bindparam("status", type_=Text()))
    if patterns:
        statement = statement.where(_FOLDED_NAME.like(all_(bindparam("patterns", type_=ARRAY(Text())))))
    if after:
        statement = statement.where(Document.id < bindparam("after", type_=Uuid()))
    return kept(statement.order_by(Document.id.desc()).limit(LIMIT))


def _escaped(word: str) -> str:
    """The word in a pattern, where nothing of it stands for something else."""
    return _SPECIAL.sub(r"\\\g<0>", word)


async def private_document(session: AsyncSession, organization_id: str, document_id: uuid.UUID) -> Any:
    """The row of the private document of this id, whosever it is, or None: for what decides who may read it."""
    return await fetch_first(session, _private(), {"organization_id": organization_id, "row_id": document_id})


@cache
def _private() -> Kept:
    mine = Document.organization_id == ORGANIZATION_ID
    return kept(select(*_COLUMNS).where(mine, Document.id == ROW_ID, Document.is_private))


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
) -> Mapping[uuid.UUID, Any]:
    """The rows of those ids that are documents of the organization and not private."""
    if not ids:
        return {}
    given = {"organization_id": organization_id, "ids": list(ids)}
    return {document.id: document for document in await fetch(session, _with_ids(), given)}


@cache
def _with_ids() -> Kept:
    among = Document.id == any_(bindparam("ids", type_=ARRAY(Uuid())))
    return kept(select(*_COLUMNS).where(_IS_SHARED, among))


def shown_url_column(url: Any) -> ColumnElement[Any]:
    """The same as `shown_url`, of a column."""
    shown = func.regexp_replace(url, f"^{_REFERENCE}$", file_path(r"\1"))
    return case((url.like("document:%"), shown), else_=url)


def shown_html_column(html: Any) -> ColumnElement[Any]:
    """The same as `shown_html`, of a column of sanitized rich text."""
    found, shown = rf'(<img\s[^<>]*src="){_REFERENCE}"', r"\1" + file_path(r"\2") + '"'
    return case((html.like("%document:%"), func.regexp_replace(html, found, shown, "g")), else_=html)
