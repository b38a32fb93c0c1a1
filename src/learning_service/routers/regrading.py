"""When a key was wrong: a person's word over a mark, and what the answers say about the questions."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.ownership import CanOverrideMark, OwnPosition
from learning_service.api.parameters import VersionNumber, body
from learning_service.api.permissions import CanAuthorCourses
from learning_service.api.requests import Caller, Session
from learning_service.domain.completion.actions.overrides import override_mark
from learning_service.domain.completion.actions.statistics import version_statistics
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.versions import find_version
from learning_service.schemas.grading import GradeOut, OverrideIn
from learning_service.schemas.statistics import VersionStatisticsOut

router = APIRouter(prefix="/api", tags=["grading"], route_class=KeyedRoute)
Authored = Annotated[CourseAccess, Depends(CanAuthorCourses())]


@router.post("/attempts/{attempt_id}/overrides/")
async def override_mark_(
    learner: Annotated[OwnPosition, Depends(CanOverrideMark())],
    caller: Caller,
    session: Session,
    sent: Annotated[OverrideIn, body(OverrideIn)],
) -> GradeOut:
    """Override the mark of a question with a person's own, and say why; everything follows as from a grade.

    It works for questions of every type in closed attempts, and also corrects a grade that the caller may correct.
    No key and no regrade changes the mark afterwards.
    """
    result = await override_mark(
        session,
        learner.position,
        sent.question_id,
        points=sent.points,
        reason=sent.reason,
        actor=caller,
    )
    return GradeOut.of(result)


@router.get("/courses/{course_id}/versions/{number}/statistics/")
async def read_version_statistics(
    access: Authored, session: Session, number: VersionNumber
) -> VersionStatisticsOut:
    """What the answers say about a version's questions: how hard they are, what they tell apart, which look wrong.

    Of each enrollment the best graded attempt counts. Alpha and discrimination are `raw_alpha` and `r.drop` of R's
    `psych::alpha`.
    """
    version = await find_version(session, access.view.id, number)
    return VersionStatisticsOut.model_validate(await version_statistics(session, version))
