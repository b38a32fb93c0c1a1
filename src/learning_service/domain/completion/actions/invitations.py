"""Learners who are invited to the new version of a course move there themselves."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position, find_position, version_of
from learning_service.domain.completion.actions.moving import MigrationUnderWay, move_held
from learning_service.domain.completion.actions.outcomes import settle
from learning_service.domain.completion.actions.statistics import forget_statistics
from learning_service.domain.completion.queries.moving import fate_of, is_moving, is_regrading, move_between
from learning_service.domain.courses.actions.drafts import lock_course
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.kernel.errors import Conflict
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.records.audit import record_audit


class NotInvited(Conflict):
    """There is no newer version that the learner may move to."""

    code = "not-invited"

    def __init__(self) -> None:
        super().__init__("This course has no newer version to which you are invited.")


class CannotMove(Conflict):
    """The enrollment cannot be moved now."""

    code = "cannot-move"

    def __init__(self) -> None:
        super().__init__(
            "An attempt is under way, an answer waits for a decision, or the new version could not be completed."
        )


async def accept_invitation(session: AsyncSession, position: Position) -> Position:
    """Move the learner's enrollment to the published version, which invites them; where it stands then.

    The position must be locked. Raises NotInvited, CannotMove, MigrationUnderWay, Unmarked.
    """
    wanted = await _invited_to(session, position)
    if wanted is None:
        raise NotInvited
    own = position.organization_id
    # Behind it no regrade begins: what is the same is judged by the keys that hold now.
    await lock_course(session, position.course_id)
    if await is_moving(session, own, position.course_id):
        raise MigrationUnderWay
    if await is_regrading(session, own, position.course_id):
        raise CannotMove
    await plan_afresh(session)
    move = await move_between(session, own, position.version_id, wanted)
    fate = await fate_of(session, move, [position.enrollment_id])
    if fate.busy or fate.staying:
        raise CannotMove
    await move_held(session, move, [position.enrollment_id], fate.awaiting)
    await forget_statistics(session, [*move.quizzes, *(quiz.id for quiz in move.quizzes.values())])
    record_audit(
        session,
        "enrollment.moved",
        organization_id=own,
        actor_id=position.user_id,
        subject=("enrollment", position.enrollment_id),
        user_id=position.user_id,
        course_id=position.course_id,
        enrollment_id=position.enrollment_id,
        details={"from_version": move.before.number, "to_version": move.after.number},
    )
    moved = await _again(session, position)
    await settle(session, moved, await version_of(session, moved))
    return await _again(session, position)


async def _again(session: AsyncSession, position: Position) -> Position:
    found = await find_position(
        session, position.organization_id, "enrollment", position.enrollment_id, user_id=None, lock=True
    )
    assert found is not None
    return found


async def _invited_to(session: AsyncSession, position: Position) -> uuid.UUID | None:
    if not position.is_open:
        return None
    found: uuid.UUID | None = await session.scalar(
        select(CourseVersion.id)
        .join(
            Course,
            (Course.organization_id == CourseVersion.organization_id)
            & (Course.published_version_id == CourseVersion.id),
        )
        .where(
            Course.organization_id == position.organization_id,
            Course.id == position.course_id,
            CourseVersion.invites,
            CourseVersion.id != position.version_id,
        )
    )
    return found
