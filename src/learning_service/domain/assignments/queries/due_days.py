"""When an assignment is due for each member, where a field of theirs says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.assignments.queries.candidates import CourseToAssign
from learning_service.domain.assignments.rules.due import due_at_from
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import Condition
from learning_service.domain.kernel.values import JsonObject


@dataclass(frozen=True, slots=True)
class DueDays:
    """Members by when it is due for them; `matches` counts those as well for whom that has passed."""

    members: Mapping[datetime | None, list[str]]
    matches: int
    last: str | None


async def due_by_day(
    session: AsyncSession,
    course: CourseToAssign,
    who: Condition,
    due_from: JsonObject,
    *,
    instant: datetime,
    after: str = "",
    limit: int,
) -> DueDays:
    """The next of these members by id. Whoever's field holds no day has no due time."""
    rows = await session.execute(
        select(Member.user_id, Member.custom_fields[due_from["field"]])
        .where(who, Member.user_id > after)
        .order_by(Member.user_id)
        .limit(limit)
    )
    found = rows.all()
    members: dict[datetime | None, list[str]] = {}
    for user_id, value in found:
        due_at = due_at_from(value, due_from["days"], course.timezone)
        if due_at is None or due_at > instant:
            members.setdefault(due_at, []).append(user_id)
    return DueDays(members, len(found), found[-1].user_id if found else None)


async def late_ones(
    session: AsyncSession, course: CourseToAssign, who: Condition, due_from: JsonObject, *, instant: datetime
) -> Condition:
    """Those of these members for whom the due time has passed, so that nothing is assigned to them."""
    value = Member.custom_fields[due_from["field"]]
    texts = await session.scalars(
        select(value.astext).where(who, func.jsonb_typeof(value) == "string").distinct()
    )
    due = {text: due_at_from(text, due_from["days"], course.timezone) for text in texts}
    passed = [text for text, due_at in due.items() if due_at is not None and due_at <= instant]
    return and_(who, func.jsonb_typeof(value) == "string", value.astext == func.any(passed))
