"""Regrades: what correcting a wrong key would change, and its doing."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import NoBody, VersionNumber, body
from learning_service.api.permissions import CanAuthorCourses, CanAuthorRegrade
from learning_service.api.requests import Caller, Session
from learning_service.domain.completion.actions.regrades import Proposal, apply_regrade, preview_regrade
from learning_service.domain.completion.queries.regrades import AuthoredRegrade
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.versions import find_version
from learning_service.schemas.regrades import RegradeIn, RegradeOut

router = APIRouter(prefix="/api", tags=["grading"], route_class=KeyedRoute)
Authored = Annotated[CourseAccess, Depends(CanAuthorCourses())]
OwnRegrade = Annotated[AuthoredRegrade, Depends(CanAuthorRegrade())]


@router.post("/courses/{course_id}/versions/{number}/regrades/", status_code=201)
async def create_regrade(
    access: Authored,
    caller: Caller,
    session: Session,
    number: VersionNumber,
    sent: Annotated[RegradeIn, body(RegradeIn)],
) -> RegradeOut:
    """Preview what correcting a version's keys or points would change. Nothing is changed by it.

    It says what applying would do now, of closed attempts at the quizzes with a corrected question. Keys and points
    are those in force, with what was corrected before.
    """
    version = await find_version(session, access.view.id, number)
    proposal = Proposal(sent.changes, sent.policy, sent.lower, sent.note)
    regrade = await preview_regrade(session, version, proposal, actor=caller)
    return RegradeOut.of(regrade, course_id=access.view.id, version=number)


@router.get("/regrades/{regrade_id}/")
async def read_regrade(found: OwnRegrade) -> RegradeOut:
    """A regrade: what it would do, or once it is applied what it has done so far."""
    return RegradeOut.of(found.regrade, course_id=found.course_id, version=found.version)


@router.post("/regrades/{regrade_id}/apply/", status_code=202)
async def apply_regrade_(found: OwnRegrade, caller: Caller, session: Session, nothing: NoBody) -> RegradeOut:
    """Correct the version from now on, and grade its closed attempts anew in the background.

    Scores, outcomes and all that follows come to be as if the key had been right from the start. A pass that would be
    lost goes to the lost passes and counts until a person has decided. A person's marks stay. The version's tree
    stays too, with the correction beside it; the draft gets the new keys and points.
    """
    regrade = await apply_regrade(session, found.regrade.id, actor=caller)
    return RegradeOut.of(regrade, course_id=found.course_id, version=found.version)
