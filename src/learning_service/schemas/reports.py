"""Answers of reports."""

from learning_service.schemas.common import Answer


class ComplianceCounts(Answer):
    """Counts of members, and of members by requirement."""

    members: int
    complete: int
    pending: int
    overdue: int
    expired: int
    expiring_30: int
    expiring_60: int
    expiring_90: int


class ChapterComplianceAnswer(ComplianceCounts):
    """How one chapter stands."""

    chapter_id: str
    region_id: str


class ComplianceReport(Answer):
    """How the chapters stand, and all together."""

    items: list[ChapterComplianceAnswer]
    totals: ComplianceCounts
