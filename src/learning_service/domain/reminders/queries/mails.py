"""Reads of reminders."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    outerjoin,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.courses.models import CourseVersion, Quiz
from learning_service.domain.directory.models import NATIONAL, ComplianceRequirement, Member
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.queries import is_exempt
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import FENCE, of_many
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.reminders.models import EvidenceMail, Reminder, WebhookNotice
from learning_service.domain.reminders.queries.digests import load_digest
from learning_service.domain.reminders.queries.readers import ACTIVE, READER, preferred, with_reader
from learning_service.domain.reminders.rules import AnyMail, Decision, Mail, MailKind, Notice
from learning_service.domain.webhooks.models import WebhookSubscription

IS_NATIONAL_ADMIN: ColumnElement[bool] = Member.offices.op("@>")(literal_column(f"'{NATIONAL}'::jsonb"))
"""Whether the directory says so of a member; the condition of an index."""
_Nearer = aliased(Reminder, name="nearer")

_KIND = case(
    (and_(Reminder.kind == "assigned", Enrollment.source == "recertification"), "expiring"),
    else_=Reminder.kind,
)
_RENEWED = (
    select(CourseCompletion.expires_at)
    .where(
        CourseCompletion.organization_id == Enrollment.organization_id,
        CourseCompletion.user_id == Enrollment.user_id,
        CourseCompletion.course_id == Enrollment.course_id,
        cast(CourseCompletion.id, Text) == Enrollment.cause_id,
    )
    .scalar_subquery()
)

_IS_CURRENT = case(
    (Reminder.kind == "result", func.coalesce(QuizAttempt.status == "graded", False)),
    (
        Reminder.kind == "certificate",
        and_(
            Certificate.id.is_not(None), Certificate.revoked_at.is_(None), Certificate.reissued_as.is_(None)
        ),
    ),
    else_=True,
)
_SUPERSEDED = exists().where(
    _Nearer.enrollment_id == Reminder.enrollment_id,
    _Nearer.due_at == Reminder.due_at,
    _Nearer.days_before < Reminder.days_before,
)
_FACTS = (
    *READER,
    *preferred(_KIND),
    _KIND,
    Reminder.days_before,
    Reminder.due_at,
    Enrollment.status,
    Enrollment.awaiting_review,
    Enrollment.due_at,
    func.coalesce(Certificate.expires_at, _RENEWED),
    Reminder.subject_id,
    Quiz.title,
    QuizAttempt.points,
    QuizAttempt.max_points,
    QuizAttempt.passed,
    _IS_CURRENT,
    Enrollment.id,
    Enrollment.course_id,
    CourseVersion.title,
    _SUPERSEDED,
)
"""Of a mail about an enrollment, in the order of `Mail`, from after what is known of the reader up to `exempt`."""
_LEARNED = (Enrollment.organization_id, Enrollment.user_id, Enrollment.course_id)


def is_active(organization_id: Any, user_id: Any) -> ColumnElement[bool]:
    """Whether the member has a status in which the organization wants to have them reminded."""
    settings = OrganizationSettings.organization_id == Member.organization_id
    member = (
        select(Member.user_id)
        .select_from(outerjoin(Member, OrganizationSettings, settings))
        .where(of_many(Member.organization_id, organization_id), Member.user_id == user_id, ACTIVE)
    )
    return exists(member.offset(FENCE))


async def load_mail(session: AsyncSession, kind: MailKind, mail_id: uuid.UUID) -> AnyMail | None:
    """What a mail is made of now; None when what it is about is gone."""
    if kind == "evidence":
        return await _decision(session, mail_id)
    if kind == "digest":
        return await load_digest(session, mail_id)
    return await (_notice if kind == "notice" else _reminder)(session, mail_id)


async def _reminder(session: AsyncSession, reminder_id: uuid.UUID) -> Mail | None:
    row: Any = (
        await session.execute(
            with_reader(
                select(Reminder.id, Reminder.status == "pending", *_FACTS, is_exempt(*_LEARNED, now(session)))
                .join(Enrollment, Enrollment.id == Reminder.enrollment_id)
                .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
                .outerjoin(
                    QuizAttempt,
                    and_(
                        QuizAttempt.organization_id == Reminder.organization_id,
                        QuizAttempt.id == Reminder.subject_id,
                        Reminder.kind == "result",
                    ),
                )
                .outerjoin(
                    Quiz,
                    and_(Quiz.organization_id == QuizAttempt.organization_id, Quiz.id == QuizAttempt.quiz_id),
                )
                .outerjoin(
                    Certificate,
                    and_(
                        Certificate.organization_id == Reminder.organization_id,
                        Certificate.id == Reminder.subject_id,
                        Reminder.kind == "certificate",
                    ),
                ),
                Enrollment.organization_id,
                Enrollment.user_id,
            ).where(Reminder.id == reminder_id)
        )
    ).first()
    return None if row is None else Mail(*row)


async def _notice(session: AsyncSession, notice_id: uuid.UUID) -> Notice | None:
    webhook = WebhookSubscription
    row: Any = (
        await session.execute(
            with_reader(
                select(
                    WebhookNotice.id,
                    WebhookNotice.status == "pending",
                    *READER,
                    webhook.id,
                    webhook.url,
                    WebhookNotice.disabled_at,
                    webhook.disabled_reason,
                    and_(webhook.disabled_at == WebhookNotice.disabled_at, webhook.deleted_at.is_(None)),
                    or_(IS_NATIONAL_ADMIN, Member.user_id == webhook.created_by),
                ).join(webhook, webhook.id == WebhookNotice.subscription_id),
                WebhookNotice.organization_id,
                WebhookNotice.user_id,
            ).where(WebhookNotice.id == notice_id)
        )
    ).first()
    return None if row is None else Notice(*row)


async def _decision(session: AsyncSession, mail_id: uuid.UUID) -> Decision | None:
    told = EvidenceMail
    row: Any = (
        await session.execute(
            with_reader(
                select(
                    told.id,
                    told.status == "pending",
                    *READER,
                    *preferred(literal("evidence")),
                    Evidence.decided_at == told.decided_at,
                    Evidence.status == "approved",
                    Evidence.taken_back_at.is_not(None),
                    ComplianceRequirement.name,
                    Evidence.reason,
                    Evidence.expires_at,
                )
                .join(
                    Evidence,
                    and_(Evidence.organization_id == told.organization_id, Evidence.id == told.evidence_id),
                )
                .join(
                    ComplianceRequirement,
                    and_(
                        ComplianceRequirement.organization_id == Evidence.organization_id,
                        ComplianceRequirement.id == Evidence.requirement_id,
                    ),
                ),
                told.organization_id,
                Evidence.user_id,
            ).where(told.id == mail_id)
        )
    ).first()
    return None if row is None else Decision(*row)


async def readers_of_notice(session: AsyncSession, webhook: WebhookSubscription) -> Sequence[str]:
    """Who gets the mail about a disabled webhook: national administrators by office, else the member who made it."""
    members = select(Member.user_id).where(
        Member.organization_id == webhook.organization_id, Member.erased_at.is_(None)
    )
    found = (await session.scalars(members.where(IS_NATIONAL_ADMIN).order_by(Member.user_id))).all()
    return found or (await session.scalars(members.where(Member.user_id == webhook.created_by))).all()
