"""Reads of compliance and skills."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Executable,
    Select,
    Text,
    TextualSelect,
    and_,
    bindparam,
    cast,
    func,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.compliance.models import ErasedDuty, MemberSkill
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import audience_of
from learning_service.domain.directory.rules.audience import AudienceFilter
from learning_service.domain.enrollments.queries.past import past_tables
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import plan_by_keys
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, USER_ID, Kept, fetch, kept

# Over thousands of members loops are never right; a planner whose statistics are from before a large load chooses
# them all the same, and a plan that a connection keeps may be from when the table was empty. Helpers and compiled
# plans cost more than the members of one organization do: what others have makes a plan look dear, not be dear.
_SET_WISE = """SELECT set_config('enable_nestloop', 'off', true),
    set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_mergejoin', 'off', true),
    set_config('work_mem', '32MB', true), set_config('max_parallel_workers_per_gather', '0', true),
    set_config('jit', 'off', true)"""
SET_WISE = text(_SET_WISE)
_FILTERS = """(SELECT jsonb_agg(jsonb_build_array(r.id, r.audience_filter)) FROM compliance_requirements r
    WHERE r.organization_id = :organization_id AND r.closed_at IS NULL
        AND (CAST(:requirement_id AS text) IS NULL OR r.id = :requirement_id))"""
_AUDIENCES = f"{_SET_WISE}, {_FILTERS}"

ACTIVE = """((SELECT active_statuses FROM settings) IS NULL
    OR is_active_status(m.status, (SELECT active_statuses FROM settings)))"""
"""Whether the member `m` is active, in a statement that has `settings` as the next one does."""

STANDING = f"""
settings AS MATERIALIZED (
    SELECT s.active_statuses FROM organization_settings s WHERE s.organization_id = :organization_id
), requirements AS MATERIALIZED (
    SELECT r.id AS requirement_id, r.name AS requirement_name FROM compliance_requirements r
    WHERE r.organization_id = :organization_id AND r.closed_at IS NULL
        AND (CAST(:requirement_id AS text) IS NULL OR r.id = :requirement_id)
), linked AS MATERIALIZED (
    SELECT c.id AS course_id, c.linked_compliance_requirement AS requirement_id,
        c.published_version_id IS NOT NULL AND c.archived_at IS NULL AS open
    FROM courses c
    WHERE c.organization_id = :organization_id AND c.linked_compliance_requirement IS NOT NULL
        AND (CAST(:requirement_id AS text) IS NULL OR c.linked_compliance_requirement = :requirement_id)
), under_way AS (
    SELECT e.user_id, linked.requirement_id, bool_or(e.status <> 'failed') AS open,
        min(e.due_at) FILTER (WHERE e.status <> 'failed') AS due_at,
        bool_or(coalesce(e.status <> 'failed' AND e.due_at < :instant AND NOT e.awaiting_review, false)) AS overdue
    FROM enrollments e JOIN linked USING (course_id)
    WHERE e.organization_id = :organization_id AND e.status IN ('assigned', 'in_progress', 'failed')
        AND (CAST(:user_ids AS text[]) IS NULL OR e.user_id = ANY(:user_ids))
    GROUP BY e.user_id, linked.requirement_id
), shown AS (
    SELECT s.user_id, s.requirement_id, s.completed_at, s.expires_at
    FROM chapter_compliance_statuses s
    WHERE s.organization_id = :organization_id
        AND (CAST(:requirement_id AS text) IS NULL OR s.requirement_id = :requirement_id)
        AND (CAST(:user_ids AS text[]) IS NULL OR s.user_id = ANY(:user_ids))
), proven AS (
    SELECT DISTINCT ON (v.user_id, v.requirement_id) v.user_id, v.requirement_id, v.completed_at, v.expires_at
    FROM evidence v
    WHERE v.organization_id = :organization_id AND v.status = 'approved'
        AND (CAST(:requirement_id AS text) IS NULL OR v.requirement_id = :requirement_id)
        AND (CAST(:user_ids AS text[]) IS NULL OR v.user_id = ANY(:user_ids))
    ORDER BY v.user_id, v.requirement_id, v.expires_at DESC NULLS FIRST, v.completed_at DESC
), held AS (
    SELECT x.user_id, x.requirement_id, x.course_id FROM exemptions x
    WHERE x.organization_id = :organization_id AND x.ended_at IS NULL AND coalesce(x.expires_at > :instant, true)
        AND (CAST(:user_ids AS text[]) IS NULL OR x.user_id = ANY(:user_ids))
), exempt AS (
    SELECT user_id, requirement_id FROM held
    WHERE requirement_id IS NOT NULL AND (CAST(:requirement_id AS text) IS NULL OR requirement_id = :requirement_id)
    UNION
    SELECT held.user_id, linked.requirement_id FROM held JOIN linked USING (course_id) WHERE linked.open
    GROUP BY held.user_id, linked.requirement_id HAVING count(DISTINCT course_id) = (
        SELECT count(*) FROM linked AS each WHERE each.requirement_id = linked.requirement_id AND each.open)
), standing AS (
    SELECT m.user_id, m.chapter_id, m.requirement_id, best.completed_at, best.expires_at, under_way.due_at,
        under_way.overdue, coalesce(under_way.open, false) AS under_way,
        {ACTIVE} AS active,
        CASE WHEN exempt.user_id IS NOT NULL THEN 'exempt'
            WHEN best.completed_at IS NOT NULL AND coalesce(best.expires_at > :instant, true) THEN 'complete'
            WHEN under_way.open THEN 'pending' WHEN best.completed_at IS NOT NULL THEN 'expired'
            WHEN under_way.user_id IS NOT NULL THEN 'failed' ELSE 'not_started' END AS status
    FROM must_meet m LEFT JOIN shown USING (user_id, requirement_id) LEFT JOIN proven USING (user_id, requirement_id)
        LEFT JOIN under_way USING (user_id, requirement_id) LEFT JOIN exempt USING (user_id, requirement_id)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN by_proof THEN proven.completed_at ELSE shown.completed_at END AS completed_at,
                CASE WHEN by_proof THEN proven.expires_at ELSE shown.expires_at END AS expires_at
            FROM (SELECT proven.completed_at IS NOT NULL AND (shown.completed_at IS NULL
                OR coalesce(proven.expires_at, 'infinity') > coalesce(shown.expires_at, 'infinity'))
                AS by_proof) AS which
        ) AS best
)
"""  # noqa: S608
"""Where members stand with what they must meet: the beginning of every statement about it, after `WITH must_meet`.

The parameters are `organization_id`, `requirement_id` or NULL, `instant`, and `user_ids`: only these are looked
at; NULL: all. Who is not `active` counts in no roll-up. Who is exempt from every open course that leads to a
requirement is exempt from it.
"""

_STATUSES = f"""{STANDING}
SELECT user_id, (SELECT m.display_name FROM members m
        WHERE m.organization_id = :organization_id AND m.user_id = found.user_id) AS display_name,
    chapter_id, (SELECT c.name FROM chapters c
        WHERE c.organization_id = :organization_id AND c.id = found.chapter_id) AS chapter_name,
    requirement_id, requirement_name, status, completed_at, expires_at, due_at
FROM (
    SELECT * FROM standing JOIN requirements USING (requirement_id)
    WHERE (active OR completed_at IS NOT NULL) AND (CAST(:status AS text) IS NULL OR status = :status)
        AND (CAST(:after_user AS text) IS NULL OR (user_id, requirement_id) > (:after_user, :after_requirement))
    ORDER BY user_id, requirement_id LIMIT :limit
) AS found
ORDER BY user_id, requirement_id
"""  # noqa: S608
_DUTIES = "asked AS (SELECT requirement_id FROM must_meet) SELECT requirement_id FROM asked"
_MOST_AT_ONCE = 20_000


Audiences: TypeAlias = Mapping[str, Sequence[str]]
"""The requirements that have an audience, by its filter as stored (JSON); `null`: all active members."""


async def audiences_of(
    session: AsyncSession,
    organization_id: str,
    requirement_id: str | None = None,
    *,
    as_of: datetime | None = None,
) -> Audiences:
    """Who must meet the organization's requirements, or that one; what follows is planned set by set.

    `as_of`: who had to meet them then.
    """
    return await _audiences(session, _AUDIENCES, organization_id, requirement_id, as_of)


async def _audiences(
    session: AsyncSession,
    statement: str,
    organization_id: str,
    requirement_id: str | None,
    as_of: datetime | None,
) -> Audiences:
    asked: dict[str, object] = {"organization_id": organization_id, "requirement_id": requirement_id}
    asking: Executable = text(statement)
    if as_of is not None:
        asked["instant"] = as_of
        asking = text(statement).columns().add_cte(*past_tables("past", "compliance_requirements"))
    *_, found = (await session.execute(asking, asked)).one()
    audiences: dict[str, list[str]] = {}
    for one, audience in found or ():
        audiences.setdefault(json.dumps(audience), []).append(one)
    return audiences


def over_audiences(
    statement: str,
    organization_id: str,
    audiences: Audiences,
    who: ColumnElement[bool],
    *,
    past: bool = False,
    few: bool = False,
) -> TextualSelect:
    """A statement that begins with `STANDING`, or reads `must_meet`: these members with what they must meet.

    Its columns are `user_id`, `chapter_id`, `status` (the member's) and `requirement_id`. `past`: all that it reads
    is as it was at its `instant`. `few`: they are few members.
    """
    parts: list[Any] = []
    for stored, requirements in (audiences or {"null": ()}).items():
        audience = AudienceFilter.from_json(json.loads(stored) or {})
        wanted = func.unnest(cast(list(requirements), ARRAY(Text)))
        columns: tuple[Any, ...] = (Member.user_id, Member.chapter_id, Member.status)
        parts.append(
            select(*columns, wanted.label("requirement_id")).where(
                audience_of(organization_id, audience), who
            )
        )
    if past:
        parts.append(_duties_of_erased(audiences, who))
    must_meet = union_all(*parts).cte("must_meet")
    # Where all have one audience, members are read once: the part about erased ones, only where there are any.
    once = ("members",) if len(parts) <= 2 else ()
    tables = past_tables(custom_fields=_fields_of(audiences), few=few, inlined=once) if past else ()
    # It is written after `WITH must_meet AS (…)`, and goes on with its own.
    return text(f", {statement}").columns().add_cte(*tables, must_meet)


def _fields_of(audiences: Audiences) -> Sequence[str]:
    """The custom fields that these audiences ask for."""
    filters = (AudienceFilter.from_json(json.loads(stored) or {}) for stored in audiences)
    return sorted({name for one in filters for _, inside in one.walk() for name in inside.custom_fields})


def _duties_of_erased(audiences: Audiences, who: ColumnElement[bool]) -> Select[str, str, str, str]:
    """What those who were erased since the statement's `instant` had to meet then."""
    instant: ColumnElement[datetime] = bindparam("instant", type_=DateTime(timezone=True))
    return (
        select(Member.user_id, Member.chapter_id, Member.status, ErasedDuty.requirement_id)
        .join(
            ErasedDuty,
            and_(ErasedDuty.organization_id == Member.organization_id, ErasedDuty.user_id == Member.user_id),
        )
        .where(
            ErasedDuty.requirement_id.in_([one for ids in audiences.values() for one in ids]),
            ErasedDuty.since <= instant,
            ErasedDuty.until > instant,
            Member.erased_at.is_not(None),
            who,
        )
    )


async def duties_at(
    session: AsyncSession, organization_id: str, user_id: str, instant: datetime
) -> frozenset[str]:
    """The requirements that the member had to meet then."""
    audiences = await _audiences(session, f"SELECT {_FILTERS}", organization_id, None, instant)
    who = Member.user_id == user_id
    statement = over_audiences(_DUTIES, organization_id, audiences, who, past=True, few=True)
    parameters = {"organization_id": organization_id, "instant": instant}
    return frozenset(await session.scalars(statement, parameters))


@dataclass(frozen=True, slots=True)
class StatusView:
    """Where a member stands with a requirement, now."""

    user_id: str
    display_name: str
    chapter_id: str
    chapter_name: str
    requirement_id: str
    requirement_name: str
    status: str
    completed_at: datetime | None
    expires_at: datetime | None
    due_at: datetime | None


async def list_own_statuses(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[StatusView]:
    """The caller's statuses, by requirement; one more than the page holds."""
    after = None if page.after is None else (caller.user_id, page.after[0])
    audiences = await audiences_of(session, caller.organization_id)
    return await _statuses(
        session, caller.organization_id, audiences, [caller.user_id], page.limit + 1, after=after
    )


async def list_statuses(
    session: AsyncSession,
    organization_id: str,
    who: ColumnElement[bool],
    page: PageRequest,
    *,
    requirement_id: str | None,
    status: str | None,
) -> Sequence[StatusView]:
    """Statuses of these members, by member and requirement; one more than the page holds.

    Members are looked at in the order of their ids, few at first and more at a time while the page is not full.
    """
    audiences = await audiences_of(session, organization_id, requirement_id)
    await plan_by_keys(session)
    found: list[StatusView] = []
    first, at_once = (true() if page.after is None else Member.user_id >= page.after[0]), page.limit + 1
    while len(found) <= page.limit:
        members = select(Member.user_id).where(
            Member.organization_id == organization_id, Member.erased_at.is_(None), who, first
        )
        user_ids = (await session.scalars(members.order_by(Member.user_id).limit(at_once))).all()
        found += await _statuses(
            session,
            organization_id,
            audiences,
            user_ids,
            page.limit + 1 - len(found),
            after=page.after,
            requirement_id=requirement_id,
            status=status,
        )
        if len(user_ids) < at_once:
            break
        first, at_once = Member.user_id > user_ids[-1], min(4 * at_once, _MOST_AT_ONCE)
    return found


async def _statuses(
    session: AsyncSession,
    organization_id: str,
    audiences: Audiences,
    user_ids: Sequence[str],
    limit: int,
    *,
    after: tuple[str, ...] | None,
    requirement_id: str | None = None,
    status: str | None = None,
) -> Sequence[StatusView]:
    who = Member.user_id == func.any(list(user_ids))
    rows = await session.execute(
        over_audiences(_STATUSES, organization_id, audiences, who),
        {
            "organization_id": organization_id,
            "user_ids": list(user_ids),
            "requirement_id": requirement_id,
            "status": status,
            "after_user": None if after is None else after[0],
            "after_requirement": None if after is None else after[1],
            "instant": now(session),
            "limit": limit,
        },
    )
    return [StatusView(*row) for row in rows]


async def list_own_skills(session: AsyncSession, caller: Principal, page: PageRequest) -> Sequence[Any]:
    """The caller's skills by id; one more than the page holds."""
    given = {"organization_id": caller.organization_id, "user_id": caller.user_id, "limit": page.limit + 1}
    if page.after is not None:
        given["after"] = page.after[0]
    return await fetch(session, _skills(after=page.after is not None), given)


@cache
def _skills(*, after: bool) -> Kept:
    statement = select(*MemberSkill.__table__.columns).where(
        MemberSkill.organization_id == ORGANIZATION_ID, MemberSkill.user_id == USER_ID
    )
    if after:
        statement = statement.where(MemberSkill.skill_id > bindparam("after", type_=Text()))
    return kept(statement.order_by(MemberSkill.skill_id).limit(LIMIT))
