"""What a member needs at attempts, and what follows for the enrollments in which attempts decide."""

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.actions import delete_accommodations, put_accommodations
from learning_service.domain.accommodations.models import Accommodation
from learning_service.domain.accommodations.queries import accommodations_for
from learning_service.domain.accommodations.rules import AccommodationsIn
from learning_service.domain.attempts.models import QuizProgress
from learning_service.domain.attempts.queries.positions import find_position, version_of
from learning_service.domain.completion.actions.holding import hold_to_reconsider
from learning_service.domain.completion.actions.reconsidering import reconsider
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.kernel.principal import Principal


async def accommodate(
    session: AsyncSession, user_id: str, new: AccommodationsIn, *, actor: Principal
) -> Accommodation:
    """Say what a member needs. Who had failed for want of the attempts that are there now goes on.

    Raises Forbidden for the actor's own, Unavailable where others change the same enrollments.
    """
    before = await accommodations_for(session, actor.organization_id, user_id)
    made = await put_accommodations(session, user_id, new, actor=actor)
    if before.extra_attempts != new.extra_attempts:
        await _look_again(session, user_id, actor)
    return made


async def end_accommodations(session: AsyncSession, user_id: str, *, actor: Principal) -> None:
    """End them. Who cannot complete a course any more without their attempts has failed it.

    Raises Forbidden for the actor's own, NotFound where there are none, Unavailable as above.
    """
    await delete_accommodations(session, user_id, actor=actor)
    await _look_again(session, user_id, actor)


async def _look_again(session: AsyncSession, user_id: str, actor: Principal) -> None:
    tried = exists().where(
        QuizProgress.organization_id == Enrollment.organization_id,
        QuizProgress.enrollment_id == Enrollment.id,
    )
    ids = sorted(
        await session.scalars(
            select(Enrollment.id).where(
                Enrollment.organization_id == actor.organization_id,
                Enrollment.user_id == user_id,
                Enrollment.status.in_((*OPEN, "failed")),
                tried,
            )
        ),
        reverse=True,
    )
    if not ids:
        return
    await hold_to_reconsider(session, actor.organization_id, ids)
    # What was read of them before this is not written any more.
    await session.execute(
        update(Enrollment)
        .where(Enrollment.organization_id == actor.organization_id, Enrollment.id == func.any(ids))
        .values(revision=Enrollment.revision + 1)
    )
    # The newest first: of several failed ones in a course it is the one that goes on.
    for each in ids:
        position = await find_position(
            session, actor.organization_id, "enrollment", each, user_id=None, lock=True
        )
        if position is not None:
            version = await version_of(session, position)
            await reconsider(session, position, version, actor_id=actor.user_id)
