"""What is held, and in which order, before enrollments are looked at that may go on although they had failed.

Entrances come before rows: who holds a row and then needs an entrance only tries to have it.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import exists, false, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course
from learning_service.domain.courses.rules.programs import PROGRAM
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN, hold_entrance, in_lock_order


async def hold_to_reconsider(session: AsyncSession, organization_id: str, ids: Sequence[uuid.UUID]) -> None:
    """Hold these enrollments with all that looking at them again may lock, before any of it is locked.

    That is, of those that failed, the entrances of their courses, alone, and their members' open enrollments there;
    and where there are several, their members' programs. A single one that is open is left to be locked by itself.
    """
    found = await session.execute(
        select(Enrollment.user_id, Enrollment.course_id, Enrollment.status).where(
            Enrollment.organization_id == organization_id, Enrollment.id == func.any(list(ids))
        )
    )
    rows = found.all()
    failed = [(row.user_id, row.course_id) for row in rows if row.status == "failed"]
    if not failed and len(rows) < 2:
        return
    if failed:
        await hold_entrance(session, *{course_id for _, course_id in failed}, alone=True)
    program = exists().where(
        Course.organization_id == Enrollment.organization_id,
        Course.id == Enrollment.course_id,
        Course.kind == PROGRAM,
    )
    others = await session.scalars(
        select(Enrollment.id).where(
            Enrollment.organization_id == organization_id,
            Enrollment.user_id == func.any(sorted({row.user_id for row in rows})),
            Enrollment.status.in_(OPEN),
            or_(
                tuple_(Enrollment.user_id, Enrollment.course_id).in_(failed),
                program if len(rows) > 1 else false(),
            ),
        )
    )
    wanted = select(Enrollment.id).where(
        Enrollment.organization_id == organization_id, Enrollment.id == func.any([*ids, *others])
    )
    await session.execute(in_lock_order(wanted).with_for_update(of=Enrollment))
