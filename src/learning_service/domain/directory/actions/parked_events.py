"""Events about members who are not known yet: parked, and applied when the member comes.

A member who arrives while an event about them is being parked must not miss it. So making members
holds the organization's lock shared, and parking holds it alone: the second sees the work of the first.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import to_json
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.actions.member_changes import remember_changes, settle_changes
from learning_service.domain.directory.actions.units import open_chapters
from learning_service.domain.directory.models import Member, MembershipEvent
from learning_service.domain.directory.rules.membership import (
    FieldChange,
    MembershipData,
    MemberState,
    Stamp,
    apply_event,
    dump_clocks,
    load_clocks,
    told_changes,
)
from learning_service.domain.kernel.clock import now

_LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_STORE = text(
    """
UPDATE members AS m SET status = g.status, chapter_id = g.chapter_id, custom_fields = g.custom_fields,
    clocks = g.clocks, updated_at = :instant
FROM jsonb_to_recordset(CAST(:members AS jsonb)) AS g(user_id text, status text, chapter_id text,
    custom_fields jsonb, clocks jsonb)
WHERE m.organization_id = :organization_id AND m.user_id = g.user_id
"""
)


@dataclass(frozen=True, slots=True)
class Told:
    """One event about one member; `cause` is our own id of it."""

    cause: str
    user_id: str
    stamp: Stamp
    data: MembershipData


@dataclass(frozen=True, slots=True)
class Folded:
    """What events make of members: those that changed, by which event, and how many were not stale."""

    states: dict[str, MemberState]
    causes: dict[str, str]
    accepted: int
    changes: list[FieldChange]
    """What was when, also by those that were stale."""


async def lock_arrivals(session: AsyncSession, organization_id: str, *, alone: bool = False) -> None:
    """Hold the organization's lock until the transaction ends; take it before any row's."""
    await session.execute(_LOCK if alone else _LOCK_SHARED, {"name": f"arrivals:{organization_id}"})


async def load_states(
    session: AsyncSession, organization_id: str, user_ids: Iterable[str]
) -> dict[str, MemberState]:
    """What events can change of those of these members who are known; their rows are held."""
    rows = await session.execute(
        select(Member.user_id, Member.status, Member.chapter_id, Member.custom_fields, Member.clocks)
        .where(Member.organization_id == organization_id, Member.user_id == func.any(sorted(user_ids)))
        .order_by(Member.user_id)
        .with_for_update(key_share=True)
    )
    return {row[0]: MemberState(row[1], row[2], row[3], load_clocks(row[4])) for row in rows}


def fold_events(states: Mapping[str, MemberState], events: Sequence[Told]) -> Folded:
    """Apply events to these members in memory, in the order given."""
    after, causes, accepted = dict(states), {}, 0
    changes: list[FieldChange] = []
    each = Counter(event.user_id for event in events)
    for event in events:
        user_id, before = event.user_id, after[event.user_id]
        alone = each[user_id] == 1
        changes += told_changes(user_id, states[user_id], before, event.stamp, event.data, alone=alone)
        state = apply_event(before, event.stamp, event.data)
        if state is not None:
            after[event.user_id] = state
            causes[event.user_id] = event.cause
            accepted += 1
    return Folded({user_id: after[user_id] for user_id in causes}, causes, accepted, changes)


async def store_folded(session: AsyncSession, organization_id: str, folded: Folded) -> None:
    """Write what events made of members, and what they say of the past; the members' rows are held."""
    await _store_states(session, organization_id, folded.states)
    await remember_changes(session, organization_id, folded.changes)
    await settle_changes(session, organization_id, folded.changes, folded.states)


async def _store_states(
    session: AsyncSession, organization_id: str, states: Mapping[str, MemberState]
) -> None:
    if not states:
        return
    rows = [
        {
            "user_id": user_id,
            "status": state.status,
            "chapter_id": state.chapter_id,
            "custom_fields": dict(state.custom_fields),
            "clocks": dump_clocks(state.clocks),
        }
        for user_id, state in states.items()
    ]
    await session.execute(
        _STORE,
        {"organization_id": organization_id, "instant": now(session), "members": to_json(rows).decode()},
    )


async def apply_parked(
    session: AsyncSession, organization_id: str, user_ids: Sequence[str]
) -> dict[str, str]:
    """Apply what was parked for these new members; returns the cause for each member who had something parked."""
    if not user_ids:
        return {}
    waiting = (
        await session.scalars(
            select(MembershipEvent)
            .where(
                MembershipEvent.organization_id == organization_id,
                MembershipEvent.user_id == func.any(list(user_ids)),
                MembershipEvent.data.is_not(None),
            )
            .order_by(MembershipEvent.time, MembershipEvent.event_id, MembershipEvent.source)
        )
    ).all()
    if not waiting:
        return {}
    said = {row.id: MembershipData.model_validate(row.data) for row in waiting}
    named = {data.chapter_id for data in said.values() if data.chapter_id is not None}
    known = await open_chapters(session, organization_id, named)
    events = [
        Told(
            str(row.id),
            row.user_id,
            Stamp(row.time, row.event_id, row.source),
            _without_closed(said[row.id], known),
        )
        for row in waiting
    ]
    states = await load_states(session, organization_id, {event.user_id for event in events})
    folded = fold_events(states, events)
    await store_folded(session, organization_id, folded)
    await session.execute(
        update(MembershipEvent).where(MembershipEvent.id.in_([row.id for row in waiting])).values(data=None)
    )
    return folded.causes


def _without_closed(data: MembershipData, known: Collection[str]) -> MembershipData:
    """What an event says, but for a chapter that was closed while it waited."""
    if data.chapter_id is None or data.chapter_id in known:
        return data
    return data.model_copy(update={"chapter_id": None})
