"""What a member can show at one moment: every certificate that is valid then, with what it attests."""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import Certificate, TranscriptPdf
from learning_service.domain.certificates.rules.certificates import printed_locale
from learning_service.domain.certificates.rules.codes import printed_code, short_address
from learning_service.domain.courses.models import CourseVersion, MasteredSkill
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.jobs.outbox import OutboxRow
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.days import local_day
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.reads import (
    INSTANT,
    LIMIT,
    ORGANIZATION_ID,
    USER_ID,
    Kept,
    fetch,
    fetch_first,
    kept,
)
from learning_service.domain.organizations.queries import organization_settings

LONGEST = 1000
"""So many certificates at most, the newest: one of a course counts once."""
_LOOKS = 1
"""Counted up when transcripts come to look otherwise."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A certificate that is valid, and what the version that was completed says."""

    certificate: Any
    number: str
    """As it is printed."""
    short_address: str
    credit_hours: Decimal | None
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A member's valid certificates as of a moment, newest first, and how they are printed."""

    display_name: str
    organization_name: str
    as_of: datetime
    day: date
    """The moment's, where the organization is."""
    locale: str
    paper: str
    primary_color: str | None
    logo_key: str | None
    entries: Sequence[Entry]

    @property
    def digest(self) -> str:
        """Of all that is printed: another day, name or certificate makes another."""
        printed = [
            *(_LOOKS, self.display_name, self.organization_name, self.day.isoformat(), self.locale),
            *(self.paper, self.primary_color, self.logo_key),
            *(
                [one.certificate.course_title, one.short_address, str(one.certificate.issued_at),
                 str(one.certificate.expires_at), str(one.certificate.score), str(one.credit_hours), *one.skills]
                for one in self.entries
            ),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(printed).encode()).hexdigest()


async def transcript_of(session: AsyncSession, organization_id: str, user_id: str) -> Transcript:
    """A member's transcript as of now. Of a certificate that was renewed there is the newer one alone.

    Raises NotFound for one who was erased.
    """
    instant = now(session)
    own = {"organization_id": organization_id, "user_id": user_id}
    member = await fetch_first(session, _member(), own)
    if member is None or member.display_name is None:
        raise NotFound
    looks = await organization_settings(session, organization_id)
    return Transcript(
        display_name=member.display_name,
        organization_name=member.name,
        as_of=instant,
        day=local_day(instant, member.timezone),
        locale=printed_locale(member.locale, looks.locale),
        paper=looks.paper,
        primary_color=looks.primary_color,
        logo_key=looks.logo_key,
        entries=await _entries(session, organization_id, user_id),
    )


@cache
def _member() -> Kept:
    return kept(
        select(Member.display_name, Member.locale, Organization.name, Organization.timezone)
        .join(Organization, Organization.id == Member.organization_id)
        .where(Member.organization_id == ORGANIZATION_ID, Member.user_id == USER_ID)
    )


async def _entries(session: AsyncSession, organization_id: str, user_id: str) -> Sequence[Entry]:
    given = {
        "organization_id": organization_id,
        "user_id": user_id,
        "instant": now(session),
        "limit": LONGEST,
    }
    found = await fetch(session, _certificates(), given)
    skills = await _skills(session, organization_id, {one.version_id for one in found})
    return [
        Entry(
            one,
            printed_code(one.code),
            short_address(one.verification_url, one.code),
            one.credit_hours,
            skills[one.version_id],
        )
        for one in found
    ]


@cache
def _certificates() -> Kept:
    return kept(
        select(
            Certificate.id,
            Certificate.course_id,
            Certificate.course_title,
            Certificate.issued_at,
            Certificate.expires_at,
            Certificate.timezone,
            Certificate.score,
            Certificate.verification_url,
            func.code_of_certificate(Certificate.id).label("code"),
            CourseCompletion.version_id,
            CourseVersion.credit_hours,
        )
        .join(
            CourseCompletion,
            and_(
                CourseCompletion.organization_id == Certificate.organization_id,
                CourseCompletion.id == Certificate.completion_id,
            ),
        )
        .outerjoin(
            CourseVersion,
            and_(
                CourseVersion.organization_id == CourseCompletion.organization_id,
                CourseVersion.id == CourseCompletion.version_id,
            ),
        )
        .where(
            Certificate.organization_id == ORGANIZATION_ID,
            Certificate.user_id == USER_ID,
            Certificate.recipient_name.is_not(None),
            Certificate.revoked_at.is_(None),
            Certificate.reissued_as.is_(None),
            Certificate.renewed_by.is_(None),
            or_(Certificate.expires_at.is_(None), Certificate.expires_at > INSTANT),
        )
        .order_by(Certificate.issued_at.desc(), Certificate.id.desc())
        .limit(LIMIT)
    )


async def transcript_pdf(session: AsyncSession, organization_id: str, user_id: str) -> TranscriptPdf | None:
    """The PDF that was last made of a member's transcript."""
    return await session.get(TranscriptPdf, (organization_id, user_id))


async def state_of_transcript_job(
    session: AsyncSession, organization_id: str, user_id: str, digest: str
) -> str | None:
    """The state of the job that makes the PDF of what has this digest; `dead`: an operator must retry it."""
    key = transcript_job(organization_id, user_id, digest)
    found: str | None = await session.scalar(select(OutboxRow.status).where(OutboxRow.unique_key == key))
    return found


def transcript_job(organization_id: str, user_id: str, digest: str) -> str:
    """The unique key of the job that makes a member's transcript; one that says something else has another job."""
    return f"make_transcript:{organization_id}:{user_id}:{digest}"


async def _skills(
    session: AsyncSession, organization_id: str, versions: set[uuid.UUID]
) -> dict[uuid.UUID, tuple[str, ...]]:
    """The names of the skills of these versions, in their order."""
    found: dict[uuid.UUID, tuple[str, ...]] = defaultdict(tuple)
    if versions:
        given = {"organization_id": organization_id, "versions": sorted(versions)}
        for version_id, name in await fetch(session, _names_of_skills(), given):
            found[version_id] += (name,)
    return found


@cache
def _names_of_skills() -> Kept:
    return kept(
        select(MasteredSkill.version_id, MasteredSkill.name)
        .where(
            MasteredSkill.organization_id == ORGANIZATION_ID,
            MasteredSkill.version_id == any_(bindparam("versions", type_=ARRAY(Uuid()))),
        )
        .order_by(MasteredSkill.version_id, MasteredSkill.position)
    )
