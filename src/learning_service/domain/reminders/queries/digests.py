"""Reads for officers' digests: who is overdue, and who lapses next, in their chapters and regions."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.directory.models import Chapter, Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.exemptions.queries import is_exempt
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.preferences.models import MemberPreferences
from learning_service.domain.preferences.queries import is_of, is_required, is_wanted
from learning_service.domain.reminders.models import OfficerDigest
from learning_service.domain.reminders.rules import Digest, DigestLine

LINES = 20
"""How many of each a mail names."""
AHEAD = timedelta(days=30)
_Later = aliased(CourseCompletion, name="later")
_ACTIVE: ColumnElement[bool] = func.is_active_status(Member.status, OrganizationSettings.active_statuses)
_FACTS = (
    OfficerDigest.organization_id,
    OfficerDigest.claimed_at,
    Member.offices,
    OfficerDigest.id,
    OfficerDigest.status == "pending",
    func.coalesce(OrganizationSettings.officer_digest == "weekly", False),
    Organization.name,
    Organization.timezone,
    func.coalesce(Member.timezone, Organization.timezone),
    func.coalesce(MemberPreferences.locale, Member.locale),
    OrganizationSettings.locale,
    Member.display_name,
    Member.email,
    Member.erased_at.is_not(None),
    _ACTIVE,
    Organization.id,
    Member.user_id,
    is_wanted(literal("digest")),
    is_required(literal("digest")),
)
"""What a digest begins with; from the organization's name on in the order of `Digest`."""


async def load_digest(session: AsyncSession, digest_id: uuid.UUID) -> Digest | None:
    """What a digest is made of now; None when its reader is gone."""
    row: Any = (
        await session.execute(
            select(*_FACTS)
            .join(Organization, Organization.id == OfficerDigest.organization_id)
            .join(Member, is_of(Member, Organization.id, OfficerDigest.user_id))
            .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == Organization.id)
            .outerjoin(MemberPreferences, is_of(MemberPreferences, Organization.id, OfficerDigest.user_id))
            .where(OfficerDigest.id == digest_id)
        )
    ).first()
    if row is None:
        return None
    organization_id, claimed_at, offices, id_, pending, is_weekly = row[:6]
    facts: Any = row[6:]
    scopes = {
        role: [office["scope_id"] for office in offices if office["role"] == role]
        for role in ("chapter_admin", "regional_admin")
    }
    instant = max(claimed_at, now(session))
    reach = and_(
        Member.organization_id == organization_id,
        or_(Member.chapter_id.in_(scopes["chapter_admin"]), Chapter.region_id.in_(scopes["regional_admin"])),
    )
    overdue, overdue_count = await _lines(session, _overdue(instant).where(reach))
    lapsing, lapsing_count = await _lines(session, _lapsing(instant).where(reach))
    is_for_them = is_weekly and any(scopes.values())
    counted = (overdue, overdue_count, lapsing, lapsing_count)
    values: Any = (id_, pending, is_for_them, *facts, *counted)
    return Digest(*values)


async def _lines(session: AsyncSession, statement: Any) -> tuple[Sequence[DigestLine], int]:
    rows = (await session.execute(statement.limit(LINES))).all()
    return [DigestLine(*row[:3]) for row in rows], int(rows[0][3]) if rows else 0


def _overdue(instant: datetime) -> Any:
    return _of_members(Enrollment, Enrollment.due_at, instant).where(
        Enrollment.status.in_(OPEN), ~Enrollment.awaiting_review, Enrollment.due_at < instant
    )


def _lapsing(instant: datetime) -> Any:
    """Completions that expire soon and that no later one takes the place of."""
    renewed = exists().where(
        _Later.organization_id == CourseCompletion.organization_id,
        _Later.user_id == CourseCompletion.user_id,
        _Later.course_id == CourseCompletion.course_id,
        _Later.voided_at.is_(None),
        or_(_Later.expires_at.is_(None), _Later.expires_at > CourseCompletion.expires_at),
    )
    return _of_members(CourseCompletion, CourseCompletion.expires_at, instant).where(
        CourseCompletion.voided_at.is_(None),
        CourseCompletion.expires_at.between(instant, instant + AHEAD),
        ~renewed,
    )


def _of_members(table: Any, at: Any, instant: datetime) -> Any:
    """Name, course and time of each that is not exempt, and how many there are, the earliest first."""
    version = and_(
        CourseVersion.organization_id == table.organization_id, CourseVersion.id == table.version_id
    )
    return (
        select(Member.display_name, CourseVersion.title, at, func.count().over().label("count"))
        .select_from(Member)
        .join(
            Chapter, and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id)
        )
        .join(table, is_of(table, Member.organization_id, Member.user_id))
        .join(CourseVersion, version)
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == Member.organization_id)
        .where(
            Member.erased_at.is_(None),
            _ACTIVE,
            ~is_exempt(table.organization_id, table.user_id, table.course_id, instant),
        )
        .order_by(at, table.id)
    )
