"""Requirements, reports and the audit trail."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Literal, cast

from learning_service_client.parts import Id, uuid_of, word
from learning_service_client.shapes.compliance import (
    AuditEntryOut,
    ComplianceHistoryOut,
    ComplianceReportOut,
    CourseReportOut,
    LapseOut,
    RequirementChangeIn,
    RequirementOut,
)
from learning_service_client.shapes.enrollments import ComplianceOut
from learning_service_client.transport import Transport


class ComplianceCalls(Transport):
    """Requirements, reports and the audit trail."""

    def list_compliance_statuses(
        self,
        *,
        limit: int | None = None,
        chapter_id: str | None = None,
        requirement_id: str | None = None,
        status: Literal["exempt", "complete", "pending", "expired", "failed", "not_started"] | None = None,
    ) -> AsyncIterator[ComplianceOut]:
        """Where the caller's members stand with each requirement, also where nothing has begun."""
        return self._pages(
            ComplianceOut,
            "/api/compliance/statuses/",
            limit=limit,
            chapter_id=chapter_id,
            requirement_id=requirement_id,
            status=status,
        )

    async def read_compliance_report(
        self,
        *,
        requirement_id: str | None = None,
        region_id: str | None = None,
        chapter_id: str | None = None,
        as_of: date | datetime | None = None,
    ) -> ComplianceReportOut:
        """How each chapter stands with a requirement, or with all of them: now, or as of a past moment."""
        return await self._get(
            ComplianceReportOut,
            "/api/reports/compliance/",
            requirement_id=requirement_id,
            region_id=region_id,
            chapter_id=chapter_id,
            as_of=as_of.isoformat() if as_of else None,
        )

    async def read_compliance_history(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        step: Literal["month"] | None = None,
        requirement_id: str | None = None,
        region_id: str | None = None,
        chapter_id: str | None = None,
    ) -> ComplianceHistoryOut:
        """The totals of the report as of the end of each month between two days, and of the last day."""
        return await self._get(
            ComplianceHistoryOut,
            "/api/reports/compliance/history/",
            **{"from": since.isoformat() if since else None, "to": until.isoformat() if until else None},
            step=step,
            requirement_id=requirement_id,
            region_id=region_id,
            chapter_id=chapter_id,
        )

    def forecast_compliance(
        self,
        *,
        limit: int | None = None,
        days: int | None = None,
        requirement_id: str | None = None,
        region_id: str | None = None,
        chapter_id: str | None = None,
    ) -> AsyncIterator[LapseOut]:
        """Who lapses within so many days if nobody acts, the earliest first."""
        return self._pages(
            LapseOut,
            "/api/reports/compliance/forecast/",
            limit=limit,
            days=days,
            requirement_id=requirement_id,
            region_id=region_id,
            chapter_id=chapter_id,
        )

    async def read_course_report(self, course_id: Id) -> CourseReportOut:
        """How the members whom the caller administers stand in the course, each counted once."""
        return await self._get(CourseReportOut, f"/api/reports/courses/{uuid_of(course_id)}/")

    def list_audit_entries(
        self,
        *,
        limit: int | None = None,
        action: str | None = None,
        actor: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        course_id: Id | None = None,
        subject: str | None = None,
    ) -> AsyncIterator[AuditEntryOut]:
        """Who did what to whom and when, newest first, of what the caller administers."""
        return self._pages(
            AuditEntryOut,
            "/api/audit/",
            limit=limit,
            action=action,
            actor=actor,
            after=after.isoformat() if after else None,
            before=before.isoformat() if before else None,
            course_id=uuid_of(course_id) if course_id else None,
            subject=subject,
        )

    def list_requirements(
        self, *, limit: int | None = None, closed: bool | None = None
    ) -> AsyncIterator[RequirementOut]:
        """The organization's requirements, each with the courses that meet it, as far as the caller sees those."""
        return self._pages(RequirementOut, "/api/compliance-requirements/", limit=limit, closed=closed)

    async def read_requirement(self, requirement_id: str) -> RequirementOut:
        """One requirement."""
        return await self._get(RequirementOut, f"/api/compliance-requirements/{word(requirement_id)}/")

    async def update_requirement(self, requirement_id: str, changes: RequirementChangeIn) -> RequirementOut:
        """Say who must meet it, and which roles may link courses to it."""
        answer = await self._send(
            "PATCH", f"/api/compliance-requirements/{word(requirement_id)}/", body=changes
        )
        return cast(RequirementOut, answer.json())
