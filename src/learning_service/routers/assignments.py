"""Assigning courses: by hand, by rules, and the runs of both."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import NoBody, body, page, path_id
from learning_service.api.permissions import CanAssignCourse, IsAdmin
from learning_service.api.requests import Caller, Session
from learning_service.api.routes import Responses
from learning_service.domain.assignments.actions.manual_assignments import assign_course
from learning_service.domain.assignments.actions.rules import create_rule, delete_rule, update_rule
from learning_service.domain.assignments.actions.runs import preview_rule, run_rule
from learning_service.domain.assignments.actions.undoing import undo_run
from learning_service.domain.assignments.queries.rules import (
    find_run,
    get_rule,
    list_rules,
    list_runs,
    run_view,
)
from learning_service.domain.assignments.rules.policy import AssignmentIn, RuleChangeIn, RuleIn
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.assignments import (
    AssignedOut,
    PreviewOut,
    RuleOut,
    RunOut,
    SkippedMemberOut,
    StartedRunOut,
)
from learning_service.schemas.common import PageOut

router = APIRouter(prefix="/api", tags=["assignments"], route_class=KeyedRoute)
Admin = Annotated[Principal, Depends(IsAdmin())]
AnyAdmin = Annotated[Principal, Depends(IsAdmin(chapters=True))]
STARTED: Responses = {202: {"model": StartedRunOut, "description": "More than 5,000 members: a run does it"}}


@router.post("/courses/{course_id}/assign/", response_model=AssignedOut, responses=STARTED)
async def assign_course_(
    course: Annotated[UUID, Depends(CanAssignCourse())],
    caller: Caller,
    session: Session,
    sent: Annotated[AssignmentIn, body(AssignmentIn)],
) -> Any:
    """Assign the course to members by id, or to those members of an audience whom the caller administers."""
    done = await assign_course(session, course, sent, actor=caller)
    if done.run_id is not None:
        return Response(
            StartedRunOut(run_id=done.run_id).model_dump_json(),
            status_code=202,
            media_type="application/json",
        )
    skipped = [
        SkippedMemberOut.model_validate({"user_id": user_id, "reason": reason})
        for user_id, reason in done.skipped
    ]
    return AssignedOut(assigned=done.assigned, already_enrolled=done.already_enrolled, skipped=skipped)


@router.get("/assignment-rules/")
async def list_assignment_rules(
    caller: Admin, session: Session, asked: Annotated[PageRequest, page("assignment-rules")]
) -> PageOut[RuleOut]:
    """Rules that reach the caller's members, newest first."""
    rows = await list_rules(session, caller, asked)
    return PageOut[RuleOut](**page_of(rows, asked, key=lambda row: (row.id,), item=RuleOut.model_validate))


@router.post("/assignment-rules/", status_code=201)
async def create_assignment_rule(
    caller: Admin, session: Session, new: Annotated[RuleIn, body(RuleIn)]
) -> RuleOut:
    """Make a rule. It reaches only members whom its last editor administers and whom the course is for."""
    rule_id = await create_rule(session, new, actor=caller)
    return RuleOut.model_validate(await get_rule(session, caller, rule_id))


@router.get("/assignment-rules/runs/{run_id}/")
async def read_assignment_run(run_id: str, caller: AnyAdmin, session: Session) -> RunOut:
    """What a run did so far."""
    return RunOut.model_validate(
        await run_view(session, caller, await find_run(session, caller, path_id(run_id)))
    )


@router.post("/assignment-rules/runs/{run_id}/undo/")
async def undo_assignment_run(run_id: str, caller: AnyAdmin, session: Session, nothing: NoBody) -> RunOut:
    """Undo a run: remove its enrollments that have not been begun, many of them in the background."""
    return RunOut.model_validate(
        await run_view(session, caller, await undo_run(session, path_id(run_id), actor=caller))
    )


@router.get("/assignment-rules/{rule_id}/")
async def read_assignment_rule(rule_id: str, caller: Admin, session: Session) -> RuleOut:
    """One rule."""
    return RuleOut.model_validate(await get_rule(session, caller, path_id(rule_id)))


@router.patch("/assignment-rules/{rule_id}/")
async def update_assignment_rule(
    rule_id: str, caller: Admin, session: Session, sent: Annotated[RuleChangeIn, body(RuleChangeIn)]
) -> RuleOut:
    """Change a rule. What it assigned stays."""
    await update_rule(session, path_id(rule_id), sent, actor=caller)
    return RuleOut.model_validate(await get_rule(session, caller, path_id(rule_id)))


@router.delete("/assignment-rules/{rule_id}/", status_code=204)
async def delete_assignment_rule(rule_id: str, caller: Admin, session: Session) -> None:
    """Take a rule out of use. What it assigned stays, and its runs can still be read."""
    await delete_rule(session, path_id(rule_id), actor=caller)


@router.post("/assignment-rules/{rule_id}/preview/")
async def preview_assignment_rule(
    rule_id: str, caller: Admin, session: Session, nothing: NoBody
) -> PreviewOut:
    """What a run of the rule would do now to the members whom the caller administers; changes nothing."""
    return PreviewOut.model_validate(await preview_rule(session, path_id(rule_id), actor=caller))


@router.post("/assignment-rules/{rule_id}/run/", status_code=202)
async def run_assignment_rule(
    rule_id: str, caller: Admin, session: Session, nothing: NoBody
) -> StartedRunOut:
    """Run a rule for those who match now, whatever else sets it off, in the background."""
    return StartedRunOut(run_id=await run_rule(session, path_id(rule_id), actor=caller))


@router.get("/assignment-rules/{rule_id}/runs/")
async def list_assignment_runs(
    rule_id: str, caller: Admin, session: Session, asked: Annotated[PageRequest, page("assignment-runs")]
) -> PageOut[RunOut]:
    """The runs of a rule, newest first."""
    rows = await list_runs(session, caller, path_id(rule_id), asked)
    return PageOut[RunOut](**page_of(rows, asked, key=lambda row: (row.run_id,), item=RunOut.model_validate))
