"""Members whom a rule no longer means, or means again: what becomes of the enrollments that it has made.

Only what the rule alone has made is touched: what a person or another rule assigned as well stays as it is. Of a
program, the enrollments in its courses go and come with it.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.assignments.actions.runs import audience_of_rule, course_of
from learning_service.domain.assignments.models import AssignmentRule, RuleDeparture
from learning_service.domain.assignments.queries.candidates import CourseToAssign, meant_by
from learning_service.domain.assignments.queries.rules import reach_of_stored
from learning_service.domain.completion.actions.programs import SOURCE
from learning_service.domain.completion.actions.withdrawals import withdraw
from learning_service.domain.courses.rules.programs import PROGRAM
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import Enrollment, EnrollmentSource
from learning_service.domain.enrollments.queries.standing import LEFT_AUDIENCE, OPEN, WITHDRAWN, in_lock_order
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.tenant import own_key
from learning_service.domain.records.audit import SYSTEM_ACTOR, AuditAction, record_audit

KEEP, PAUSE = "keep", "pause"
AT_ONCE = 500
_Other = aliased(Enrollment, name="other")


async def departing_rules(session: AsyncSession, organization_id: str) -> Sequence[uuid.UUID]:
    """Rules for which it matters who no longer matches, or who has left and may come back.

    Who comes back is resumed also by a rule that is inactive. One that was deleted gives back the due times that it
    took, and opens nothing that it has closed.
    """
    left = exists().where(
        RuleDeparture.organization_id == organization_id,
        RuleDeparture.rule_id == AssignmentRule.id,
        or_(AssignmentRule.deleted_at.is_(None), RuleDeparture.what == PAUSE),
    )
    leaves = and_(
        AssignmentRule.active, AssignmentRule.deleted_at.is_(None), AssignmentRule.on_leaving != KEEP
    )
    rules = await session.scalars(
        select(AssignmentRule.id)
        .where(
            AssignmentRule.organization_id == organization_id,
            or_(leaves, left),
        )
        .order_by(AssignmentRule.id)
    )
    return rules.all()


async def next_of_rule(
    session: AsyncSession, rule_id: uuid.UUID, after: uuid.UUID | None
) -> Sequence[tuple[uuid.UUID, str]]:
    """At most `AT_ONCE` enrollments that a rule has made and that are open or that it has closed, with their members.

    Those after one, in the order of their ids. Index: `ix_enrollments_course`.
    """
    rule = await session.get(AssignmentRule, own_key(session, rule_id))
    if rule is None:
        return []
    left = exists().where(
        RuleDeparture.organization_id == Enrollment.organization_id,
        RuleDeparture.enrollment_id == Enrollment.id,
    )
    wanted = select(Enrollment.id, Enrollment.user_id).where(
        Enrollment.organization_id == rule.organization_id,
        Enrollment.course_id == rule.course_id,
        Enrollment.rule_id == rule.id,
        or_(Enrollment.status.in_(OPEN), left),
    )
    if after is not None:
        wanted = wanted.where(Enrollment.id > after)
    rows = await session.execute(wanted.order_by(Enrollment.id).limit(AT_ONCE))
    return [(enrollment_id, user_id) for enrollment_id, user_id in rows]


async def settle_departures(session: AsyncSession, rule_id: uuid.UUID, user_ids: Collection[str]) -> None:
    """Pause, withdraw or resume what a rule has made for these members, as they are now. Raises Unmarked.

    A rule that is inactive or deleted only resumes, as `departing_rules` says.

    One rule to a transaction: of several, each with its own order of members, two could wait in a circle.
    """
    rule = await session.get(AssignmentRule, own_key(session, rule_id))
    if rule is None:
        return
    course = await course_of(session, rule)
    these = Member.user_id == func.any(sorted(user_ids))
    who = and_(these, meant_by(course, audience_of_rule(rule), reach_of_stored(rule)))
    meant = set(await session.scalars(select(Member.user_id).where(who)))
    if rule.active and rule.deleted_at is None and rule.on_leaving != KEEP:
        await _leave(session, rule, course, sorted(set(user_ids) - meant))
    await _return(session, rule, sorted(meant))


def _made_by(rule: AssignmentRule, course: CourseToAssign) -> ColumnElement[bool]:
    """Whether the rule, and nothing else, has made an enrollment."""
    own = and_(Enrollment.course_id == course.id, Enrollment.rule_id == rule.id)
    if course.kind == PROGRAM:
        own = or_(own, and_(Enrollment.source == SOURCE, Enrollment.cause_id == str(course.id)))
    others = exists().where(
        EnrollmentSource.organization_id == Enrollment.organization_id,
        EnrollmentSource.enrollment_id == Enrollment.id,
        EnrollmentSource.rule_id.is_distinct_from(rule.id),
    )
    return and_(own, ~others)


async def _leave(
    session: AsyncSession, rule: AssignmentRule, course: CourseToAssign, user_ids: Sequence[str]
) -> None:
    if not user_ids:
        return
    wanted = select(Enrollment).where(
        Enrollment.organization_id == rule.organization_id,
        Enrollment.user_id == func.any(user_ids),
        Enrollment.status.in_(OPEN),
        _made_by(rule, course),
        ~exists().where(
            RuleDeparture.organization_id == Enrollment.organization_id,
            RuleDeparture.enrollment_id == Enrollment.id,
        ),
    )
    found = await session.scalars(
        in_lock_order(wanted).with_for_update(of=Enrollment).execution_options(populate_existing=True)
    )
    held = [one for one in found if one.status in OPEN]
    if course.kind == PROGRAM:
        # Its courses go with it, and not where the program itself stays.
        going = {one.user_id for one in held if one.course_id == course.id}
        held = [one for one in held if one.user_id in going]
    if not held:
        return
    rows = [
        {
            "organization_id": one.organization_id,
            "enrollment_id": one.id,
            "rule_id": rule.id,
            "what": rule.on_leaving,
            "status": one.status,
            "due_at": one.due_at,
            "left_at": now(session),
        }
        for one in held
    ]
    await session.execute(insert(RuleDeparture).values(rows))
    if rule.on_leaving == "withdraw":
        await withdraw(session, rule.organization_id, held, because=LEFT_AUDIENCE, actor_id=SYSTEM_ACTOR)
        return
    for one in held:
        one.due_at, one.revision = None, one.revision + 1
        _audit(session, rule, one, "enrollment.paused")
    await session.flush()


async def _return(session: AsyncSession, rule: AssignmentRule, user_ids: Sequence[str]) -> None:
    if not user_ids:
        return
    whats = [PAUSE] if rule.deleted_at is not None else [PAUSE, "withdraw"]
    wanted = (
        select(Enrollment, RuleDeparture)
        .join(
            RuleDeparture,
            and_(
                RuleDeparture.organization_id == Enrollment.organization_id,
                RuleDeparture.enrollment_id == Enrollment.id,
            ),
        )
        .where(
            Enrollment.organization_id == rule.organization_id,
            Enrollment.user_id == func.any(user_ids),
            RuleDeparture.rule_id == rule.id,
            RuleDeparture.what.in_(whats),
        )
    )
    found = await session.execute(
        in_lock_order(wanted).with_for_update(of=Enrollment).execution_options(populate_existing=True)
    )
    ended = []
    for enrollment, left in found.all():
        ended.append(enrollment.id)
        # As much time as was left when they went.
        due_at = None if left.due_at is None else left.due_at + (now(session) - left.left_at)
        if left.what == PAUSE:
            if enrollment.status not in OPEN:
                continue
            times = [one for one in (enrollment.due_at, due_at) if one is not None]
            await _change(session, enrollment, due_at=min(times, default=None))
        elif await _may_reopen(session, enrollment):
            reopened = {"status": left.status, "withdrawn_at": None, "withdrawn_because": None}
            await _change(session, enrollment, due_at=due_at, **reopened)
        else:
            continue
        _audit(session, rule, enrollment, "enrollment.resumed")
    if ended:
        await session.execute(
            delete(RuleDeparture).where(
                RuleDeparture.organization_id == rule.organization_id,
                RuleDeparture.enrollment_id == func.any(ended),
            )
        )


async def _may_reopen(session: AsyncSession, enrollment: Enrollment) -> bool:
    """Whether it is closed as the rule has closed it, and the member has begun no other since."""
    if enrollment.status != WITHDRAWN or enrollment.withdrawn_because != LEFT_AUDIENCE:
        return False
    newer = exists().where(
        _Other.organization_id == enrollment.organization_id,
        _Other.user_id == enrollment.user_id,
        _Other.course_id == enrollment.course_id,
        _Other.id > enrollment.id,
    )
    return not await session.scalar(select(newer))


async def _change(session: AsyncSession, enrollment: Enrollment, **values: Any) -> None:
    await session.execute(
        update(Enrollment)
        .where(Enrollment.organization_id == enrollment.organization_id, Enrollment.id == enrollment.id)
        .values(**values, revision=Enrollment.revision + 1)
    )


def _audit(session: AsyncSession, rule: AssignmentRule, enrollment: Enrollment, action: AuditAction) -> None:
    record_audit(
        session,
        action,
        organization_id=enrollment.organization_id,
        actor_id=SYSTEM_ACTOR,
        subject=("enrollment", enrollment.id),
        user_id=enrollment.user_id,
        course_id=enrollment.course_id,
        enrollment_id=enrollment.id,
        details={"rule_id": str(rule.id)},
    )
