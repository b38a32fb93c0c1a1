"""Renewal: before a completion expires, a new enrollment is opened, due when it does. History stays."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.assignments.actions.reassignments import ASSIGNED
from learning_service.domain.courses.models import Course
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import (
    COMPLETED_ELSEWHERE,
    OPEN,
    decided_at,
    hold_entrance,
)
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.queries import is_exempt
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import PlanAssignmentMails
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.planning import FENCE, among, looked_up, of_many, plan_afresh
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.rules import DEFAULT_RECERTIFICATION_WINDOW_DAYS, MAX_DAYS
from learning_service.domain.records.audit import SYSTEM_ACTOR, record_audit
from learning_service.domain.records.bulk_events import events_of, new_ids, rfc3339

BATCH = 1_000
_Other = aliased(Enrollment, name="other")
_Later = aliased(CourseCompletion, name="later")


def _is(table: Any, organization_id: Any, row_id: Any) -> ColumnElement[bool]:
    return and_(of_many(table.organization_id, organization_id), table.id == row_id)


def _is_theirs(table: Any, other: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Asked beside the key, because the index by member begins with these and ends with the key."""
    return table.user_id == other.user_id, table.course_id == other.course_id


_OF, _ENROLLMENT = CourseCompletion.organization_id, CourseCompletion.enrollment_id
_Completed = looked_up(
    Enrollment,
    "completed",
    _is(Enrollment, _OF, _ENROLLMENT),
    *_is_theirs(Enrollment, CourseCompletion),
)
_Course = looked_up(Course, "course", _is(Course, _OF, CourseCompletion.course_id))
_Member = looked_up(
    Member,
    "member",
    of_many(Member.organization_id, _OF),
    Member.user_id == CourseCompletion.user_id,
    Member.erased_at.is_(None),
)
_Chapter = looked_up(Chapter, "chapter", _is(Chapter, _Member.organization_id, _Member.chapter_id))


async def open_renewals(session: AsyncSession) -> int:
    """Open enrollments for at most `BATCH` completions that lapse within their window or have lapsed; how many.

    Each once, even when that enrollment is removed, unless what renewed it was revoked; on the version
    published now. A member who is enrolled or has failed since, whom the course is no longer for, who is not active
    or is exempt or has evidence that lasts, or whose course is archived gets none as yet.
    """
    await plan_afresh(session)
    soon = _due(session).subquery()
    courses = (await session.execute(select(soon.c.organization_id, soon.c.course_id).distinct())).all()
    if not courses:
        return 0
    await _hold(session, courses)
    moment = new_id()
    due = _due(session).where(CourseCompletion.course_id.in_([row.course_id for row in courses]))
    due = due.with_for_update(of=CourseCompletion, skip_locked=True)
    due = due.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
    made = _made(session, due, moment)
    marked = (
        update(CourseCompletion)
        .where(
            _is(CourseCompletion, due.c.organization_id, due.c.id),
            *_is_theirs(CourseCompletion, due.c),
            among(due.c.cause_id, select(made.c.cause_id)),
        )
        .values(renewal_opened_at=now(session))
        .cte("marked")
    )
    data = {
        "enrollment_id": made.c.id,
        "course_id": made.c.course_id,
        "due_at": rfc3339(made.c.due_at),
    }
    told = events_of(session, ASSIGNED, made, data=data)
    opened = (
        select(made.c.organization_id, func.count().label("count"))
        .group_by(made.c.organization_id)
        .subquery()
    )
    found, organizations = (
        await session.execute(
            select(
                select(func.count()).select_from(made).scalar_subquery(),
                select(func.jsonb_object_agg(opened.c.organization_id, opened.c.count)).scalar_subquery(),
            ).add_cte(told, marked)
        )
    ).one()
    for organization_id, count in sorted((organizations or {}).items()):
        await _follow_up(session, organization_id, count, moment)
    return int(found)


async def _hold(session: AsyncSession, courses: Sequence[Any]) -> None:
    await hold_entrance(session, *(row.course_id for row in courses))
    # Before the completions, as in every transaction that changes both: an enrollment refers to its course.
    held = (
        select(Course.id)
        .where(tuple_(Course.organization_id, Course.id).in_([tuple(row) for row in courses]))
        .order_by(Course.id)
    )
    await session.execute(held.with_for_update(key_share=True, read=True))


def _made(session: AsyncSession, due: CTE, moment: uuid.UUID) -> CTE:
    """The enrollments, as part of the statement."""
    values = {
        "id": new_ids(moment),
        "organization_id": due.c.organization_id,
        "user_id": due.c.user_id,
        "course_id": due.c.course_id,
        "version_id": due.c.version_id,
        "status": literal("assigned", Text),
        "source": literal("recertification", Text),
        "assigned_at": literal(now(session), Enrollment.assigned_at.type),
        "due_at": due.c.expires_at,
        "cause_kind": literal("completion", Text),
        "cause_id": due.c.cause_id,
    }
    shown = (Enrollment.id, Enrollment.organization_id, Enrollment.user_id, Enrollment.course_id)
    return (
        insert(Enrollment)
        .from_select(list(values), select(*values.values()), include_defaults=False)
        .on_conflict_do_nothing()
        .returning(*shown, Enrollment.due_at, Enrollment.cause_id)
        .cte("made")
    )


async def _follow_up(session: AsyncSession, organization_id: str, count: int, moment: uuid.UUID) -> None:
    record_audit(
        session,
        "renewals.opened",
        organization_id=organization_id,
        actor_id=SYSTEM_ACTOR,
        subject=("organization", organization_id),
        details={"opened": count},
    )
    await enqueue_job(session, PlanAssignmentMails(moment=moment), organization_id=organization_id)


def _due(session: AsyncSession) -> Any:
    days = func.coalesce(
        OrganizationSettings.recertification_window_days, DEFAULT_RECERTIFICATION_WINDOW_DAYS
    )
    instant = now(session)
    completion = CourseCompletion
    return (
        select(
            completion.id,
            cast(completion.id, Text).label("cause_id"),
            completion.enrollment_id,
            completion.organization_id,
            completion.user_id,
            completion.course_id,
            _Course.published_version_id.label("version_id"),
            func.greatest(completion.expires_at, _proven_until(instant)).label("expires_at"),
        )
        .select_from(completion)
        .join(_Completed, true())
        .join(_Course, true())
        .join(_Member, true())
        .join(_Chapter, true())
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == completion.organization_id)
        .where(
            completion.expires_at <= instant + timedelta(days=MAX_DAYS),
            completion.expires_at <= instant + func.make_interval(0, 0, 0, days),
            # The window is never more than half of the completion's own span.
            completion.expires_at - instant <= instant - completion.completed_at,
            completion.voided_at.is_(None),
            completion.renewal_opened_at.is_(None),
            _Course.archived_at.is_(None),
            _Course.published_version_id.is_not(None),
            func.is_active_status(_Member.status, OrganizationSettings.active_statuses),
            _is_for_member(),
            ~is_exempt(completion.organization_id, completion.user_id, completion.course_id, instant),
            ~_is_proven(instant + func.make_interval(0, 0, 0, days)),
            ~_goes_on(),
            ~_lasts_longer(),
        )
        .order_by(completion.expires_at, completion.id)
        .limit(BATCH)
    )


def _proof(*columns: Any) -> Any:
    """What approved evidence shows for the requirement that the completed course leads to."""
    return select(*columns).where(
        of_many(Evidence.organization_id, CourseCompletion.organization_id),
        Evidence.user_id == CourseCompletion.user_id,
        Evidence.requirement_id == _Course.linked_compliance_requirement,
        Evidence.status == "approved",
    )


def _proven_until(instant: datetime) -> Any:
    """When the evidence that counts ends last; NULL: none does."""
    return _proof(func.max(Evidence.expires_at)).where(Evidence.expires_at > instant).scalar_subquery()


def _is_proven(until: Any) -> ColumnElement[bool]:
    """Whether evidence counts for longer than that."""
    lasts = or_(Evidence.expires_at.is_(None), Evidence.expires_at > until)
    return exists(_proof(Evidence.id).where(lasts).offset(FENCE))


def _is_for_member() -> ColumnElement[bool]:
    return or_(
        _Course.scope == "national",
        and_(_Course.scope == "regional", _Course.scope_id == _Chapter.region_id),
        and_(_Course.scope == "chapter", _Course.scope_id == _Chapter.id),
    )


def _goes_on() -> ColumnElement[bool]:
    """Whether the member is enrolled again, or ended another enrollment after this one was completed.

    What was revoked, or withdrawn because of this completion, counts as never begun.
    """
    never_begun = or_(_Other.status == "completed", _Other.withdrawn_because == COMPLETED_ELSEWHERE)
    return exists(
        select(_Other.id)
        .where(
            of_many(_Other.organization_id, CourseCompletion.organization_id),
            _Other.user_id == CourseCompletion.user_id,
            # By no index: to one that begins so, a course's enrollments seem no more than a member's.
            (_Other.course_id == CourseCompletion.course_id).is_(True),
            or_(
                _Other.status.in_(OPEN),
                and_(decided_at(_Other) > decided_at(_Completed), ~func.coalesce(never_begun, False)),
            ),
        )
        .offset(FENCE)
    )


def _lasts_longer() -> ColumnElement[bool]:
    """Whether another completion of the course takes this one's place."""
    later = or_(
        _Later.expires_at.is_(None),
        tuple_(_Later.expires_at, _Later.id) > tuple_(CourseCompletion.expires_at, CourseCompletion.id),
    )
    return exists(
        select(_Later.id)
        .where(
            of_many(_Later.organization_id, CourseCompletion.organization_id),
            _Later.user_id == CourseCompletion.user_id,
            _Later.course_id == CourseCompletion.course_id,
            _Later.voided_at.is_(None),
            later,
        )
        .offset(FENCE)
    )
