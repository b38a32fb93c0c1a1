"""Reports for administrators and for services."""

from dataclasses import astuple
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from learning_service.api.bodies import refuse_unknown_parameters
from learning_service.api.csv_files import AS_FILE, csv_file, wants_csv
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.permissions import CanReadCourseReport, CanReadReports
from learning_service.api.requests import Caller, Session
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.values import OPAQUE_ID, OPAQUE_ID_FORM
from learning_service.domain.reports.queries.compliance import (
    COLUMNS,
    ReportFilter,
    check_filter,
    compliance_by_chapter,
    read_as_of,
    totals_of,
)
from learning_service.domain.reports.queries.courses import report_on_course
from learning_service.domain.reports.rules import csv_lines
from learning_service.schemas.reports import (
    ChapterComplianceOut,
    ComplianceCountsOut,
    ComplianceReportOut,
    CourseReportOut,
)

router = APIRouter(prefix="/api/reports", tags=["reports"], route_class=KeyedRoute)
FILTERS = ("requirement_id", "region_id", "chapter_id")
AS_OF = "as_of"


def _parameters(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in names]


def _read_filter(request: Request, caller: Caller) -> ReportFilter:
    refuse_unknown_parameters(request, frozenset((*FILTERS, AS_OF)))
    given = {name: request.query_params[name] for name in FILTERS if name in request.query_params}
    faults = [
        Fault(f"?{name}", OPAQUE_ID_FORM, "wrong-form")
        for name, value in given.items()
        if not OPAQUE_ID.match(value)
    ]
    if faults:
        raise Invalid(faults)
    return ReportFilter(**given)


@router.get(
    "/compliance/",
    response_model=ComplianceReportOut,
    responses=AS_FILE,
    openapi_extra={"parameters": _parameters(*FILTERS, AS_OF)},
)
async def read_compliance_report(
    reach: Annotated[Reach, Depends(CanReadReports())],
    caller: Caller,
    session: Session,
    request: Request,
    wanted: Annotated[ReportFilter, Depends(_read_filter)],
) -> Any:
    """How each chapter stands with a requirement (`?requirement_id=`), or with all of them, pair by pair.

    `?as_of=` gives the same figures as they were: at the end of a day, where the organization is (`2026-03-01`), or
    at a time (`2026-03-01T09:00:00Z`). Settings, audiences and links count as they were then, and as they are now
    for the time before the organization was known here; erasures since then change nothing. A completion from a file
    counts from its own day. A person is a member from the earliest of joining, first event and first completion.

    `Accept: text/csv` gives a file of the same rows.
    """
    as_of = await read_as_of(session, caller.organization_id, request.query_params.get(AS_OF))
    await check_filter(session, caller.organization_id, wanted, reach, past=as_of is not None)
    rows = await compliance_by_chapter(session, caller.organization_id, wanted, reach, as_of=as_of)
    if wants_csv(request):
        return csv_file("compliance", csv_lines(COLUMNS, (astuple(row) for row in rows)))
    return ComplianceReportOut(
        items=[ChapterComplianceOut.model_validate(row) for row in rows],
        totals=ComplianceCountsOut(**totals_of(rows)),
    )


@router.get("/courses/{course_id}/")
async def read_course_report(
    access: Annotated[CourseAccess, Depends(CanReadCourseReport())], caller: Caller, session: Session
) -> CourseReportOut:
    """How the members whom the caller administers stand in the course, each counted once.

    A member stands at the open enrollment, else at a valid completion, else at the one decided last. Withdrawn
    enrollments, erased members and those whose status is not active are left out.
    """
    report = await report_on_course(
        session,
        caller.organization_id,
        access.view.id,
        reach_of(caller, chapters=True),
        timezone=access.timezone,
    )
    return CourseReportOut.model_validate(report)
