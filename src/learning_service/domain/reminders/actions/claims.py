"""Claiming reminders before learning is due, and of what is overdue: each once."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.exemptions.queries import is_exempt
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import FENCE, among, of_many, plan_afresh
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.rules import (
    DEFAULT_OVERDUE_DAYS,
    DEFAULT_REMINDER_DAYS,
    MAX_DAYS,
)
from learning_service.domain.records.bulk_events import events_of, new_ids, rfc3339
from learning_service.domain.reminders.actions.mails import plan_mails
from learning_service.domain.reminders.models import Reminder
from learning_service.domain.reminders.queries.mails import is_active

REMINDER_DUE = "learning.enrollment.reminder_due"
OVERDUE = "learning.enrollment.overdue"
BATCH = 2_000
"""Enrollments per transaction."""
MOST_LATE = timedelta(days=14)
"""A mail of overdue learning whose day is longer ago is not sent any more."""
Key: TypeAlias = tuple[str, uuid.UUID]
"""An enrollment's organization and id."""
_KEY = (Enrollment.organization_id, Enrollment.id)
_TURN = text("SELECT pg_try_advisory_xact_lock(7461335)")
_DAY = timedelta(days=1)


async def may_claim(session: AsyncSession) -> bool:
    """Whether this transaction alone claims reminders now.

    Two that claim the same rows would wait for each other inside the insert, a whole batch long.
    """
    await plan_afresh(session)
    return bool(await session.scalar(_TURN))


async def claim_reminders(session: AsyncSession, *, after: Key | None, mails_per_second: int) -> Key | None:
    """Claim the reminders that the next enrollments after `after` (by key) are due for, and plan their mails.

    For each the latest only, before the due time or after it, and none whose moment had passed when it was
    assigned. Returns where to go on; None when there are no more. Source: DESIGN decision 12.
    """
    due = _due(session, after)
    rows = await session.execute(_claim(session, due, status="pending", event=REMINDER_DUE))
    await plan_mails(session, rows.all(), mails_per_second=mails_per_second)
    last = (await session.execute(_last_looked_at(session, after))).first()
    return None if last is None else (last[0], last[1])


async def claim_overdue(session: AsyncSession, *, since: datetime | None) -> datetime | None:
    """Tell other services of the next enrollments that have become overdue, due from `since` on: each once.

    Returns where to go on; None when there are no more.
    """
    overdue = (
        select(
            new_ids().label("id"),
            Enrollment.id.label("enrollment_id"),
            Enrollment.organization_id,
            Enrollment.user_id,
            Enrollment.course_id,
            Enrollment.due_at,
            literal(0, Integer).label("days"),
            literal("overdue", Text).label("kind"),
        )
        .where(
            Enrollment.status.in_(OPEN),
            ~Enrollment.awaiting_review,
            is_active(Enrollment.organization_id, Enrollment.user_id),
            ~_is_exempt(Enrollment, session),
            Enrollment.due_at < now(session),
            Enrollment.due_at >= (since or now(session) - MAX_DAYS * _DAY),
            ~_is_claimed(Enrollment, Reminder.days_before == 0),
        )
        .order_by(Enrollment.due_at)
        .limit(BATCH)
    )
    rows = await session.execute(_claim(session, overdue, status="told", event=OVERDUE))
    found = rows.all()
    return max(row.due_at for row in found) if len(found) == BATCH else None


def _claim(session: AsyncSession, due: Any, *, status: str, event: str) -> Any:
    """The statement that claims these and tells of them, in one: organization, id and due time of each claimed.

    Other services are told once that an enrollment is overdue, and not again with its mails.
    """
    due = due.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
    row = {
        "id": due.c.id,
        "organization_id": due.c.organization_id,
        "enrollment_id": due.c.enrollment_id,
        "kind": due.c.kind,
        "days_before": due.c.days,
        "due_at": due.c.due_at,
        "status": literal(status, Text),
        "claimed_at": literal(now(session), Reminder.claimed_at.type),
    }
    claimed = (
        insert(Reminder)
        .from_select(list(row), select(*row.values()), include_defaults=False)
        .on_conflict_do_nothing()
        .returning(Reminder.id)
        .cte("claimed")
    )
    facts = select(due).where(among(due.c.id, select(claimed.c.id))).cte("facts")
    news = select(facts).where(facts.c.days >= 0).cte("news")
    data = {
        "enrollment_id": news.c.enrollment_id,
        "course_id": news.c.course_id,
        "due_at": rfc3339(news.c.due_at),
    }
    told = events_of(session, event, news, data=data)
    return select(facts.c.organization_id, facts.c.id, facts.c.due_at).add_cte(told)


def _open(session: AsyncSession, after: Key | None) -> Any:
    """Open enrollments that a reminder could be due for, the next `BATCH` by key."""
    statement = select(Enrollment).where(
        Enrollment.status.in_(OPEN),
        ~Enrollment.awaiting_review,
        Enrollment.due_at > now(session) - MAX_DAYS * _DAY - MOST_LATE,
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
    before = _each_of(OrganizationSettings.reminder_days, DEFAULT_REMINDER_DAYS)
    after_it = _each_of(OrganizationSettings.overdue_days, DEFAULT_OVERDUE_DAYS)
    days = union_all(select(before.c.days), select(-after_it.c.days)).subquery("days")
    moment = seen.c.due_at - func.make_interval(0, 0, 0, 0, 24 * days.c.days)
    is_recent = case((days.c.days > 0, seen.c.due_at > now(session)), else_=moment > now(session) - MOST_LATE)
    nearest = (
        select(func.min(days.c.days).label("days"))
        .select_from(days)
        .where(moment <= now(session), moment > seen.c.assigned_at, is_recent)
        .lateral("nearest")
    )
    reminded = _is_claimed(seen.c, Reminder.days_before <= nearest.c.days)
    return (
        select(
            new_ids().label("id"),
            seen.c.id.label("enrollment_id"),
            seen.c.organization_id,
            seen.c.user_id,
            seen.c.course_id,
            seen.c.due_at,
            nearest.c.days,
            case((nearest.c.days > 0, literal("due", Text)), else_=literal("overdue", Text)).label("kind"),
        )
        .select_from(seen)
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == seen.c.organization_id)
        .join(nearest, true())
        .where(
            nearest.c.days.is_not(None),
            ~reminded,
            is_active(seen.c.organization_id, seen.c.user_id),
            ~_is_exempt(seen.c, session),
        )
        .order_by(seen.c.organization_id, seen.c.id)
    )


def _is_exempt(enrollment: Any, session: AsyncSession) -> ColumnElement[bool]:
    return is_exempt(enrollment.organization_id, enrollment.user_id, enrollment.course_id, now(session))


def _is_claimed(enrollment: Any, days: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is a reminder for so many days before the enrollment's due time."""
    return exists(
        select(Reminder.id)
        .where(
            of_many(Reminder.organization_id, enrollment.organization_id),
            Reminder.enrollment_id == enrollment.id,
            Reminder.due_at == enrollment.due_at,
            days,
        )
        .offset(FENCE)
    )


def _each_of(column: Any, defaults: Sequence[int]) -> Any:
    """The days of a setting, one a row."""
    days = func.coalesce(column, cast(list(defaults), ARRAY(Integer)))
    return func.unnest(days).table_valued("days").render_derived()
