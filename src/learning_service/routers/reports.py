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
PARAMETERS = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in FILTERS
]


def _read_filter(request: Request, caller: Caller) -> ReportFilter:
    refuse_unknown_parameters(request, frozenset(FILTERS))
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
    openapi_extra={"parameters": PARAMETERS},
)
async def read_compliance_report(
    reach: Annotated[Reach, Depends(CanReadReports())],
    caller: Caller,
    session: Session,
    request: Request,
    wanted: Annotated[ReportFilter, Depends(_read_filter)],
) -> Any:
    """How each chapter stands with a requirement (`?requirement_id=`), or with all of them, pair by pair.

    `Accept: text/csv` gives a file of the same rows.
    """
    await check_filter(session, caller.organization_id, wanted, reach)
    rows = await compliance_by_chapter(session, caller.organization_id, wanted, reach)
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
