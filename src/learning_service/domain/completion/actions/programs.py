"""Members on their way through programs: the next courses are assigned, superfluous ones withdrawn.

A member's way is an enrollment in the program itself. What they have done follows from their completions.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.actions.assignments import assign_members
from learning_service.domain.assignments.queries.candidates import course_to_assign
from learning_service.domain.assignments.rules.cause import Cause
from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.completion.actions.renewing import keep_unchanged
from learning_service.domain.completion.queries.program_ways import OnTheWay, done_courses, read_way, ways_of
from learning_service.domain.completion.rules.programs import Path, path_of
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.models import Enrollment, EnrollmentSource
from learning_service.domain.enrollments.queries.standing import (
    COMPLETED_ELSEWHERE,
    OPEN,
    WITHDRAWN,
    hold_entrance,
    in_lock_order,
    try_to_enter,
)
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import OpenSteps
from learning_service.domain.kernel.clock import now
from learning_service.domain.records.audit import SYSTEM_ACTOR, record_audit

SOURCE = "program"


@dataclass(frozen=True, slots=True)
class Finished:
    """An enrollment in a program whose steps are all done."""

    way: OnTheWay
    earned: bool
    """Whether the member has completed any of its courses: else they are exempt from all, or have evidence."""


async def finished_programs(
    session: AsyncSession, organization_id: str, completed: Collection[tuple[str, uuid.UUID]]
) -> Sequence[Finished]:
    """Take learners a step further in programs with the courses that they complete now; those that are done by it.

    `completed`: who completes which course. The programs' rows are held, so that of two completions at once each
    counts the other.
    """
    rows = await session.execute(
        ways_of(organization_id)
        .where(
            Enrollment.user_id == func.any(sorted({user_id for user_id, _ in completed})),
            Enrollment.status.in_(OPEN),
        )
        .order_by(Enrollment.id)
        .with_for_update(of=Enrollment)
    )
    found = [read_way(row) for row in rows]
    return await take_further(
        session,
        [
            one
            for one in found
            if any(
                (one.user_id, course) in completed for step in one.content.steps for course in step.courses
            )
        ],
    )


async def new_ways(session: AsyncSession, organization_id: str, program_id: uuid.UUID) -> Sequence[OnTheWay]:
    """The enrollments in a program that this transaction has made."""
    rows = await session.execute(
        ways_of(organization_id)
        .where(
            Enrollment.course_id == program_id,
            Enrollment.assigned_at == now(session),
            Enrollment.status.in_(OPEN),
        )
        .order_by(Enrollment.id)
    )
    return [read_way(row) for row in rows]


async def open_ways(
    session: AsyncSession, organization_id: str, user_ids: Collection[str]
) -> Sequence[uuid.UUID]:
    """The open enrollments of these members in programs. Index: `ix_enrollments_member`."""
    found = await session.scalars(
        ways_of(organization_id)
        .where(Enrollment.user_id == func.any(sorted(user_ids)), Enrollment.status.in_(OPEN))
        .order_by(Enrollment.id)
    )
    return found.all()


async def hold_ways(
    session: AsyncSession, organization_id: str, enrollment_ids: Sequence[uuid.UUID]
) -> Sequence[OnTheWay]:
    """Those of these enrollments in programs that are open, held with all that taking them further needs."""
    mine = ways_of(organization_id).where(
        Enrollment.id == func.any(list(enrollment_ids)), Enrollment.status.in_(OPEN)
    )
    ways = [read_way(row) for row in await session.execute(mine)]
    courses = {course for one in ways for step in one.content.steps for course in step.courses}
    if not courses:
        return []
    await hold_entrance(session, *courses)
    held = select(Enrollment.id).where(
        Enrollment.organization_id == organization_id,
        Enrollment.user_id == func.any(sorted({one.user_id for one in ways})),
        Enrollment.course_id == func.any([*courses, *{one.program_id for one in ways}]),
        Enrollment.status.in_(OPEN),
    )
    await session.execute(in_lock_order(held).with_for_update(of=Enrollment))
    return [read_way(row) for row in await session.execute(mine)]


async def take_further(session: AsyncSession, ways: Sequence[OnTheWay]) -> Sequence[Finished]:
    """Assign what comes next and withdraw what is superfluous; those that are done.

    Who renews the program takes its courses anew, also while an earlier completion is valid. Members of one version
    are taken together: a few statements for each of its courses, whatever their number. What others hold in the next
    courses is not waited for: a job assigns them then.
    """
    done = await done_courses(session, ways)
    paths = {one.enrollment_id: path_of(one.content, done[one.enrollment_id]) for one in ways}
    alike: dict[tuple[uuid.UUID, bool], list[OnTheWay]] = {}
    for one in ways:
        alike.setdefault((one.version_id, one.renews is not None), []).append(one)
    for _, some in sorted(alike.items()):
        await _assign_next(session, some, paths)
    for one in ways:
        if paths[one.enrollment_id].superfluous:
            await _withdraw(session, one, paths[one.enrollment_id].superfluous)
    begun = [one.enrollment_id for one in ways if done[one.enrollment_id].completed]
    if begun:
        await session.execute(
            update(Enrollment)
            .where(Enrollment.id == func.any(begun), Enrollment.status == "assigned")
            .values(status="in_progress", started_at=func.coalesce(Enrollment.started_at, now(session)))
        )
    return [
        Finished(one, earned=bool(done[one.enrollment_id].completed))
        for one in ways
        if paths[one.enrollment_id].is_done
    ]


async def _assign_next(
    session: AsyncSession, ways: Sequence[OnTheWay], paths: Mapping[uuid.UUID, Path]
) -> None:
    program, members = ways[0], dict[uuid.UUID, list[str]]()
    for one in ways:
        for course_id in paths[one.enrollment_id].next:
            members.setdefault(course_id, []).append(one.user_id)
    if not members:
        return
    if not await try_to_enter(
        session,
        program.organization_id,
        members,
        {one.user_id for one in ways if paths[one.enrollment_id].next},
    ):
        later = [one.enrollment_id for one in ways if paths[one.enrollment_id].next]
        await enqueue_job(
            session, OpenSteps(enrollment_ids=tuple(later)), organization_id=program.organization_id
        )
        return
    cause = Cause(SOURCE, SOURCE, str(program.program_id), actor_id=SYSTEM_ACTOR)
    for course_id in sorted(members):
        course = await course_to_assign(session, program.organization_id, course_id)
        if course is not None and course.is_open:
            who = Member.user_id == func.any(members[course_id])
            renew = program.renews is not None
            done = await assign_members(session, course, who, cause=cause, due_at=None, renew=renew)
            if renew and done.assigned:
                await keep_unchanged(session, program.organization_id, course_id, members[course_id])


async def _withdraw(session: AsyncSession, way: OnTheWay, courses: Sequence[uuid.UUID]) -> None:
    """Withdraw the enrollments that only this program has made, but for one with an attempt under way.

    One that is held is being worked on, maybe completed, at this very moment: it stays.
    """
    wanted = (
        select(Enrollment.id, Enrollment.course_id)
        .where(
            Enrollment.organization_id == way.organization_id,
            Enrollment.user_id == way.user_id,
            Enrollment.course_id == func.any(list(courses)),
            Enrollment.status.in_(OPEN),
            Enrollment.source == SOURCE,
            Enrollment.cause_id == str(way.program_id),
            ~exists().where(EnrollmentSource.enrollment_id == Enrollment.id),
            ~exists().where(
                QuizAttempt.enrollment_id == Enrollment.id,
                or_(QuizAttempt.status == "in_progress", QuizAttempt.status == "pending_review"),
            ),
        )
        .order_by(Enrollment.id)
        .with_for_update(skip_locked=True)
    )
    for enrollment_id, course_id in (await session.execute(wanted)).all():
        await session.execute(
            update(Enrollment)
            .where(Enrollment.id == enrollment_id)
            .values(
                status=WITHDRAWN,
                withdrawn_at=now(session),
                withdrawn_because=COMPLETED_ELSEWHERE,
                revision=Enrollment.revision + 1,
            )
        )
        record_audit(
            session,
            "enrollment.withdrawn",
            organization_id=way.organization_id,
            actor_id=SYSTEM_ACTOR,
            subject=("enrollment", enrollment_id),
            user_id=way.user_id,
            course_id=course_id,
            enrollment_id=enrollment_id,
            details={"course_id": str(course_id), "because": COMPLETED_ELSEWHERE},
        )
