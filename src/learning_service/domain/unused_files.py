"""Which stored files something refers to, over all packages: what nothing refers to is collected in the end."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select, tuple_
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import Certificate, TranscriptPdf
from learning_service.domain.certificates.rules.certificates import transcript_key
from learning_service.domain.certificates.rules.pictures import file_keys
from learning_service.domain.courses.models import DocumentReference
from learning_service.domain.documents.models import Document
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.models import Exemption
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.questions.models import BankQuestion

KEPT = timedelta(days=30)
"""How long a file without a reference is kept: an author may be about to make one."""
_PRINTED = (
    Certificate.logo_key,
    Certificate.signature_key,
    Certificate.second_signature_key,
    Certificate.seal_key,
)
_SETTINGS = (
    OrganizationSettings.logo_id,
    OrganizationSettings.signature_image_id,
    OrganizationSettings.second_signature_image_id,
    OrganizationSettings.seal_id,
)


def horizon(session: AsyncSession) -> datetime:
    """What was last touched before this moment may be collected."""
    return now(session) - KEPT


async def unused_documents(session: AsyncSession) -> Sequence[uuid.UUID]:
    """Documents that nothing refers to and that were untouched for so long."""
    return (await session.scalars(_unused(session, Document.id).order_by(Document.id))).all()


async def delete_unused_documents(session: AsyncSession, *, limit: int) -> Sequence[uuid.UUID]:
    """Delete up to `limit` of them. Their stored files are then referred to by nothing."""
    key = (Document.organization_id, Document.id)
    held = _unused(session, *key).order_by(Document.touched_at).limit(limit).with_for_update(skip_locked=True)
    deleted = await session.scalars(delete(Document).where(tuple_(*key).in_(held)).returning(Document.id))
    return deleted.all()


async def keys_in_use(session: AsyncSession, keys: Collection[str]) -> frozenset[str]:
    """Those of the keys that a document, certificate or transcript of any organization refers to."""
    documents = await session.execute(
        select(Document.original_key, Document.file_key).where(
            or_(Document.original_key.in_(keys), Document.file_key.in_(keys))
        )
    )
    used = {key for row in documents for key in row}
    for kept in _PRINTED:
        used |= {*await session.scalars(select(kept).where(kept.in_(keys)))}
    digests = {key.rpartition("/")[2].removesuffix(".pdf").removesuffix(".png") for key in keys}
    stored = await session.scalars(select(Certificate.pdf_sha256).where(Certificate.pdf_sha256.in_(digests)))
    marked = await session.scalars(
        select(Certificate.marked_sha256).where(Certificate.marked_sha256.in_(digests))
    )
    used |= {key for digest in (*stored, *marked) if digest is not None for key in file_keys(digest)}
    kept_transcripts = select(TranscriptPdf.pdf_sha256).where(TranscriptPdf.pdf_sha256.in_(digests))
    used |= {transcript_key(digest) for digest in await session.scalars(kept_transcripts)}
    return frozenset(keys) & frozenset(used)


def _unused(session: AsyncSession, *columns: Any) -> Any:
    return select(*columns).where(
        Document.touched_at < horizon(session),
        Document.status != "converting",
        ~exists().where(
            DocumentReference.organization_id == Document.organization_id,
            DocumentReference.document_id == Document.id,
        ),
        ~exists().where(
            OrganizationSettings.organization_id == Document.organization_id,
            or_(*(used == Document.id for used in _SETTINGS)),
        ),
        ~exists().where(
            BankQuestion.organization_id == Document.organization_id,
            BankQuestion.documents.contains(array([Document.id])),
        ),
        # What was rejected or taken back is kept for as long as a forgotten upload.
        ~exists().where(
            Evidence.organization_id == Document.organization_id,
            Evidence.document_id == Document.id,
            or_(Evidence.status != "rejected", Evidence.decided_at > horizon(session)),
        ),
        ~exists().where(
            Exemption.organization_id == Document.organization_id,
            Exemption.document_id == Document.id,
            or_(Exemption.ended_at.is_(None), Exemption.ended_at > horizon(session)),
        ),
        # What a certificate prints stays for as long as its PDF may have to be made again.
        *(~exists().where(kept == Document.file_key) for kept in _PRINTED),
    )
