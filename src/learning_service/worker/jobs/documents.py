"""What becomes of uploaded files: pictures and PDFs are looked into, presentations converted to PDF."""

import asyncio
import hashlib
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from learning_service.adapters.confinement import MIB, work_directory
from learning_service.adapters.inspection.inspections import inspect_deck, inspect_pdf, inspect_picture
from learning_service.adapters.office import Office, find_office, office_problem
from learning_service.adapters.storage import ObjectMissing
from learning_service.context import Context
from learning_service.core.settings import Settings
from learning_service.domain.documents.actions import Finding, fail_abandoned, mark_failed, mark_ready
from learning_service.domain.documents.models import Document
from learning_service.domain.documents.queries import find_document
from learning_service.domain.documents.rules import PDF, PICTURES, Refused
from learning_service.domain.jobs.outbox import Job
from learning_service.domain.jobs.payloads import CheckDocument, ConvertDocument, Unworkable
from learning_service.worker.durable import finishing

log = structlog.get_logger()

CHECKED_AT_ONCE = 2
"""Files on disk and decoders at work in one worker; the others wait."""
_checking = asyncio.Semaphore(CHECKED_AT_ONCE)


class NoOffice(Exception):
    """This process was to convert and cannot; another converter may."""


async def check_document(context: Context, job: Job) -> None:
    """Look whether a picture or PDF is whole, and how large; it is shown as it came."""
    document = await _unsettled(context, job, CheckDocument.read(job.arguments).document_id)
    if document is None:
        return
    try:
        async with _checking:
            finding = await _look(context, document)
    except Refused as refusal:
        await _refuse(context, job, document, refusal)
        return
    async with finishing(context, job) as session:
        await mark_ready(session, document.id, finding)


async def _look(context: Context, document: Document) -> Finding:
    with work_directory() as directory:
        path = await _fetch(context, document, directory)
        if document.media_type in PICTURES:
            width, height = await inspect_picture(path)
            return Finding(document.original_key, pages=1, width=width, height=height)
        pages, shown = await inspect_pdf(path)
        if shown == path:
            return Finding(document.original_key, pages=pages)
        return await _keep(context, document, shown, pages)


async def convert_document(context: Context, job: Job) -> None:
    """Make a PDF of a presentation, in a sandbox; the original is kept."""
    document = await _unsettled(context, job, ConvertDocument.read(job.arguments).document_id)
    if document is None:
        return
    office = await office_of(context.settings)
    try:
        with work_directory() as directory:
            finding = await _convert(context, office, document, directory)
    except Refused as refusal:
        await _refuse(context, job, document, refusal)
        return
    async with finishing(context, job) as session:
        await mark_ready(session, document.id, finding)


async def _convert(context: Context, office: Office, document: Document, directory: Path) -> Finding:
    source = await _fetch(context, document, directory)
    kind = await inspect_deck(source)
    room = directory / "room"
    room.mkdir()
    deck = source.rename(room / f"deck.{kind}")
    made = await office.convert(deck, room, hidden_slides=document.hidden_slides)
    # Out of reach of the program that works on it.
    pdf = made.rename(directory / "made.pdf")
    try:
        pages, shown = await inspect_pdf(pdf)
    except Refused as refusal:
        raise Refused(
            "too-many-pages" if refusal.code == "too-many-pages" else "not-convertible"
        ) from refusal
    return await _keep(context, document, shown, pages)


async def _keep(context: Context, document: Document, pdf: Path, pages: int) -> Finding:
    """Store a PDF that was made of the upload. Made twice, it may be two files; the first one recorded counts."""
    with pdf.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    key = f"{document.original_key}-{digest[:32]}.pdf"
    await context.store.put_file(key, pdf, content_type=PDF)
    return Finding(key, pages=pages, file_size=size)


async def office_of(settings: Settings) -> Office:
    """The LibreOffice that this process converts with. Raises NoOffice."""
    sandbox = settings.convert_sandbox
    problem, program = await office_problem(sandbox), find_office()
    if problem is not None or program is None:
        raise NoOffice(problem)
    return Office(
        program=program,
        sandbox=sandbox,
        seconds=settings.convert_seconds,
        memory=settings.convert_memory_mib * MIB,
        output=settings.convert_output_mib * MIB,
    )


async def settle_documents(context: Context, at: datetime | None) -> None:
    """Fail documents that would otherwise never finish: their job is dead, or no converter is there."""
    patience = timedelta(seconds=context.settings.converter_patience_seconds)
    async with context.transaction(None, at=at) as session:
        failed = await fail_abandoned(session, patience=patience)
    if failed:
        log.warning("documents_abandoned", documents=[str(one) for one in failed])


async def _unsettled(context: Context, job: Job, document_id: uuid.UUID) -> Document | None:
    """The job's document, unless it has been settled already."""
    async with context.transaction(job.organization_id) as session:
        document = await find_document(session, document_id)
    return document if document is not None and document.status == "converting" else None


async def _fetch(context: Context, document: Document, directory: Path) -> Path:
    """The uploaded bytes as a file, the very ones. Raises Unworkable when they are lost."""
    path = directory / "upload"
    try:
        digest = await context.store.get_file(document.original_key, path)
    except ObjectMissing as error:
        raise Unworkable(f"document {document.id}: its file is not in the store") from error
    if digest != document.sha256:
        raise Unworkable(f"document {document.id}: its file is not what was uploaded")
    return path


async def _refuse(context: Context, job: Job, document: Document, refusal: Refused) -> None:
    log.info("document_refused", document_id=str(document.id), reason=refusal.code)
    async with finishing(context, job) as session:
        await mark_failed(session, document.id, refusal.code, refusal.reason)
