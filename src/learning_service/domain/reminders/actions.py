"""Claiming mails about enrollments, and following each until it has left."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import (
    Integer,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.jobs.outbox import OutboxRow, enqueue_job
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.rules import DEFAULT_REMINDER_DAYS, MAX_DAYS
from learning_service.domain.records.bulk_events import events_of, ids_of, new_ids, rfc3339
from learning_service.domain.reminders.models import MailPace, Reminder, WebhookNotice
from learning_service.domain.reminders.queries import is_active, readers_of_notice
from learning_service.domain.reminders.rules import MailKind
from learning_service.domain.webhooks.models import WebhookSubscription

REMINDER_DUE = "learning.enrollment.reminder_due"
OVERDUE = "learning.enrollment.overdue"
SEND = "send_mails"
BATCH = 2_000
"""Enrollments per transaction."""
MAILS_PER_JOB = 100
Key: TypeAlias = tuple[str, uuid.UUID]
"""An enrollment's organization and id."""
_KEY = (Enrollment.organization_id, Enrollment.id)
_TURN = text("SELECT pg_try_advisory_xact_lock(7461335)")
_DAY = timedelta(days=1)
_TABLES: Mapping[MailKind, type[Reminder] | type[WebhookNotice]] = {
    "reminder": Reminder,
    "notice": WebhookNotice,
}


async def may_claim(session: AsyncSession) -> bool:
    """Whether this transaction alone claims reminders now.

    Two that claim the same rows would wait for each other inside the insert, a whole batch long.
    """
    await plan_afresh(session)
    return bool(await session.scalar(_TURN))


async def claim_reminders(session: AsyncSession, *, after: Key | None, mails_per_second: int) -> Key | None:
    """Claim the reminders that the next enrollments after `after` (by key) are due for, and plan their mails.

    For each the nearest only, and none whose moment had passed when it was assigned. Returns where to go on;
    None when there are no more. Source: DESIGN decision 12.
    """
    due = _due(session, after)
    rows = await session.execute(_claim(session, due, kind="due", status="pending", event=REMINDER_DUE))
    await plan_mails(session, rows.all(), mails_per_second=mails_per_second)
    last = (await session.execute(_last_looked_at(session, after))).first()
    return None if last is None else (last[0], last[1])


async def claim_overdue(session: AsyncSession, *, since: datetime | None) -> datetime | None:
    """Tell other services of the next enrollments that have become overdue, due from `since` on: each once.

    Returns where to go on; None when there are no more.
    """
    overdue = (
        select(
            Enrollment.id.label("enrollment_id"),
            Enrollment.organization_id,
            Enrollment.user_id,
            Enrollment.course_id,
            Enrollment.due_at,
            literal(0, Integer).label("days"),
        )
        .where(
            Enrollment.status.in_(OPEN),
            ~Enrollment.awaiting_review,
            is_active(Enrollment.organization_id, Enrollment.user_id),
            Enrollment.due_at < now(session),
            Enrollment.due_at >= (since or now(session) - MAX_DAYS * _DAY),
            ~exists().where(
                Reminder.organization_id == Enrollment.organization_id,
                Reminder.enrollment_id == Enrollment.id,
                Reminder.due_at == Enrollment.due_at,
                Reminder.days_before == 0,
            ),
        )
        .order_by(Enrollment.due_at)
        .limit(BATCH)
    )
    rows = await session.execute(_claim(session, overdue, kind="overdue", status="told", event=OVERDUE))
    found = rows.all()
    return max(row.due_at for row in found) if len(found) == BATCH else None


def _claim(session: AsyncSession, due: Any, *, kind: str, status: str, event: str) -> Any:
    """The statement that claims these and tells of them, in one: organization, id and due time of each claimed."""
    due = due.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
    row = {
        "id": new_ids(),
        "organization_id": due.c.organization_id,
        "enrollment_id": due.c.enrollment_id,
        "kind": literal(kind, Text),
        "days_before": due.c.days,
        "due_at": due.c.due_at,
        "status": literal(status, Text),
        "claimed_at": literal(now(session), Reminder.claimed_at.type),
    }
    claimed = (
        insert(Reminder)
        .from_select(list(row), select(*row.values()), include_defaults=False)
        .on_conflict_do_nothing()
        .returning(Reminder.id, Reminder.enrollment_id)
        .cte("claimed")
    )
    facts = select(claimed.c.id, due).join(due, due.c.enrollment_id == claimed.c.enrollment_id).cte("facts")
    data = {
        "enrollment_id": facts.c.enrollment_id,
        "course_id": facts.c.course_id,
        "due_at": rfc3339(facts.c.due_at),
    }
    told = events_of(session, event, facts, data=data)
    return select(facts.c.organization_id, facts.c.id, facts.c.due_at).add_cte(told)


def _open(session: AsyncSession, after: Key | None) -> Any:
    """Open enrollments that a reminder could be due for, the next `BATCH` by key."""
    statement = select(Enrollment).where(
        Enrollment.status.in_(OPEN),
        ~Enrollment.awaiting_review,
        Enrollment.due_at > now(session),
        Enrollment.due_at <= now(session) + MAX_DAYS * _DAY,
    )
    if after is not None:
        statement = statement.where(tuple_(*_KEY) > tuple_(*after))
    return statement.order_by(*_KEY).limit(BATCH)


def _last_looked_at(session: AsyncSession, after: Key | None) -> Any:
    seen = _open(session, after).with_only_columns(*_KEY).subquery()
    return (
        select(seen.c.organization_id, seen.c.id)
        .where(select(func.count()).select_from(seen).scalar_subquery() == BATCH)
        .order_by(seen.c.organization_id.desc(), seen.c.id.desc())
        .limit(1)
    )


def _due(session: AsyncSession, after: Key | None) -> Any:
    seen = _open(session, after).subquery("seen")
    defaults = cast(list(DEFAULT_REMINDER_DAYS), ARRAY(Integer))
    days = (
        func.unnest(func.coalesce(OrganizationSettings.reminder_days, defaults))
        .table_valued("days")
        .render_derived()
    )
    moment = seen.c.due_at - func.make_interval(0, 0, 0, 0, 24 * days.c.days)
    nearest = (
        select(func.min(days.c.days).label("days"))
        .select_from(days)
        .where(moment <= now(session), moment > seen.c.assigned_at)
        .lateral("nearest")
    )
    reminded = exists().where(
        Reminder.organization_id == seen.c.organization_id,
        Reminder.enrollment_id == seen.c.id,
        Reminder.due_at == seen.c.due_at,
        Reminder.days_before <= nearest.c.days,
    )
    return (
        select(
            seen.c.id.label("enrollment_id"),
            seen.c.organization_id,
            seen.c.user_id,
            seen.c.course_id,
            seen.c.due_at,
            nearest.c.days,
        )
        .select_from(seen)
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == seen.c.organization_id)
        .join(nearest, true())
        .where(nearest.c.days.is_not(None), ~reminded, is_active(seen.c.organization_id, seen.c.user_id))
        .order_by(seen.c.organization_id, seen.c.id)
    )


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
    arguments = {f"{kind}_ids": [str(mail_id) for mail_id in ids]}
    await enqueue_job(session, SEND, arguments, organization_id=organization_id, run_at=run_at, as_of=as_of)


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
        OutboxRow.job == SEND,
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
        .execution_options(synchronize_session=False)
    )
    return moved is not None
