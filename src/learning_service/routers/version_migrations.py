"""Moves of open enrollments to another version of their course."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import VersionNumber, body
from learning_service.api.permissions import CanAuthorCourses
from learning_service.api.requests import Caller, Session
from learning_service.api.routes import Responses
from learning_service.domain.completion.actions.version_migrations import (
    forecast_migration,
    start_migration,
)
from learning_service.domain.completion.rules.moving import MigrationIn
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.versions import find_version
from learning_service.schemas.runs import StartedOut
from learning_service.schemas.version_migrations import MigrationForecastOut

router = APIRouter(prefix="/api/courses", tags=["authoring"], route_class=KeyedRoute)
STARTED: Responses = {202: {"model": StartedOut, "description": "Without a dry run: a run moves them"}}


@router.post(
    "/{course_id}/versions/{number}/migrations/", response_model=MigrationForecastOut, responses=STARTED
)
async def create_migration(
    access: Annotated[CourseAccess, Depends(CanAuthorCourses())],
    caller: Caller,
    session: Session,
    number: VersionNumber,
    sent: Annotated[MigrationIn | None, body(MigrationIn, optional=True)],
) -> Any:
    """Move open enrollments to this version. They keep what is the same there, by key and content.

    A quiz whose questions, points or pass score changed is to be taken again, with all its attempts; a title, a place
    or a wording loses nothing. Nobody fails by it: who would stays where they are. While an attempt is under way its
    enrollment waits.
    """
    wanted = sent or MigrationIn()
    version = await find_version(session, access.view.id, number)
    if wanted.dry_run:
        forecast = await forecast_migration(session, version, wanted, actor=caller)
        return MigrationForecastOut.model_validate(forecast)
    started = StartedOut(run_id=await start_migration(session, version, wanted, actor=caller))
    return Response(started.model_dump_json(), status_code=202, media_type="application/json")
