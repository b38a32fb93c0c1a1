"""Documents: uploading files, seeing what became of them, and fetching what may be shown."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from learning_service.api.document_permissions import CanSeeDocument, CanSeeFile, CanUpload
from learning_service.api.file_addresses import ADDRESS_RESPONSES, answer_with_address
from learning_service.api.idempotency import KeyedRoute, keyed_request
from learning_service.api.openapi.headers import RETRY_AFTER, with_headers
from learning_service.api.parameters import NoBody, page
from learning_service.api.permissions import CanMakeCourses
from learning_service.api.requests import Caller, ContextOf, Session
from learning_service.api.uploads import MIB, UPLOAD_BODY, PlacesOf, discard_file, receive_file
from learning_service.domain.documents.actions import add_document, retry_document
from learning_service.domain.documents.queries import DocumentFilter, list_documents
from learning_service.domain.documents.rules import (
    KINDS,
    MAX_EVIDENCE,
    PDF,
    PICTURES,
    STATUSES,
    DocumentNotReady,
    download_name,
)
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import DomainError
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.idempotency import AlreadyReplied, claim_key, keep_reply
from learning_service.schemas.common import PageOut
from learning_service.schemas.documents import DocumentOut, PendingFileOut

router = APIRouter(prefix="/api/documents", tags=["documents"], route_class=KeyedRoute)
RETRY_SECONDS = 2


Visible = Annotated[Any, Depends(CanSeeDocument())]


@router.post("/", status_code=202, response_model=DocumentOut, openapi_extra=UPLOAD_BODY)
async def upload_document(
    caller: Annotated[Principal, Depends(CanUpload())],
    request: Request,
    context: ContextOf,
    places: PlacesOf,
    purpose: Annotated[
        Literal["evidence"] | None,
        Query(alias="for", description="`evidence`: a private file that shows what a member did elsewhere."),
    ] = None,
) -> Response:
    """Take one file: PDF, PNG or JPEG as it is, PPT, PPTX or ODP to be converted to PDF.

    Its content decides what it is, whatever its name says. Look again until `status` is not `converting`. The same
    bytes sent twice by the same author are one document, converted once; where it had failed it is tried again.
    Slides that a presentation hides are left out, unless `hidden_slides` says `include`.

    `?for=evidence` is for members: a PDF or picture of up to 20 MiB that only its owner sees, and who decides over
    evidence or exemptions that name it. It is in no list and of no course.
    """
    limit, quota = (
        mib * MIB for mib in (context.settings.max_document_mib, context.settings.organization_storage_mib)
    )
    private = purpose is not None
    received = await receive_file(
        request,
        context.store,
        limit=min(limit, MAX_EVIDENCE) if private else limit,
        sender=caller,
        places=places,
        is_private=private,
    )
    try:
        async with context.transaction(caller.organization_id, caller=caller.key) as session:
            keyed = keyed_request(request, caller, f"{received.sha256}{private or ''}".encode())
            if keyed is not None:
                await claim_key(session, keyed)
            document = await add_document(session, received, actor=caller, quota=quota)
            answer = JSONResponse(DocumentOut.of(document).model_dump(mode="json"), 202)
            content_type = {"content-type": answer.headers["content-type"]}
            await keep_reply(session, status=202, headers=content_type, body=bytes(answer.body).decode())
    except (DomainError, AlreadyReplied):
        # Anything else may have happened after the commit; what nothing refers to is then collected later.
        await discard_file(context.store, received.key)
        raise
    if document.original_key != received.key:
        await discard_file(context.store, received.key)
    return answer


@router.get("/")
async def list_documents_(
    caller: Annotated[Principal, Depends(CanMakeCourses())],
    session: Session,
    asked: Annotated[PageRequest, page("documents", "q", kind=KINDS, status=STATUSES)],
) -> PageOut[DocumentOut]:
    """The organization's files, newest first: what an author chooses from.

    `q` is looked for in the file's name, without accents and case, its words in any order; `kind` is deck, pdf or
    picture.
    """
    kind = asked.filters.get("kind")
    wanted = DocumentFilter(
        typed=asked.filters.get("q"),
        media_types=next((types for name, types in KINDS.items() if name == kind), None),
        status=asked.filters.get("status"),
    )
    rows = await list_documents(session, caller.organization_id, asked, wanted)
    return PageOut[DocumentOut](**page_of(rows, asked, key=lambda row: (row.id,), item=DocumentOut.of))


@router.get("/{document_id}/")
async def read_document(document: Visible) -> DocumentOut:
    """What became of a file."""
    return DocumentOut.of(document)


@router.post("/{document_id}/retry/", status_code=202)
async def retry_document_(
    document: Visible,
    caller: Caller,
    session: Session,
    nothing: NoBody,
) -> DocumentOut:
    """Try a failed document again."""
    return DocumentOut.of(await retry_document(session, document.id, actor=caller))


@router.get(
    "/{document_id}/file/",
    status_code=307,
    response_class=RedirectResponse,
    responses={
        **ADDRESS_RESPONSES,
        202: {"model": PendingFileOut, "description": "Still being checked or converted; see Retry-After"}
        | with_headers(RETRY_AFTER),
    },
)
async def download_document(
    document: Annotated[Any, Depends(CanSeeFile())],
    request: Request,
    session: Session,
    context: ContextOf,
) -> Response:
    """A short-lived address of the PDF or picture: a redirect, or with `Accept: application/json` as JSON."""
    if document.status == "converting":
        headers = {"Cache-Control": "no-store", "Retry-After": str(RETRY_SECONDS)}
        return JSONResponse(PendingFileOut(status="converting").model_dump(), 202, headers=headers)
    if document.file_key is None:
        raise DocumentNotReady("This document has failed, so it has no file; its author may retry it.")
    shown = document.media_type if document.media_type in PICTURES else PDF
    return await answer_with_address(
        request,
        context.store,
        document.file_key,
        filename=download_name(document.name, shown),
        content_type=shown,
        instant=now(session),
    )
