"""Planning claimed mails, and following each until it has left."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    Integer,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.jobs.outbox import OutboxRow, enqueue_job
from learning_service.domain.jobs.payloads import SendMails
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.records.bulk_events import ids_of, new_ids
from learning_service.domain.reminders.models import (
    EvidenceMail,
    MailPace,
    OfficerDigest,
    Reminder,
    WebhookNotice,
)
from learning_service.domain.reminders.queries.mails import readers_of_notice
from learning_service.domain.reminders.rules import MailKind
from learning_service.domain.webhooks.models import WebhookSubscription

MAILS_PER_JOB = 100
_DAY = timedelta(days=1)
_TABLES: Mapping[
    MailKind, type[Reminder] | type[WebhookNotice] | type[OfficerDigest] | type[EvidenceMail]
] = {
    "reminder": Reminder,
    "notice": WebhookNotice,
    "digest": OfficerDigest,
    "evidence": EvidenceMail,
}


async def plan_assignment_mails(
    session: AsyncSession,
    organization_id: str,
    moment: uuid.UUID,
    *,
    course_id: uuid.UUID | None,
    mails_per_second: int,
    as_of: datetime | None = None,
) -> None:
    """Claim the mails for the enrollments that were made together at `moment`, and plan when they leave."""
    first, last = ids_of(moment)
    made = and_(
        Enrollment.organization_id == organization_id,
        Enrollment.id.between(first, last),
        Enrollment.source != "self",
    )
    if course_id is not None:
        made = and_(made, Enrollment.course_id == course_id)
    row = {
        "id": new_ids(),
        "organization_id": Enrollment.organization_id,
        "enrollment_id": Enrollment.id,
        "kind": literal("assigned", Text),
        "days_before": literal(0, Integer),
        "due_at": cast(null(), Reminder.due_at.type),
        "status": literal("pending", Text),
        "claimed_at": literal(now(session), Reminder.claimed_at.type),
    }
    rows = await session.execute(
        insert(Reminder)
        .from_select(list(row), select(*row.values()).where(made), include_defaults=False)
        .on_conflict_do_nothing()
        .returning(Reminder.organization_id, Reminder.id)
    )
    await plan_mails(session, rows.all(), mails_per_second=mails_per_second, as_of=as_of)


async def plan_mail_about(
    session: AsyncSession,
    kind: Literal["result", "certificate"],
    subject_id: uuid.UUID,
    *,
    mails_per_second: int,
) -> None:
    """Claim the mail about an attempt that was graded, or about a certificate that is ready: each has one.

    What was imported is no news to the member and makes none.
    """
    found = (await session.execute(_enrollment_of(kind, subject_id))).first()
    if found is None:
        return
    rows = await session.execute(
        insert(Reminder)
        .values(
            id=new_id(),
            organization_id=found.organization_id,
            enrollment_id=found.enrollment_id,
            kind=kind,
            days_before=0,
            subject_id=subject_id,
            status="pending",
            claimed_at=now(session),
        )
        .on_conflict_do_nothing()
        .returning(Reminder.organization_id, Reminder.id)
    )
    await plan_mails(session, rows.all(), mails_per_second=mails_per_second)


def _enrollment_of(kind: Literal["result", "certificate"], subject_id: uuid.UUID) -> Any:
    """Of an attempt or a certificate; of none where that is no news to the member."""
    if kind == "result":
        return select(QuizAttempt.organization_id, QuizAttempt.enrollment_id).where(
            QuizAttempt.id == subject_id
        )
    return (
        select(Certificate.organization_id, CourseCompletion.enrollment_id)
        .join(
            CourseCompletion,
            and_(
                CourseCompletion.organization_id == Certificate.organization_id,
                CourseCompletion.id == Certificate.completion_id,
            ),
        )
        .join(
            Enrollment,
            and_(
                Enrollment.organization_id == CourseCompletion.organization_id,
                Enrollment.id == CourseCompletion.enrollment_id,
            ),
        )
        .where(Certificate.id == subject_id, Enrollment.source != "imported")
    )


async def plan_evidence_mail(session: AsyncSession, evidence_id: uuid.UUID, *, mails_per_second: int) -> None:
    """Claim the mail about what was last decided of this evidence; each decision has one."""
    evidence = await session.get(Evidence, own_key(session, evidence_id))
    if evidence is None or evidence.decided_at is None:
        return
    rows = await session.execute(
        insert(EvidenceMail)
        .values(
            id=new_id(),
            organization_id=evidence.organization_id,
            evidence_id=evidence.id,
            decided_at=evidence.decided_at,
            status="pending",
            claimed_at=now(session),
        )
        .on_conflict_do_nothing()
        .returning(EvidenceMail.organization_id, EvidenceMail.id)
    )
    await plan_mails(session, rows.all(), mails_per_second=mails_per_second, kind="evidence")


async def plan_webhook_notices(
    session: AsyncSession, webhook_id: uuid.UUID, disabled_at: datetime, *, mails_per_second: int
) -> None:
    """Claim the mails that tell of a webhook's disabling, unless it was enabled or deleted since."""
    webhook = await session.get(WebhookSubscription, own_key(session, webhook_id))
    if webhook is None or webhook.deleted_at or webhook.disabled_at != disabled_at:
        return
    notices = [
        {
            "id": new_id(),
            "organization_id": webhook.organization_id,
            "subscription_id": webhook.id,
            "user_id": user_id,
            "disabled_at": disabled_at,
            "status": "pending",
            "claimed_at": now(session),
        }
        for user_id in await readers_of_notice(session, webhook)
    ]
    if not notices:
        return
    rows = await session.execute(
        insert(WebhookNotice)
        .values(notices)
        .on_conflict_do_nothing()
        .returning(WebhookNotice.organization_id, WebhookNotice.id)
    )
    await plan_mails(session, rows.all(), mails_per_second=mails_per_second, kind="notice")


async def plan_mails(
    session: AsyncSession,
    claimed: Sequence[Any],
    *,
    mails_per_second: int,
    as_of: datetime | None = None,
    kind: MailKind = "reminder",
) -> None:
    """Queue these mails (organization and id of each), spread so that no organization's leave faster."""
    organizations: dict[str, list[str]] = {}
    for organization_id, reminder_id, *_ in claimed:
        organizations.setdefault(organization_id, []).append(str(reminder_id))
    # In one order everywhere, so that two workers do not wait for each other.
    for organization_id, ids in sorted(organizations.items()):
        start = await _reserve(session, organization_id, timedelta(seconds=len(ids) / mails_per_second))
        for first in range(0, len(ids), MAILS_PER_JOB):
            run_at = start + timedelta(seconds=first / mails_per_second)
            some = ids[first : first + MAILS_PER_JOB]
            await send_later(session, organization_id, some, run_at, as_of=as_of, kind=kind)


async def send_later(
    session: AsyncSession,
    organization_id: str,
    ids: Sequence[object],
    run_at: datetime,
    *,
    as_of: datetime | None = None,
    kind: MailKind = "reminder",
) -> None:
    """Queue claimed mails for `run_at`; `as_of` is the instant that they reason with, where that is a later one."""
    told = SendMails.read({f"{kind}_ids": [str(mail_id) for mail_id in ids]})
    await enqueue_job(session, told, organization_id=organization_id, run_at=run_at, as_of=as_of)


async def keep_until(
    session: AsyncSession,
    organization_id: str,
    ids: Sequence[uuid.UUID],
    opening: datetime,
    *,
    instant: datetime,
    mails_per_second: int,
    kind: MailKind = "reminder",
) -> None:
    """Queue claimed mails for the hour when they may leave, after what waits for it already.

    As of another `instant` they wait as long as it would be from there.
    """
    earliest = now(session) + (opening - instant)
    waiting = select(func.max(OutboxRow.run_at)).where(
        OutboxRow.queue == "jobs",
        OutboxRow.status == "queued",
        OutboxRow.organization_id == organization_id,
        OutboxRow.job == SendMails.name,
        OutboxRow.run_at.between(earliest, earliest + _DAY / 2),
    )
    last = await session.scalar(waiting)
    job = timedelta(seconds=MAILS_PER_JOB / mails_per_second)
    run_at = earliest if last is None else last + job
    await send_later(session, organization_id, ids, run_at, as_of=opening, kind=kind)


async def _reserve(session: AsyncSession, organization_id: str, length: timedelta) -> datetime:
    """When a stretch of mails may begin, after all that were planned before."""
    clock = func.clock_timestamp()
    row = insert(MailPace).values(
        organization_id=organization_id, next_at=clock, planned_until=clock + length
    )
    until = await session.scalar(
        row.on_conflict_do_update(
            index_elements=["organization_id"],
            set_={"planned_until": func.greatest(MailPace.planned_until, clock) + length},
        ).returning(MailPace.planned_until)
    )
    assert isinstance(until, datetime)
    return until - length


async def take_turn(session: AsyncSession, organization_id: str, *, mails_per_second: int) -> timedelta:
    """Take the organization's next turn to send a mail: how long to wait for it, over all workers."""
    clock = func.clock_timestamp()
    gap = timedelta(seconds=1 / mails_per_second)
    row = insert(MailPace).values(organization_id=organization_id, next_at=clock + gap, planned_until=clock)
    wait: timedelta | None = await session.scalar(
        row.on_conflict_do_update(
            index_elements=["organization_id"],
            set_={"next_at": func.greatest(MailPace.next_at, clock) + gap},
        ).returning(MailPace.next_at - gap - clock)
    )
    return max(wait or timedelta(0), timedelta(0))


async def begin_mail(session: AsyncSession, kind: MailKind, mail_id: uuid.UUID) -> bool:
    """Take a pending mail to send it; False when it is pending no more.

    From here on it is not sent again, whatever happens, unless `give_back_mail` says that nothing was sent.
    """
    return await _move(session, kind, mail_id, "pending", "sending")


async def give_back_mail(session: AsyncSession, kind: MailKind, mail_id: uuid.UUID) -> None:
    """Make a mail pending again: the server took nothing of it."""
    await _move(session, kind, mail_id, "sending", "pending")


async def end_mail(
    session: AsyncSession, kind: MailKind, mail_id: uuid.UUID, status: str, *, reason: str | None = None
) -> None:
    """Say how a mail ended: `sent`, `skipped`, `refused`, or `unknown` when that cannot be known."""
    await _move(session, kind, mail_id, "sending", status, reason=reason, ended_at=now(session))


async def _move(
    session: AsyncSession, kind: MailKind, mail_id: uuid.UUID, before: str, after: str, **values: Any
) -> bool:
    table = _TABLES[kind]
    moved = await session.scalar(
        update(table)
        .where(table.id == mail_id, table.status == before)
        .values(status=after, **values)
        .returning(table.id)
    )
    return moved is not None
