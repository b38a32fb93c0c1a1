"""The PDF of a member's transcript: asked for, and kept until the transcript says something else."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import TranscriptPdf
from learning_service.domain.completion.queries.transcripts import (
    state_of_transcript_job,
    transcript_job,
    transcript_pdf,
)
from learning_service.domain.directory.models import Member
from learning_service.domain.jobs.payloads import MakeTranscript
from learning_service.domain.jobs.requeueing import requeue_jobs
from learning_service.domain.kernel.clock import now


async def have_transcript_made(
    session: AsyncSession, organization_id: str, user_id: str, digest: str
) -> bool:
    """Have the PDF made of what the member's transcript says, unless that is under way. False: that is given up.

    `digest`: of what it says now. What it said before may have failed, because of a logo for example.
    """
    state = await state_of_transcript_job(session, organization_id, user_id, digest)
    if state in (None, "done"):
        wanted = {transcript_job(organization_id, user_id, digest): MakeTranscript(user_id=user_id)}
        await requeue_jobs(session, wanted, organization_id=organization_id)
    return state != "dead"


async def keep_transcript(
    session: AsyncSession, organization_id: str, user_id: str, *, digest: str, sha256: str
) -> str | None:
    """Note that the PDF of the transcript with this digest is stored; the SHA-256 of the PDF that must not stay.

    That is of the one before it; or this one, where the member was erased or one that says the same is there.
    """
    member = select(Member.user_id).where(
        Member.organization_id == organization_id, Member.user_id == user_id
    )
    if await session.scalar(member.with_for_update()) is None:
        return sha256
    kept = await transcript_pdf(session, organization_id, user_id)
    if kept is None:
        kept = TranscriptPdf(organization_id=organization_id, user_id=user_id)
        session.add(kept)
    elif kept.digest == digest:
        return sha256
    before = kept.pdf_sha256
    kept.digest, kept.pdf_sha256, kept.made_at = digest, sha256, now(session)
    return before
