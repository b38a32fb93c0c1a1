"""Reads for officers' digests: who is overdue, and who lapses next, in their chapters and regions."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.queries import is_exempt
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.preferences.queries import is_of
from learning_service.domain.reminders.models import OfficerDigest
from learning_service.domain.reminders.queries.readers import ACTIVE, READER, preferred, with_reader
from learning_service.domain.reminders.rules import Digest, DigestChapter, DigestLine

LINES, CHAPTERS = 8, 12
"""How many of each kind a mail names in a chapter, and how many chapters."""
AHEAD = timedelta(days=30)
_Later = aliased(CourseCompletion, name="later")
_FACTS = (
    OfficerDigest.organization_id,
    OfficerDigest.claimed_at,
    Member.offices,
    func.coalesce(OrganizationSettings.officer_digest == "weekly", False),
    OfficerDigest.id,
    OfficerDigest.status == "pending",
    *READER,
    *preferred(literal("digest")),
)
"""What a digest begins with; from its id on in the order of `Digest`."""


async def load_digest(session: AsyncSession, digest_id: uuid.UUID) -> Digest | None:
    """What a digest is made of now; None when its reader is gone."""
    row: Any = (
        await session.execute(
            with_reader(select(*_FACTS), OfficerDigest.organization_id, OfficerDigest.user_id).where(
                OfficerDigest.id == digest_id
            )
        )
    ).first()
    if row is None:
        return None
    organization_id, claimed_at, offices, is_weekly = row[:4]
    facts: Any = row[4:]
    scopes = {
        role: [office["scope_id"] for office in offices if office["role"] == role]
        for role in ("chapter_admin", "regional_admin")
    }
    instant = max(claimed_at, now(session))
    reach = and_(
        Member.organization_id == organization_id,
        or_(Member.chapter_id.in_(scopes["chapter_admin"]), Chapter.region_id.in_(scopes["regional_admin"])),
    )
    overdue, lapsing = _overdue(instant).where(reach), _lapsing(instant).where(reach)
    found: Sequence[DigestChapter] = []
    if any(scopes.values()):
        found = _chapters(await _counts(session, overdue), await _counts(session, lapsing))
    shown = [one.id for one in found[:CHAPTERS]]
    named = await _lines(session, overdue, shown), await _lines(session, lapsing, shown)
    national = any(office["role"] == "national_admin" for office in offices)
    is_for_them = is_weekly and (national or any(scopes.values()))
    counts = sum(one.overdue_count for one in found), sum(one.lapsing_count for one in found)
    waiting = await _waiting(
        session, organization_id, row.user_id, None if national else scopes["regional_admin"]
    )
    chapters = [replace(one, overdue=named[0][one.id], lapsing=named[1][one.id]) for one in found[:CHAPTERS]]
    told: Any = (is_for_them, chapters, max(0, len(found) - CHAPTERS), *counts, waiting)
    return Digest(*facts, *told)


async def _waiting(
    session: AsyncSession, organization_id: str, reader: str, regions: Sequence[str] | None
) -> int:
    """Evidence of members of these regions (None: of all) that waits for the reader to decide.

    Chapters' officers decide none.
    """
    if regions is not None and not regions:
        return 0
    return (
        await session.scalar(
            select(func.count())
            .select_from(Evidence)
            .join(Member, is_of(Member, Evidence.organization_id, Evidence.user_id))
            .join(
                Chapter,
                and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id),
            )
            .where(
                Evidence.organization_id == organization_id,
                Evidence.status == "pending",
                Evidence.user_id != reader,
                Member.erased_at.is_(None),
                true() if regions is None else Chapter.region_id.in_(regions),
            )
        )
        or 0
    )


def _chapters(overdue: Sequence[Any], lapsing: Sequence[Any]) -> Sequence[DigestChapter]:
    """How many there are in each chapter, those with the most that is overdue first."""
    found: dict[str, DigestChapter] = {}
    for rows, count in ((overdue, "overdue_count"), (lapsing, "lapsing_count")):
        for row in rows:
            one = found.get(row.chapter_id) or DigestChapter(row.chapter_id, row.chapter_name)
            found[row.chapter_id] = replace(one, **{count: row.count})
    return sorted(found.values(), key=lambda one: (-one.overdue_count, -one.lapsing_count, one.name, one.id))


async def _counts(session: AsyncSession, statement: Any) -> Sequence[Any]:
    """How many there are in each chapter."""
    each = statement.subquery()
    rows: Sequence[Any] = (
        await session.execute(
            select(each.c.chapter_id, each.c.chapter_name, func.count().label("count")).group_by(
                each.c.chapter_id, each.c.chapter_name
            )
        )
    ).all()
    return rows


async def _lines(
    session: AsyncSession, statement: Any, chapters: Sequence[str]
) -> Mapping[str, Sequence[DigestLine]]:
    """The first of each of these chapters."""
    found: dict[str, list[DigestLine]] = defaultdict(list)
    if chapters:
        order = tuple(statement.selected_columns[name] for name in ("at", "id"))
        place = func.row_number().over(partition_by=Chapter.id, order_by=order)
        each = statement.where(Chapter.id.in_(chapters)).add_columns(place.label("place")).subquery()
        rows = await session.execute(
            select(each).where(each.c.place <= LINES).order_by(each.c.chapter_id, each.c.place)
        )
        for row in rows:
            found[row.chapter_id].append(DigestLine(row.display_name, row.title, row.at))
    return found


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
    """Name, course, time and chapter of each that is not exempt."""
    version = and_(
        CourseVersion.organization_id == table.organization_id, CourseVersion.id == table.version_id
    )
    return (
        select(
            Member.display_name,
            CourseVersion.title,
            at.label("at"),
            Chapter.id.label("chapter_id"),
            Chapter.name.label("chapter_name"),
            table.id.label("id"),
        )
        .select_from(Member)
        .join(
            Chapter, and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id)
        )
        .join(table, is_of(table, Member.organization_id, Member.user_id))
        .join(CourseVersion, version)
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == Member.organization_id)
        .where(
            Member.erased_at.is_(None),
            ACTIVE,
            ~is_exempt(table.organization_id, table.user_id, table.course_id, instant),
        )
    )
