"""Taking an outcome back: a revoked certificate's completion counts no more; the skills stay."""

import uuid

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.actions.certificates import revoke_certificate
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.compliance.actions import recompute_compliance
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.grading.actions import resolve_lost_passes
from learning_service.domain.kernel.clock import now


async def revoke_outcome(
    session: AsyncSession, certificate_id: uuid.UUID, *, reason: str, actor_id: str
) -> Certificate:
    """Revoke the certificate, void its completion and recompute what it counted for.

    Raises CertificateRevoked, CertificateSuperseded.
    """
    certificate = await revoke_certificate(session, certificate_id, reason=reason, actor_id=actor_id)
    completion = await session.scalar(
        select(CourseCompletion).where(CourseCompletion.id == certificate.completion_id).with_for_update()
    )
    assert completion is not None
    completion.voided_at = now(session)
    await session.flush()
    await _want_renewals(session, completion)
    await resolve_lost_passes(session, completion.enrollment_id)
    if completion.requirement_id is not None:
        await recompute_compliance(session, completion)
    return certificate


async def _want_renewals(session: AsyncSession, revoked: CourseCompletion) -> None:
    """What the revoked completion may have renewed is to be renewed again."""
    await session.execute(
        update(CourseCompletion)
        .where(
            CourseCompletion.organization_id == revoked.organization_id,
            CourseCompletion.user_id == revoked.user_id,
            CourseCompletion.course_id == revoked.course_id,
            CourseCompletion.voided_at.is_(None),
        )
        .values(renewal_opened_at=None)
    )
