"""Reads of an organization's own certificates."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Uuid, and_, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.models import (
    IS_OF_CERTIFICATE,
    Certificate,
    CertificateOrganization,
)
from learning_service.domain.certificates.rules.certificates import Mark, generation_key
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.directory.queries.audience import is_within
from learning_service.domain.directory.queries.members import was_member
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.jobs.outbox import OutboxRow
from learning_service.domain.jobs.paused_jobs import JobHalt
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import plan_by_keys
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, USER_ID, Kept, fetch, kept

_DRIFTED = select(func.count()).select_from(Certificate).where(Certificate.pdf_drift.is_not(None))


async def list_own_certificates(session: AsyncSession, caller: Principal, page: PageRequest) -> Sequence[Any]:
    """The caller's certificates, newest first; one more than the page holds."""
    given = {"organization_id": caller.organization_id, "user_id": caller.user_id, **_page(page)}
    return await fetch(session, _own_certificates(after=page.after is not None), given)


@cache
def _own_certificates(*, after: bool) -> Kept:
    statement = select(*Certificate.__table__.columns).where(
        Certificate.organization_id == ORGANIZATION_ID, Certificate.user_id == USER_ID
    )
    return kept(_paged(statement, after=after))


async def list_certificates(
    session: AsyncSession,
    caller: Principal,
    page: PageRequest,
    *,
    user_id: str | None,
    course_id: uuid.UUID | None,
) -> Sequence[Certificate]:
    """Certificates of the members whom the caller administers, newest first; one more than the page holds."""
    statement = select(Certificate).where(Certificate.organization_id == caller.organization_id)
    if not caller.is_national_admin:
        mine = is_within(caller.organization_id, Certificate.user_id, reach_of(caller), erased=True)
        statement = statement.where(mine)
    if user_id is not None:
        statement = statement.where(Certificate.user_id == user_id)
    if course_id is not None:
        statement = statement.where(Certificate.course_id == course_id)
    await plan_by_keys(session)
    return (await session.scalars(_paged(statement, after=page.after is not None), _page(page))).all()


def _paged(statement: Any, *, after: bool) -> Any:
    """A page of certificates, newest first; its parameters are `_page`'s."""
    if after:
        last = tuple_(
            bindparam("after_issued_at", type_=DateTime(timezone=True)), bindparam("after_id", type_=Uuid())
        )
        statement = statement.where(tuple_(Certificate.issued_at, Certificate.id) < last)
    return statement.order_by(Certificate.issued_at.desc(), Certificate.id.desc()).limit(LIMIT)


def _page(page: PageRequest) -> dict[str, Any]:
    given: dict[str, Any] = {"limit": page.limit + 1}
    if page.after is not None:
        issued_at, certificate_id = page.after
        given["after_issued_at"] = datetime.fromisoformat(issued_at)
        given["after_id"] = uuid.UUID(certificate_id)
    return given


def _with_region(statement: Any) -> Any:
    """Joined with the chapter of the certificate's member; one whose member is gone has none."""
    return statement.outerjoin(
        Member,
        and_(Member.organization_id == Certificate.organization_id, Member.user_id == Certificate.user_id),
    ).outerjoin(
        Chapter, and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id)
    )


async def access_certificate(
    session: AsyncSession, caller: Principal, certificate_id: uuid.UUID, *, administer: bool = False
) -> Certificate:
    """The certificate, for its owner or an administrator over that member.

    Raises NotFound for others; with `administer`, Forbidden for an owner who is no administrator over themselves.
    """
    row = (
        await session.execute(
            _with_region(select(Certificate, Chapter.region_id)).where(
                Certificate.organization_id == caller.organization_id, Certificate.id == certificate_id
            )
        )
    ).first()
    if row is None:
        raise NotFound
    certificate: Certificate = row[0]
    if caller.is_national_admin or row[1] in caller.admin_regions:
        return certificate
    if certificate.user_id != caller.user_id and not await was_member(session, caller, certificate.user_id):
        raise NotFound
    if administer:
        raise Forbidden("Only an administrator can do this to a certificate.")
    return certificate


async def certificate_of_completion(session: AsyncSession, completion_id: uuid.UUID) -> Certificate | None:
    """The current certificate of a completion."""
    found: Certificate | None = await session.scalar(
        select(Certificate).where(
            Certificate.completion_id == completion_id, Certificate.reissued_as.is_(None)
        )
    )
    return found


async def certificates_to_check(session: AsyncSession, *, share: int, at_least: int) -> Sequence[uuid.UUID]:
    """Certificates whose stored PDF was looked at longest ago: one in `share` of them, but always some."""
    stored = (Certificate.pdf_sha256.is_not(None), Certificate.pdf_erased_at.is_(None))
    total = await session.scalar(select(func.count()).select_from(Certificate).where(*stored)) or 0
    chosen = await session.scalars(
        select(Certificate.id)
        .where(*stored)
        .order_by(Certificate.pdf_checked_at, Certificate.id)
        .limit(max(at_least, -(-total // share)))
    )
    return chosen.all()


async def certificates_with_ids(session: AsyncSession, ids: Sequence[uuid.UUID]) -> Sequence[Certificate]:
    """The certificates with these ids; for workers, of every organization."""
    found = (
        select(Certificate)
        .join(CertificateOrganization, IS_OF_CERTIFICATE)
        .where(CertificateOrganization.id.in_(ids))
    )
    return (await session.scalars(found)).all()


async def drifted_pdfs(session: AsyncSession) -> int:
    """How many stored PDFs were missing or changed when last looked at."""
    return await session.scalar(_DRIFTED) or 0


@dataclass(frozen=True, slots=True)
class PdfState:
    """How the making of PDFs stands, in all organizations."""

    halted_at: datetime | None
    waiting: int
    dead: int
    drifted: int


async def pdf_state(session: AsyncSession, job: str) -> PdfState:
    """How the making of PDFs by this job stands; for operators, as the worker's role."""
    rows = select(func.count()).select_from(OutboxRow).where(OutboxRow.job == job)
    row = await session.execute(
        select(
            select(JobHalt.halted_at).where(JobHalt.job == job).scalar_subquery(),
            rows.where(OutboxRow.status.in_(("queued", "leased"))).scalar_subquery(),
            rows.where(OutboxRow.status == "dead").scalar_subquery(),
            _DRIFTED.scalar_subquery(),
        )
    )
    return PdfState(*row.one())


async def is_pdf_given_up(session: AsyncSession, certificate_id: uuid.UUID, mark: Mark | None = None) -> bool:
    """Whether the job that makes the PDF, or the one with that mark, is dead.

    Then nothing happens until an operator retries it.
    """
    dead = select(OutboxRow.id).where(
        OutboxRow.unique_key == generation_key(certificate_id, mark), OutboxRow.status == "dead"
    )
    return await session.scalar(dead) is not None
