"""Claiming officers' digests: one a week for each chapter's, region's and the organization's administrator."""

from datetime import datetime
from typing import Any

from sqlalchemy import Date, Text, cast, exists, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.records.bulk_events import new_ids
from learning_service.domain.reminders.actions.mails import plan_mails
from learning_service.domain.reminders.models import OfficerDigest

_OFFICES = [
    Member.offices.op("@>")(text(f'\'[{{"role": "{role}"}}]\'::jsonb'))
    for role in ("chapter_admin", "regional_admin", "national_admin")
]


async def claim_digests(session: AsyncSession, *, mails_per_second: int, as_of: datetime | None) -> None:
    """Claim this week's digests of organizations that want them and have none yet, and plan their mails."""
    local: Any = func.timezone(Organization.timezone, literal(now(session), OfficerDigest.claimed_at.type))
    week = cast(func.date_trunc("week", local), Date)
    is_claimed = exists().where(OfficerDigest.organization_id == Organization.id, OfficerDigest.week == week)
    row = {
        "id": new_ids(),
        "organization_id": Member.organization_id,
        "user_id": Member.user_id,
        "week": week,
        "status": literal("pending", Text),
        "claimed_at": literal(now(session), OfficerDigest.claimed_at.type),
    }
    officers = (
        select(*row.values())
        .select_from(Member)
        .join(Organization, Organization.id == Member.organization_id)
        .join(OrganizationSettings, OrganizationSettings.organization_id == Organization.id)
        .where(
            OrganizationSettings.officer_digest == "weekly",
            ~is_claimed,
            Member.erased_at.is_(None),
            or_(*_OFFICES),
        )
    )
    rows = await session.execute(
        insert(OfficerDigest)
        .from_select(list(row), officers, include_defaults=False)
        .on_conflict_do_nothing()
        .returning(OfficerDigest.organization_id, OfficerDigest.id)
    )
    await plan_mails(session, rows.all(), mails_per_second=mails_per_second, as_of=as_of, kind="digest")
