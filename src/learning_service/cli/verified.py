"""Whether a database and a bucket belong together, and serve: what a restore has to be asked."""

import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.adapters.linked_data import is_signed_by, proof_of
from learning_service.adapters.storage import ObjectMissing
from learning_service.cli.migrate import newest_revision
from learning_service.cli.postgres_tools import connected
from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.certificates.models import Certificate, CertificateCredential, SigningKey
from learning_service.domain.certificates.queries.public import verify_certificates
from learning_service.domain.certificates.rules.certificates import pdf_key
from learning_service.domain.certificates.rules.keys import place_of_key
from learning_service.domain.documents.models import Document
from learning_service.domain.kernel.sealing import Unsealable
from learning_service.domain.webhooks.models import WebhookSubscription
from learning_service.domain.webhooks.rules.events import place_of_secrets

BATCH = 500


@dataclass
class Verdict:
    """What was looked at, and what is wrong."""

    schema: str | None = None
    certificates: int = 0
    pdfs: int = 0
    credentials: int = 0
    documents: int = 0
    secrets: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """In one line."""
        return (
            f"verified: schema {self.schema}, {self.certificates} certificates, {self.pdfs} PDFs,"
            f" {self.credentials} credentials, {self.documents} documents, {self.secrets} secrets,"
            f" {len(self.faults)} faults"
        )


async def verified(settings: Settings) -> Verdict:
    """Look at everything that the database says must be there, through the roles that serve it."""
    verdict = Verdict()
    await _schema(settings, verdict)
    async with (
        open_context(settings, "learning_worker") as worker,
        open_context(settings, "learning_api") as api,
    ):
        async with worker.transaction(None) as session:
            await _secrets(worker, session, verdict)
            keys = {key.id: key.public_key for key in await session.scalars(select(SigningKey))}
        stored = {key async for key in worker.store.keys("documents/")}
        async for documents in _batches(worker, Document, (Document.organization_id, Document.id)):
            verdict.documents += len(documents)
            for document in documents:
                for what, key in (("original", document.original_key), ("file", document.file_key)):
                    if key is not None and key not in stored:
                        verdict.faults.append(f"document {document.id}: {what} missing")
        async for batch in _batches(worker, Certificate, (Certificate.organization_id, Certificate.id)):
            verdict.certificates += len(batch)
            await _answers(api, batch, verdict)
            await _credentials(worker, batch, keys, verdict)
            for certificate in batch:
                await _pdf(worker, certificate, verdict)
    return verdict


async def _schema(settings: Settings, verdict: Verdict) -> None:
    async with connected(settings) as connection:
        verdict.schema = await connection.fetchval("SELECT version_num FROM alembic_version")
    if (newest := newest_revision()) not in (None, verdict.schema):
        verdict.faults.append(
            f"schema {verdict.schema}: this version wants {newest}; run learning-service migrate"
        )


async def _secrets(worker: Context, session: AsyncSession, verdict: Verdict) -> None:
    """Each opens by the SECRET_KEYS that are given here."""

    def look(what: str, sealed: str | None, place: str) -> None:
        if sealed is None:
            return
        verdict.secrets += 1
        try:
            worker.seal.open(sealed, place)
        except Unsealable as error:
            verdict.faults.append(f"{what}: {error}; its key is missing in SECRET_KEYS")

    for key in await session.scalars(select(SigningKey)):
        look(f"signing key {key.id}", key.sealed_key, place_of_key(key.id))
    for webhook in await session.scalars(select(WebhookSubscription)):
        place = place_of_secrets(webhook.organization_id, webhook.id)
        look(f"webhook {webhook.id}", webhook.secret, place)
        look(f"webhook {webhook.id}", webhook.previous_secret, place)


async def _batches(worker: Context, row: Any, key: tuple[Any, Any]) -> AsyncIterator[Sequence[Any]]:
    """All rows of a table, by its key."""
    last: tuple[str, uuid.UUID] | None = None
    while True:
        async with worker.transaction(None) as session:
            statement = select(row).order_by(*key).limit(BATCH)
            if last is not None:
                statement = statement.where(tuple_(*key) > last)
            batch = (await session.scalars(statement)).all()
        if not batch:
            return
        yield batch
        last = (batch[-1].organization_id, batch[-1].id)


async def _answers(api: Context, batch: Sequence[Certificate], verdict: Verdict) -> None:
    """The public verification knows each."""
    async with api.transaction(None) as session:
        known = await verify_certificates(session, [certificate.id for certificate in batch])
    verdict.faults += [
        f"certificate {one.id}: verification does not know it" for one in batch if one.id not in known
    ]


async def _credentials(
    worker: Context, batch: Sequence[Certificate], keys: dict[str, bytes], verdict: Verdict
) -> None:
    """Each is signed by a key that is there."""
    ids = [(certificate.organization_id, certificate.id) for certificate in batch]
    row = (CertificateCredential.organization_id, CertificateCredential.certificate_id)
    async with worker.transaction(None) as session:
        found = (await session.scalars(select(CertificateCredential).where(tuple_(*row).in_(ids)))).all()
    verdict.credentials += len(found)
    for one in found:
        document = json.loads(one.credential)
        proof = proof_of(document) or {}
        public = keys.get(str(proof.get("verificationMethod")).rpartition("#")[2])
        if public is None:
            verdict.faults.append(f"certificate {one.certificate_id}: the key of its credential is missing")
        elif not is_signed_by(document, public):
            verdict.faults.append(f"certificate {one.certificate_id}: credential changed")


async def _pdf(worker: Context, certificate: Certificate, verdict: Verdict) -> None:
    """Each stored PDF has the digest that the database remembers."""
    digests = {certificate.pdf_sha256, certificate.marked_sha256} - {None}
    for digest in digests if certificate.pdf_erased_at is None else ():
        verdict.pdfs += 1
        try:
            found = hashlib.sha256(await worker.store.get(pdf_key(str(digest)))).hexdigest()
        except ObjectMissing:
            verdict.faults.append(f"certificate {certificate.id}: PDF missing")
        else:
            if found != digest:
                verdict.faults.append(f"certificate {certificate.id}: PDF changed")
