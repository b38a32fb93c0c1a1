"""The life of a document: taken in, checked or converted by a job, ready or failed, tried again, collected."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.documents.models import Document
from learning_service.domain.documents.queries import private_bytes, stored_bytes
from learning_service.domain.documents.rules import (
    DECKS,
    MOST_PRIVATE,
    REASONS,
    QuotaExceeded,
)
from learning_service.domain.jobs.heartbeats import ALIVE, WorkerRow
from learning_service.domain.jobs.outbox import OutboxRow, enqueue_job
from learning_service.domain.jobs.payloads import CheckDocument, ConvertDocument
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act

CONVERTER = ConvertDocument.queue
"""The queue of the converter, and its job."""
_IDENTITY = ("organization_id", "uploaded_by", "sha256", "hidden_slides")
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('storage ' || :organization_id, 0))")
GRACE = timedelta(seconds=60)
"""How long a document may be without a job before it counts as given up: its row is younger than its job's end."""


class NotFailed(Conflict):
    """Only what has failed can be tried again."""

    code = "not-failed"

    def __init__(self) -> None:
        super().__init__("The document is ready; there is nothing to try again.")


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has arrived in the store."""

    key: str
    sha256: str
    size: int
    media_type: str
    name: str | None
    hidden_slides: bool = False
    """Whether slides that a presentation hides shall be shown."""
    is_private: bool = False
    """Whether it is evidence, and for nobody else's eyes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a job found out about a file that can be shown."""

    file_key: str
    file_size: int | None = None
    """Of the file that is shown, where it is not the original."""
    pages: int | None = None
    width: int | None = None
    height: int | None = None


async def add_document(
    session: AsyncSession, received: Received, *, actor: Principal, quota: int
) -> Document:
    """The actor's document of these bytes: a new one whose check or conversion is queued, or the one that is there.

    One that is there and has failed is tried again. Its `original_key` tells whether the bytes just received are
    the ones that are kept. Raises QuotaExceeded when a new one is more than the organization may store, or
    one person as evidence.
    """
    document, is_new = await _take(session, received, actor)
    if is_new:
        await _refuse_over(session, quota, actor)
        if received.is_private and await private_bytes(session, actor) > MOST_PRIVATE:
            raise QuotaExceeded(MOST_PRIVATE, own=True)
    return document


async def add_documents(
    session: AsyncSession, received: Sequence[Received], *, actor: Principal, quota: int
) -> list[Document]:
    """The same for several files, in their order: all of them fit, or none is kept. Raises QuotaExceeded."""
    taken = [await _take(session, one, actor) for one in received]
    if any(is_new for _, is_new in taken):
        await _refuse_over(session, quota, actor)
    return [document for document, _ in taken]


async def retry_document(session: AsyncSession, document_id: uuid.UUID, *, actor: Principal) -> Document:
    """Try a failed document again, a private one only for its owner; one that is under way stays so.

    Raises NotFound, NotFailed.
    """
    document = await _hold(
        session,
        Document.organization_id == actor.organization_id,
        Document.id == document_id,
        or_(~Document.is_private, Document.uploaded_by == actor.user_id),
    )
    if document.status == "ready":
        raise NotFailed
    await _touch(session, document, actor)
    return document


async def mark_ready(session: AsyncSession, document_id: uuid.UUID, finding: Finding) -> bool:
    """Note what is shown from now on; this never changes. False when the document was settled before."""
    return await _settle(
        session,
        document_id,
        status="ready",
        file_key=finding.file_key,
        file_size=finding.file_size,
        pages=finding.pages,
        width=finding.width,
        height=finding.height,
    )


async def mark_failed(session: AsyncSession, document_id: uuid.UUID, code: str, reason: str) -> bool:
    """Note why the file cannot be shown: a key of REASONS, and the sentence."""
    return await _settle(session, document_id, status="failed", error_code=code, error=reason)


async def fail_abandoned(session: AsyncSession, *, patience: timedelta) -> list[uuid.UUID]:
    """Fail documents that will never be settled: their job is dead, or for `patience` no converter was there.

    Gives their ids.
    """
    instant = now(session)
    waiting = [
        (document.id, document.media_type in DECKS, document.converting_since)
        for document in await session.scalars(
            select(Document).where(
                Document.status == "converting", Document.converting_since < instant - min(GRACE, patience)
            )
        )
    ]
    if not waiting:
        return []
    workable = await _ids_at_work(session)
    converter = await is_converter_alive(session)
    failed = []
    for document_id, is_deck, since in waiting:
        if document_id not in workable:
            why = "gave-up" if since is not None and since < instant - GRACE else None
        else:
            lonely = is_deck and not converter and since is not None and since < instant - patience
            why = "no-converter" if lonely else None
        if why is not None and await mark_failed(session, document_id, why, REASONS[why]):
            failed.append(document_id)
    return failed


async def is_converter_alive(session: AsyncSession) -> bool:
    """Whether a converter was seen at its queue a moment ago."""
    seen = select(WorkerRow.id).where(WorkerRow.queue == CONVERTER, WorkerRow.seen_at > now(session) - ALIVE)
    return (await session.execute(seen.limit(1))).first() is not None


async def _ids_at_work(session: AsyncSession) -> frozenset[uuid.UUID]:
    rows = await session.scalars(
        select(OutboxRow.arguments["document_id"].astext).where(
            OutboxRow.queue.in_((CheckDocument.queue, CONVERTER)),
            OutboxRow.status.in_(("queued", "leased")),
            OutboxRow.job.in_((CheckDocument.name, ConvertDocument.name)),
        )
    )
    return frozenset(uuid.UUID(text) for text in rows)


async def _take(session: AsyncSession, received: Received, actor: Principal) -> tuple[Document, bool]:
    """The actor's document of these bytes, and whether it is new."""
    instant = now(session)
    made: Document | None = await session.scalar(
        insert(Document)
        .values(
            id=new_id(),
            organization_id=actor.organization_id,
            name=received.name,
            sha256=received.sha256,
            size=received.size,
            media_type=received.media_type,
            hidden_slides=received.hidden_slides,
            is_private=received.is_private,
            status="converting",
            original_key=received.key,
            uploaded_by=actor.user_id,
            created_at=instant,
            touched_at=instant,
            converting_since=instant,
        )
        .on_conflict_do_nothing(index_elements=_IDENTITY)
        .returning(Document)
    )
    if made is not None:
        _record(session, "document.uploaded", made, actor)
        await _enqueue(session, made)
        return made, True
    document = await _hold(
        session,
        Document.organization_id == actor.organization_id,
        Document.uploaded_by == actor.user_id,
        Document.sha256 == received.sha256,
        Document.hidden_slides == received.hidden_slides,
    )
    if document.is_private and not received.is_private:
        document.is_private, document.name = False, received.name
    await _touch(session, document, actor)
    return document, False


async def _refuse_over(session: AsyncSession, quota: int, actor: Principal) -> None:
    """One after the other within an organization: two uploads that fit alone may not fit together."""
    await session.execute(_TURN, {"organization_id": actor.organization_id})
    if await stored_bytes(session, actor.organization_id) > quota:
        raise QuotaExceeded(quota)


async def _hold(session: AsyncSession, *conditions: object) -> Document:
    found: Document | None = await session.scalar(
        select(Document)
        .where(*conditions)  # type: ignore[arg-type]
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


async def _touch(session: AsyncSession, document: Document, actor: Principal) -> None:
    document.touched_at = now(session)
    if document.status == "failed":
        document.status = "converting"
        document.error_code = document.error = document.settled_at = None
        document.converting_since = now(session)
        await _enqueue(session, document)
        _record(session, "document.retried", document, actor)
    await session.flush()


async def _enqueue(session: AsyncSession, document: Document) -> None:
    kind = ConvertDocument if document.media_type in DECKS else CheckDocument
    await enqueue_job(session, kind(document_id=document.id), organization_id=document.organization_id)


async def _settle(session: AsyncSession, document_id: uuid.UUID, **values: object) -> bool:
    settled = await session.scalar(
        update(Document)
        .where(Document.id == document_id, Document.status == "converting")
        .values(settled_at=now(session), converting_since=None, **values)
        .returning(Document.id)
    )
    return settled is not None


def _record(session: AsyncSession, action: AuditAction, document: Document, actor: Principal) -> None:
    record_act(
        session,
        actor,
        action,
        ("document", document.id),
        details={"sha256": document.sha256, "media_type": document.media_type, "size": document.size},
    )
