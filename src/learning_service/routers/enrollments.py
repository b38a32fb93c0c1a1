"""Enrollments as administrators see and change them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.api.enrollment_lists import ENROLLMENTS, enrollment_filter
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.list_files import AS_FILE, Rows, cells_of, list_file, wanted_file
from learning_service.api.parameters import body, page
from learning_service.api.permissions import AdministersEnrollment, CanSeeAttempts, IsAdmin
from learning_service.api.requests import Caller, ContextOf, Session
from learning_service.context import Context
from learning_service.domain.completion.actions.enrollment_changes import (
    EnrollmentChange,
    change_enrollment,
    delete_enrollment,
    grant_attempts,
    withdraw_enrollment,
)
from learning_service.domain.completion.queries.completions import finishes
from learning_service.domain.completion.queries.enrollments import Source, explain_enrollment
from learning_service.domain.completion.queries.found_enrollments import (
    FoundEnrollment,
    find_enrollment,
    list_enrollments,
)
from learning_service.domain.completion.queries.listed_attempts import list_attempts
from learning_service.domain.completion.queries.program_ways import program_percents
from learning_service.domain.completion.queries.wanted_enrollments import EnrollmentFilter
from learning_service.domain.courses.queries.compiled import compiled_version
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.enrollments.rules import progress
from learning_service.domain.kernel.errors import Forbidden
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.attempts import ListedAttemptOut
from learning_service.schemas.common import PageOut
from learning_service.schemas.enrollments import (
    EnrollmentChangeIn,
    EnrollmentOut,
    ExplanationOut,
    GrantIn,
    GrantOut,
    MemberEnrollmentOut,
    MemberEnrollmentPageOut,
    SourceOut,
    WithdrawalIn,
)

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


COLUMNS = tuple(MemberEnrollmentOut.model_fields)
"""Of the file: what an item of the list has."""
LINES_AT_ONCE = 1000
"""So many rows of a file are in memory at a time."""


@router.get("/", response_model=MemberEnrollmentPageOut, responses=AS_FILE)
async def list_enrollments_(
    caller: Annotated[Principal, Depends(IsAdmin(chapters=True))],
    session: Session,
    asked: Annotated[PageRequest, Depends(ENROLLMENTS)],
    request: Request,
    context: ContextOf,
) -> Any:
    """Enrollments of the members whom the caller administers, newest first unless `?sort=` says otherwise.

    `?q=` looks at the member's name and address and at the course's title. Accents, case and the order of words do
    not matter; a word of less than three characters means the beginning of a word. Of more than 6 words the longest
    count. `?overdue=` and `?awaiting_review=` take `false` for the others. `?due_before=` is a time. Sorted by
    `due_at`, those without one come last. `?withdrawn=true` shows the withdrawn ones. `?count=true` adds `total`.
    `Accept: text/csv` gives a file of all of them, whatever `limit` and `cursor` say, and that of Excel's workbooks a
    workbook; enrollments that change
    meanwhile may be as before or after.
    """
    if kind := wanted_file(request):
        wanted = replace(enrollment_filter(asked), count=False)
        first = await _part_of_file(session, caller, asked, wanted, None)
        rows = _file(context, caller, asked, wanted, first)
        return list_file(context, kind, "enrollments", COLUMNS, rows)
    found = await list_enrollments(session, caller, asked, enrollment_filter(asked))
    shown = await _with_progress(session, found.rows)
    answer = page_of(
        list(zip(found.rows, shown, strict=True)),
        asked,
        key=lambda both: both[0].key,
        item=lambda both: both[1],
    )
    return MemberEnrollmentPageOut(total=found.total, **answer)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows of a file, and the place of the last one where more may follow."""

    rows: Rows
    last: tuple[str, ...] | None


async def _file(
    context: Context, caller: Principal, asked: PageRequest, wanted: EnrollmentFilter, first: _Part
) -> AsyncIterator[Rows]:
    """The file, part by part. Each part has a transaction of its own, so that a slow reader holds none."""
    yield first.rows
    part = first
    while part.last is not None:
        async with context.transaction(caller.organization_id, caller=caller.key) as session:
            part = await _part_of_file(session, caller, asked, wanted, part.last)
        yield part.rows


async def _part_of_file(
    session: AsyncSession,
    caller: Principal,
    asked: PageRequest,
    wanted: EnrollmentFilter,
    after: tuple[str, ...] | None,
) -> _Part:
    page = replace(asked, limit=LINES_AT_ONCE, after=after)
    found = await list_enrollments(session, caller, page, wanted)
    rows = found.rows[:LINES_AT_ONCE]
    shown = await _with_progress(session, rows)
    more = len(found.rows) > LINES_AT_ONCE
    return _Part(list(cells_of(COLUMNS, shown)), rows[-1].key if more else None)


async def _with_progress(session: AsyncSession, rows: Sequence[FoundEnrollment]) -> list[MemberEnrollmentOut]:
    ended = await finishes(session, [row.enrollment for row in rows])
    versions = {key: await compiled_version(session, key) for key in {row.version_id for row in rows}}
    without_content = [row.enrollment.id for row in rows if not versions[row.version_id].has_content]
    percents = await program_percents(session, without_content)
    return [
        MemberEnrollmentOut.of_found(
            row,
            ended[row.enrollment.id],
            percents.get(row.enrollment.id, progress(versions[row.version_id].shape, row.standing).percent),
        )
        for row in rows
    ]


async def _shown(session: AsyncSession, enrollment: EnrollmentView) -> MemberEnrollmentOut:
    [shown] = await _with_progress(session, [await find_enrollment(session, enrollment.id)])
    return shown


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
    return await _shown(session, enrollment)


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


@router.get("/{enrollment_id}/attempts/")
async def list_attempts_(
    enrollment_id: Annotated[UUID, Depends(CanSeeAttempts())],
    caller: Caller,
    session: Session,
    asked: Annotated[PageRequest, page("attempts")],
) -> PageOut[ListedAttemptOut]:
    """The attempts of an enrollment, first to last: at what, when, and what they came to.

    What was asked and given stays in the attempt.
    """
    rows = await list_attempts(session, caller, enrollment_id, asked)
    answer = page_of(rows, asked, key=lambda row: [row.attempt_id], item=ListedAttemptOut.model_validate)
    return PageOut[ListedAttemptOut](**answer)


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
    return await _shown(session, enrollment)


@router.post("/{enrollment_id}/withdraw/")
async def withdraw_enrollment_(
    enrollment: ForAdmins, caller: Caller, session: Session, sent: Annotated[WithdrawalIn, body(WithdrawalIn)]
) -> MemberEnrollmentOut:
    """Close an enrollment without an outcome, also one that was begun; an attempt under way counts for nothing.

    It leaves lists, reminders and reports; its history stays. Rules do not bring it back, and its member cannot
    enroll again; an explicit assignment starts anew. Withdrawing twice changes nothing.
    """
    await withdraw_enrollment(session, enrollment.id, reason=sent.reason, actor=caller)
    return await _shown(session, enrollment)
