"""Which courses members need not do: they are exempt, or have evidence of the requirement that a course leads to."""

import uuid
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Text, Uuid, and_, any_, bindparam, cast, literal, null, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.rules.programs import Excuse
from learning_service.domain.courses.models import Course
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.models import Exemption
from learning_service.domain.exemptions.queries import holds_at
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.reads import INSTANT, ORGANIZATION_ID, Kept, fetch, kept


async def excuses_of(
    session: AsyncSession,
    organization_id: str,
    user_ids: Collection[str],
    course_ids: Collection[uuid.UUID],
) -> Sequence[Excuse]:
    """Exemptions of these members from these courses that hold now, and evidence that was accepted, ended or not.

    One statement. Indexes: `ix_exemptions_member`, `ix_evidence_member`.
    """
    given = {
        "organization_id": organization_id,
        "users": sorted(user_ids),
        "courses": sorted(course_ids),
        "instant": now(session),
    }
    return [Excuse(*row) for row in await fetch(session, _excuses(), given)]


@cache
def _excuses() -> Kept:
    exempt = _of(Exemption, literal("exempt"), cast(null(), Evidence.expires_at.type)).where(
        holds_at(INSTANT),
        or_(
            Exemption.course_id == Course.id,
            Exemption.requirement_id == Course.linked_compliance_requirement,
        ),
    )
    proven = _of(Evidence, literal("evidence"), Evidence.expires_at).where(
        Evidence.status == "approved", Evidence.requirement_id == Course.linked_compliance_requirement
    )
    return kept(select(union_all(exempt, proven).subquery("excuses")))


def _of(table: Any, kind: Any, until: Any) -> Any:
    users = any_(bindparam("users", type_=ARRAY(Text())))
    courses = any_(bindparam("courses", type_=ARRAY(Uuid())))
    return (
        select(table.user_id, Course.id, cast(kind, Text).label("kind"), until.label("expires_at"))
        .select_from(table)
        .join(Course, and_(Course.organization_id == table.organization_id, Course.id == courses))
        .where(table.organization_id == ORGANIZATION_ID, table.user_id == users)
    )
