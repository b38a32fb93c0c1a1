"""Signing an attestation: who has signed which text, under which name, and when.

A signature holds for its text. Where another version of the course says the same, it stands there as well; where it
says something else, that is to be signed anew.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.actions.lessons import complete_lesson
from learning_service.domain.courses.queries.compiled import CompiledLesson, CompiledVersion
from learning_service.domain.enrollments.models import AttestationSignature
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.records.audit import record_audit


@dataclass(frozen=True, slots=True)
class Signature:
    """What a member has signed: the name as they typed it, and the hash of the text."""

    typed_name: str | None
    signed_at: datetime
    text_hash: str


async def sign_attestation(
    session: AsyncSession,
    position: Position,
    version: CompiledVersion,
    attestation_id: uuid.UUID,
    typed_name: str,
) -> Signature:
    """Sign and complete the attestation; the signature that stands, which is the first of this text.

    The position must be locked. Raises NotFound, EnrollmentWithdrawn, PrerequisitesMissing, ItemsMissing.
    """
    item = _attestation_in(version, attestation_id)
    if attestation_id in position.lessons:
        before = await _signature(session, position, item)
        if before is not None:
            return before
    await complete_lesson(session, position, version, attestation_id)
    made = await session.scalar(
        insert(AttestationSignature)
        .values(
            organization_id=position.organization_id,
            enrollment_id=position.enrollment_id,
            key=item.key,
            text_hash=item.text_hash,
            user_id=position.user_id,
            course_id=position.course_id,
            typed_name=typed_name,
            signed_at=now(session),
        )
        .on_conflict_do_nothing()
        .returning(AttestationSignature.key)
    )
    if made is not None:
        record_audit(
            session,
            "attestation.signed",
            organization_id=position.organization_id,
            actor_id=position.user_id,
            subject=("attestation", attestation_id),
            user_id=position.user_id,
            course_id=position.course_id,
            enrollment_id=position.enrollment_id,
            details={"text_hash": item.text_hash},
        )
    signed = await _signature(session, position, item)
    assert signed is not None
    return signed


def _attestation_in(version: CompiledVersion, attestation_id: uuid.UUID) -> CompiledLesson:
    for module in version.modules:
        for item in module.items:
            if isinstance(item, CompiledLesson) and item.id == attestation_id:
                return item
    raise NotFound


async def _signature(session: AsyncSession, position: Position, item: CompiledLesson) -> Signature | None:
    """The member's signature under this text in this enrollment, else in an earlier one whose progress it has."""
    mine = AttestationSignature
    row = await session.execute(
        select(mine.typed_name, mine.signed_at, mine.text_hash)
        .where(
            mine.organization_id == position.organization_id,
            mine.user_id == position.user_id,
            mine.course_id == position.course_id,
            mine.key == item.key,
            mine.text_hash == item.text_hash,
        )
        .order_by((mine.enrollment_id == position.enrollment_id).desc(), mine.signed_at.desc())
        .limit(1)
    )
    found = row.first()
    return None if found is None else Signature(*found)
