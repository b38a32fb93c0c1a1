"""Reports for administrators and for services."""

from collections.abc import Awaitable, Callable
from dataclasses import astuple
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from learning_service.api.bodies import refuse_unknown_parameters
from learning_service.api.list_files import AS_FILE, cells_of, list_file, wanted_file
from learning_service.api.openapi.headers import DATA_AS_OF, with_headers
from learning_service.api.parameters import page
from learning_service.api.permissions import CanReadCourseReport, CanReadReports
from learning_service.api.reading import ReadingRoute
from learning_service.api.requests import Caller, ContextOf, ReadSession
from learning_service.api.routes import Responses
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.values import OPAQUE_ID, OPAQUE_ID_FORM
from learning_service.domain.reports.queries.compliance import (
    COLUMNS,
    COUNTS,
    ReportFilter,
    check_filter,
    compliance_by_chapter,
    read_as_of,
    totals_of,
)
from learning_service.domain.reports.queries.courses import report_on_course
from learning_service.domain.reports.queries.forecast import LAPSE_COLUMNS, forecast_lapses
from learning_service.domain.reports.queries.history import compliance_over_time, moments_asked
from learning_service.schemas.common import PageOut
from learning_service.schemas.filters import id_filter, number_filter
from learning_service.schemas.reports import (
    ChapterComplianceOut,
    ComplianceCountsOut,
    ComplianceHistoryOut,
    ComplianceMomentOut,
    ComplianceReportOut,
    CourseReportOut,
    LapseOut,
)

router = APIRouter(prefix="/api/reports", tags=["reports"], route_class=ReadingRoute)
READ: Responses = {200: with_headers(DATA_AS_OF)}
REPORT: Responses = {200: AS_FILE[200] | READ[200]}
FILTERS = ("requirement_id", "region_id", "chapter_id")
AS_OF, DAYS, STEP, MONTH = "as_of", "days", "step", "month"
SPAN = ("from", "to")
MOST_DAYS = 3650


def _parameters(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in names]


_STEP_PARAMETER = {
    "name": STEP,
    "in": "query",
    "required": False,
    "schema": {"type": "string", "enum": [MONTH], "default": MONTH},
}


def _filter_of(*beside: str) -> Callable[..., Awaitable[ReportFilter]]:
    """Reads the units and the requirement that a report is about; it may have these parameters beside them."""

    async def read(request: Request, caller: Caller) -> ReportFilter:
        refuse_unknown_parameters(request, frozenset((*FILTERS, *beside)))
        given = {name: request.query_params[name] for name in FILTERS if name in request.query_params}
        faults = [
            Fault(f"?{name}", OPAQUE_ID_FORM, "wrong-form")
            for name, value in given.items()
            if not OPAQUE_ID.match(value)
        ]
        if faults:
            raise Invalid(faults)
        return ReportFilter(**given)

    return read


@router.get(
    "/compliance/",
    response_model=ComplianceReportOut,
    responses=REPORT,
    openapi_extra={"parameters": _parameters(*FILTERS, AS_OF)},
)
async def read_compliance_report(
    reach: Annotated[Reach, Depends(CanReadReports())],
    caller: Caller,
    session: ReadSession,
    request: Request,
    context: ContextOf,
    wanted: Annotated[ReportFilter, Depends(_filter_of(AS_OF))],
) -> Any:
    """How each chapter stands with a requirement (`?requirement_id=`), or with all of them, pair by pair.

    `?as_of=` gives the same figures as they were: at the end of a day, where the organization is (`2026-03-01`), or
    at a time (`2026-03-01T09:00:00Z`). Settings, audiences and links count as they were then, and as they are now
    for the time before the organization was known here; erasures since then change nothing. A completion from a file
    counts from its own day. A person is a member from the earliest of joining, first event and first completion.

    `Accept: text/csv` gives a file of the same rows, that of Excel's workbooks a workbook.
    """
    as_of = await read_as_of(session, caller.organization_id, request.query_params.get(AS_OF))
    await check_filter(session, caller.organization_id, wanted, reach, past=as_of is not None)
    rows = await compliance_by_chapter(session, caller.organization_id, wanted, reach, as_of=as_of)
    if kind := wanted_file(request):
        return list_file(context, kind, "compliance", COLUMNS, (astuple(row) for row in rows))
    return ComplianceReportOut(
        items=[ChapterComplianceOut.model_validate(row) for row in rows],
        totals=ComplianceCountsOut(**totals_of(rows)),
    )


@router.get(
    "/compliance/history/",
    response_model=ComplianceHistoryOut,
    responses=REPORT,
    openapi_extra={"parameters": [*_parameters(*FILTERS, *SPAN), _STEP_PARAMETER]},
)
async def read_compliance_history(
    reach: Annotated[Reach, Depends(CanReadReports())],
    caller: Caller,
    session: ReadSession,
    request: Request,
    context: ContextOf,
    wanted: Annotated[ReportFilter, Depends(_filter_of(*SPAN, STEP))],
) -> Any:
    """The totals of the compliance report as of the end of each month from one day to another.

    The last item is as of the end of `to`, or of now. Without `from` it is twelve months, and it may be 60. Filters
    are those of the report, so that there is a series for each chapter and region. `Accept: text/csv` gives a file,
    that of Excel's workbooks a workbook.
    """
    query = request.query_params
    if query.get(STEP, MONTH) != MONTH:
        raise Invalid.at(f"?{STEP}", f"must be {MONTH}", "not-one-of", {"values": [MONTH]})
    organization_id = caller.organization_id
    moments = await moments_asked(session, organization_id, query.get("from"), query.get("to"))
    await check_filter(session, organization_id, wanted, reach, past=True)
    found = await compliance_over_time(session, organization_id, wanted, reach, moments)
    shown = [ComplianceMomentOut(at=one.at, **one.totals) for one in found]
    if kind := wanted_file(request):
        columns = ["at", *COUNTS]
        return list_file(context, kind, "compliance-history", columns, cells_of(columns, shown))
    return ComplianceHistoryOut(items=shown)


@router.get("/compliance/forecast/", response_model=PageOut[LapseOut], responses=REPORT)
async def forecast_compliance(
    reach: Annotated[Reach, Depends(CanReadReports())],
    caller: Caller,
    session: ReadSession,
    request: Request,
    context: ContextOf,
    asked: Annotated[PageRequest, page("lapses", *FILTERS, DAYS, key_parts=3)],
) -> Any:
    """Who lapses within `?days=` (90) if nobody acts, the earliest first, and whether a renewal is under way.

    Members who do not meet a requirement now, and those who need not, are not in it. `Accept: text/csv` gives a file
    of all of them, whatever `limit` and `cursor` say, that of Excel's workbooks a workbook.
    """
    wanted = ReportFilter(**{name: id_filter(asked, name) for name in FILTERS})
    days = number_filter(asked, DAYS, least=1, most=MOST_DAYS, default=90)
    organization_id = caller.organization_id
    await check_filter(session, organization_id, wanted, reach)
    if kind := wanted_file(request):
        rows = await forecast_lapses(session, organization_id, wanted, reach, days=days)
        shown = (LapseOut.model_validate(row) for row in rows)
        return list_file(context, kind, "compliance-forecast", LAPSE_COLUMNS, cells_of(LAPSE_COLUMNS, shown))
    rows = await forecast_lapses(
        session, organization_id, wanted, reach, days=days, after=asked.after, limit=asked.limit + 1
    )
    return PageOut[LapseOut](
        **page_of(
            rows,
            asked,
            key=lambda row: (row.expires_at.isoformat(), row.user_id, row.requirement_id),
            item=LapseOut.model_validate,
        )
    )


@router.get("/courses/{course_id}/", responses=READ)
async def read_course_report(
    access: Annotated[CourseAccess, Depends(CanReadCourseReport())], caller: Caller, session: ReadSession
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
