"""The audit trail."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import page
from learning_service.api.permissions import IsAdmin
from learning_service.api.requests import Session
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AUDIT_ACTIONS
from learning_service.domain.reports.queries.audit import AuditFilter, list_audit
from learning_service.schemas.audit import AuditEntryOut
from learning_service.schemas.common import PageOut
from learning_service.schemas.filters import id_filter, time_filter, uuid_filter

router = APIRouter(prefix="/api/audit", tags=["audit"], route_class=KeyedRoute)
FILTERS = ("subject", "actor", "course_id", "after", "before")


@router.get("/")
async def list_audit_entries(
    caller: Annotated[Principal, Depends(IsAdmin())],
    session: Session,
    asked: Annotated[PageRequest, page("audit", *FILTERS, action=AUDIT_ACTIONS)],
) -> PageOut[AuditEntryOut]:
    """Who did what to whom and when, newest first, of what the caller administers.

    `subject` is the id of a person, or of the thing where an entry concerns no person. Entries are from `after` on
    and before `before`. A regional administrator sees what concerns members, courses and units of the region, and
    what they did themselves where it concerns no person.
    """
    wanted = AuditFilter(
        subject=id_filter(asked, "subject"),
        actor=id_filter(asked, "actor"),
        action=asked.filters.get("action"),
        course_id=uuid_filter(asked, "course_id"),
        after=time_filter(asked, "after"),
        before=time_filter(asked, "before"),
    )
    rows = await list_audit(session, caller, asked, wanted)
    return PageOut[AuditEntryOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=AuditEntryOut.model_validate)
    )
