"""Writes of members: one by PUT, thousands by batch, through the same set-based statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.actions.member_changes import remember_changes
from learning_service.domain.directory.actions.parked_events import apply_parked, lock_arrivals
from learning_service.domain.directory.actions.triggers import members_changed
from learning_service.domain.directory.actions.units import units_held
from learning_service.domain.directory.models import Chapter, Member, Region
from learning_service.domain.directory.rules.facts import BatchMemberIn, MemberIn, Office
from learning_service.domain.directory.rules.membership import (
    Clocks,
    FieldChange,
    MemberState,
    written_changes,
)
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.pointers import MAX_FAULTS
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import record_act

_PIECE = 500
"""Members whose changes are put into words at once."""
# Rows that would not change are not written. A row is new when no transaction has replaced or locked it (xmax).
_UPSERT = text(
    """
INSERT INTO members AS m (organization_id, user_id, chapter_id, status, display_name, email, custom_fields,
    locale, timezone, offices, created_at, updated_at)
SELECT :organization_id, g.user_id, g.chapter_id, g.status, g.display_name, g.email, g.custom_fields,
    g.locale, g.timezone, g.offices, :instant, :instant
FROM jsonb_to_recordset(CAST(:members AS jsonb)) AS g(user_id text, chapter_id text, status text,
    display_name text, email text, custom_fields jsonb, locale text, timezone text, offices jsonb)
ORDER BY g.user_id
ON CONFLICT (organization_id, user_id) DO UPDATE SET chapter_id = excluded.chapter_id,
    status = excluded.status, display_name = excluded.display_name, email = excluded.email,
    custom_fields = excluded.custom_fields, locale = excluded.locale, timezone = excluded.timezone,
    offices = excluded.offices, updated_at = excluded.updated_at
WHERE (m.chapter_id, m.status, m.display_name, m.email, m.custom_fields, m.locale, m.timezone, m.offices)
    IS DISTINCT FROM (excluded.chapter_id, excluded.status, excluded.display_name, excluded.email,
        excluded.custom_fields, excluded.locale, excluded.timezone, excluded.offices)
RETURNING m.user_id, m.status, m.chapter_id, m.custom_fields::text, m.xmax = 0
"""
)


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """How many members a batch made, changed, and found as they were."""

    created: int
    updated: int
    unchanged: int


async def put_member(session: AsyncSession, user_id: str, facts: MemberIn, *, actor: Principal) -> bool:
    """Make or update a member; True when new. Raises Invalid for an unknown chapter or region.

    Events that waited for the member are applied. An id whose member was erased becomes a new member.
    """
    row = BatchMemberIn(user_id=user_id, **dict(facts))
    await lock_arrivals(session, actor.organization_id)
    if faults := await _unknown_units(session, actor.organization_id, {"": facts}):
        raise Invalid(faults)
    created, _ = await _write(session, [row], actor)
    record_act(
        session,
        actor,
        "member.created" if created else "member.updated",
        ("member", user_id),
        user_id=user_id,
        details={"fields": sorted(MemberIn.model_fields)},
    )
    return bool(created)


async def put_members(
    session: AsyncSession, members: Sequence[BatchMemberIn], *, actor: Principal
) -> BatchCounts:
    """Make or update many members, each named once; all or nothing, in a handful of statements.

    Raises Invalid, naming every chapter and region that is unknown.
    """
    await lock_arrivals(session, actor.organization_id)
    placed = {f"/members/{n}": member for n, member in enumerate(members)}
    if faults := await _unknown_units(session, actor.organization_id, placed):
        raise Invalid(faults[:MAX_FAULTS])
    created, updated = await _write(session, members, actor)
    counts = BatchCounts(created, updated, len(members) - created - updated)
    record_act(
        session,
        actor,
        "members.pushed",
        ("organization", actor.organization_id),
        details={"created": created, "updated": updated, "unchanged": counts.unchanged},
    )
    return counts


async def _unknown_units(
    session: AsyncSession, organization_id: str, placed: Mapping[str, MemberIn]
) -> list[Fault]:
    """What of these members, by their pointers, names a chapter or region that the organization has not.

    Nobody is placed in a closed chapter, but an office there may still be said.
    """
    named = {"chapter": {member.chapter_id for member in placed.values()}, "region": set[str]()}
    for member in placed.values():
        for office in member.offices:
            if office.scope_id is not None:
                named[_unit_of(office)].add(office.scope_id)
    held = {
        "region": await units_held(session, Region, organization_id, named["region"]),
        "chapter": await units_held(session, Chapter, organization_id, named["chapter"]),
    }
    faults = []
    for place, member in placed.items():
        if not held["chapter"].get(member.chapter_id):
            faults.append(_unknown(f"{place}/chapter_id", "chapter"))
        faults += [
            _unknown(f"{place}/offices/{n}/scope_id", _unit_of(office))
            for n, office in enumerate(member.offices)
            if office.scope_id is not None and office.scope_id not in held[_unit_of(office)]
        ]
    return faults


def _unit_of(office: Office) -> str:
    return "chapter" if office.role == "chapter_admin" else "region"


def _unknown(pointer: str, unit: str) -> Fault:
    return Fault(pointer, f"is not a {unit} of this organization", "not-known")


async def _write(
    session: AsyncSession, members: Sequence[BatchMemberIn], actor: Principal
) -> tuple[int, int]:
    """Write the rows, apply what was parked for new ones, and set off what follows; how many new and changed."""
    organization_id = actor.organization_id
    before = await _lock(session, organization_id, [member.user_id for member in members])
    rows = (
        await session.execute(
            _UPSERT,
            {
                "organization_id": organization_id,
                "instant": now(session),
                "members": to_json(members).decode(),
            },
        )
    ).all()
    await _remember(session, organization_id, rows, before)
    created = [user_id for user_id, *_, is_new in rows if is_new]
    causes: dict[str, str] = dict.fromkeys(created, actor.user_id)
    causes |= {
        user_id: actor.user_id
        for user_id, *facts, is_new in rows
        if not is_new and tuple(facts) != before.get(user_id)
    }
    by_event = await apply_parked(session, organization_id, created)
    told = {user_id: cause for user_id, cause in causes.items() if user_id not in by_event}
    if told:
        await members_changed(session, organization_id, told, cause_kind="directory", actor_id=actor.user_id)
    if by_event:
        await members_changed(session, organization_id, by_event, cause_kind="event", actor_id=actor.user_id)
    return len(created), len(rows) - len(created)


async def _remember(
    session: AsyncSession,
    organization_id: str,
    rows: Sequence[Any],
    before: Mapping[str, tuple[Any, ...]],
) -> None:
    changed = [
        (user_id, before[user_id], tuple(facts))
        for user_id, *facts, is_new in rows
        if not is_new and user_id in before and tuple(facts) != before[user_id]
    ]
    for start in range(0, len(changed), _PIECE):
        changes: list[FieldChange] = []
        for user_id, old, new in changed[start : start + _PIECE]:
            changes += written_changes(user_id, *_states(old, new), now(session))
        # The statement of each piece lets other requests go on.
        await remember_changes(session, organization_id, changes)


def _states(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[MemberState, MemberState]:
    """A member before and after; custom fields that are the same are not read."""
    fields = ("{}", "{}") if old[2] == new[2] else (old[2], new[2])
    before, after = (
        MemberState(status, chapter_id, from_json(text_), Clocks())
        for (status, chapter_id, _), text_ in zip((old, new), fields, strict=True)
    )
    return before, after


async def _lock(
    session: AsyncSession, organization_id: str, user_ids: Sequence[str]
) -> Mapping[str, tuple[Any, ...]]:
    """Lock the members that are there already, always in the same order; returns what of them sets rules off."""
    rows = await session.execute(
        select(Member.user_id, Member.status, Member.chapter_id, cast(Member.custom_fields, Text))
        .where(Member.organization_id == organization_id, Member.user_id == func.any(list(user_ids)))
        .order_by(Member.user_id)
        .with_for_update(key_share=True)
    )
    return {user_id: tuple(facts) for user_id, *facts in rows}
