"""Lessons: completing them."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.ownership import IsEnrollmentOwner, OwnPosition
from learning_service.api.parameters import NoBody, path_id
from learning_service.api.requests import Session
from learning_service.domain.attempts.queries.positions import version_of
from learning_service.domain.completion.actions.lessons import complete_lesson
from learning_service.domain.completion.views.progress import progress_view
from learning_service.domain.enrollments.queries.enrollments import get_enrollment
from learning_service.schemas.enrollments import ProgressOut

router = APIRouter(prefix="/api/lessons", tags=["learning"], route_class=KeyedRoute)
AtLesson = Annotated[OwnPosition, Depends(IsEnrollmentOwner("lesson"))]


@router.post("/{lesson_id}/complete/")
async def complete_lesson_(lesson_id: str, own: AtLesson, session: Session, nothing: NoBody) -> ProgressOut:
    """Note a lesson as completed; the enrollment's progress."""
    version = await version_of(session, own.position)
    after = await complete_lesson(session, own.position, version, path_id(lesson_id))
    view = await get_enrollment(session, after.enrollment_id)
    return ProgressOut.model_validate(progress_view(view, version, after.standing()))
