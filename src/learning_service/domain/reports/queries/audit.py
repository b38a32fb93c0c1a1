"""The audit trail as administrators read it: with names, titles and reasons, which the trail itself does not hold."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    String,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.attempts.models import EnrollmentGrant
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.reach import Offices, units_of
from learning_service.domain.directory.models import (
    Chapter,
    ComplianceRequirement,
    Member,
    Organization,
    Region,
)
from learning_service.domain.directory.queries.audience import REGIONS, reach_values, within_units
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.documents.models import Document
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.models import Exemption
from learning_service.domain.grading.models import LostPass
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, USER_ID, Kept, fetch, kept
from learning_service.domain.questions.models import QuestionBank
from learning_service.domain.records.audit import AuditEntry, whom


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; None: whatever."""

    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    course_id: uuid.UUID | None = None
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditView:
    """Who did what to whom, and when."""

    id: uuid.UUID
    at: datetime
    actor: str
    actor_name: str | None
    action: str
    subject: str
    subject_kind: str
    subject_name: str | None
    course_id: uuid.UUID | None
    course_title: str | None
    enrollment_id: uuid.UUID | None
    record_kind: str
    record_id: str
    reason: str | None


def _course() -> ColumnElement[str]:
    return func.coalesce(
        AuditEntry.details["course_id"].astext,
        case((AuditEntry.subject_kind == "course", AuditEntry.subject_id)),
    )


_CONCERNS = (
    AuditEntry.details["user_id"].astext.label("person"),
    cast(_course(), Uuid).label("course_id"),
    cast(AuditEntry.details["enrollment_id"].astext, Uuid).label("enrollment_id"),
)


async def list_audit(
    session: AsyncSession, caller: Principal, page: PageRequest, wanted: AuditFilter
) -> Sequence[AuditView]:
    """What was done to whom and what the caller administers, newest first; one more than the page holds.

    Walks `ix_audit_entries_time` from its end until the page is full; names, titles and reasons are looked up for the
    rows of the page alone.
    """
    named = {name: getattr(wanted, name) for name in _FILTERS if getattr(wanted, name) is not None}
    given = {
        "user_id": caller.user_id,
        "limit": page.limit + 1,
        **reach_values(reach_of(caller)),
        **units_of(caller).given(),
        **named,
    }
    if "course_id" in named:
        given["course_id"] = str(wanted.course_id)
    if page.after is not None:
        given["last"] = uuid.UUID(page.after[0])
    read = _listed(caller.is_national_admin, frozenset(named), page.after is not None)
    return [AuditView(*row) for row in await fetch(session, read, given)]


_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "subject": whom() == bindparam("subject", type_=Text()),
    "actor": AuditEntry.actor == bindparam("actor", type_=Text()),
    "action": AuditEntry.action == bindparam("action", type_=Text()),
    "course_id": _course() == bindparam("course_id", type_=Text()),
    "after": AuditEntry.at >= bindparam("after", type_=DateTime(timezone=True)),
    "before": AuditEntry.at < bindparam("before", type_=DateTime(timezone=True)),
}


@lru_cache(maxsize=128)
def _listed(national: bool, named: frozenset[str], after: bool) -> Kept:
    newest = select(*AuditEntry.__table__.columns, *_CONCERNS).where(
        AuditEntry.organization_id == ORGANIZATION_ID,
        *(condition for name, condition in _FILTERS.items() if name in named),
    )
    if not national:
        newest = newest.where(_of_regions())
    if after:
        newest = newest.where(AuditEntry.id < bindparam("last", type_=Uuid()))
    page = newest.order_by(AuditEntry.id.desc()).limit(LIMIT).cte("page")
    return kept(_shown(page.prefix_with("MATERIALIZED", dialect="postgresql")))


def _of_regions() -> ColumnElement[bool]:
    """Entries about members, courses and units of regions that the caller administers.

    Of those about no person the caller's own as well.
    """
    of_member = exists().where(
        Member.organization_id == ORGANIZATION_ID,
        Member.user_id == AuditEntry.details["user_id"].astext,
        Member.erased_at.is_(None),
        Member.created_at <= AuditEntry.at,
        within_units(Member.chapter_id, chapters=False),
    )
    of_course = exists().where(
        Course.organization_id == ORGANIZATION_ID,
        cast(Course.id, String) == _course(),
        Course.scope != "national",
        Offices(national=False, regions=True, chapters=False).assigned(),
    )
    about_course = AuditEntry.subject_kind == "course"
    about_region, about_chapter = (AuditEntry.subject_kind == kind for kind in ("region", "chapter"))
    return or_(
        and_(~about_course, of_member),
        and_(
            or_(about_course, AuditEntry.details["user_id"].astext.is_(None)),
            or_(
                AuditEntry.actor == USER_ID,
                of_course,
                and_(about_region, AuditEntry.subject_id == any_(REGIONS)),
                and_(about_chapter, within_units(AuditEntry.subject_id, chapters=False)),
            ),
        ),
    )


def _shown(page: Any) -> Any:
    """A select of `AuditView` for a page of entries."""
    entry = page.c
    actor = _person(entry, entry.actor)
    person = _person(entry, entry.person)
    title = _title(entry, entry.course_id)
    program = cast(case((entry.subject_kind == "program", entry.subject_id)), Uuid)
    return select(
        entry.id,
        entry.at,
        entry.actor,
        actor,
        entry.action,
        func.coalesce(entry.person, entry.subject_id),
        case((entry.person.is_not(None), "member"), else_=entry.subject_kind),
        case(
            (entry.person.is_not(None), person),
            (entry.subject_kind.in_(_OF_A_COURSE), title),
            (entry.subject_kind == "program", _title(entry, program)),
            *((entry.subject_kind == kind, _name(entry, name)) for kind, name in _NAMED.items()),
        ),
        entry.course_id,
        title,
        entry.enrollment_id,
        entry.subject_kind,
        entry.subject_id,
        _reason(entry),
    ).order_by(entry.id.desc())


_NAMED: dict[str, Any] = {
    "chapter": Chapter.name,
    "compliance_requirement": ComplianceRequirement.name,
    "document": Document.name,
    "organization": Organization.name,
    "question_bank": QuestionBank.title,
    "region": Region.name,
}
"""What has a name beside people and courses."""
_OF_A_COURSE = ("course", "assignment_rule", "assignment_run", "regrade")
"""What is called as the course that it is about."""


def _title(entry: Any, course_id: ColumnElement[uuid.UUID]) -> Any:
    return (
        select(CourseVersion.title)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Course.organization_id == entry.organization_id, Course.id == course_id)
        .order_by((CourseVersion.id == Course.published_version_id).desc(), CourseVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def _person(entry: Any, user_id: ColumnElement[str]) -> Any:
    """The name of whoever had this id when the entry was made; an id may have been given anew since an erasure."""
    member = aliased(Member)
    return (
        select(member.display_name)
        .where(
            member.organization_id == entry.organization_id,
            member.user_id == user_id,
            member.created_at <= entry.at,
        )
        .scalar_subquery()
    )


def _name(entry: Any, name: Any) -> Any:
    model = name.class_
    where = [cast(model.id, String) == entry.subject_id]
    if model is not Organization:
        where.append(model.organization_id == entry.organization_id)
    return select(name).where(*where).scalar_subquery()


def _reason(entry: Any) -> Any:
    """Why it was done, from where erasure finds it: the trail holds no free text."""
    grant = (
        select(EnrollmentGrant.reason)
        .where(
            EnrollmentGrant.organization_id == entry.organization_id,
            EnrollmentGrant.enrollment_id == entry.enrollment_id,
            EnrollmentGrant.granted_at == entry.at,
        )
        .order_by(EnrollmentGrant.id)
        .limit(1)
        .scalar_subquery()
    )
    decision = (
        select(LostPass.reason)
        .where(
            LostPass.organization_id == entry.organization_id,
            LostPass.enrollment_id == entry.enrollment_id,
            LostPass.resolved_at == entry.at,
        )
        .order_by(LostPass.id)
        .limit(1)
        .scalar_subquery()
    )
    is_certificate = entry.subject_kind == "certificate"
    given = case(
        (entry.action == "certificate.revoked", Certificate.revocation_reason),
        (entry.action == "certificate.reissued", Certificate.reissue_reason),
    )
    certificate = (
        select(given)
        .where(
            Certificate.organization_id == entry.organization_id,
            Certificate.id == case((is_certificate, cast(entry.subject_id, Uuid))),
        )
        .scalar_subquery()
    )
    granted = case((entry.action == "exemption.granted", cast(entry.subject_id, Uuid)))
    exemption = (
        select(Exemption.reason)
        .where(Exemption.organization_id == entry.organization_id, Exemption.id == granted)
        .scalar_subquery()
    )
    return case(
        (entry.subject_kind == "evidence", _decision_of_evidence(entry)),
        (entry.subject_kind == "enrollment", func.coalesce(grant, decision)),
        (is_certificate, certificate),
        (entry.subject_kind == "exemption", exemption),
        (entry.subject_kind == "webhook", entry.details["reason"].astext),
    )


def _decision_of_evidence(entry: Any) -> Any:
    return (
        select(Evidence.reason)
        .where(
            Evidence.organization_id == entry.organization_id,
            Evidence.id == case((entry.subject_kind == "evidence", cast(entry.subject_id, Uuid))),
            Evidence.decided_at == entry.at,
        )
        .scalar_subquery()
    )
