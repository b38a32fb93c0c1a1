"""Compliance and skills follow from completions: recomputed, never set."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from operator import itemgetter
from typing import Any

from sqlalchemy import CTE, ColumnElement, delete, exists, func, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.compliance.models import ChapterComplianceStatus, ErasedDuty, MemberSkill
from learning_service.domain.compliance.queries import duties_at
from learning_service.domain.courses.rules.tree import Skill
from learning_service.domain.directory.models import ComplianceRequirement, Member
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import FENCE, looked_up, of_many, plan_afresh
from learning_service.domain.records.bulk_events import events_of, rfc3339
from learning_service.domain.records.events import append_event

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('compliance ' || :whose, 0))")
# An array is gone through in its order; two that lock several in one order do not wait for each other.
_EACH_AT_A_TIME = text(
    """SELECT count(pg_advisory_xact_lock(hashtextextended('compliance ' || w.whose, 0)))
    FROM unnest(CAST(:whose AS text[])) AS w(whose)"""
)

BATCH = 1_000
_CHANGES_OF_DUTIES = text(
    """SELECT at FROM (
    SELECT m.created_at AS at FROM members m
        WHERE m.organization_id = :organization_id AND m.user_id = :user_id
    UNION SELECT min(e.time) FROM membership_events e
        WHERE e.organization_id = :organization_id AND e.user_id = :user_id
    UNION SELECT min(c.completed_at) FROM course_completions c
        WHERE c.organization_id = :organization_id AND c.user_id = :user_id
    UNION SELECT c.at FROM member_changes c
        WHERE c.organization_id = :organization_id AND c.user_id = :user_id
    UNION SELECT v.until FROM past_values v
        WHERE v.organization_id = :organization_id AND v.kind IN ('requirement', 'chapter')
) AS changes WHERE at < :instant ORDER BY at"""
)

_RECOMPUTED = text(
    """WITH wanted AS MATERIALIZED (
    SELECT DISTINCT user_id, requirement_id
    FROM unnest(CAST(:users AS text[]), CAST(:requirements AS text[])) AS w(user_id, requirement_id)
), before AS MATERIALIZED (
    SELECT s.user_id, s.requirement_id, s.expires_at FROM chapter_compliance_statuses s
    JOIN wanted USING (user_id, requirement_id) WHERE s.organization_id = :organization_id
), best AS (
    SELECT DISTINCT ON (c.user_id, c.requirement_id)
        c.user_id, c.requirement_id, c.id, c.course_id, c.completed_at, c.expires_at
    FROM course_completions c JOIN wanted USING (user_id, requirement_id)
    WHERE c.organization_id = :organization_id AND c.voided_at IS NULL
    ORDER BY c.user_id, c.requirement_id, c.expires_at DESC NULLS FIRST, c.completed_at DESC
), kept AS (
    INSERT INTO chapter_compliance_statuses AS s
        (organization_id, user_id, requirement_id, completion_id, completed_at, expires_at)
    SELECT :organization_id, user_id, requirement_id, id, completed_at, expires_at FROM best
    ON CONFLICT (organization_id, user_id, requirement_id) DO UPDATE SET completion_id = excluded.completion_id,
        completed_at = excluded.completed_at, expires_at = excluded.expires_at
)
SELECT best.*, coalesce(best.expires_at > :instant, true)
    AND (before.user_id IS NULL OR coalesce(before.expires_at <= :instant, false)) AS became
FROM best LEFT JOIN before USING (user_id, requirement_id)
ORDER BY best.user_id, best.requirement_id"""
)


_EXPIRED_EVIDENCE = text(
    """WITH expired AS MATERIALIZED (
    SELECT v.organization_id, v.id, v.user_id, v.requirement_id, v.expires_at FROM evidence v
    WHERE v.status = 'approved' AND v.expires_at <= :instant AND v.announced_expiry IS DISTINCT FROM v.expires_at
    ORDER BY v.expires_at LIMIT :batch FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE evidence v SET announced_expiry = expired.expires_at FROM expired
    WHERE v.organization_id = expired.organization_id AND v.id = expired.id
)
SELECT e.*, EXISTS (SELECT FROM members m WHERE m.organization_id = e.organization_id AND m.user_id = e.user_id
            AND m.erased_at IS NULL)
        AND EXISTS (SELECT FROM compliance_requirements r WHERE r.organization_id = e.organization_id
            AND r.id = e.requirement_id AND r.closed_at IS NULL)
        AND NOT EXISTS (SELECT FROM chapter_compliance_statuses s WHERE s.organization_id = e.organization_id
            AND s.user_id = e.user_id AND s.requirement_id = e.requirement_id
            AND coalesce(s.expires_at, 'infinity') >= e.expires_at)
        AND NOT EXISTS (SELECT FROM evidence o WHERE o.organization_id = e.organization_id
            AND o.user_id = e.user_id AND o.requirement_id = e.requirement_id AND o.status = 'approved'
            AND (coalesce(o.expires_at, 'infinity'), o.id) > (e.expires_at, e.id)) AS is_last
FROM expired e ORDER BY e.organization_id, e.id"""
)


async def recompute_statuses(
    session: AsyncSession, completions: Sequence[CourseCompletion], *, announce: bool = False
) -> None:
    """The same as `recompute_compliance` for many valid completions of one organization, which are held.

    Events tell other services which members become compliant by this, or with `announce` of each completion.
    """
    found = [c for c in completions if c.requirement_id is not None]
    if not found:
        return
    organization_id = found[0].organization_id
    whose = sorted({f"{organization_id} {c.user_id}" for c in found})
    await session.execute(_EACH_AT_A_TIME, {"whose": whose})
    best = await session.execute(
        _RECOMPUTED,
        {
            "organization_id": organization_id,
            "users": [c.user_id for c in found],
            "requirements": [c.requirement_id for c in found],
            "instant": now(session),
        },
    )
    best_of = {(row.user_id, row.requirement_id): row for row in best}
    if announce:
        for one in found:
            expires_at = best_of[one.user_id, one.requirement_id].expires_at
            _announce(session, "learning.compliance.completed", one, expires_at)
        return
    for row in best_of.values():
        if not row.became:
            continue
        append_event(
            session,
            "learning.compliance.completed",
            organization_id=organization_id,
            user_id=row.user_id,
            requirement_id=row.requirement_id,
            completion_id=row.id,
            course_id=row.course_id,
            completed_at=row.completed_at,
            expires_at=row.expires_at,
        )


async def recompute_compliance(
    session: AsyncSession, completion: CourseCompletion, *, announce: bool = False
) -> None:
    """Set the member's status for the completion's requirement to the best of all valid completions.

    Best is what lasts longest. Without any, there is no status. `announce` tells other services of a completion. If
    the status stood on a completion which was revoked, that is always sent, with what it stands on instead.
    """
    # Two at once would each miss what the other has not committed: a void beside a new completion.
    await session.execute(_ONE_AT_A_TIME, {"whose": f"{completion.organization_id} {completion.user_id}"})
    before = await session.scalar(
        select(ChapterComplianceStatus.completion_id).where(*_status_of(completion))
    )
    where = (
        CourseCompletion.organization_id == completion.organization_id,
        CourseCompletion.user_id == completion.user_id,
        CourseCompletion.requirement_id == completion.requirement_id,
        CourseCompletion.voided_at.is_(None),
    )
    best = (
        select(
            CourseCompletion.organization_id,
            CourseCompletion.user_id,
            CourseCompletion.requirement_id,
            CourseCompletion.id,
            CourseCompletion.completed_at,
            CourseCompletion.expires_at,
        )
        .where(*where)
        .order_by(CourseCompletion.expires_at.desc().nulls_first(), CourseCompletion.completed_at.desc())
        .limit(1)
    )
    names = ["organization_id", "user_id", "requirement_id", "completion_id", "completed_at", "expires_at"]
    statement = insert(ChapterComplianceStatus).from_select(names, best)
    kept = await session.execute(
        statement.on_conflict_do_update(
            index_elements=names[:3], set_={name: statement.excluded[name] for name in names[3:]}
        ).returning(ChapterComplianceStatus.completion_id, ChapterComplianceStatus.expires_at)
    )
    row = kept.first()
    if row is None:
        await session.execute(delete(ChapterComplianceStatus).where(*_status_of(completion)))
    if before == completion.id and completion.voided_at is not None:
        _announce(session, "learning.compliance.revoked", completion, completion.expires_at)
        if row is not None:
            instead = await session.get_one(CourseCompletion, (completion.organization_id, row.completion_id))
            _announce(session, "learning.compliance.completed", instead, instead.expires_at)
    elif row is not None and announce:
        _announce(session, "learning.compliance.completed", completion, row.expires_at)


def _status_of(completion: CourseCompletion) -> tuple[ColumnElement[bool], ...]:
    return (
        ChapterComplianceStatus.organization_id == completion.organization_id,
        ChapterComplianceStatus.user_id == completion.user_id,
        ChapterComplianceStatus.requirement_id == completion.requirement_id,
    )


def _announce(
    session: AsyncSession, event: str, completion: CourseCompletion, expires_at: datetime | None
) -> None:
    append_event(
        session,
        event,
        organization_id=completion.organization_id,
        user_id=completion.user_id,
        requirement_id=completion.requirement_id,
        completion_id=completion.id,
        course_id=completion.course_id,
        completed_at=completion.completed_at,
        expires_at=expires_at,
    )


async def add_skills(
    session: AsyncSession, proven: Iterable[tuple[CourseCompletion, Sequence[Skill]]]
) -> None:
    """Add what these completions prove, in their order; a skill that the member has keeps its first source."""
    rows: list[dict[str, Any]] = [
        {
            "organization_id": completion.organization_id,
            "user_id": completion.user_id,
            "skill_id": skill.skill_id,
            "name": skill.name,
            "acquired_at": completion.completed_at,
            "course_id": completion.course_id,
            "completion_id": completion.id,
        }
        for completion, skills in proven
        for skill in skills
    ]
    if not rows:
        return
    # Two that add the same skills do so in one order, so that neither waits for the other in a circle.
    rows.sort(key=itemgetter("user_id", "skill_id"))
    skill: Any = MemberSkill.__table__
    added = await session.execute(
        insert(skill)
        .on_conflict_do_nothing()
        .returning(skill.c.user_id, skill.c.skill_id, skill.c.course_id, skill.c.completion_id),
        rows,
    )
    for row in added:
        append_event(
            session,
            "learning.skill.mastered",
            organization_id=rows[0]["organization_id"],
            user_id=row.user_id,
            skill_id=row.skill_id,
            course_id=row.course_id,
            completion_id=row.completion_id,
        )


async def keep_duties(session: AsyncSession, organization_id: str, user_id: str) -> None:
    """Write down what the member had to meet and when, before the fields that it follows from are erased."""
    parameters = {"organization_id": organization_id, "user_id": user_id, "instant": now(session)}
    instants: list[datetime] = [*await session.scalars(_CHANGES_OF_DUTIES, parameters), now(session)]
    spans: dict[str, list[list[datetime]]] = {}
    for since, until in pairwise(instants):
        for requirement_id in await duties_at(session, organization_id, user_id, since):
            held = spans.setdefault(requirement_id, [])
            if held and held[-1][1] == since:
                held[-1][1] = until
            else:
                held.append([since, until])
    session.add_all(
        ErasedDuty(
            organization_id=organization_id,
            user_id=user_id,
            requirement_id=requirement_id,
            since=since,
            until=until,
        )
        for requirement_id, held in sorted(spans.items())
        for since, until in held
    )
    await session.flush()


async def announce_expired(session: AsyncSession) -> int:
    """Tell other services of at most `BATCH` statuses that have expired, each expiry once; how many.

    Nothing becomes expired by this: expiry is decided at each read.
    """
    await plan_afresh(session)
    status = ChapterComplianceStatus
    expired = _unannounced(now(session))
    marked = (
        update(status)
        .where(
            of_many(status.organization_id, expired.c.organization_id),
            status.user_id == expired.c.user_id,
            status.requirement_id == expired.c.requirement_id,
        )
        .values(announced_expiry=expired.c.expires_at)
        .cte("marked")
    )
    data = {
        "requirement_id": expired.c.requirement_id,
        "completion_id": expired.c.completion_id,
        "expires_at": rfc3339(expired.c.expires_at),
    }
    told = events_of(session, "learning.compliance.expired", expired, data=data)
    found = await session.scalar(select(func.count()).select_from(expired).add_cte(marked, told))
    return found or 0


def _proven_longer(
    organization_id: Any, user_id: Any, requirement_id: Any, expires_at: Any
) -> ColumnElement[bool]:
    """Whether evidence goes on, or went on, after this expiry: then that of the evidence is told."""
    proof = select(Evidence.id).where(
        of_many(Evidence.organization_id, organization_id),
        Evidence.user_id == user_id,
        Evidence.requirement_id == requirement_id,
        Evidence.status == "approved",
        or_(Evidence.expires_at.is_(None), Evidence.expires_at > expires_at),
    )
    return exists(proof.correlate_except(Evidence).offset(FENCE))


async def announce_expired_evidence(session: AsyncSession) -> int:
    """The same of evidence that has expired, where nothing else went on for longer; how many were looked at."""
    await plan_afresh(session)
    found = await session.execute(_EXPIRED_EVIDENCE, {"instant": now(session), "batch": BATCH})
    rows = found.all()
    for row in rows:
        if row.is_last:
            append_event(
                session,
                "learning.compliance.expired",
                organization_id=row.organization_id,
                user_id=row.user_id,
                requirement_id=row.requirement_id,
                evidence_id=row.id,
                expires_at=row.expires_at,
            )
    return len(rows)


def _unannounced(instant: datetime) -> CTE:
    """At most `BATCH` expired statuses that are not announced; of erased members and retired requirements none."""
    status = ChapterComplianceStatus
    member = looked_up(
        Member,
        "member",
        of_many(Member.organization_id, status.organization_id),
        Member.user_id == status.user_id,
        Member.erased_at.is_(None),
    )
    requirement = looked_up(
        ComplianceRequirement,
        "requirement",
        of_many(ComplianceRequirement.organization_id, status.organization_id),
        ComplianceRequirement.id == status.requirement_id,
        ComplianceRequirement.closed_at.is_(None),
    )
    return (
        select(
            status.organization_id,
            status.user_id,
            status.requirement_id,
            status.completion_id,
            status.expires_at,
        )
        .join(member, true())
        .join(requirement, true())
        .where(
            status.expires_at <= instant,
            status.announced_expiry.is_distinct_from(status.expires_at),
            ~_proven_longer(status.organization_id, status.user_id, status.requirement_id, status.expires_at),
        )
        .order_by(status.expires_at)
        .limit(BATCH)
        .with_for_update(of=status, skip_locked=True)
        .cte("expired")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
