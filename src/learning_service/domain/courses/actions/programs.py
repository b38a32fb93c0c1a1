"""Making programs, changing their drafts, and publishing them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.actions.courses import unit_of_scope
from learning_service.domain.courses.actions.documents import document_faults, write_references
from learning_service.domain.courses.actions.drafts import lock_course, sanitizer_of
from learning_service.domain.courses.actions.prerequisites import (
    covered_courses,
    hold_prerequisites,
    needs_among,
)
from learning_service.domain.courses.actions.publishing import Missing, NothingToPublish, NotPublishable
from learning_service.domain.courses.actions.rights import (
    published_skills,
    require_granting,
    require_linking,
    scope_of,
)
from learning_service.domain.courses.actions.storing import write_skills
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.access import CourseAccess, authoring_roles
from learning_service.domain.courses.queries.programs import content_of
from learning_service.domain.courses.queries.versions import current_version, load_skills
from learning_service.domain.courses.rules.access import Scope, may_author
from learning_service.domain.courses.rules.programs import (
    PROGRAM,
    ProgramChangeIn,
    ProgramContent,
    ProgramIn,
    Step,
)
from learning_service.domain.courses.rules.richtext import sanitize_tree
from learning_service.domain.courses.rules.tree import DEFAULT_PASS_SCORE, Skill, Tree
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Fault, Forbidden, Invalid
from learning_service.domain.kernel.large_work import apart_in_pieces
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import AuditAction, record_act

_CONTENT = ("steps", "ordered", "due_in_days", "certificate")
_TEXTS = ("title", "description_html")
_POLICY = ("linked_compliance_requirement", "self_enrollment", "recertification_cadence")


async def create_program(session: AsyncSession, new: ProgramIn, *, actor: Principal) -> uuid.UUID:
    """Make a program with its first draft.

    Raises Invalid for an unknown unit, course or requirement and for steps in the wrong order, Forbidden for what is
    outside the actor's role.
    """
    scope = await unit_of_scope(session, new.scope, new.scope_id, actor.organization_id)
    if not may_author(actor, scope, await authoring_roles(session, actor) or ()):
        raise Forbidden("Your role does not reach this region or chapter.")
    if new.linked_compliance_requirement is not None:
        await require_linking(session, scope, new.linked_compliance_requirement, actor=actor)
    new, _ = await apart_in_pieces(*actor.who, sanitize_tree(new, await sanitizer_of(session, actor)))
    await _require_steps(session, actor.organization_id, scope, new.steps)
    instant = now(session)
    course = Course(
        id=new_id(),
        organization_id=actor.organization_id,
        kind=PROGRAM,
        scope=new.scope,
        scope_id=new.scope_id,
        self_enrollment=new.self_enrollment,
        recertification_cadence=new.recertification_cadence,
        linked_compliance_requirement=new.linked_compliance_requirement,
        created_by=actor.user_id,
        created_at=instant,
        updated_at=instant,
    )
    session.add(course)
    await session.flush()
    await require_granting(session, course, (), new.mastered_skills, actor=actor)
    version = _new_version(session, course, 1)
    version.title, version.description_html = new.title, new.description_html
    version.program = ProgramContent.model_construct(
        **{name: getattr(new, name) for name in _CONTENT}
    ).model_dump_json()
    session.add(version)
    await session.flush()
    await _write_rest(session, version, None, new.mastered_skills)
    _record(session, "program.created", course.id, actor, {"scope": new.scope, "scope_id": new.scope_id})
    return course.id


async def change_program(
    session: AsyncSession, access: CourseAccess, change: ProgramChangeIn, *, actor: Principal
) -> None:
    """Change policy at once, and what versions hold in the draft, which is made where there is none.

    Raises as `create_program`.
    """
    change, _ = await apart_in_pieces(*actor.who, sanitize_tree(change, await sanitizer_of(session, actor)))
    course = await lock_course(session, access.view.id)
    scope = await scope_of(session, actor.organization_id, course.scope, course.scope_id)
    linked = change.linked_compliance_requirement
    if linked is not None and linked != course.linked_compliance_requirement:
        await require_linking(session, scope, linked, actor=actor)
    if "steps" in change.model_fields_set:
        await _require_steps(session, actor.organization_id, scope, change.steps)
    policy = change.sent(*_POLICY)
    if policy:
        await session.execute(
            update(Course)
            .where(Course.organization_id == actor.organization_id, Course.id == course.id)
            .values(**policy, updated_at=now(session))
        )
    if change.model_fields_set - set(_POLICY):
        await _change_draft(session, course, change, actor)
    if change.model_fields_set:
        _record(session, "program.updated", course.id, actor, {"fields": sorted(change.model_fields_set)})


async def publish_program(
    session: AsyncSession, program_id: uuid.UUID, *, actor: Principal, missing_glyphs: Missing
) -> None:
    """Freeze the draft and make it what new enrollments get; members who are enrolled keep theirs.

    Raises NotPublishable for what stops it, Forbidden for skills that the actor may not grant, NothingToPublish.
    """
    course = await lock_course(session, program_id)
    version = await current_version(session, program_id)
    if version.published_at is not None:
        raise NothingToPublish
    scope = await scope_of(session, course.organization_id, course.scope, course.scope_id)
    skills = await load_skills(session, version.id)
    granted = await published_skills(session, course)
    await require_granting(session, course, granted, skills, actor=actor)
    faults = await _step_faults(session, course.organization_id, scope, content_of(version).steps, open_=True)
    faults += await document_faults(session, course.organization_id, _tree(version, ()))
    if missing := missing_glyphs(version.title):
        faults.append(
            Fault("/title", f"certificates cannot print these characters: {missing[:50]}", "unusable")
        )
    if faults:
        raise NotPublishable(faults)
    version.published_at = now(session)
    version.published_by = actor.user_id
    await session.flush()
    course.published_version_id = version.id
    course.updated_at = now(session)
    await session.flush()
    _record(session, "program.published", course.id, actor, {"version": version.number})


async def _change_draft(
    session: AsyncSession, course: Course, change: ProgramChangeIn, actor: Principal
) -> None:
    before = await current_version(session, course.id)
    held = await load_skills(session, before.id)
    skills = change.mastered_skills if "mastered_skills" in change.model_fields_set else held
    await require_granting(session, course, held, skills, actor=actor)
    draft = before
    if before.published_at is not None:
        draft = _new_version(session, course, before.number + 1)
        draft.title, draft.description_html = before.title, before.description_html
        session.add(draft)
    noted = None if draft is not before else _tree(before, held)
    for name, value in change.sent(*_TEXTS).items():
        setattr(draft, name, value)
    content = content_of(before).model_copy(update=change.sent(*_CONTENT))
    draft.program = content.model_dump_json()
    draft.updated_at = now(session)
    await session.flush()
    await _write_rest(session, draft, noted, skills)


def _new_version(session: AsyncSession, course: Course, number: int) -> CourseVersion:
    return CourseVersion(
        id=new_id(),
        organization_id=course.organization_id,
        course_id=course.id,
        number=number,
        pass_score=DEFAULT_PASS_SCORE,
        etag=new_id().hex,
        created_at=now(session),
        updated_at=now(session),
    )


async def _write_rest(
    session: AsyncSession, version: CourseVersion, before: Tree | None, skills: Sequence[Skill]
) -> None:
    """Write the rows of a draft: its skills, and which documents its description shows. Raises Invalid."""
    after = _tree(version, skills)
    await write_skills(session, version, before, after)
    await write_references(session, version, before, after)


def _tree(version: CourseVersion, skills: Sequence[Skill]) -> Tree:
    """What a program's version has in common with a course's."""
    return Tree.model_construct(
        title=version.title, description_html=version.description_html, mastered_skills=tuple(skills)
    )


async def _require_steps(
    session: AsyncSession, organization_id: str, scope: Scope, steps: Sequence[Step]
) -> None:
    faults = await _step_faults(session, organization_id, scope, steps)
    if faults:
        raise Invalid(faults)


async def _step_faults(
    session: AsyncSession, organization_id: str, scope: Scope, steps: Sequence[Step], *, open_: bool = False
) -> list[Fault]:
    """What is wrong with the steps: unknown courses, and those that an earlier step's courses ask for first.

    `open_`: archived courses are wrong too, for no member could enter them.
    """
    places = {
        course: (n, pointer("steps", n, "courses", at))
        for n, step in enumerate(steps)
        for at, course in enumerate(step.courses)
    }
    await hold_prerequisites(session, organization_id)
    known = await covered_courses(session, organization_id, scope, list(places), open_=open_)
    faults = [
        Fault(place, "is not a published course for all members whom the program is for", "not-known")
        for course, (_, place) in places.items()
        if course not in known
    ]
    if faults:
        return faults
    needs = await needs_among(session, organization_id, list(places))
    late = {asked for course, asked in needs if places[asked][0] > places[course][0]}
    return [
        Fault(place, "is asked for by a course of an earlier step", "conflicting")
        for course, (_, place) in places.items()
        if course in late
    ]


def _record(
    session: AsyncSession,
    action: AuditAction,
    program_id: uuid.UUID,
    actor: Principal,
    details: dict[str, object],
) -> None:
    record_act(session, actor, action, ("program", program_id), course_id=program_id, details=details)
