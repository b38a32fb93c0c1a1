"""Completions of before, from a file: as if the member had completed the course here on that day."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.certificates.actions.certificates import Named, issue_of_before
from learning_service.domain.completion.actions.completing import advance_programs, tell_of_completion
from learning_service.domain.completion.actions.reconsidering import withdraw_superfluous
from learning_service.domain.completion.rules.importing import WantedRow
from learning_service.domain.compliance.actions import add_skills, recompute_statuses
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.compiled import CompiledVersion, compiled_version
from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.enrollments.rules import expiry_after
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.days import local_day, noon_of_day
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.queries import organization_settings
from learning_service.domain.records.audit import record_act

_Key = tuple[str, uuid.UUID]
"""A member and a course."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rows are about, as it is now."""

    organization: Organization
    window_days: int
    courses: Mapping[uuid.UUID, Course]
    versions: Mapping[uuid.UUID, CompiledVersion]
    """By course: the published one."""
    members: Mapping[str, Member]
    completions: dict[_Key, list[CourseCompletion]]
    """Those that there are, and those that the rows make."""


async def complete_rows(session: AsyncSession, rows: Sequence[WantedRow], *, actor: Principal) -> int:
    """Complete courses on the days of these rows, with everything that follows but mails; how many now are.

    A day on which the member has completed the course already stays as it is, also when that was revoked. The
    courses' entrances must be held alone. Raises Unmarked.
    """
    if not rows:
        return 0
    facts = await _facts(session, rows, actor)
    made: list[CourseCompletion] = []
    for row in sorted(rows, key=lambda row: (row.completed_on or date.min, row.line)):
        completion = _completion(session, facts, row)
        if completion is not None:
            made.append(completion)
    if made:
        await _write(session, facts, made, actor)
    return len(rows)


async def _facts(session: AsyncSession, rows: Sequence[WantedRow], actor: Principal) -> _Facts:
    own = actor.organization_id
    keys = list({(row.user_id, row.course_id) for row in rows})
    # A policy that is given to what was completed waits for these completions, or they for the policy.
    courses = await session.scalars(
        select(Course)
        .where(Course.organization_id == own, Course.id.in_({course_id for _, course_id in keys}))
        .order_by(Course.id)
        .with_for_update(key_share=True, read=True)
        .execution_options(populate_existing=True)
    )
    by_id = {course.id: course for course in courses}
    members = await session.scalars(
        select(Member).where(
            Member.organization_id == own, Member.user_id.in_({user_id for user_id, _ in keys})
        )
    )
    found = await session.scalars(
        select(CourseCompletion)
        .where(
            CourseCompletion.organization_id == own,
            tuple_(CourseCompletion.user_id, CourseCompletion.course_id).in_(keys),
        )
        .execution_options(populate_existing=True)
    )
    completions: dict[_Key, list[CourseCompletion]] = defaultdict(list)
    for one in found:
        completions[one.user_id, one.course_id].append(one)
    return _Facts(
        organization=await session.get_one(Organization, own),
        window_days=(await organization_settings(session, own)).recertification_window_days,
        courses=by_id,
        versions={
            key: await compiled_version(session, course.published_version_id)
            for key, course in by_id.items()
            if course.published_version_id is not None
        },
        members={member.user_id: member for member in members},
        completions=completions,
    )


def _completion(session: AsyncSession, facts: _Facts, row: WantedRow) -> CourseCompletion | None:
    """The completion that the row asks for; None where the member has one of that day."""
    assert row.completed_on is not None
    zone, course = facts.organization.timezone, facts.courses[row.course_id]
    known = facts.completions.setdefault((row.user_id, row.course_id), [])
    if any(local_day(one.completed_at, zone) == row.completed_on for one in known):
        return None
    completed_at = min(noon_of_day(row.completed_on, zone), now(session))
    completion = CourseCompletion(
        id=new_id(),
        organization_id=facts.organization.id,
        enrollment_id=new_id(),
        user_id=row.user_id,
        course_id=row.course_id,
        version_id=facts.versions[row.course_id].id,
        requirement_id=course.linked_compliance_requirement,
        score=row.score,
        completed_at=completed_at,
        expires_at=expiry_after(
            completed_at,
            course.recertification_cadence,
            zone,
            previous=_previous(known, completed_at),
            window_days=facts.window_days,
        ),
    )
    known.append(completion)
    return completion


def _previous(known: Sequence[CourseCompletion], completed_at: datetime) -> tuple[datetime, datetime] | None:
    """When the completion that this one may renew was made and expires."""
    before = [one for one in known if one.voided_at is None and one.completed_at < completed_at]
    spans = [(one.expires_at, one.completed_at) for one in before if one.expires_at is not None]
    if not spans or len(spans) < len(before):
        return None
    expires_at, made_at = max(spans)
    return made_at, expires_at


async def _write(
    session: AsyncSession, facts: _Facts, made: Sequence[CourseCompletion], actor: Principal
) -> None:
    session.add_all([_enrollment(one, actor) for one in made])
    await session.flush()
    session.add_all(made)
    await session.flush()
    await withdraw_superfluous(session, actor.organization_id, await _open(session, made, actor))
    named = [Named(one, facts.members[one.user_id], facts.versions[one.course_id].title) for one in made]
    await issue_of_before(session, named, organization=facts.organization)
    for one in made:
        _tell(session, one, actor)
    await recompute_statuses(session, made)
    await add_skills(session, [(one, facts.versions[one.course_id].skills) for one in made])
    await session.flush()
    completed = {(one.user_id, one.course_id) for one in made}
    await advance_programs(session, actor.organization_id, completed)


def _enrollment(completion: CourseCompletion, actor: Principal) -> Enrollment:
    return Enrollment(
        id=completion.enrollment_id,
        organization_id=completion.organization_id,
        user_id=completion.user_id,
        course_id=completion.course_id,
        version_id=completion.version_id,
        status="completed",
        source="imported",
        assigned_at=completion.completed_at,
        started_at=completion.completed_at,
        ended_at=completion.completed_at,
        cause_kind="person",
        cause_id=actor.user_id,
    )


async def _open(
    session: AsyncSession, made: Sequence[CourseCompletion], actor: Principal
) -> Sequence[uuid.UUID]:
    keys = list({(one.user_id, one.course_id) for one in made})
    found = await session.scalars(
        select(Enrollment.id)
        .where(
            Enrollment.organization_id == actor.organization_id,
            tuple_(Enrollment.user_id, Enrollment.course_id).in_(keys),
            Enrollment.status.in_(OPEN),
        )
        .order_by(Enrollment.id)
    )
    return found.all()


def _tell(session: AsyncSession, one: CourseCompletion, actor: Principal) -> None:
    tell_of_completion(session, "learning.course.completed", one)
    record_act(
        session,
        actor,
        "enrollment.completed",
        ("enrollment", one.enrollment_id),
        user_id=one.user_id,
        course_id=one.course_id,
        enrollment_id=one.enrollment_id,
        details={"completion_id": str(one.id), "source": "imported"},
    )
