"""Evidence: what members send to show that they met a requirement elsewhere, and what is decided of it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body, page, path_id
from learning_service.api.permissions import IsAdmin, IsMember
from learning_service.api.requests import Session
from learning_service.domain.completion.actions.program_entries import look_at_programs_again
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.evidence.actions import decide_evidence, send_evidence
from learning_service.domain.evidence.queries import EvidenceFilter, list_evidence, list_own_evidence
from learning_service.domain.evidence.rules import STATUSES, DecisionIn, EvidenceIn
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.common import PageOut
from learning_service.schemas.evidence import EvidenceOut, OwnEvidenceOut
from learning_service.schemas.filters import id_filter

router = APIRouter(prefix="/api", tags=["compliance"], route_class=KeyedRoute)
Admin = Annotated[Principal, Depends(IsAdmin())]
Member = Annotated[Principal, Depends(IsMember())]


@router.get("/users/evidence/")
async def list_my_evidence(
    caller: Member,
    session: Session,
    asked: Annotated[PageRequest, page("own-evidence", status=STATUSES)],
) -> PageOut[OwnEvidenceOut]:
    """What the caller sent, newest first, and what became of it."""
    rows = await list_own_evidence(session, caller, asked, status=asked.filters.get("status"))
    return PageOut[OwnEvidenceOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=OwnEvidenceOut.model_validate)
    )


@router.post("/users/evidence/", status_code=201)
async def submit_evidence(
    caller: Member, session: Session, new: Annotated[EvidenceIn, body(EvidenceIn)]
) -> OwnEvidenceOut:
    """Show that a requirement was met elsewhere. It is `pending` until an administrator of the member decides.

    A file that shows it is uploaded first, to `/api/documents/?for=evidence`. While ten pieces for one requirement
    wait, no more is taken (409 `too-much-waiting`).
    """
    return OwnEvidenceOut.model_validate(await send_evidence(session, new, actor=caller))


@router.get("/evidence/")
async def list_evidence_(
    caller: Admin,
    session: Session,
    asked: Annotated[
        PageRequest, page("evidence", "user_id", "requirement_id", "chapter_id", status=STATUSES)
    ],
) -> PageOut[EvidenceOut]:
    """Evidence of members of the organization, or of the caller's regions, newest first.

    `?status=pending` waits for a decision.
    """
    wanted = EvidenceFilter(
        user_id=id_filter(asked, "user_id"),
        requirement_id=id_filter(asked, "requirement_id"),
        chapter_id=id_filter(asked, "chapter_id"),
        status=asked.filters.get("status"),
    )
    rows = await list_evidence(session, caller.organization_id, reach_of(caller), asked, wanted)
    return PageOut[EvidenceOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=EvidenceOut.model_validate)
    )


@router.post("/evidence/{evidence_id}/")
async def decide_evidence_(
    evidence_id: str, caller: Admin, session: Session, decision: Annotated[DecisionIn, body(DecisionIn)]
) -> EvidenceOut:
    """Approve or reject a member's evidence, with a reason that the member reads. Nobody decides their own.

    Approved, it counts as a completion of the requirement from now on, until `expires_on` or without end: in statuses
    and reports, as a prerequisite, in the steps of programs, and where assignments and renewals pass over who has
    completed. It has no certificate and proves no skill. A rejection of what was approved takes it back from now on;
    what was rejected stays so, and the member may send it again.
    """
    decided = await decide_evidence(session, path_id(evidence_id), decision, actor=caller)
    await look_at_programs_again(session, caller.organization_id, decided.user_id)
    return EvidenceOut.model_validate(decided)
