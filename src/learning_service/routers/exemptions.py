"""Exemptions from requirements and courses."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body, page, path_id
from learning_service.api.permissions import IsAdmin
from learning_service.api.requests import Session
from learning_service.domain.completion.actions.program_entries import look_at_programs_again
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.exemptions.actions import end_exemption, grant_exemption
from learning_service.domain.exemptions.queries import ExemptionFilter, list_exemptions
from learning_service.domain.exemptions.rules import ExemptionIn
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.common import PageOut
from learning_service.schemas.exemptions import ExemptionOut
from learning_service.schemas.filters import FLAG, id_filter, state_filter, uuid_filter

router = APIRouter(prefix="/api/exemptions", tags=["compliance"], route_class=KeyedRoute)
Admin = Annotated[Principal, Depends(IsAdmin(chapters=True))]
FILTERS = ("user_id", "requirement_id", "course_id", "chapter_id")


@router.get("/")
async def list_exemptions_(
    caller: Admin,
    session: Session,
    asked: Annotated[PageRequest, page("exemptions", *FILTERS, in_force=FLAG)],
) -> PageOut[ExemptionOut]:
    """Exemptions of the caller's members that were not taken back, newest first.

    `?in_force=true` leaves out those whose end has passed, `false` shows only them.
    """
    wanted = ExemptionFilter(
        user_id=id_filter(asked, "user_id"),
        requirement_id=id_filter(asked, "requirement_id"),
        course_id=uuid_filter(asked, "course_id"),
        chapter_id=id_filter(asked, "chapter_id"),
        in_force=state_filter(asked, "in_force"),
    )
    reach = reach_of(caller, chapters=True)
    rows = await list_exemptions(session, caller.organization_id, reach, asked, wanted)
    return PageOut[ExemptionOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=ExemptionOut.model_validate)
    )


@router.post("/", status_code=201)
async def grant_exemption_(
    caller: Admin, session: Session, new: Annotated[ExemptionIn, body(ExemptionIn)]
) -> ExemptionOut:
    """Exempt a member from a requirement or a course, until a day or without end.

    The member counts as `exempt`, and what they need not do as done in the steps of programs. Rules, assignments,
    renewals and reminders pass over the member; a course that is open stays so, and members may still enroll
    themselves. Who is exempt from every open course of a requirement is exempt from it.
    """
    granted = await grant_exemption(session, new, actor=caller)
    await look_at_programs_again(session, caller.organization_id, granted.user_id)
    return ExemptionOut.model_validate(granted)


@router.delete("/{exemption_id}/", status_code=204)
async def end_exemption_(exemption_id: str, caller: Admin, session: Session) -> None:
    """Take an exemption back. From now on it counts no more; programs that are under way ask for the course again."""
    ended = await end_exemption(session, path_id(exemption_id), actor=caller)
    await look_at_programs_again(session, caller.organization_id, ended.user_id)
