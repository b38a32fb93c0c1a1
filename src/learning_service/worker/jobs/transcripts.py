"""Making the PDFs of transcripts."""

import hashlib

from learning_service.adapters.certificate_content import TranscriptContent, TranscriptEntry, UnusableLogo
from learning_service.adapters.certificate_words import percent
from learning_service.adapters.pool_work import draw_transcript
from learning_service.context import Context
from learning_service.domain.certificates.rules.certificates import shown_hours, transcript_key
from learning_service.domain.certificates.rules.pdf_keys import UnusableKey
from learning_service.domain.completion.actions.transcripts import keep_transcript
from learning_service.domain.completion.queries.transcripts import Entry, Transcript, transcript_of
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import MakeTranscript, Unworkable
from learning_service.domain.kernel.days import last_day, local_day
from learning_service.domain.kernel.errors import NotFound
from learning_service.schemas.certificates import TranscriptOut
from learning_service.worker.durable import finishing
from learning_service.worker.signing import signed_pdf


async def make_transcript(context: Context, job: Job) -> None:
    """Render a member's transcript as of now, sign it, and store it in the place of the one before."""
    user_id, organization_id = MakeTranscript.read(job.arguments).user_id, job.organization_id
    try:
        async with context.transaction(organization_id) as session:
            found = await transcript_of(session, organization_id, user_id)
    except NotFound:
        return
    try:
        drawn = await context.processes.run(draw_transcript, await _content(context, found))
        pdf = await signed_pdf(context, drawn)
    except (UnusableLogo, UnusableKey) as error:
        raise Unworkable(f"transcript: {error}") from error
    sha256 = hashlib.sha256(pdf).hexdigest()
    await context.store.put(transcript_key(sha256), pdf, content_type="application/pdf")
    async with finishing(context, job) as session:
        unwanted = await keep_transcript(
            session, organization_id, user_id, digest=found.digest, sha256=sha256
        )
    if unwanted is not None:
        await context.store.delete(transcript_key(unwanted))


async def _content(context: Context, found: Transcript) -> TranscriptContent:
    public_url = context.settings.public_url.rstrip("/")
    return TranscriptContent(
        recipient_name=found.display_name,
        issuer_name=found.organization_name,
        as_of=found.day,
        entries=tuple(_entry(one, found.locale) for one in found.entries),
        data=TranscriptOut.of(found, public_url).model_dump_json(),
        logo=await context.store.get(found.logo_key) if found.logo_key else None,
        primary_color=found.primary_color,
        locale=found.locale,
        paper="letter" if found.paper == "letter" else "a4",
    )


def _entry(entry: Entry, locale: str) -> TranscriptEntry:
    one = entry.certificate
    return TranscriptEntry(
        title=one.course_title,
        address=one.verification_url,
        short_address=entry.short_address,
        issued_on=local_day(one.issued_at, one.timezone),
        expires_on=last_day(one.expires_at, one.timezone) if one.expires_at is not None else None,
        score=percent(one.score, locale) if one.score is not None else None,
        credit_hours=shown_hours(entry.credit_hours),
        skills=entry.skills,
    )
