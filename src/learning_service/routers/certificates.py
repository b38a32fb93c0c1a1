"""Certificates: verification without login, as JSON and as a page; their PDFs; revoking and reissuing them."""

import uuid
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from learning_service.api.accept import prefers_html
from learning_service.api.bodies import PUBLIC as PUBLIC_BODY
from learning_service.api.bodies import receive_body
from learning_service.api.file_addresses import ADDRESS_RESPONSES, answer_with_address
from learning_service.api.guesses import count_unknown
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.openapi.headers import RETRY_AFTER, with_headers
from learning_service.api.parameters import body, page, path_id
from learning_service.api.pdf_answers import PdfNotMade, answer_pending
from learning_service.api.permissions import (
    Anyone,
    CanAdministerCertificate,
    CanReadCertificate,
    IsAdmin,
)
from learning_service.api.requests import Caller, ContextOf, PublicSession, Session
from learning_service.api.verification_page import (
    LANGUAGES,
    PAGE_HEADERS,
    render_lookup_page,
    render_unknown_page,
    render_verification_page,
    view_of,
)
from learning_service.domain.certificates.actions.certificates import reissue_certificate
from learning_service.domain.certificates.actions.pdfs import have_marked
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.certificates.queries.certificates import is_pdf_given_up, list_certificates
from learning_service.domain.certificates.queries.public import (
    certificate_of_code,
    certificate_of_page,
    verify_certificates,
)
from learning_service.domain.certificates.rules.certificates import (
    PublicCertificate,
    mark_of,
    pdf_filename,
    pdf_key,
)
from learning_service.domain.certificates.rules.codes import read_code
from learning_service.domain.completion.actions.revocations import revoke_outcome
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Gone, Invalid, NotFound
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import OPAQUE_ID, OPAQUE_ID_FORM
from learning_service.domain.organizations.queries import organization_settings
from learning_service.schemas.certificates import (
    PUBLIC_HEADERS,
    VERIFICATION_HEADERS,
    AdministeredCertificateOut,
    PendingPdfOut,
    ReissueIn,
    RevocationIn,
    UnknownCertificateOut,
    VerificationOut,
    VerificationsIn,
    VerificationsOut,
)
from learning_service.schemas.common import PageOut

router = APIRouter(tags=["certificates"], route_class=KeyedRoute)
PUBLIC = [Depends(Anyone())]


class PdfWithdrawn(Gone):
    """The certificate is not in force, and its organization gives out no PDF of such."""

    code = "pdf-withdrawn"

    def __init__(self) -> None:
        super().__init__("This certificate is revoked or superseded; its PDF is no longer available.")


async def _receive_public(request: Request) -> None:
    """Read the body of a call without login, before a connection is taken."""
    request.state.body = await receive_body(request, public=True)


async def _find(session: PublicSession, certificate_id: uuid.UUID) -> PublicCertificate | None:
    return (await verify_certificates(session, [certificate_id])).get(certificate_id)


@router.get(
    "/api/certificates/{certificate_id}/verify/",
    dependencies=PUBLIC,
    response_model=VerificationOut,
    response_model_exclude_unset=True,
    responses={302: {"description": "To the page, for a browser"}},
)
async def verify_certificate(
    certificate_id: str, request: Request, session: PublicSession, context: ContextOf
) -> Any:
    """The true state of a certificate, for anyone. A browser is sent to the page."""
    headers = VERIFICATION_HEADERS
    if prefers_html(request.headers.get("accept")):
        address = f"/certificates/{quote(certificate_id, safe='')}/verify/"
        return RedirectResponse(address, 302, headers=headers)
    found = await _find(session, path_id(certificate_id))
    if found is None:
        count_unknown(request, context)
        raise NotFound
    answer = VerificationOut.of(found, now(session))
    return JSONResponse(answer.model_dump(mode="json", exclude_unset=True), headers=headers)


@router.post(
    "/api/certificates/verify/",
    dependencies=[*PUBLIC, Depends(_receive_public)],
    response_model=VerificationsOut,
    response_model_exclude_unset=True,
)
async def verify_certificates_(
    request: Request,
    asked: Annotated[VerificationsIn, body(VerificationsIn, limit=PUBLIC_BODY)],
    session: PublicSession,
    context: ContextOf,
) -> Any:
    """The true states of up to 100 certificates, for anyone, in the order asked."""
    parsed = [_parsed(text) for text in asked.ids]
    known = await verify_certificates(session, [one for one in parsed if one is not None])
    found = [known.get(one) if one is not None else None for one in parsed]
    unknown = found.count(None)
    if unknown:
        count_unknown(request, context, unknown)
    instant = now(session)
    answer = VerificationsOut(
        items=[
            VerificationOut.of(one, instant)
            if one is not None
            else UnknownCertificateOut(certificate_id=text, status="unknown")
            for text, one in zip(asked.ids, found, strict=True)
        ]
    )
    return JSONResponse(answer.model_dump(mode="json", exclude_unset=True), headers=PUBLIC_HEADERS)


def _parsed(text: str) -> uuid.UUID | None:
    try:
        return path_id(text)
    except NotFound:
        return None


Language = Annotated[str | None, Query(description="`en`, `es` or `fr`; else the browser decides")]
PAGE_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"description": "A page that says so", "content": {"text/html": {}}}
}


@router.get(
    "/certificates/{certificate_id}/verify/",
    dependencies=PUBLIC,
    response_class=HTMLResponse,
    responses=PAGE_UNKNOWN,
)
async def show_verification_page(
    certificate_id: str,
    request: Request,
    session: PublicSession,
    context: ContextOf,
    lang: Language = None,
) -> Response:
    """The same as a page."""
    language = request.headers.get("accept-language")
    parsed = _parsed(certificate_id)
    shown = await certificate_of_page(session, parsed) if parsed is not None else None
    if shown is None:
        if parsed is not None:
            count_unknown(request, context)
        return _unknown_page(request, lang)
    view = await view_of(session, *shown)
    html, spoken = render_verification_page(view, accept_language=language, chosen=lang)
    return HTMLResponse(html, headers={**PAGE_HEADERS, "Content-Language": spoken})


@router.get(
    "/c/{code}/",
    dependencies=PUBLIC,
    status_code=307,
    response_class=RedirectResponse,
    responses=PAGE_UNKNOWN,
)
async def show_certificate_of_code(
    code: str, request: Request, session: PublicSession, context: ContextOf, lang: Language = None
) -> Response:
    """The page of the certificate on which this code is printed.

    Case, dashes and spaces do not matter; O is read as 0, I and L as 1.
    """
    parsed = read_code(code)
    found = await certificate_of_code(session, parsed) if parsed is not None else None
    if found is None:
        count_unknown(request, context)
        return _unknown_page(request, lang)
    return _to_page(found, lang)


@router.get(
    "/c/",
    dependencies=PUBLIC,
    response_class=HTMLResponse,
    responses={**PAGE_UNKNOWN, 307: {"description": "To the page of that certificate"}},
)
async def show_lookup_page(
    request: Request,
    session: PublicSession,
    context: ContextOf,
    code: Annotated[str | None, Query(description="A printed code, or a certificate's id")] = None,
    lang: Language = None,
) -> Response:
    """A page with a field for the printed code; with `code`, the same as the code's own address."""
    if code is None:
        html, spoken = render_lookup_page(accept_language=request.headers.get("accept-language"), chosen=lang)
        return HTMLResponse(html, headers={**PAGE_HEADERS, "Content-Language": spoken})
    if (certificate_id := _parsed(code.strip())) is not None:
        return _to_page(certificate_id, lang)
    return await show_certificate_of_code(code, request, session, context, lang)


def _to_page(certificate_id: uuid.UUID, lang: str | None) -> Response:
    address = f"/certificates/{certificate_id}/verify/"
    query = f"?lang={lang}" if lang in LANGUAGES else ""
    return RedirectResponse(address + query, 307, headers=PUBLIC_HEADERS)


def _unknown_page(request: Request, lang: str | None) -> Response:
    language = request.headers.get("accept-language")
    html, spoken = render_unknown_page(accept_language=language, chosen=lang)
    return HTMLResponse(html, 404, headers={**PAGE_HEADERS, "Content-Language": spoken})


@router.get("/api/certificates/")
async def list_certificates_(
    caller: Annotated[Principal, Depends(IsAdmin())],
    session: Session,
    asked: Annotated[PageRequest, page("certificates", "user_id", "course_id", key_parts=2)],
) -> PageOut[AdministeredCertificateOut]:
    """Certificates of the members whom the caller administers, newest first."""
    user_id, course_id = _filters(asked)
    rows = await list_certificates(session, caller, asked, user_id=user_id, course_id=course_id)
    instant = now(session)
    return PageOut[AdministeredCertificateOut](
        **page_of(
            rows,
            asked,
            key=lambda row: (row.issued_at, row.id),
            item=lambda row: AdministeredCertificateOut.of(row, instant),
        )
    )


def _filters(asked: PageRequest) -> tuple[str | None, uuid.UUID | None]:
    user_id, course = asked.filters.get("user_id"), asked.filters.get("course_id")
    if user_id is not None and not OPAQUE_ID.match(user_id):
        raise Invalid.at("?user_id", OPAQUE_ID_FORM, "wrong-form")
    course_id = _parsed(course) if course is not None else None
    if course is not None and course_id is None:
        raise Invalid.at("?course_id", "must be a UUID", "wrong-form")
    return user_id, course_id


@router.get(
    "/api/certificates/{certificate_id}/pdf/",
    status_code=307,
    response_class=RedirectResponse,
    responses={
        **ADDRESS_RESPONSES,
        202: {"model": PendingPdfOut, "description": "Still being made; see Retry-After"}
        | with_headers(RETRY_AFTER),
    },
)
async def download_certificate(
    certificate: Annotated[Certificate, Depends(CanReadCertificate())],
    request: Request,
    session: Session,
    context: ContextOf,
) -> Response:
    """A short-lived address of the PDF, for its owner and administrators over them.

    A redirect, or with `Accept: application/json` the address as JSON.

    That of a revoked or superseded certificate is stamped so, or 410 `pdf-withdrawn` where the organization's
    `revoked_pdf` says `refuse`. 503 `pdf-not-made` where making it has failed for good; the operator of the
    service sees it among the dead jobs.
    """
    if certificate.recipient_name is None:
        raise Gone("The PDF was removed together with the member's personal data.")
    mark = mark_of(certificate.status(now(session)))
    settings = await organization_settings(session, certificate.organization_id) if mark else None
    if settings and settings.revoked_pdf == "refuse":
        raise PdfWithdrawn
    sha256 = certificate.pdf_sha256
    if mark:
        sha256 = certificate.marked_sha256 if certificate.marked_as == mark else None
    if sha256 is None:
        if await is_pdf_given_up(session, certificate.id, mark):
            raise PdfNotMade("The certificate is valid as its page says")
        if mark:
            await have_marked(session, certificate, mark)
        return answer_pending()
    return await answer_with_address(
        request,
        context.store,
        pdf_key(sha256),
        filename=pdf_filename(certificate.course_title),
        content_type="application/pdf",
        instant=now(session),
    )


@router.post("/api/certificates/{certificate_id}/revoke/")
async def revoke_certificate(
    caller: Caller,
    certificate: Annotated[Certificate, Depends(CanAdministerCertificate())],
    session: Session,
    said: Annotated[RevocationIn, body(RevocationIn)],
) -> AdministeredCertificateOut:
    """Revoke a certificate permanently. Its completion no longer counts for compliance; skills stay."""
    revoked = await revoke_outcome(session, certificate.id, reason=said.reason, actor_id=caller.user_id)
    return AdministeredCertificateOut.of(revoked, now(session))


@router.post(
    "/api/certificates/{certificate_id}/reissue/",
    status_code=201,
)
async def reissue_certificate_(
    caller: Caller,
    certificate: Annotated[Certificate, Depends(CanAdministerCertificate())],
    session: Session,
    said: Annotated[ReissueIn, body(ReissueIn)],
) -> AdministeredCertificateOut:
    """Replace a certificate at once by one with another name; the old one points to it.

    The day of issue stays, beside `reissued_at`; the signatories are the present ones.
    """
    new = await reissue_certificate(
        session,
        certificate.id,
        recipient_name=said.recipient_name,
        reason=said.reason,
        actor_id=caller.user_id,
    )
    return AdministeredCertificateOut.of(new, now(session))
