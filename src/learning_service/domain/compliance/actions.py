"""Compliance and skills follow from completions: recomputed, never set."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.compliance.models import ChapterComplianceStatus, MemberSkill
from learning_service.domain.courses.rules.tree import Skill
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.events import append_event

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('compliance ' || :whose, 0))")


async def recompute_compliance(
    session: AsyncSession, completion: CourseCompletion, *, announce: bool = False
) -> None:
    """Set the member's status for the completion's requirement to the best of all valid completions.

    Best is what lasts longest. Without any, there is no status. `announce` tells other services.
    """
    # Two at once would each miss what the other has not committed: a void beside a new completion.
    await session.execute(_ONE_AT_A_TIME, {"whose": f"{completion.organization_id} {completion.user_id}"})
    where = (
        CourseCompletion.organization_id == completion.organization_id,
        CourseCompletion.user_id == completion.user_id,
        CourseCompletion.requirement_id == completion.requirement_id,
        CourseCompletion.voided_at.is_(None),
    )
    best = (
        select(
            CourseCompletion.organization_id,
            CourseCompletion.user_id,
            CourseCompletion.requirement_id,
            CourseCompletion.id,
            CourseCompletion.completed_at,
            CourseCompletion.expires_at,
        )
        .where(*where)
        .order_by(CourseCompletion.expires_at.desc().nulls_first(), CourseCompletion.completed_at.desc())
        .limit(1)
    )
    names = ["organization_id", "user_id", "requirement_id", "completion_id", "completed_at", "expires_at"]
    statement = insert(ChapterComplianceStatus).from_select(names, best)
    kept = await session.execute(
        statement.on_conflict_do_update(
            index_elements=names[:3], set_={name: statement.excluded[name] for name in names[3:]}
        ).returning(ChapterComplianceStatus.expires_at)
    )
    row = kept.first()
    if row is None:
        await session.execute(
            delete(ChapterComplianceStatus).where(
                ChapterComplianceStatus.organization_id == completion.organization_id,
                ChapterComplianceStatus.user_id == completion.user_id,
                ChapterComplianceStatus.requirement_id == completion.requirement_id,
            )
        )
    elif announce:
        _announce(session, completion, row[0])


def _announce(session: AsyncSession, completion: CourseCompletion, expires_at: datetime | None) -> None:
    append_event(
        session,
        "learning.compliance.completed",
        organization_id=completion.organization_id,
        user_id=completion.user_id,
        requirement_id=completion.requirement_id,
        completion_id=completion.id,
        course_id=completion.course_id,
        completed_at=completion.completed_at,
        expires_at=expires_at,
    )


async def add_skills(session: AsyncSession, completion: CourseCompletion, skills: Sequence[Skill]) -> None:
    """Add what the version's pass proves; a skill that the member has keeps its first source."""
    if not skills:
        return
    added = await session.scalars(
        insert(MemberSkill)
        .values(
            [
                {
                    "organization_id": completion.organization_id,
                    "user_id": completion.user_id,
                    "skill_id": skill.skill_id,
                    "name": skill.name,
                    "acquired_at": completion.completed_at,
                    "course_id": completion.course_id,
                    "completion_id": completion.id,
                }
                for skill in skills
            ]
        )
        .on_conflict_do_nothing()
        .returning(MemberSkill.skill_id)
    )
    for skill_id in added:
        append_event(
            session,
            "learning.skill.mastered",
            organization_id=completion.organization_id,
            user_id=completion.user_id,
            skill_id=skill_id,
            course_id=completion.course_id,
            completion_id=completion.id,
        )
