"""Programs: paths through courses, by steps."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from learning_service.adapters.pool_work import missing_glyphs
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import NoBody, body, page
from learning_service.api.permissions import AnyCaller, CanMakeCourses, IsMember, IsMemberOrAdmin
from learning_service.api.program_permissions import CanAssignProgram, CanAuthorProgram, CanSeeProgram
from learning_service.api.requests import Session
from learning_service.api.routes import Responses
from learning_service.domain.assignments.rules.policy import AssignmentIn
from learning_service.domain.completion.actions.program_entries import assign_program, enroll_in_program
from learning_service.domain.completion.queries.own_programs import list_own_programs, own_program
from learning_service.domain.courses.actions.courses import delete_course
from learning_service.domain.courses.actions.programs import change_program, create_program, publish_program
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.programs import get_program, list_programs
from learning_service.domain.courses.rules.programs import PROGRAM, ProgramChangeIn, ProgramIn
from learning_service.domain.enrollments.queries.enrollments import see_course
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.assignments import AssignedOut, SkippedMemberOut, StartedRunOut
from learning_service.schemas.common import PageOut
from learning_service.schemas.programs import OwnProgramOut, ProgramOut

router = APIRouter(prefix="/api", tags=["programs"], route_class=KeyedRoute)
Someone = Annotated[Principal, Depends(AnyCaller())]
Maker = Annotated[Principal, Depends(CanMakeCourses())]
Seen = Annotated[CourseAccess, Depends(CanSeeProgram())]
Authored = Annotated[CourseAccess, Depends(CanAuthorProgram())]
Assignable = Annotated[CourseAccess, Depends(CanAssignProgram())]
STARTED: Responses = {202: {"model": StartedRunOut, "description": "More than 5,000 members: a run does it"}}
ENROLLED: Responses = {200: {"description": "Enrolled already"}}


@router.get("/programs/")
async def list_programs_(
    caller: Annotated[Principal, Depends(IsMemberOrAdmin())],
    session: Session,
    asked: Annotated[PageRequest, page("programs")],
) -> PageOut[ProgramOut]:
    """Programs that the caller may enter, author or assign, newest first."""
    rows = await list_programs(session, caller, asked)
    return PageOut[ProgramOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=ProgramOut.model_validate)
    )


@router.post("/programs/", status_code=201)
async def create_program_(
    caller: Maker, session: Session, new: Annotated[ProgramIn, body(ProgramIn)]
) -> ProgramOut:
    """Make a program of published courses. It has a draft from the start, and is open once that is published."""
    program_id = await create_program(session, new, actor=caller)
    return await _shown(session, await see_course(session, caller, program_id, kind=PROGRAM))


@router.get("/programs/{program_id}/")
async def read_program(access: Seen, caller: Someone, session: Session) -> ProgramOut:
    """One program."""
    return await _shown(session, access)


@router.patch("/programs/{program_id}/")
async def update_program(
    access: Authored,
    caller: Someone,
    session: Session,
    sent: Annotated[ProgramChangeIn, body(ProgramChangeIn)],
) -> ProgramOut:
    """Change a program. Its requirement and self-enrollment change at once, all else in its draft."""
    await change_program(session, access, sent, actor=caller)
    return await _shown(session, access)


@router.delete("/programs/{program_id}/", status_code=204)
async def delete_program(access: Authored, caller: Someone, session: Session, nothing: NoBody) -> None:
    """Delete a program that was never published."""
    await delete_course(session, access.view.id, actor=caller)


@router.post("/programs/{program_id}/publish/")
async def publish_program_(
    access: Authored, caller: Someone, session: Session, nothing: NoBody
) -> ProgramOut:
    """Freeze the draft as the version that new enrollments get; members who are enrolled keep theirs."""
    await publish_program(session, access.view.id, actor=caller, missing_glyphs=missing_glyphs)
    return await _shown(session, access)


@router.post("/programs/{program_id}/assign/", response_model=AssignedOut, responses=STARTED)
async def assign_program_(
    access: Assignable, caller: Someone, session: Session, sent: Annotated[AssignmentIn, body(AssignmentIn)]
) -> Any:
    """Assign the program to members by id, or to those members of an audience whom the caller administers.

    They are enrolled in what comes first; what they have completed before counts. Without `due_at` the program's own
    `due_in_days` holds.
    """
    done = await assign_program(session, access, sent, actor=caller)
    if done.run_id is not None:
        started = StartedRunOut(run_id=done.run_id).model_dump_json()
        return Response(started, status_code=202, media_type="application/json")
    skipped = [
        SkippedMemberOut.model_validate({"user_id": user_id, "reason": reason})
        for user_id, reason in done.skipped
    ]
    return AssignedOut(assigned=done.assigned, already_enrolled=done.already_enrolled, skipped=skipped)


@router.post("/programs/{program_id}/enroll/", status_code=201, responses=ENROLLED)
async def enroll_in_program_(
    access: Seen, caller: Someone, session: Session, nothing: NoBody, response: Response
) -> OwnProgramOut:
    """Enroll in the published version, and in the courses that come first; what was completed before counts."""
    made = await enroll_in_program(session, access, actor=caller)
    response.status_code = 201 if made else 200
    return OwnProgramOut.model_validate(await own_program(session, caller, access.view.id))


@router.get("/users/programs/")
async def list_my_programs(
    caller: Annotated[Principal, Depends(IsMember())],
    session: Session,
    asked: Annotated[PageRequest, page("own-programs")],
) -> PageOut[OwnProgramOut]:
    """The caller's programs, newest first, with their steps and what is to be done now."""
    rows = await list_own_programs(session, caller, asked)
    return PageOut[OwnProgramOut](
        **page_of(rows, asked, key=lambda row: (row.enrollment_id,), item=OwnProgramOut.model_validate)
    )


async def _shown(session: Session, access: CourseAccess) -> ProgramOut:
    return ProgramOut.model_validate(await get_program(session, access))
