"""Certificates: verification without login, as JSON and as a page, and the PDF for its owner."""

import uuid
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from learning_service.adapters.verification_page import (
    PAGE_HEADERS,
    VerificationView,
    render_unknown_page,
    render_verification_page,
)
from learning_service.dependencies import AnyCaller, Anyone, ContextOf, PublicSession, Session, path_id
from learning_service.domain.certificates.actions import verification_url
from learning_service.domain.certificates.queries import access_certificate, verify_certificates
from learning_service.domain.certificates.rules import PublicCertificate, pdf_key
from learning_service.domain.clock import now
from learning_service.domain.errors import Gone, NotFound
from learning_service.domain.principal import Principal
from learning_service.schemas.certificates import VerificationAnswer
from learning_service.wire import prefers_html

router = APIRouter(tags=["certificates"])
PUBLIC = [Depends(Anyone())]
PDF_RETRY_SECONDS = 2


async def _find(session: PublicSession, certificate_id: uuid.UUID) -> PublicCertificate | None:
    return (await verify_certificates(session, [certificate_id])).get(certificate_id)


def _verification(found: PublicCertificate, instant: Any) -> dict[str, Any]:
    status = found.status(instant)
    document: dict[str, Any] = {
        "certificate_id": found.id,
        "status": status,
        "recipient_name": found.recipient_name,
        "course_title": found.course_title,
        "issued_at": found.issued_at,
        "expires_at": found.expires_at,
        "issuer": {"name": found.issuer_name},
    }
    if status == "revoked":
        document["revoked_at"] = found.revoked_at
    if status == "superseded":
        document["superseded_by"] = found.superseded_by
    return document


@router.get(
    "/api/certificates/{certificate_id}/verify/",
    dependencies=PUBLIC,
    response_model=VerificationAnswer,
    response_model_exclude_unset=True,
)
async def verify(certificate_id: str, request: Request, session: PublicSession) -> Any:
    """The true state of a certificate, for anyone. A browser is sent to the page."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept", "X-Robots-Tag": "noindex"}
    if prefers_html(request.headers.get("accept")):
        return RedirectResponse(f"/certificates/{certificate_id}/verify/", 302, headers=headers)
    found = await _find(session, path_id(certificate_id))
    if found is None:
        raise NotFound
    answer = VerificationAnswer.model_validate(_verification(found, now(session)))
    return JSONResponse(answer.model_dump(mode="json", exclude_unset=True), headers=headers)


@router.get("/certificates/{certificate_id}/verify/", dependencies=PUBLIC, response_class=HTMLResponse)
async def verification_page(certificate_id: str, request: Request, session: PublicSession) -> Response:
    """The same as a page."""
    language = request.headers.get("accept-language")
    try:
        found = await _find(session, path_id(certificate_id))
    except NotFound:
        found = None
    if found is None:
        html, spoken = render_unknown_page(accept_language=language)
        return HTMLResponse(html, 404, headers={**PAGE_HEADERS, "Content-Language": spoken})
    zone = ZoneInfo(found.timezone)
    status = found.status(now(session))
    follower = found.superseded_by if status == "superseded" else None
    view = VerificationView(
        certificate_id=found.id,
        status=status,
        recipient_name=found.recipient_name,
        course_title=found.course_title,
        issuer_name=found.issuer_name,
        issued_at=found.issued_at.astimezone(zone),
        expires_at=found.expires_at.astimezone(zone) if found.expires_at else None,
        revoked_at=found.revoked_at.astimezone(zone) if found.revoked_at else None,
        superseded_by_url=verification_url(session, follower) if follower else None,
    )
    html, spoken = render_verification_page(view, accept_language=language)
    return HTMLResponse(html, headers={**PAGE_HEADERS, "Content-Language": spoken})


@router.get(
    "/api/certificates/{certificate_id}/pdf/",
    status_code=307,
    response_class=RedirectResponse,
    responses={202: {"description": "Still being made; see Retry-After"}},
)
async def pdf(
    certificate_id: str,
    caller: Annotated[Principal, Depends(AnyCaller())],
    session: Session,
    context: ContextOf,
) -> Response:
    """A short-lived address of the PDF, for its owner and administrators over them."""
    certificate = await access_certificate(session, caller, path_id(certificate_id))
    if certificate.recipient_name is None:
        raise Gone("The PDF was removed together with the member's personal data.")
    if certificate.pdf_sha256 is None:
        return JSONResponse({"status": "pending"}, 202, headers={"Retry-After": str(PDF_RETRY_SECONDS)})
    url = await context.store.presigned_url(
        pdf_key(certificate.pdf_sha256),
        filename=f"certificate-{certificate.id}.pdf",
        content_type="application/pdf",
    )
    return RedirectResponse(url, 307, headers={"Cache-Control": "no-store"})
