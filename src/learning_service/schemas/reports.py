"""Answers of reports."""

from learning_service.schemas.common import Out


class ComplianceCountsOut(Out):
    """Counts of active members, once for each requirement asked for; `overdue` are some of `pending`."""

    members: int
    complete: int
    pending: int
    overdue: int
    expired: int
    failed: int
    not_started: int
    expiring_30: int
    expiring_60: int
    expiring_90: int


class ChapterComplianceOut(ComplianceCountsOut):
    """How one chapter stands."""

    chapter_id: str
    chapter_name: str
    region_id: str


class ComplianceReportOut(Out):
    """How the chapters stand, and all together."""

    items: list[ChapterComplianceOut]
    totals: ComplianceCountsOut
