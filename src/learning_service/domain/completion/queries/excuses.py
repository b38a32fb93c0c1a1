"""Which courses members need not do: they are exempt, or have evidence of the requirement that a course leads to."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Text, and_, cast, func, literal, null, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.completion.rules.programs import Excuse
from learning_service.domain.courses.models import Course
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.models import Exemption
from learning_service.domain.exemptions.queries import holds_at
from learning_service.domain.kernel.clock import now


async def excuses_of(
    session: AsyncSession,
    organization_id: str,
    user_ids: Collection[str],
    course_ids: Collection[uuid.UUID],
) -> Sequence[Excuse]:
    """Exemptions of these members from these courses that hold now, and evidence that was accepted, ended or not.

    One statement. Indexes: `ix_exemptions_member`, `ix_evidence_member`.
    """
    end = Evidence.expires_at.type
    exempt = _of(Exemption, literal("exempt"), cast(null(), end), course_ids).where(
        holds_at(now(session)),
        or_(
            Exemption.course_id == Course.id,
            Exemption.requirement_id == Course.linked_compliance_requirement,
        ),
    )
    proven = _of(Evidence, literal("evidence"), Evidence.expires_at, course_ids).where(
        Evidence.status == "approved", Evidence.requirement_id == Course.linked_compliance_requirement
    )
    users = func.any(sorted(user_ids))
    rows = await session.execute(
        union_all(
            *(
                statement.where(table.organization_id == organization_id, table.user_id == users)
                for statement, table in ((exempt, Exemption), (proven, Evidence))
            )
        )
    )
    return [Excuse(*row) for row in rows]


def _of(table: Any, kind: Any, until: Any, course_ids: Collection[uuid.UUID]) -> Any:
    same = and_(Course.organization_id == table.organization_id, Course.id == func.any(sorted(course_ids)))
    return (
        select(table.user_id, Course.id, cast(kind, Text), until.label("expires_at"))
        .select_from(table)
        .join(Course, same)
    )
