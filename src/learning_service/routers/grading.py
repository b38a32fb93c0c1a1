"""Grading by hand: the review queue, and passes that corrections put in doubt."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import NoBody, body, page
from learning_service.api.permissions import (
    AdministersEnrollment,
    CanGradeAssessments,
    CanGradeGroup,
    CanGradeResponse,
    CanReleaseClaim,
    IsAdmin,
)
from learning_service.api.requests import Caller, Session
from learning_service.domain.completion.actions.grades import grade_response
from learning_service.domain.completion.actions.group_grades import grade_group
from learning_service.domain.completion.actions.lost_passes import decide_lost_pass
from learning_service.domain.completion.queries.answer_groups import (
    AnswerGroupView,
    GradedGroup,
    list_groups,
)
from learning_service.domain.completion.queries.grading_lists import count_pending, list_given_grades
from learning_service.domain.completion.queries.lost_passes import LostPassView, list_lost_passes
from learning_service.domain.completion.queries.review import review_views
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.grading.actions import claim_next, claim_response, release_claim
from learning_service.domain.grading.queries import (
    WaitingResponse,
    get_waiting,
    list_pending,
)
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.queries import organization_settings
from learning_service.schemas.common import PageOut
from learning_service.schemas.filters import uuid_filter
from learning_service.schemas.grading import (
    AnswerGroupOut,
    CourseQueueOut,
    DecidedLostPassOut,
    GivenGradeOut,
    GradeIn,
    GradeOut,
    GradingSummaryOut,
    GroupGradedOut,
    GroupGradeIn,
    LostPassDecisionIn,
    LostPassOut,
    PendingResponseOut,
)

router = APIRouter(prefix="/api/learning/grading", tags=["grading"], route_class=KeyedRoute)
Grader = Annotated[Principal, Depends(CanGradeAssessments())]
Gradable = Annotated[WaitingResponse, Depends(CanGradeResponse())]


@router.get("/pending/")
async def list_pending_responses(
    caller: Grader,
    session: Session,
    asked: Annotated[PageRequest, page("grading-pending", "course_id", key_parts=2)],
) -> PageOut[PendingResponseOut]:
    """What waits for the caller, oldest first; never their own responses."""
    rows = await list_pending(session, caller, asked, course_id=uuid_filter(asked, "course_id"))
    views = dict(
        zip((row.id for row in rows), await review_views(session, caller.organization_id, rows), strict=True)
    )
    return PageOut[PendingResponseOut](
        **page_of(
            rows,
            asked,
            key=lambda row: (row.submitted_at.isoformat(), row.id),
            item=lambda row: PendingResponseOut.model_validate(views[row.id]),
        )
    )


@router.get("/summary/")
async def read_grading_summary(caller: Grader, session: Session) -> GradingSummaryOut:
    """How much waits for the caller, and in which courses; what `pending` lists, counted."""
    courses = await count_pending(session, caller)
    return GradingSummaryOut(
        pending=sum(one.pending for one in courses),
        oldest_submitted_at=min((one.oldest_submitted_at for one in courses), default=None),
        by_course=[CourseQueueOut.model_validate(one) for one in courses],
    )


@router.get("/history/")
async def list_grading_history(
    caller: Grader, session: Session, asked: Annotated[PageRequest, page("grading-history")]
) -> PageOut[GivenGradeOut]:
    """What the caller has graded, newest first: one entry for each grade and each correction.

    Responses that the caller may no longer grade are left out.
    """
    rows = await list_given_grades(session, caller, asked)
    blind = (await organization_settings(session, caller.organization_id)).blind_grading
    return PageOut[GivenGradeOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=lambda row: GivenGradeOut.of(row, blind=blind))
    )


@router.get("/lost-passes/")
async def list_lost_passes_(
    caller: Annotated[Principal, Depends(IsAdmin())],
    session: Session,
    asked: Annotated[PageRequest, page("lost-passes")],
) -> PageOut[LostPassOut]:
    """Passes that a correction has put in doubt, newest first; what they led to stands until a person decides."""
    rows = await list_lost_passes(session, caller, asked)

    def key(row: LostPassView) -> tuple[uuid.UUID]:
        return (row.id,)

    return PageOut[LostPassOut](**page_of(rows, asked, key=key, item=LostPassOut.model_validate))


@router.get("/groups/")
async def list_answer_groups(
    caller: Grader,
    session: Session,
    asked: Annotated[PageRequest, page("answer-groups", "course_id", key_parts=2)],
) -> PageOut[AnswerGroupOut]:
    """What waits for the caller, with answers to a question that read alike as one, most first.

    Answers are alike when the question's rules take them for the same: case, spaces and the like make no difference.
    Texts of more than 200 characters are alike only when they are the same.
    """
    rows = await list_groups(session, caller, asked, course_id=uuid_filter(asked, "course_id"))

    def key(row: AnswerGroupView) -> tuple[int, uuid.UUID]:
        return row.count, row.group_id

    return PageOut[AnswerGroupOut](**page_of(rows, asked, key=key, item=AnswerGroupOut.model_validate))


@router.post("/groups/{group_id}/")
async def grade_answer_group(
    group: Annotated[GradedGroup, Depends(CanGradeGroup())],
    caller: Caller,
    session: Session,
    sent: Annotated[GroupGradeIn, body(GroupGradeIn)],
) -> GroupGradedOut:
    """Grade all answers of a group by one grade; later answers of the same text get it when they are handed in.

    The first twenty have it at once, the rest within seconds. What another grader holds is left to that grader, and
    the grader's own answers wait for another one.
    """
    graded = await grade_group(
        session, group, points=sent.points, feedback=sent.feedback, accept=sent.accept, actor=caller
    )
    return GroupGradedOut.model_validate(graded)


@router.post("/lost-passes/{enrollment_id}/")
async def decide_lost_pass_(
    enrollment: Annotated[EnrollmentView, Depends(AdministersEnrollment(chapters=False))],
    caller: Caller,
    session: Session,
    sent: Annotated[LostPassDecisionIn, body(LostPassDecisionIn)],
) -> DecidedLostPassOut:
    """Keep a pass in doubt as it was, or revoke it: then what graders say now holds, and a certificate that it does
    not bear is revoked."""
    decided = await decide_lost_pass(session, enrollment.id, sent.decision, reason=sent.reason, actor=caller)
    return DecidedLostPassOut.model_validate(decided)


@router.post(
    "/next/",
    response_model=PendingResponseOut,
    responses={204: {"description": "No response waits that is free to claim"}},
)
async def claim_next_response(
    caller: Grader, session: Session, nothing: NoBody
) -> PendingResponseOut | Response:
    """Claim the oldest response that is free, for 15 minutes."""
    claimed = await claim_next(session, actor=caller)
    if claimed is None:
        return Response(status_code=204)
    return await _shown(session, caller, claimed)


@router.post("/{response_id}/claim/")
async def claim_response_(
    caller: Caller, response: Gradable, session: Session, nothing: NoBody
) -> PendingResponseOut:
    """Claim a response for 15 minutes; claiming it again renews the claim."""
    await claim_response(session, response.id, actor=caller)
    return await _shown(session, caller, response.id)


@router.delete("/{response_id}/claim/", status_code=204)
async def release_response(
    response: Annotated[WaitingResponse, Depends(CanReleaseClaim())], session: Session
) -> None:
    """Give a response back before the 15 minutes are over, for others to take. One that is free stays free."""
    await release_claim(session, response.id, response.claimed_by)


async def _shown(session: Session, caller: Principal, response_id: uuid.UUID) -> PendingResponseOut:
    row = await get_waiting(session, response_id)
    [view] = await review_views(session, caller.organization_id, [row])
    return PendingResponseOut.model_validate(view)


@router.post("/{response_id}/")
async def grade_response_(
    caller: Caller, response: Gradable, session: Session, sent: Annotated[GradeIn, body(GradeIn)]
) -> GradeOut:
    """Grade a response, or correct its grade; when that decides the attempt, everything that follows happens."""
    result = await grade_response(
        session,
        response,
        points=sent.points,
        feedback=sent.feedback,
        keep_feedback="feedback" not in sent.model_fields_set,
        correction=sent.correction,
        actor=caller,
    )
    return GradeOut.of(result)
