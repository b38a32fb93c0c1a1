"""Making courses, changing their policy, copying and archiving them."""

import uuid

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.actions.drafts import lock_course, write_draft
from learning_service.domain.courses.actions.prerequisites import require_prerequisites
from learning_service.domain.courses.actions.rights import may_grant, may_link, require_linking, scope_of
from learning_service.domain.courses.actions.searching import remember_text
from learning_service.domain.courses.actions.storing import delete_rows
from learning_service.domain.courses.models import ContentKey, Course, CourseGrader, CourseVersion
from learning_service.domain.courses.queries.access import CourseAccess, authoring_roles
from learning_service.domain.courses.queries.versions import (
    Edition,
    current_edition,
    current_version,
    read_tree,
)
from learning_service.domain.courses.rules.access import Scope, authors_anything, may_author
from learning_service.domain.courses.rules.keys import without_keys
from learning_service.domain.courses.rules.policy import CourseIn, CoursePolicyChangeIn, copy_title
from learning_service.domain.courses.rules.programs import PROGRAM
from learning_service.domain.courses.rules.tree import DEFAULT_PASS_SCORE
from learning_service.domain.directory.models import Chapter, Region
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Forbidden, Invalid
from learning_service.domain.kernel.large_work import apart
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act

_COPIED = (
    "scope",
    "scope_id",
    "self_enrollment",
    "recertification_cadence",
    "linked_compliance_requirement",
    "category",
    "prerequisites",
    "sequence",
    "recertification",
)


class WasPublished(Conflict):
    """Members may have learned from the course, so it stays."""

    code = "published"

    def __init__(self) -> None:
        super().__init__(
            "A course that was published cannot be deleted; archive it to close it to newcomers."
        )


async def require_author(session: AsyncSession, caller: Principal) -> None:
    """Raises Forbidden unless the caller may author some course of the organization."""
    roles = await authoring_roles(session, caller)
    if roles is None or not authors_anything(caller, roles):
        raise Forbidden("Only authors of the organization may make courses.")


async def create_course(session: AsyncSession, new: CourseIn, *, actor: Principal) -> uuid.UUID:
    """Make a course with its first draft: the title, and no modules.

    Raises Invalid for an unknown unit or requirement, Forbidden for a unit outside the actor's role and for a
    requirement that this role may not link.
    """
    organization_id = actor.organization_id
    scope = await unit_of_scope(session, new.scope, new.scope_id, organization_id)
    roles = await authoring_roles(session, actor)
    if not may_author(actor, scope, roles or ()):
        raise Forbidden("Your role does not reach this region or chapter.")
    if new.linked_compliance_requirement is not None:
        await require_linking(session, scope, new.linked_compliance_requirement, actor=actor)
    await require_prerequisites(session, organization_id, scope, new.prerequisites)
    course = await _add_course(session, new, actor)
    _record(session, "course.created", course.id, actor, {"scope": new.scope, "scope_id": new.scope_id})
    await remember_text(session, organization_id, course.id)
    return course.id


async def duplicate_course(session: AsyncSession, access: CourseAccess, *, actor: Principal) -> uuid.UUID:
    """A new course with the same content (the draft's, where there is one), scope and policy, unpublished.

    Its keys are its own; graders and history stay behind, and so do a link and skills that the actor's role may not
    give.
    """
    source, view = await current_edition(session, access.view.id), access.view
    scope = await scope_of(session, actor.organization_id, view.scope, view.scope_id)
    # The content of the source was judged when it was saved.
    policy = CourseIn.model_construct(
        title=copy_title(source.tree.title),
        **{name: getattr(view, name) for name in _COPIED},
    )
    changes: dict[str, object] = {"title": policy.title}
    linked = policy.linked_compliance_requirement
    if linked is not None and not await may_link(session, scope, linked, actor=actor):
        policy = policy.model_copy(update={"linked_compliance_requirement": None})
    if source.tree.mastered_skills and not await may_grant(session, scope, actor=actor):
        changes["mastered_skills"] = ()
    course = await _add_course(session, policy, actor)
    tree = (await apart(*actor.who, without_keys, source.tree)).model_copy(update=changes)
    draft = await current_version(session, course.id)
    await write_draft(session, course, Edition(draft, await read_tree(session, draft)), tree, {})
    _record(session, "course.duplicated", course.id, actor, {"from": str(access.view.id)})
    await remember_text(session, actor.organization_id, course.id)
    return course.id


async def delete_course(session: AsyncSession, course_id: uuid.UUID, *, actor: Principal) -> None:
    """Remove a course that was never published, with its draft and its graders. Raises WasPublished."""
    course = await lock_course(session, course_id)
    if course.published_version_id is not None:
        raise WasPublished
    version = await current_version(session, course_id)
    await delete_rows(session, version)
    await session.delete(version)
    await session.flush()
    for model in (ContentKey, CourseGrader):
        await session.execute(delete(model).where(model.course_id == course_id))
    await session.delete(course)
    action: AuditAction = "program.deleted" if course.kind == PROGRAM else "course.deleted"
    _record(session, action, course_id, actor, {"title": version.title})


async def archive_course(
    session: AsyncSession, access: CourseAccess, *, archived: bool, actor: Principal
) -> None:
    """Close a course to newcomers, or open it again; members inside go on. Doing so twice changes nothing."""
    if access.view.archived == archived:
        return
    await session.execute(
        update(Course)
        .where(Course.id == access.view.id, Course.archived_at.is_(None) == archived)
        .values(archived_at=now(session) if archived else None, updated_at=now(session))
    )
    action: AuditAction = "course.archived" if archived else "course.unarchived"
    _record(session, action, access.view.id, actor, {})


async def update_course(
    session: AsyncSession, access: CourseAccess, policy: CoursePolicyChangeIn, *, actor: Principal
) -> None:
    """Change policy for what comes. Completions keep the cadence and requirement that they were made with.

    Raises Invalid for an unknown requirement, Forbidden for one that the actor's role may not link.
    """
    changes = policy.changes()
    if not changes:
        return
    await require_policy(session, access, policy, actor=actor)
    await session.execute(
        update(Course)
        .where(Course.id == access.view.id, Course.organization_id == actor.organization_id)
        .values(**changes, updated_at=now(session))
    )
    _record(session, "course.updated", access.view.id, actor, {"fields": list(changes)})


async def require_policy(
    session: AsyncSession, access: CourseAccess, policy: CoursePolicyChangeIn, *, actor: Principal
) -> None:
    """Raises what `update_course` would."""
    linked, view = policy.linked_compliance_requirement, access.view
    # To give completions a requirement is to link them, also where the course itself was linked before.
    is_kept = linked == view.linked_compliance_requirement and not policy.apply_to_existing
    if linked is not None and not is_kept:
        scope = await scope_of(session, actor.organization_id, view.scope, view.scope_id)
        await require_linking(session, scope, linked, actor=actor)
    if "prerequisites" in policy.model_fields_set:
        scope = await scope_of(session, actor.organization_id, view.scope, view.scope_id)
        await require_prerequisites(
            session, actor.organization_id, scope, policy.prerequisites, course_id=view.id
        )


async def _add_course(session: AsyncSession, new: CourseIn, actor: Principal) -> Course:
    instant = now(session)
    course = Course(
        id=new_id(),
        organization_id=actor.organization_id,
        scope=new.scope,
        scope_id=new.scope_id,
        self_enrollment=new.self_enrollment,
        recertification_cadence=new.recertification_cadence,
        linked_compliance_requirement=new.linked_compliance_requirement,
        category=new.category,
        prerequisites=list(new.prerequisites),
        sequence=new.sequence,
        recertification=new.recertification,
        created_by=actor.user_id,
        created_at=instant,
        updated_at=instant,
    )
    session.add(course)
    await session.flush()
    version = CourseVersion(
        id=new_id(),
        organization_id=actor.organization_id,
        course_id=course.id,
        number=1,
        title=new.title,
        description_html="",
        pass_score=DEFAULT_PASS_SCORE,
        etag=new_id().hex,
        created_at=instant,
        updated_at=instant,
    )
    session.add(version)
    await session.flush()
    return course


def _record(
    session: AsyncSession,
    action: AuditAction,
    course_id: uuid.UUID,
    actor: Principal,
    details: dict[str, object],
) -> None:
    record_act(session, actor, action, ("course", course_id), course_id=course_id, details=details)


async def unit_of_scope(session: AsyncSession, kind: str, unit_id: str | None, organization_id: str) -> Scope:
    """The scope of something new. Raises Invalid for a unit that the organization does not have."""
    if kind == "national":
        return Scope("national", None, None)
    unit = unit_id or ""
    if kind == "regional":
        region = await session.get(Region, (organization_id, unit))
        if region is None or region.closed_at is not None:
            raise Invalid.at("/scope_id", "is not a region of this organization", "not-known")
        return Scope("regional", unit, None)
    chapter = await session.get(Chapter, (organization_id, unit))
    if chapter is None or chapter.closed_at is not None:
        raise Invalid.at("/scope_id", "is not a chapter of this organization", "not-known")
    return Scope("chapter", unit, chapter.region_id)
