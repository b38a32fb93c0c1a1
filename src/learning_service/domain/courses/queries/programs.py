"""Programs as callers see them: to their authors the draft, to others what is published."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, Uuid, and_, any_, bindparam, case, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.models import Course, CourseVersion, MasteredSkill
from learning_service.domain.courses.queries.access import CourseAccess, Draft, Published, courses_seen
from learning_service.domain.courses.queries.reach import Sight
from learning_service.domain.courses.rules.programs import PROGRAM, ProgramContent, Step
from learning_service.domain.courses.rules.tree import Skill
from learning_service.domain.documents.queries import shown_html_column
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, ROW_ID, Kept, fetch, kept

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
    given = {**seen.units.given(), "limit": page.limit + 1}
    if page.after is not None:
        given["after"] = uuid.UUID(page.after[0])
    rows = await fetch(session, _listed(seen.sight, after=page.after is not None), given)
    return await _views(session, caller.organization_id, rows)


@cache
def _listed(sight: Sight, *, after: bool) -> Kept:
    statement = _rows(sight.authored()).where(
        Course.organization_id == ORGANIZATION_ID, or_(sight.authored(), sight.open())
    )
    if after:
        statement = statement.where(Course.id < bindparam("after", type_=Uuid()))
    return kept(statement.order_by(Course.id.desc()).limit(LIMIT))


async def get_program(session: AsyncSession, access: CourseAccess) -> ProgramView:
    """A program that the caller may see."""
    given = {
        "organization_id": access.organization_id,
        "row_id": access.view.id,
        "authored": access.may_author,
    }
    return (await _views(session, access.organization_id, await fetch(session, _one(), given)))[0]


@cache
def _one() -> Kept:
    statement = _rows(bindparam("authored", type_=Boolean()))
    return kept(statement.where(Course.organization_id == ORGANIZATION_ID, Course.id == ROW_ID))


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


async def _views(session: AsyncSession, organization_id: str, rows: Sequence[Any]) -> list[ProgramView]:
    skills: dict[uuid.UUID, list[Skill]] = {row[1]: [] for row in rows}
    if skills:
        given = {"organization_id": organization_id, "versions": list(skills)}
        for version_id, skill_id, name in await fetch(session, _skills(), given):
            skills[version_id].append(Skill.model_construct(skill_id=skill_id, name=name))
    return [_view(row, skills[row[1]]) for row in rows]


@cache
def _skills() -> Kept:
    return kept(
        select(MasteredSkill.version_id, MasteredSkill.skill_id, MasteredSkill.name)
        .where(
            MasteredSkill.organization_id == ORGANIZATION_ID,
            MasteredSkill.version_id == any_(bindparam("versions", type_=ARRAY(Uuid()))),
        )
        .order_by(MasteredSkill.version_id, MasteredSkill.position)
    )


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
