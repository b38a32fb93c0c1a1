"""Who may grade one course in addition to the organization's graders."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseGrader
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act


async def designate_grader(
    session: AsyncSession, access: CourseAccess, user_id: str, *, actor: Principal
) -> None:
    """Let a person grade the course. They need not be a member, nor known yet; twice is as once."""
    made = await session.execute(
        insert(CourseGrader)
        .values(
            course_id=access.view.id,
            user_id=user_id,
            organization_id=access.organization_id,
            designated_at=now(session),
        )
        .on_conflict_do_nothing()
        .returning(CourseGrader.user_id)
    )
    if made.first() is not None:
        _record(session, "course.grader_designated", access, user_id, actor)


async def dismiss_grader(
    session: AsyncSession, access: CourseAccess, user_id: str, *, actor: Principal
) -> None:
    """Take that back; nothing happens where they were no grader."""
    gone = await session.execute(
        delete(CourseGrader)
        .where(CourseGrader.course_id == access.view.id, CourseGrader.user_id == user_id)
        .returning(CourseGrader.user_id)
    )
    if gone.first() is not None:
        _record(session, "course.grader_dismissed", access, user_id, actor)


def _record(
    session: AsyncSession, action: AuditAction, access: CourseAccess, user_id: str, actor: Principal
) -> None:
    record_act(
        session,
        actor,
        action,
        ("course", access.view.id),
        user_id=user_id,
        course_id=access.view.id,
        details={"user_id": user_id},
    )
