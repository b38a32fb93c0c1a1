"""What happened to a member and what they did, for their own copy: a page at a time."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Member, MemberChange, MembershipEvent
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditEntry

After = tuple[Any, ...]
Page = tuple[Sequence[Any], After | None]
"""Items of a section, and the sort key of the last one; None where no more follow."""
Paged = Callable[[AsyncSession, Principal, Member, After | None], Awaitable[Page]]
"""Reads the page that comes after a sort key."""
ROWS_AT_ONCE = 1000


async def membership_events(
    session: AsyncSession, caller: Principal, _member: Member, after: After | None
) -> Page:
    """What the membership service told of the member."""
    mine = MembershipEvent
    key = (mine.time, mine.source, mine.event_id)
    statement = select(mine.event_id, mine.source, mine.time, mine.received_at).where(
        mine.organization_id == caller.organization_id, mine.user_id == caller.user_id
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = (await session.execute(statement.order_by(*key).limit(ROWS_AT_ONCE))).all()
    last = (rows[-1].time, rows[-1].source, rows[-1].event_id) if len(rows) == ROWS_AT_ONCE else None
    return rows, last


async def member_changes(
    session: AsyncSession, caller: Principal, _member: Member, after: After | None
) -> Page:
    """What the directory said of the member and what it said before."""
    mine = MemberChange
    key = (mine.at, mine.field, mine.id)
    statement = select(
        mine.at, mine.field, mine.id, mine.was[0].label("was"), mine.value[0].label("value")
    ).where(mine.organization_id == caller.organization_id, mine.user_id == caller.user_id)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = (await session.execute(statement.order_by(*key).limit(ROWS_AT_ONCE))).all()
    last = (rows[-1].at, rows[-1].field, rows[-1].id) if len(rows) == ROWS_AT_ONCE else None
    return rows, last


async def activity(session: AsyncSession, caller: Principal, member: Member, after: After | None) -> Page:
    """What the audit trail says this member did: the kind of thing, not which, for it may be another person.

    Entries from before this membership belong to an erased person who had the same id.
    """
    statement = select(AuditEntry.id, AuditEntry.at, AuditEntry.action).where(
        AuditEntry.organization_id == caller.organization_id,
        AuditEntry.actor == caller.user_id,
        AuditEntry.at >= member.created_at,
    )
    if after is not None:
        statement = statement.where(AuditEntry.id > after[0])
    rows = (await session.execute(statement.order_by(AuditEntry.id).limit(ROWS_AT_ONCE))).all()
    last = (rows[-1].id,) if len(rows) == ROWS_AT_ONCE else None
    return rows, last
