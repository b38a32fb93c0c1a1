"""Compliance requirements: which courses meet them, and who may link one."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body, page, path_opaque_id
from learning_service.api.permissions import IsAdmin, IsMemberOrAdmin
from learning_service.api.requests import Session
from learning_service.domain.courses.actions.requirements import change_requirement
from learning_service.domain.courses.queries.requirements import get_requirement, list_requirements
from learning_service.domain.courses.rules.requirements import RequirementChangeIn
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.common import PageOut
from learning_service.schemas.filters import FLAG, flag_filter
from learning_service.schemas.requirements import RequirementOut

router = APIRouter(prefix="/api/compliance-requirements", tags=["compliance"], route_class=KeyedRoute)


Someone = Annotated[Principal, Depends(IsMemberOrAdmin())]


RequirementId = Annotated[str, path_opaque_id("requirement_id", finds=True)]


@router.get("/")
async def list_requirements_(
    caller: Someone,
    session: Session,
    asked: Annotated[PageRequest, page("compliance-requirements", closed=FLAG)],
) -> PageOut[RequirementOut]:
    """The organization's requirements, each with the courses that meet it, as far as the caller sees those.

    `?closed=true` shows retired ones too.
    """
    rows = await list_requirements(session, caller, asked, closed=flag_filter(asked, "closed"))
    return PageOut[RequirementOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=RequirementOut.model_validate)
    )


@router.get("/{requirement_id}/")
async def read_requirement(
    caller: Someone, session: Session, requirement_id: RequirementId
) -> RequirementOut:
    """One requirement."""
    return RequirementOut.model_validate(await get_requirement(session, caller, requirement_id))


@router.patch("/{requirement_id}/")
async def update_requirement(
    caller: Annotated[Principal, Depends(IsAdmin(national=True))],
    session: Session,
    requirement_id: RequirementId,
    change: Annotated[RequirementChangeIn, body(RequirementChangeIn)],
) -> RequirementOut:
    """Say who must meet it, and which roles may link courses to it. Links that are there stay.

    Of an audience only active members must meet it. `"audience_filter": null` means all of them.
    """
    return RequirementOut.model_validate(
        await change_requirement(session, requirement_id, change, actor=caller)
    )
