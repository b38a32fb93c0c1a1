"""Receiving membership events: each once, all or nothing."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import to_json
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.actions.parked_events import (
    Told,
    fold_events,
    load_states,
    lock_arrivals,
    store_folded,
)
from learning_service.domain.directory.actions.triggers import members_changed
from learning_service.domain.directory.actions.units import open_chapters
from learning_service.domain.directory.models import ErasedMember, Member
from learning_service.domain.directory.queries.members import get_organization
from learning_service.domain.directory.rules.facts import MAX_CUSTOM_FIELDS_BYTES
from learning_service.domain.directory.rules.membership import AHEAD, MembershipEventIn, MemberState, Stamp
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.pointers import MAX_FAULTS
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import record_act

# Always in the same order, so that two senders of the same events wait for each other and never in a circle.
_REMEMBER = text(
    """
INSERT INTO membership_events (id, organization_id, source, event_id, user_id, time, received_at, data)
SELECT g.id, :organization_id, g.source, g.event_id, g.user_id, g.time, :instant, NULLIF(g.data, 'null')
FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS g(id uuid, source text, event_id text, user_id text,
    time timestamptz, data jsonb)
ORDER BY g.source, g.event_id
ON CONFLICT DO NOTHING
RETURNING source, event_id
"""
)


@dataclass(frozen=True, slots=True)
class EventCounts:
    """What became of the events of one call."""

    accepted: int
    duplicates: int
    stale: int
    parked: int


@dataclass(frozen=True, slots=True)
class _Given:
    """An event with its place in the body and our own id for it."""

    prefix: str
    id: uuid.UUID
    event: MembershipEventIn

    @property
    def key(self) -> tuple[str, str]:
        return self.event.source, self.event.id

    @property
    def told(self) -> Told:
        event = self.event
        stamp = Stamp(event.time, event.id, event.source)
        return Told(str(self.id), event.subject, stamp, event.data)


async def receive_events(
    session: AsyncSession, events: MembershipEventIn | Sequence[MembershipEventIn], *, actor: Principal
) -> EventCounts:
    """Apply membership events, in the order given. Raises Invalid, and nothing is applied, when one is wrong.

    Seen before (source, id): duplicate. Later for nothing that it says, or about an erased id: stale. About a
    member not known yet: parked until they come.
    """
    given = _given(events)
    await _check(session, given, actor.organization_id)
    first = {one.key: one for one in reversed(given)}
    subjects = {one.event.subject for one in first.values()}
    if await _strangers(session, actor.organization_id, subjects):
        await lock_arrivals(session, actor.organization_id, alone=True)
    states = await load_states(session, actor.organization_id, subjects)
    unknown = subjects - states.keys()
    unknown -= await _erased(session, actor.organization_id, unknown)
    fresh = await _remember(session, list(first.values()), unknown, actor.organization_id)
    news = [one for one in given if one is first[one.key] and one.key in fresh]
    told = [one.told for one in news if one.event.subject in states]
    folded = fold_events(states, told)
    _check_sizes(given, folded.states)
    await store_folded(session, actor.organization_id, folded)
    if folded.causes:
        await members_changed(
            session, actor.organization_id, folded.causes, cause_kind="event", actor_id=actor.user_id
        )
    parked = sum(one.event.subject in unknown for one in news)
    counts = EventCounts(
        accepted=folded.accepted,
        duplicates=len(given) - len(news),
        stale=len(news) - folded.accepted - parked,
        parked=parked,
    )
    _audit(session, actor, counts)
    return counts


def _given(events: MembershipEventIn | Sequence[MembershipEventIn]) -> list[_Given]:
    if isinstance(events, MembershipEventIn):
        return [_Given("", new_id(), events)]
    return [_Given(f"/{n}", new_id(), event) for n, event in enumerate(events)]


async def _check(session: AsyncSession, given: Sequence[_Given], organization_id: str) -> None:
    """Refuse events from the future and of chapters that are unknown or closed."""
    if await get_organization(session, organization_id) is None:
        raise Invalid.at("", "the organization is not known yet; push it first", "not-known")
    latest = now(session) + AHEAD
    named = {one.event.data.chapter_id for one in given if one.event.data.chapter_id is not None}
    known = await open_chapters(session, organization_id, named)
    faults = []
    for one in given:
        if one.event.time > latest:
            faults.append(
                Fault(f"{one.prefix}/time", "is more than 5 minutes ahead of the clock", "wrong-time")
            )
        if one.event.data.chapter_id is not None and one.event.data.chapter_id not in known:
            faults.append(
                Fault(f"{one.prefix}/data/chapter_id", "is not a chapter of this organization", "not-known")
            )
    if faults:
        raise Invalid(faults[:MAX_FAULTS])


async def _strangers(session: AsyncSession, organization_id: str, user_ids: Collection[str]) -> bool:
    """Whether some of these are members that we do not know."""
    known = await session.scalar(
        select(func.count()).where(
            Member.organization_id == organization_id, Member.user_id == func.any(list(user_ids))
        )
    )
    return known != len(user_ids)


async def _erased(session: AsyncSession, organization_id: str, user_ids: Collection[str]) -> set[str]:
    if not user_ids:
        return set()
    found = await session.scalars(
        select(ErasedMember.user_id).where(
            ErasedMember.organization_id == organization_id,
            ErasedMember.user_id == func.any(list(user_ids)),
        )
    )
    return set(found)


async def _remember(
    session: AsyncSession, given: Sequence[_Given], parked: Collection[str], organization_id: str
) -> set[tuple[str, str]]:
    """Store events, those about `parked` members with what they say; the keys of those not seen before."""
    rows = [
        {
            "id": one.id,
            "source": one.event.source,
            "event_id": one.event.id,
            "user_id": one.event.subject,
            "time": one.event.time,
            "data": one.event.data.model_dump(mode="json") if one.event.subject in parked else None,
        }
        for one in given
    ]
    stored = await session.execute(
        _REMEMBER,
        {"organization_id": organization_id, "instant": now(session), "events": to_json(rows).decode()},
    )
    return {(source, event_id) for source, event_id in stored}


def _check_sizes(given: Sequence[_Given], states: Mapping[str, MemberState]) -> None:
    """Refuse events that together grow a member's custom fields beyond what one write may have."""
    large = {
        user_id
        for user_id, state in states.items()
        if len(to_json(state.custom_fields)) > MAX_CUSTOM_FIELDS_BYTES
    }
    faults = [
        Fault(
            f"{one.prefix}/data/custom_fields",
            f"makes the member's custom fields larger than {MAX_CUSTOM_FIELDS_BYTES} bytes",
            "too-long",
            {"most": MAX_CUSTOM_FIELDS_BYTES},
        )
        for one in given
        if one.event.subject in large and one.event.data.custom_fields
    ]
    if faults:
        raise Invalid(faults[:MAX_FAULTS])


def _audit(session: AsyncSession, actor: Principal, counts: EventCounts) -> None:
    record_act(
        session,
        actor,
        "membership_events.received",
        ("organization", actor.organization_id),
        details={
            "accepted": counts.accepted,
            "duplicates": counts.duplicates,
            "stale": counts.stale,
            "parked": counts.parked,
        },
    )
