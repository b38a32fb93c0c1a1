"""What members see of themselves: enrollments, progress, certificates, compliance, skills."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from learning_service.api.accept import prefers_pdf
from learning_service.api.file_addresses import ADDRESS_RESPONSES, answer_with_address
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.openapi.headers import RETRY_AFTER, with_headers
from learning_service.api.ownership import IsEnrollmentOwner, OwnPosition
from learning_service.api.parameters import NoBody, page
from learning_service.api.pdf_answers import PdfNotMade, answer_pending
from learning_service.api.permissions import IsMember
from learning_service.api.requests import ContextOf, Session
from learning_service.domain.attempts.queries.positions import version_of
from learning_service.domain.certificates.queries.certificates import list_own_certificates
from learning_service.domain.certificates.rules.certificates import transcript_key
from learning_service.domain.completion.actions.invitations import accept_invitation
from learning_service.domain.completion.actions.transcripts import have_transcript_made
from learning_service.domain.completion.queries.completions import finishes
from learning_service.domain.completion.queries.own_progress import list_own_progress
from learning_service.domain.completion.queries.transcripts import transcript_of, transcript_pdf
from learning_service.domain.completion.views.progress import progress_view
from learning_service.domain.compliance.queries import list_own_skills, list_own_statuses
from learning_service.domain.courses.queries.compiled import compiled_version
from learning_service.domain.enrollments.queries.enrollments import (
    get_enrollment,
    list_own_enrollments,
    own_totals,
)
from learning_service.domain.enrollments.queries.prerequisites import missing_prerequisites
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.certificates import CertificateOut, PendingPdfOut, TranscriptOut
from learning_service.schemas.common import PageOut
from learning_service.schemas.compliance import ComplianceOut, SkillOut
from learning_service.schemas.enrollments import (
    ListedEnrollmentOut,
    ListedProgressOut,
    ProgressOut,
    ProgressPageOut,
    TotalsOut,
)

router = APIRouter(prefix="/api", tags=["members"], route_class=KeyedRoute)
Member = Annotated[Principal, Depends(IsMember())]


@router.get("/users/enrollments/")
async def list_my_enrollments(
    caller: Member, session: Session, asked: Annotated[PageRequest, page("own-enrollments")]
) -> PageOut[ListedEnrollmentOut]:
    """The caller's enrollments, newest first."""
    rows = await list_own_enrollments(session, caller, asked)
    found = await finishes(session, rows)
    return PageOut[ListedEnrollmentOut](
        **page_of(
            rows,
            asked,
            key=lambda row: (row.id,),
            item=lambda row: ListedEnrollmentOut.of(row, found[row.id]),
        )
    )


@router.post("/users/enrollments/{enrollment_id}/move/")
async def move_my_enrollment(
    own: Annotated[OwnPosition, Depends(IsEnrollmentOwner("enrollment"))], session: Session, nothing: NoBody
) -> ProgressOut:
    """Move to the course's new version, whose author invites to it; how far the caller is there.

    What is the same in it is kept, as in a move by the author.
    """
    moved = await accept_invitation(session, own.position)
    version = await version_of(session, moved)
    view = await get_enrollment(session, moved.enrollment_id)
    return ProgressOut.model_validate(progress_view(view, version, moved.standing()))


@router.get("/users/enrollments/progress/")
async def list_my_progress(
    caller: Member, session: Session, asked: Annotated[PageRequest, page("own-progress")]
) -> ProgressPageOut:
    """How far the caller is in each course, what it has come to, and where to go on; newest first.

    Required items and the assessment count.
    """
    rows = await list_own_progress(session, caller, asked)
    items = [(row, await compiled_version(session, row.version_id)) for row in rows]
    waiting = [row.enrollment.course_id for row in rows if row.enrollment.status == "assigned"]
    missing = await missing_prerequisites(session, caller.organization_id, caller.user_id, waiting)
    answer = page_of(
        items,
        asked,
        key=lambda item: (item[0].enrollment.id,),
        item=lambda item: ListedProgressOut.of(
            progress_view(item[0].enrollment, item[1], item[0].standing),
            item[0].finish,
            missing.get(item[0].enrollment.course_id, ()),
        ),
    )
    return ProgressPageOut(totals=TotalsOut(**await own_totals(session, caller)), **answer)


@router.get("/users/certificates/")
async def list_my_certificates(
    caller: Member, session: Session, asked: Annotated[PageRequest, page("own-certificates", key_parts=2)]
) -> PageOut[CertificateOut]:
    """The caller's certificates, newest first."""
    rows = await list_own_certificates(session, caller, asked)
    instant = now(session)
    return PageOut[CertificateOut](
        **page_of(
            rows,
            asked,
            key=lambda row: (row.issued_at, row.id),
            item=lambda row: CertificateOut.of(row, instant),
        )
    )


PENDING_PDF: dict[int | str, dict[str, Any]] = {
    202: {"model": PendingPdfOut, "description": "The PDF is still being made; see Retry-After"}
    | with_headers(RETRY_AFTER)
}


@router.get(
    "/users/transcript/",
    response_model=TranscriptOut,
    responses={**PENDING_PDF, 307: {"description": "To the PDF, for `Accept: application/pdf`"}},
)
async def read_my_transcript(
    caller: Member, request: Request, response: Response, session: Session, context: ContextOf
) -> TranscriptOut | Response:
    """Everything valid that the caller can show now: certificates, of programs too, with skills and credentials.

    At most the newest 1,000. Of a certificate that was renewed there is the newer one alone. With
    `Accept: application/pdf` the same as `/api/users/transcript/pdf/`.
    """
    if prefers_pdf(request.headers.get("accept")):
        return await download_my_transcript(caller, request, session, context)
    response.headers["Vary"] = "Accept"
    found = await transcript_of(session, caller.organization_id, caller.user_id)
    return TranscriptOut.of(found, context.settings.public_url.rstrip("/"))


@router.get(
    "/users/transcript/pdf/",
    status_code=307,
    response_class=RedirectResponse,
    responses={**ADDRESS_RESPONSES, **PENDING_PDF},
)
async def download_my_transcript(
    caller: Member, request: Request, session: Session, context: ContextOf
) -> Response:
    """A short-lived address of the caller's transcript of today as a signed PDF, made when it is asked for.

    A redirect, or with `Accept: application/json` the address as JSON. 503 `pdf-not-made` where making it has failed
    for good.
    """
    whose = caller.organization_id, caller.user_id
    found, kept = await transcript_of(session, *whose), await transcript_pdf(session, *whose)
    if kept is None or kept.digest != found.digest:
        if not await have_transcript_made(session, *whose, found.digest):
            raise PdfNotMade("The transcript is as the service says it")
        return answer_pending()
    return await answer_with_address(
        request,
        context.store,
        transcript_key(kept.pdf_sha256),
        filename="transcript.pdf",
        content_type="application/pdf",
        instant=now(session),
    )


@router.get("/users/compliance/")
async def list_my_compliance(
    caller: Member, session: Session, asked: Annotated[PageRequest, page("own-compliance")]
) -> PageOut[ComplianceOut]:
    """Where the caller stands with each requirement, also where nothing has begun."""
    rows = await list_own_statuses(session, caller, asked)
    return PageOut[ComplianceOut](
        **page_of(rows, asked, key=lambda row: (row.requirement_id,), item=ComplianceOut.model_validate)
    )


@router.get("/users/skills/")
async def list_my_skills(
    caller: Member, session: Session, asked: Annotated[PageRequest, page("own-skills")]
) -> PageOut[SkillOut]:
    """The caller's skills."""
    rows = await list_own_skills(session, caller, asked)
    return PageOut[SkillOut](
        **page_of(rows, asked, key=lambda row: (row.skill_id,), item=SkillOut.model_validate)
    )
