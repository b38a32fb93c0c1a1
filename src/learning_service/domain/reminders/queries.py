"""Reads of reminders."""

import uuid
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, outerjoin, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.reminders.models import Reminder
from learning_service.domain.reminders.rules import Mail

_Nearer = aliased(Reminder, name="nearer")
_ACTIVE: ColumnElement[bool] = func.is_active_status(Member.status, OrganizationSettings.active_statuses)


def is_active(organization_id: Any, user_id: Any) -> ColumnElement[bool]:
    """Whether the member has a status in which the organization wants to have them reminded."""
    settings = OrganizationSettings.organization_id == Member.organization_id
    return (
        exists()
        .select_from(outerjoin(Member, OrganizationSettings, settings))
        .where(Member.organization_id == organization_id, Member.user_id == user_id, _ACTIVE)
    )


async def load_mail(session: AsyncSession, reminder_id: uuid.UUID) -> Mail | None:
    """What a mail is made of now; None when its enrollment is gone."""
    superseded = exists().where(
        _Nearer.enrollment_id == Reminder.enrollment_id,
        _Nearer.due_at == Reminder.due_at,
        _Nearer.days_before < Reminder.days_before,
    )
    row: Any = (
        await session.execute(
            select(
                Reminder.id,
                Reminder.status == "pending",
                Reminder.kind,
                Reminder.days_before,
                Reminder.due_at,
                Enrollment.status,
                Enrollment.awaiting_review,
                Enrollment.due_at,
                CourseVersion.title,
                Organization.name,
                Organization.timezone,
                func.coalesce(Member.timezone, Organization.timezone),
                Member.locale,
                OrganizationSettings.locale,
                Member.display_name,
                Member.email,
                Member.erased_at.is_not(None),
                _ACTIVE,
                superseded,
            )
            .join(Enrollment, Enrollment.id == Reminder.enrollment_id)
            .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
            .join(Organization, Organization.id == Enrollment.organization_id)
            .join(
                Member,
                and_(
                    Member.organization_id == Enrollment.organization_id,
                    Member.user_id == Enrollment.user_id,
                ),
            )
            .outerjoin(
                OrganizationSettings, OrganizationSettings.organization_id == Enrollment.organization_id
            )
            .where(Reminder.id == reminder_id)
        )
    ).first()
    return None if row is None else Mail(*row)
