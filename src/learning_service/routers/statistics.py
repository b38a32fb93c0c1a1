"""What the answers to a version say about its questions."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import VersionNumber
from learning_service.api.permissions import CanAuthorCourses
from learning_service.api.requests import Session
from learning_service.domain.completion.actions.statistics import version_statistics
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.versions import find_version
from learning_service.schemas.statistics import VersionStatisticsOut

router = APIRouter(prefix="/api/courses", tags=["grading"], route_class=KeyedRoute)


@router.get("/{course_id}/versions/{number}/statistics/")
async def read_version_statistics(
    access: Annotated[CourseAccess, Depends(CanAuthorCourses())], session: Session, number: VersionNumber
) -> VersionStatisticsOut:
    """What the answers say about a version's questions: how hard they are, what they tell apart, which look wrong.

    Of each enrollment the best graded attempt counts. Alpha and discrimination are `raw_alpha` and `r.drop` of R's
    `psych::alpha`.
    """
    version = await find_version(session, access.view.id, number)
    return VersionStatisticsOut.model_validate(await version_statistics(session, version))
