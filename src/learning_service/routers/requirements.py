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
from learning_service.schemas.requirements import RequirementOut

router = APIRouter(prefix="/api/compliance-requirements", tags=["compliance"], route_class=KeyedRoute)


Someone = Annotated[Principal, Depends(IsMemberOrAdmin())]


RequirementId = Annotated[str, path_opaque_id("requirement_id", finds=True)]


@router.get("/")
async def list_(
    caller: Someone, session: Session, asked: Annotated[PageRequest, page("compliance-requirements")]
) -> PageOut[RequirementOut]:
    """The organization's requirements, each with the courses that meet it, as far as the caller sees those."""
    rows = await list_requirements(session, caller, asked)
    return PageOut[RequirementOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=RequirementOut.model_validate)
    )


@router.get("/{requirement_id}/")
async def read(caller: Someone, session: Session, requirement_id: RequirementId) -> RequirementOut:
    """One requirement."""
    return RequirementOut.model_validate(await get_requirement(session, caller, requirement_id))


@router.patch("/{requirement_id}/")
async def update(
    caller: Annotated[Principal, Depends(IsAdmin(national=True))],
    session: Session,
    requirement_id: RequirementId,
    change: Annotated[RequirementChangeIn, body(RequirementChangeIn)],
) -> RequirementOut:
    """Set which roles may link courses to it. Links that are there stay."""
    return RequirementOut.model_validate(
        await change_requirement(session, requirement_id, change, actor=caller)
    )
