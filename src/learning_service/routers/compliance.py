"""Compliance as administrators see it, member by member."""

from typing import Annotated, get_args

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import page
from learning_service.api.permissions import IsAdmin
from learning_service.api.requests import Session
from learning_service.domain.compliance.queries import list_statuses
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import within
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.reports.queries.compliance import ReportFilter, check_filter
from learning_service.schemas.common import PageOut
from learning_service.schemas.compliance import ComplianceOut, ComplianceStatus
from learning_service.schemas.filters import id_filter

router = APIRouter(prefix="/api/compliance", tags=["compliance"], route_class=KeyedRoute)
STATUSES = get_args(ComplianceStatus)


@router.get("/statuses/")
async def list_compliance_statuses(
    caller: Annotated[Principal, Depends(IsAdmin(chapters=True))],
    session: Session,
    asked: Annotated[
        PageRequest, page("compliance-statuses", "requirement_id", "chapter_id", status=STATUSES, key_parts=2)
    ],
) -> PageOut[ComplianceOut]:
    """Where the caller's members stand with each requirement, also where nothing has begun."""
    wanted = ReportFilter(
        requirement_id=id_filter(asked, "requirement_id"), chapter_id=id_filter(asked, "chapter_id")
    )
    status = asked.filters.get("status")
    reach = reach_of(caller, chapters=True)
    await check_filter(session, caller.organization_id, wanted, reach)
    who = within(caller.organization_id, reach)
    if wanted.chapter_id is not None:
        who = who & (Member.chapter_id == wanted.chapter_id)
    rows = await list_statuses(
        session, caller.organization_id, who, asked, requirement_id=wanted.requirement_id, status=status
    )
    return PageOut[ComplianceOut](
        **page_of(
            rows,
            asked,
            key=lambda row: (row.user_id, row.requirement_id),
            item=ComplianceOut.model_validate,
        )
    )
