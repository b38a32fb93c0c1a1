"""A member's notifications, each derived from the row that it is about: nothing is written when something happens.

Its id follows from its kind and that row's id, so it stays the same. All of one member's are put in order for each
page; they are as many as the member's enrollments, reminders, certificates, graded attempts and pieces of evidence.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.attempts.models import PendingResponse, QuizAttempt
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.completion.models import EnrollmentMove
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.directory.models import ComplianceRequirement
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN, WITHDRAWN
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import looked_up
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    INSTANT,
    LIMIT,
    ORGANIZATION_ID,
    USER_ID,
    Kept,
    fetch,
    fetch_value,
    kept,
)
from learning_service.domain.notifications.models import NotificationRead
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.rules import DEFAULT_RECERTIFICATION_WINDOW_DAYS
from learning_service.domain.preferences.models import MemberPreferences
from learning_service.domain.preferences.queries import is_of
from learning_service.domain.reminders.models import Reminder


@dataclass(frozen=True, slots=True)
class NotificationView:
    """Something that a member is told."""

    id: uuid.UUID
    kind: str
    at: datetime
    title: str
    enrollment_id: uuid.UUID | None
    course_id: uuid.UUID | None
    attempt_id: uuid.UUID | None
    certificate_id: uuid.UUID | None
    evidence_id: uuid.UUID | None
    due_at: datetime | None
    kept: int | None
    lost: int | None
    read: bool


async def list_notifications(
    session: AsyncSession, caller: Principal, page: PageRequest, *, unread: bool | None
) -> Sequence[NotificationView]:
    """The caller's notifications, newest first; one more than the page holds. Index: `ix_enrollments_member`."""
    given = {**_own(session, caller), "limit": page.limit + 1}
    if page.after is not None:
        given["after_at"] = datetime.fromisoformat(page.after[0])
        given["after_id"] = uuid.UUID(page.after[1])
    rows = await fetch(session, _listed(unread=unread, after=page.after is not None), given)
    return [NotificationView(*row) for row in rows]


@cache
def _listed(*, unread: bool | None, after: bool) -> Kept:
    told = notifications_of()
    read = _is_read(told)
    statement = select(told, read.label("read")).outerjoin(
        MemberPreferences, is_of(MemberPreferences, ORGANIZATION_ID, USER_ID)
    )
    if unread is not None:
        statement = statement.where(~read if unread else read)
    if after:
        last = tuple_(
            bindparam("after_at", type_=DateTime(timezone=True)), bindparam("after_id", type_=Uuid())
        )
        statement = statement.where(tuple_(told.c.at, told.c.id) < last)
    return kept(statement.order_by(told.c.at.desc(), told.c.id.desc()).limit(LIMIT))


async def count_unread(session: AsyncSession, caller: Principal) -> int:
    """How many notifications the caller has not read."""
    found: int = await fetch_value(session, _unread(), _own(session, caller))
    return found


@cache
def _unread() -> Kept:
    told = notifications_of()
    return kept(
        select(func.count())
        .select_from(told)
        .outerjoin(MemberPreferences, is_of(MemberPreferences, ORGANIZATION_ID, USER_ID))
        .where(~_is_read(told))
    )


def _own(session: AsyncSession, caller: Principal) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "user_id": caller.user_id,
        "instant": now(session),
    }


@cache
def notifications_of() -> Any:
    """All notifications of a member until a moment, in the order of `NotificationView` without `read`.

    Parameters: `organization_id`, `user_id` and `instant`.
    """
    assigned = case((Enrollment.source == "recertification", "expiring"), else_="assigned")
    enrolled = _told(assigned, Enrollment.id, Enrollment.assigned_at)
    failed = _told(literal("failed"), Enrollment.id, Enrollment.ended_at)
    return union_all(
        enrolled.where(Enrollment.source != "self"),
        failed.where(Enrollment.status == "failed"),
        _reminded(),
        _completed(),
        _certified(),
        _graded(),
        _moved(),
        _decided(),
        _expiring(),
        _invited(),
    ).subquery("told")


def _decided() -> Any:
    """What was decided of the caller's evidence, as it was decided last."""
    kind = case((Evidence.status == "approved", "evidence_approved"), else_="evidence_rejected")
    return _shown(kind, Evidence.decided_at).where(Evidence.status != "pending")


def _expiring() -> Any:
    """Evidence that counts and soon no longer will, from when a renewal would be opened of a completion."""
    days = select(OrganizationSettings.recertification_window_days).where(
        OrganizationSettings.organization_id == ORGANIZATION_ID
    )
    window = func.coalesce(days.scalar_subquery(), DEFAULT_RECERTIFICATION_WINDOW_DAYS)
    at = func.greatest(Evidence.approved_at, Evidence.expires_at - func.make_interval(0, 0, 0, window))
    return _shown(literal("evidence_expiring"), at, due_at=Evidence.expires_at).where(
        Evidence.status == "approved", Evidence.expires_at.is_not(None), at <= INSTANT
    )


def _shown(kind: Any, at: Any, *, due_at: Any = None) -> Any:
    """One kind of notification about the caller's evidence; its title is the requirement's name."""
    named, nothing = cast(kind, Text), cast(null(), Uuid())
    return (
        select(
            # A second decision is told anew.
            cast(func.md5(named + cast(Evidence.id, Text)), Uuid()).label("id"),
            named.label("kind"),
            at.label("at"),
            ComplianceRequirement.name.label("title"),
            nothing.label("enrollment_id"),
            nothing.label("course_id"),
            nothing.label("attempt_id"),
            nothing.label("certificate_id"),
            Evidence.id.label("evidence_id"),
            (cast(null(), Evidence.expires_at.type) if due_at is None else due_at).label("due_at"),
            cast(null(), Integer).label("kept"),
            cast(null(), Integer).label("lost"),
        )
        .select_from(Evidence)
        .join(
            ComplianceRequirement,
            and_(
                ComplianceRequirement.organization_id == Evidence.organization_id,
                ComplianceRequirement.id == Evidence.requirement_id,
            ),
        )
        .where(Evidence.organization_id == ORGANIZATION_ID, Evidence.user_id == USER_ID)
    )


def _reminded() -> Any:
    reminder = looked_up(Reminder, "reminder", _belongs(Reminder))
    kind = case((reminder.kind == "due", "due_soon"), else_="overdue")
    told = _told(kind, reminder.id, reminder.claimed_at, due_at=reminder.due_at)
    return told.join(reminder, true()).where(
        or_(reminder.kind == "due", and_(reminder.kind == "overdue", reminder.days_before == 0))
    )


def _completed() -> Any:
    completion = looked_up(CourseCompletion, "completion", _belongs(CourseCompletion))
    told = _told(literal("completed"), completion.id, completion.completed_at)
    return told.join(completion, true())


def _certified() -> Any:
    """When the PDF was there."""
    completion = looked_up(CourseCompletion, "completion", _belongs(CourseCompletion))
    certificate = looked_up(
        Certificate,
        "certificate",
        Certificate.organization_id == completion.organization_id,
        Certificate.completion_id == completion.id,
        Certificate.reissued_as.is_(None),
    )
    told = _told(
        literal("certificate_ready"),
        certificate.id,
        certificate.pdf_ready_at,
        certificate_id=certificate.id,
    )
    return (
        told.join(completion, true()).join(certificate, true()).where(certificate.pdf_ready_at.is_not(None))
    )


def _graded() -> Any:
    """Attempts of which a person graded something, when the last of it was."""
    attempt = looked_up(QuizAttempt, "attempt", _belongs(QuizAttempt))
    graded_at = (
        select(func.max(PendingResponse.graded_at))
        .where(
            PendingResponse.organization_id == attempt.organization_id,
            PendingResponse.attempt_id == attempt.id,
        )
        .scalar_subquery()
    )
    told = _told(literal("graded"), attempt.id, graded_at, attempt_id=attempt.id)
    return told.join(attempt, true()).where(attempt.status == "graded", graded_at.is_not(None))


def _moved() -> Any:
    move = looked_up(EnrollmentMove, "move", _belongs(EnrollmentMove))
    told = _told(literal("migrated"), move.id, move.moved_at, kept=move.kept, lost=move.lost)
    return told.join(move, true())


def _invited() -> Any:
    """While the published version invites the learner of an open enrollment at an older one."""
    course = looked_up(
        Course,
        "course",
        Course.organization_id == Enrollment.organization_id,
        Course.id == Enrollment.course_id,
    )
    newer = aliased(CourseVersion, name="newer")
    published = and_(newer.organization_id == course.organization_id, newer.id == course.published_version_id)
    told = _told(literal("invited"), func.concat(Enrollment.id, newer.id), newer.published_at)
    return (
        told.join(course, true())
        .join(newer, published)
        .where(Enrollment.status.in_(OPEN), newer.invites, newer.number > CourseVersion.number)
    )


def _belongs(row: Any) -> ColumnElement[bool]:
    return and_(row.organization_id == Enrollment.organization_id, row.enrollment_id == Enrollment.id)


def _told(
    kind: Any,
    source_id: Any,
    at: Any,
    *,
    attempt_id: Any = None,
    certificate_id: Any = None,
    due_at: Any = None,
    kept: Any = None,
    lost: Any = None,
) -> Any:
    """One kind of notification; the row that it is about is joined to its enrollment."""
    named = cast(kind, Text)
    nothing, none = cast(null(), Uuid()), cast(null(), Integer())
    return (
        select(
            cast(func.md5(named + cast(source_id, Text)), Uuid()).label("id"),
            named.label("kind"),
            at.label("at"),
            CourseVersion.title,
            Enrollment.id.label("enrollment_id"),
            Enrollment.course_id,
            (nothing if attempt_id is None else attempt_id).label("attempt_id"),
            (nothing if certificate_id is None else certificate_id).label("certificate_id"),
            nothing.label("evidence_id"),
            (Enrollment.due_at if due_at is None else due_at).label("due_at"),
            (none if kept is None else kept).label("kept"),
            (none if lost is None else lost).label("lost"),
        )
        .select_from(Enrollment)
        .join(
            CourseVersion,
            (CourseVersion.organization_id == Enrollment.organization_id)
            & (CourseVersion.id == Enrollment.version_id),
        )
        .where(
            Enrollment.organization_id == ORGANIZATION_ID,
            Enrollment.user_id == USER_ID,
            Enrollment.status != WITHDRAWN,
        )
    )


def _is_read(told: Any) -> ColumnElement[bool]:
    alone = exists().where(
        NotificationRead.organization_id == ORGANIZATION_ID,
        NotificationRead.user_id == USER_ID,
        NotificationRead.notification_id == told.c.id,
    )
    return or_(func.coalesce(told.c.at <= MemberPreferences.notifications_read_at, False), alone)
