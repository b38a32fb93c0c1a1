"""Programs as callers see them: to their authors the draft, to others what is published."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.models import Course, CourseVersion, MasteredSkill
from learning_service.domain.courses.queries.access import CourseAccess, Draft, Published, courses_seen
from learning_service.domain.courses.rules.programs import PROGRAM, ProgramContent, Step
from learning_service.domain.courses.rules.tree import Skill
from learning_service.domain.documents.queries import shown_html_column
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal

_Shown = aliased(CourseVersion, name="shown")


@dataclass(frozen=True, slots=True)
class ProgramView:
    """A program as a caller sees it."""

    id: uuid.UUID
    title: str
    description_html: str
    scope: str
    scope_id: str | None
    steps: Sequence[Step]
    ordered: bool
    due_in_days: int | None
    certificate: bool
    mastered_skills: Sequence[Skill]
    linked_compliance_requirement: str | None
    self_enrollment: bool
    recertification_cadence: str | None
    published_version: int | None
    draft_version: int | None


def content_of(version: CourseVersion) -> ProgramContent:
    """What a version of a program holds."""
    return ProgramContent.model_validate_json(version.program or "")


async def published_content(session: AsyncSession, access: CourseAccess) -> ProgramContent:
    """What the published version of a program holds. There must be one."""
    stored = await session.scalar(
        select(CourseVersion.program).where(
            CourseVersion.organization_id == access.organization_id,
            CourseVersion.id == access.published_version_id,
        )
    )
    return ProgramContent.model_validate_json(stored or "")


async def list_programs(session: AsyncSession, caller: Principal, page: PageRequest) -> Sequence[ProgramView]:
    """Programs that the caller may enter, author or assign, newest first; one more than the page holds.

    Three statements, by the primary key of `courses`. Raises NotAMember for a caller who is neither member nor
    administrator.
    """
    seen = await courses_seen(session, caller, kind=PROGRAM)
    if seen is None:
        return []
    statement = _rows(seen.authored).where(
        Course.organization_id == caller.organization_id, or_(seen.authored, seen.open)
    )
    if page.after is not None:
        statement = statement.where(Course.id < uuid.UUID(page.after[0]))
    return await _views(session, statement.order_by(Course.id.desc()).limit(page.limit + 1))


async def get_program(session: AsyncSession, access: CourseAccess) -> ProgramView:
    """A program that the caller may see."""
    statement = _rows(literal(access.may_author)).where(
        Course.organization_id == access.organization_id, Course.id == access.view.id
    )
    return (await _views(session, statement))[0]


def _rows(authored: ColumnElement[bool]) -> Any:
    """A select of programs with the version that is shown, within one organization (bind it)."""
    drafted = and_(authored, Draft.id.is_not(None))
    return (
        select(
            Course.id,
            _Shown.id,
            _Shown.title,
            shown_html_column(_Shown.description_html),
            Course.scope,
            Course.scope_id,
            _Shown.program,
            Course.linked_compliance_requirement,
            Course.self_enrollment,
            Course.recertification_cadence,
            Published.number,
            case((drafted, Draft.number), else_=null()),
        )
        .select_from(Course)
        .outerjoin(Published, Published.id == Course.published_version_id)
        .outerjoin(Draft, and_(Draft.course_id == Course.id, Draft.published_at.is_(None)))
        .join(_Shown, _Shown.id == case((drafted, Draft.id), else_=Published.id))
    )


async def _views(session: AsyncSession, statement: Any) -> list[ProgramView]:
    rows = (await session.execute(statement)).all()
    skills: dict[uuid.UUID, list[Skill]] = {row[1]: [] for row in rows}
    found = await session.execute(
        select(MasteredSkill.version_id, MasteredSkill.skill_id, MasteredSkill.name)
        .where(MasteredSkill.version_id.in_(list(skills)))
        .order_by(MasteredSkill.version_id, MasteredSkill.position)
    )
    for version_id, skill_id, name in found:
        skills[version_id].append(Skill.model_construct(skill_id=skill_id, name=name))
    return [_view(row, skills[row[1]]) for row in rows]


def _view(row: Any, skills: Sequence[Skill]) -> ProgramView:
    program_id, _, title, description, scope, scope_id, stored, *policy, published, draft = row
    requirement, own, cadence = policy
    content = ProgramContent.model_validate_json(stored)
    return ProgramView(
        id=program_id,
        title=title,
        description_html=description,
        scope=scope,
        scope_id=scope_id,
        steps=content.steps,
        ordered=content.ordered,
        due_in_days=content.due_in_days,
        certificate=content.certificate,
        mastered_skills=skills,
        linked_compliance_requirement=requirement,
        self_enrollment=own,
        recertification_cadence=cadence,
        published_version=published,
        draft_version=draft,
    )
