"""What a member can show at one moment: every certificate that is valid then, with what it attests."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import Certificate
from learning_service.domain.certificates.rules.codes import printed_code
from learning_service.domain.courses.models import MasteredSkill
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.principal import Principal

LONGEST = 1000
"""So many certificates at most, the newest: one of a course counts once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A certificate that is valid, and the skills of the version that was completed."""

    certificate: Certificate
    number: str
    """As it is printed."""
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A member's valid certificates as of a moment, newest first."""

    display_name: str
    organization_name: str
    as_of: datetime
    entries: Sequence[Entry]


async def own_transcript(session: AsyncSession, caller: Principal) -> Transcript:
    """The caller's transcript as of now. Of a certificate that was renewed there is the newer one alone.

    Raises NotFound for one who was erased.
    """
    organization, instant = caller.organization_id, now(session)
    row = await session.execute(
        select(Member.display_name, Organization.name)
        .join(Organization, Organization.id == Member.organization_id)
        .where(Member.organization_id == organization, Member.user_id == caller.user_id)
    )
    display_name, organization_name = row.one()
    if display_name is None:
        raise NotFound
    rows = await session.execute(
        select(Certificate, func.code_of_certificate(Certificate.id), CourseCompletion.version_id)
        .join(
            CourseCompletion,
            and_(
                CourseCompletion.organization_id == Certificate.organization_id,
                CourseCompletion.id == Certificate.completion_id,
            ),
        )
        .where(
            Certificate.organization_id == organization,
            Certificate.user_id == caller.user_id,
            Certificate.recipient_name.is_not(None),
            Certificate.revoked_at.is_(None),
            Certificate.reissued_as.is_(None),
            Certificate.renewed_by.is_(None),
            or_(Certificate.expires_at.is_(None), Certificate.expires_at > instant),
        )
        .order_by(Certificate.issued_at.desc(), Certificate.id.desc())
        .limit(LONGEST)
    )
    found = rows.all()
    skills = await _skills(session, organization, {version_id for _, _, version_id in found})
    entries = [Entry(one, printed_code(code), skills[version_id]) for one, code, version_id in found]
    return Transcript(display_name, organization_name, instant, entries)


async def _skills(
    session: AsyncSession, organization_id: str, versions: set[uuid.UUID]
) -> dict[uuid.UUID, tuple[str, ...]]:
    """The names of the skills of these versions, in their order."""
    rows = await session.execute(
        select(MasteredSkill.version_id, MasteredSkill.name)
        .where(
            MasteredSkill.organization_id == organization_id,
            MasteredSkill.version_id.in_(sorted(versions)),
        )
        .order_by(MasteredSkill.version_id, MasteredSkill.position)
    )
    found: dict[uuid.UUID, tuple[str, ...]] = defaultdict(tuple)
    for version_id, name in rows:
        found[version_id] += (name,)
    return found
