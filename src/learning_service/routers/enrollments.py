"""Enrollments as administrators see and change them."""

from typing import Annotated

from fastapi import APIRouter, Depends

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import body, page
from learning_service.api.permissions import AdministersEnrollment, IsAdmin
from learning_service.api.requests import Caller, Session
from learning_service.domain.completion.actions.enrollment_changes import (
    EnrollmentChange,
    change_enrollment,
    delete_enrollment,
    grant_attempts,
    withdraw_enrollment,
)
from learning_service.domain.completion.queries.completions import finishes
from learning_service.domain.completion.queries.enrollments import (
    EnrollmentFilter,
    Source,
    explain_enrollment,
    list_enrollments,
)
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView, get_enrollment
from learning_service.domain.kernel.errors import Forbidden
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.common import PageOut
from learning_service.schemas.enrollments import (
    STATUSES,
    EnrollmentChangeIn,
    EnrollmentOut,
    ExplanationOut,
    GrantIn,
    GrantOut,
    MemberEnrollmentOut,
    SourceOut,
    WithdrawalIn,
)
from learning_service.schemas.filters import FLAG, flag_filter, id_filter, uuid_filter

router = APIRouter(prefix="/api/enrollments", tags=["enrollments"], route_class=KeyedRoute)


class AdministersAnother(AdministersEnrollment):
    """The same, of another member's enrollment: administrators cannot give themselves time or attempts."""

    async def __call__(self, caller: Caller, session: Session, enrollment_id: str) -> EnrollmentView:
        """The enrollment. Raises Forbidden, NotFound."""
        enrollment = await super().__call__(caller, session, enrollment_id)
        if enrollment.user_id == caller.user_id:
            raise Forbidden("You cannot grant anything to yourself; ask another administrator.")
        return enrollment


Administered = Annotated[EnrollmentView, Depends(AdministersEnrollment())]
ForAdmins = Annotated[EnrollmentView, Depends(AdministersEnrollment(chapters=False))]
Extended = Annotated[EnrollmentView, Depends(AdministersAnother())]
Granted = Annotated[EnrollmentView, Depends(AdministersAnother(chapters=False))]


@router.get("/")
async def list_enrollments_(
    caller: Annotated[Principal, Depends(IsAdmin(chapters=True))],
    session: Session,
    asked: Annotated[
        PageRequest,
        page("enrollments", "user_id", "course_id", "chapter_id", status=STATUSES, withdrawn=FLAG),
    ],
) -> PageOut[MemberEnrollmentOut]:
    """Enrollments of the members whom the caller administers, newest first. `?withdrawn=true`: the withdrawn ones."""
    wanted = EnrollmentFilter(
        user_id=id_filter(asked, "user_id"),
        course_id=uuid_filter(asked, "course_id"),
        chapter_id=id_filter(asked, "chapter_id"),
        status=asked.filters.get("status"),
        withdrawn=flag_filter(asked, "withdrawn"),
    )
    rows = await list_enrollments(session, caller, asked, wanted)
    found = await finishes(session, rows)
    return PageOut[MemberEnrollmentOut](
        **page_of(
            rows,
            asked,
            key=lambda row: (row.id,),
            item=lambda row: MemberEnrollmentOut.of(row, found[row.id]),
        )
    )


async def _shown(session: Session, enrollment: EnrollmentView) -> MemberEnrollmentOut:
    found = await finishes(session, [enrollment])
    return MemberEnrollmentOut.of(enrollment, found[enrollment.id])


@router.get("/{enrollment_id}/")
async def read_enrollment(enrollment: Administered, session: Session) -> MemberEnrollmentOut:
    """One enrollment."""
    return await _shown(session, enrollment)


@router.patch("/{enrollment_id}/")
async def update_enrollment(
    enrollment: Extended,
    caller: Caller,
    session: Session,
    sent: Annotated[EnrollmentChangeIn | None, body(EnrollmentChangeIn, optional=True)],
) -> MemberEnrollmentOut:
    """Change the due time, or give extra time; that also moves the deadline of an attempt under way."""
    if sent is not None:
        wanted = EnrollmentChange(
            fields=frozenset(sent.model_fields_set),
            due_at=sent.due_at,
            extra_time_seconds=sent.extra_time_seconds,
            reason=sent.reason,
        )
        await change_enrollment(session, enrollment.id, wanted, actor=caller)
    return await _shown(session, await get_enrollment(session, enrollment.id))


@router.delete("/{enrollment_id}/", status_code=204)
async def delete_enrollment_(enrollment: Administered, caller: Caller, session: Session) -> None:
    """Remove an enrollment that has not been begun."""
    await delete_enrollment(session, enrollment.id, actor=caller)


@router.get("/{enrollment_id}/explain/")
async def explain_enrollment_(enrollment: Administered, session: Session) -> ExplanationOut:
    """Why the enrollment exists: which rule, event or person made it, and when; and what assigned it again since."""
    told = await explain_enrollment(session, enrollment)
    sources = [_source(one) for one in told.sources]
    return ExplanationOut(
        enrollment_id=enrollment.id,
        user_id=enrollment.user_id,
        course_id=enrollment.course_id,
        source=EnrollmentOut.model_validate(enrollment).source,
        cause=sources[0].cause,
        sources=sources,
        assigned_at=enrollment.assigned_at,
        started_at=told.started_at,
        ended_at=told.ended_at,
        due_at=enrollment.due_at,
        extra_time_seconds=told.extra_time_seconds,
        grants=[GrantOut.model_validate(grant) for grant in told.grants],
    )


def _source(told: Source) -> SourceOut:
    cause = {
        "kind": told.cause_kind,
        "id": told.cause_id,
        "rule_id": told.rule_id,
        "run_id": told.run_id,
        "event_source": told.event_source,
        "event_id": told.event_id,
    }
    return SourceOut.model_validate(
        {"source": told.source, "cause": cause, "due_at": told.due_at, "assigned_at": told.assigned_at}
    )


@router.post("/{enrollment_id}/attempts/")
async def grant_attempts_(
    enrollment: Granted, caller: Caller, session: Session, sent: Annotated[GrantIn, body(GrantIn)]
) -> MemberEnrollmentOut:
    """Allow more attempts at a quiz or the assessment. A failed enrollment goes on."""
    quiz_id, kind = sent.target
    await grant_attempts(
        session,
        enrollment.id,
        quiz_id=quiz_id,
        kind=kind,
        extra=sent.extra,
        reason=sent.reason,
        actor=caller,
    )
    return await _shown(session, await get_enrollment(session, enrollment.id))


@router.post("/{enrollment_id}/withdraw/")
async def withdraw_enrollment_(
    enrollment: ForAdmins, caller: Caller, session: Session, sent: Annotated[WithdrawalIn, body(WithdrawalIn)]
) -> MemberEnrollmentOut:
    """Close an enrollment without an outcome, also one that was begun; an attempt under way counts for nothing.

    It leaves lists, reminders and reports; its history stays. Rules do not bring it back, and its member cannot
    enroll again; an explicit assignment starts anew. Withdrawing twice changes nothing.
    """
    await withdraw_enrollment(session, enrollment.id, reason=sent.reason, actor=caller)
    return await _shown(session, await get_enrollment(session, enrollment.id))
