"""Reads of evidence, and the conditions by which other statements count what was approved."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, Uuid, and_, bindparam, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import ComplianceRequirement, Member
from learning_service.domain.directory.queries.audience import within
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.documents.models import Document
from learning_service.domain.documents.rules import PROOFS, file_path, referenced_id
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.kernel.errors import Invalid, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import FENCE, looked_up, of_many
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, USER_ID, Kept, fetch, kept


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """Evidence as administrators see it; members see of their own all but the last three."""

    id: uuid.UUID
    requirement_id: str
    requirement_name: str
    completed_on: date
    note: str | None
    document_id: uuid.UUID | None
    status: str
    sent_at: datetime
    reason: str | None
    expires_on: date | None
    expires_at: datetime | None
    decided_at: datetime | None
    user_id: str
    display_name: str | None
    decided_by: str | None

    @property
    def document_url(self) -> str | None:
        """Where the file is fetched; None: there is none, or it is no longer kept."""
        return None if self.document_id is None else file_path(self.document_id)


@dataclass(frozen=True, slots=True)
class EvidenceFilter:
    """Which evidence is wanted; None: whatever."""

    user_id: str | None = None
    requirement_id: str | None = None
    chapter_id: str | None = None
    status: str | None = None


def is_proven(organization_id: Any, user_id: Any, requirement_id: Any, instant: Any) -> ColumnElement[bool]:
    """Whether approved evidence shows at that instant that a member meets a requirement; a NULL one: no.

    One look-up for each row, by `ix_evidence_member`.
    """
    proof = select(Evidence.id).where(
        of_many(Evidence.organization_id, organization_id),
        Evidence.user_id == user_id,
        Evidence.requirement_id == requirement_id,
        counts_at(instant),
    )
    return exists(proof.correlate_except(Evidence).offset(FENCE))


def counts_at(instant: Any) -> ColumnElement[bool]:
    """Whether evidence counts now: approved, and not at its end."""
    return and_(
        Evidence.status == "approved", or_(Evidence.expires_at.is_(None), Evidence.expires_at > instant)
    )


def proven_by(organization_id: Any, requirement_id: Any, instant: Any) -> Select[Any]:
    """Members of whom approved evidence shows that they meet this requirement."""
    return select(Evidence.user_id).where(
        Evidence.organization_id == organization_id,
        Evidence.requirement_id == requirement_id,
        counts_at(instant),
    )


async def named_document(
    session: AsyncSession, named: str | None, *, user_id: str, actor: Principal
) -> Document | None:
    """The PDF or picture that a body names by id or reference; None where it names none.

    It is the actor's own upload, or one that the member has sent as evidence. Raises Invalid.
    """
    if named is None:
        return None
    document_id = referenced_id(named) or _uuid(named)
    sent = exists().where(
        Evidence.organization_id == Document.organization_id,
        Evidence.user_id == user_id,
        Evidence.document_id == Document.id,
    )
    document: Document | None = await session.scalar(
        select(Document).where(
            Document.organization_id == actor.organization_id,
            Document.id == document_id,
            or_(Document.uploaded_by == actor.user_id, sent),
            Document.media_type.in_(sorted(PROOFS)),
        )
    )
    if document is None:
        raise Invalid.at("/document", "is not a PDF or picture that you uploaded", "not-known")
    if document.status == "failed":
        raise Invalid.at("/document", "is a file that cannot be used; upload another", "unusable")
    return document


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


async def list_evidence(
    session: AsyncSession, organization_id: str, reach: Reach, page: PageRequest, wanted: EvidenceFilter
) -> Sequence[EvidenceView]:
    """Evidence of members within the reach, newest first; one more than the page holds.

    Walks the primary key of the organization from its end, of what is pending `ix_evidence_pending`.
    """
    statement = _views().where(within(organization_id, reach, _WHO))
    if wanted.user_id is not None:
        statement = statement.where(Evidence.user_id == wanted.user_id)
    if wanted.requirement_id is not None:
        statement = statement.where(Evidence.requirement_id == wanted.requirement_id)
    if wanted.chapter_id is not None:
        statement = statement.where(_WHO.chapter_id == wanted.chapter_id)
    if wanted.status is not None:
        statement = statement.where(Evidence.status == wanted.status)
    statement = _paged(statement, after=page.after is not None)
    rows = await session.execute(statement, {"organization_id": organization_id, **_page(page)})
    return [EvidenceView(*row) for row in rows]


async def list_own_evidence(
    session: AsyncSession, caller: Principal, page: PageRequest, *, status: str | None
) -> Sequence[EvidenceView]:
    """The caller's evidence, newest first; one more than the page holds. Index: `ix_evidence_member`."""
    given = {"organization_id": caller.organization_id, "user_id": caller.user_id, **_page(page)}
    if status is not None:
        given["status"] = status
    read = _own_evidence(has_status=status is not None, after=page.after is not None)
    return [EvidenceView(*row) for row in await fetch(session, read, given)]


@cache
def _own_evidence(*, has_status: bool, after: bool) -> Kept:
    own = select(Evidence.id).where(Evidence.organization_id == ORGANIZATION_ID, Evidence.user_id == USER_ID)
    # Found first, and all of them: they are few, and in the order of their ids they would be looked for among all.
    statement = _views().where(Evidence.id == func.any(func.array(own.scalar_subquery())))
    if has_status:
        statement = statement.where(Evidence.status == bindparam("status", type_=Text()))
    return kept(_paged(statement, after=after))


async def access_evidence(
    session: AsyncSession, organization_id: str, reach: Reach, evidence_id: uuid.UUID
) -> EvidenceView:
    """Evidence of a member within the reach. Raises NotFound."""
    statement = _views().where(Evidence.id == evidence_id, within(organization_id, reach, _WHO))
    row = (await session.execute(statement, {"organization_id": organization_id})).first()
    if row is None:
        raise NotFound
    return EvidenceView(*row)


def _paged(statement: Any, *, after: bool) -> Any:
    """A page of evidence, newest first; its parameters are `_page`'s."""
    if after:
        statement = statement.where(Evidence.id < bindparam("after", type_=Uuid()))
    return statement.order_by(Evidence.id.desc()).limit(LIMIT)


def _page(page: PageRequest) -> dict[str, Any]:
    given: dict[str, Any] = {"limit": page.limit + 1}
    if page.after is not None:
        given["after"] = uuid.UUID(page.after[0])
    return given


_WHO = looked_up(
    Member,
    "who",
    Member.organization_id == Evidence.organization_id,
    Member.user_id == Evidence.user_id,
)
_REQUIREMENT = looked_up(
    ComplianceRequirement,
    "requirement",
    ComplianceRequirement.organization_id == Evidence.organization_id,
    ComplianceRequirement.id == Evidence.requirement_id,
)
"""Each by its key: beside an organization of a million all members of a small one were gone through for each row."""


def _views() -> Select[Any]:
    """A select of `EvidenceView` columns of one organization (its parameter `organization_id`)."""
    columns: tuple[Any, ...] = (
        Evidence.id,
        Evidence.requirement_id,
        _REQUIREMENT.name,
        Evidence.completed_on,
        Evidence.note,
        # What is no longer kept cannot be shown.
        Document.id,
        Evidence.status,
        Evidence.sent_at,
        Evidence.reason,
        Evidence.expires_on,
        Evidence.expires_at,
        Evidence.decided_at,
        Evidence.user_id,
        _WHO.display_name,
        Evidence.decided_by,
    )
    return (
        select(*columns)
        .select_from(Evidence)
        .join(_WHO, true())
        .join(_REQUIREMENT, true())
        .outerjoin(
            Document,
            and_(Document.organization_id == Evidence.organization_id, Document.id == Evidence.document_id),
        )
        .where(Evidence.organization_id == ORGANIZATION_ID, _WHO.erased_at.is_(None))
    )
