"""What members were: each change of a status, chapter or custom field, kept with the time at which it happened."""

from collections.abc import Mapping, Sequence

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.rules.membership import FieldChange, MemberState, fields_of
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now

# What a field was before all changes, the first of them says; one that comes late may be the first from now on.
_REMEMBER = text(
    """
INSERT INTO member_changes (organization_id, user_id, field, at, id, was, value)
SELECT :organization_id, g.user_id, g.field, least(g.at, :instant), g.id,
    coalesce((SELECT c.was FROM member_changes c
        WHERE c.organization_id = :organization_id AND c.user_id = g.user_id AND c.field = g.field
        ORDER BY c.at, c.id LIMIT 1), g.was), g.value
FROM jsonb_to_recordset(CAST(:changes AS jsonb)) AS g(user_id text, field text, at timestamptz, id uuid,
    was jsonb, value jsonb)
"""
)
# An event that only repeats what is so is not kept; it is once an earlier one comes, which it ends.
_END = text(
    """
INSERT INTO member_changes (organization_id, user_id, field, at, id, was, value)
SELECT DISTINCT ON (g.user_id, g.field, ended.at) :organization_id, g.user_id, g.field, ended.at, g.id,
    coalesce(first.was, g.was), coalesce(held.value, first.was, g.was)
FROM jsonb_to_recordset(CAST(:changes AS jsonb)) AS g(user_id text, field text, until timestamptz, id uuid, was jsonb)
CROSS JOIN LATERAL (SELECT least(g.until, :instant) AS at) AS ended
LEFT JOIN LATERAL (SELECT c.was FROM member_changes c
    WHERE c.organization_id = :organization_id AND c.user_id = g.user_id AND c.field = g.field
    ORDER BY c.at, c.id LIMIT 1) AS first ON true
LEFT JOIN LATERAL (SELECT c.at, c.value FROM member_changes c
    WHERE c.organization_id = :organization_id AND c.user_id = g.user_id AND c.field = g.field AND c.at <= ended.at
    ORDER BY c.at DESC, c.id DESC LIMIT 1) AS held ON true
WHERE held.at IS DISTINCT FROM ended.at
ORDER BY g.user_id, g.field, ended.at
"""
)
# An event that comes after a later write, which no event's time is compared with, changes the member only now.
_SETTLE = text(
    """
INSERT INTO member_changes (organization_id, user_id, field, at, id, was, value)
SELECT :organization_id, g.user_id, g.field, :instant, g.id, last.was, g.value
FROM jsonb_to_recordset(CAST(:changes AS jsonb)) AS g(user_id text, field text, id uuid, value jsonb)
CROSS JOIN LATERAL (SELECT c.was, c.value FROM member_changes c
    WHERE c.organization_id = :organization_id AND c.user_id = g.user_id AND c.field = g.field
    ORDER BY c.at DESC, c.id DESC LIMIT 1) AS last
WHERE last.value <> g.value
"""
)


async def remember_changes(
    session: AsyncSession, organization_id: str, changes: Sequence[FieldChange]
) -> None:
    """Keep these changes; the members' rows are held."""
    if changes:
        rows = [
            {
                "user_id": one.user_id,
                "field": one.field,
                "at": one.at,
                "id": new_id(),
                "was": one.was,
                "value": one.value,
            }
            for one in changes
        ]
        parameters = {"organization_id": organization_id, "instant": now(session)}
        late = [
            {"user_id": one.user_id, "field": one.field, "until": one.until, "id": new_id(), "was": one.was}
            for one in changes
            if one.until is not None
        ]
        if late:
            await session.execute(_END, {**parameters, "changes": to_json(late).decode()})
        await session.execute(_REMEMBER, {**parameters, "changes": to_json(rows).decode()})


async def settle_changes(
    session: AsyncSession,
    organization_id: str,
    changes: Sequence[FieldChange],
    after: Mapping[str, MemberState],
) -> None:
    """See that what is kept of the fields of these changes ends with what they are now."""
    touched = sorted({(one.user_id, one.field) for one in changes if one.user_id in after})
    if touched:
        fields = {user_id: fields_of(state) for user_id, state in after.items()}
        rows = [
            {"user_id": user_id, "field": name, "id": new_id(), "value": fields[user_id].get(name, [])}
            for user_id, name in touched
        ]
        parameters = {"organization_id": organization_id, "instant": now(session)}
        await session.execute(_SETTLE, {**parameters, "changes": to_json(rows).decode()})
