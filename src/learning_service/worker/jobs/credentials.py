"""Signing credentials, and telling by status lists which no longer hold."""

from datetime import datetime

from learning_service.context import Context
from learning_service.domain.certificates.actions.badges import certificates_without_picture
from learning_service.domain.certificates.actions.credentials import (
    set_bits,
    signing_key_of,
    unplaced_certificates,
)
from learning_service.domain.certificates.queries.certificates import certificates_with_ids
from learning_service.domain.jobs.outbox import Job, enqueue_job
from learning_service.domain.jobs.payloads import SignCredential, Unworkable
from learning_service.worker.durable import finishing
from learning_service.worker.signing import publish_changed, signed_credential

AT_ONCE = 1000
"""Certificates of before whose credentials are queued in one run."""


async def sign_credential_of_certificate(context: Context, job: Job) -> None:
    """Sign the credential of a certificate whose PDF was made before there were any."""
    async with context.transaction(job.organization_id) as session:
        found = await certificates_with_ids(session, [SignCredential.read(job.arguments).certificate_id])
    if not found:
        raise Unworkable(f"there is no certificate for {job.arguments}")
    await signed_credential(context, found[0])
    async with finishing(context, job):
        pass


async def sign_credentials_of_before(context: Context, at: datetime | None) -> None:
    """Have credentials signed of certificates of before there were any, and badges drawn of those that have none."""
    async with context.transaction(None, at=at) as session:
        unplaced = await unplaced_certificates(session, AT_ONCE)
        for certificate in (*unplaced, *await certificates_without_picture(session, AT_ONCE)):
            await enqueue_job(
                session,
                SignCredential(certificate_id=certificate.id),
                organization_id=certificate.organization_id,
                unique_key=signing_key_of(certificate.id),
            )


async def publish_status_lists(context: Context, at: datetime | None) -> None:
    """Tell which credentials stopped holding since the last time. A list in which nothing changed stays as it is."""
    while True:
        async with context.transaction(None, at=at) as session:
            some_left = await set_bits(session)
        if not some_left:
            break
    await publish_changed(context, at)
