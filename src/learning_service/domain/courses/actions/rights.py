"""What an author needs a further role for: linking a requirement, and granting skills."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import Course, MasteredSkill
from learning_service.domain.courses.rules.access import Scope, is_among, roles_over
from learning_service.domain.courses.rules.tree import Skill
from learning_service.domain.directory.models import Chapter, ComplianceRequirement
from learning_service.domain.kernel.errors import Forbidden, Invalid
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.organizations.queries import organization_settings


async def scope_of(session: AsyncSession, organization_id: str, kind: str, unit: str | None) -> Scope:
    """A course's scope, with the region that a chapter lies in."""
    if kind != "chapter":
        return Scope(kind, unit, None)
    region: str | None = await session.scalar(
        select(Chapter.region_id).where(Chapter.organization_id == organization_id, Chapter.id == unit)
    )
    return Scope(kind, unit, region)


async def may_link(session: AsyncSession, scope: Scope, requirement_id: str, *, actor: Principal) -> bool:
    """Whether the actor may link a course of that scope to the requirement. Raises Invalid for an unknown one.

    It is held, so that it is not retired while the course is linked.
    """
    requirement = await session.get(
        ComplianceRequirement,
        (actor.organization_id, requirement_id),
        populate_existing=True,
        with_for_update={"key_share": True, "read": True},
    )
    if requirement is None or requirement.closed_at is not None:
        raise Invalid.at(
            "/linked_compliance_requirement", "is not a requirement of this organization", "not-known"
        )
    return is_among(roles_over(actor, scope), requirement.linkable_by)


async def require_linking(
    session: AsyncSession, scope: Scope, requirement_id: str, *, actor: Principal
) -> None:
    """Raises Invalid for an unknown requirement, Forbidden unless the actor's role may link it."""
    if not await may_link(session, scope, requirement_id, actor=actor):
        raise Forbidden("Your role may not link a course to this requirement.")


async def may_grant(session: AsyncSession, scope: Scope, *, actor: Principal) -> bool:
    """Whether a course of that scope may be made to grant skills by the actor."""
    settings = await organization_settings(session, actor.organization_id)
    return is_among(roles_over(actor, scope), settings.skills_by)


async def require_granting(
    session: AsyncSession,
    course: Course,
    granted: Collection[Skill],
    skills: Collection[Skill],
    *,
    actor: Principal,
) -> None:
    """Raises Forbidden where there are skills besides those `granted` before, and the actor's role may grant none."""
    if all(skill in granted for skill in skills):
        return
    scope = await scope_of(session, course.organization_id, course.scope, course.scope_id)
    if not await may_grant(session, scope, actor=actor):
        raise Forbidden("Your role may not grant skills.")


async def published_skills(session: AsyncSession, course: Course) -> list[Skill]:
    """The skills that completing the course grants now."""
    rows = await session.execute(
        select(MasteredSkill.skill_id, MasteredSkill.name).where(
            MasteredSkill.version_id == course.published_version_id
        )
    )
    return [Skill.model_construct(skill_id=skill_id, name=name) for skill_id, name in rows]
