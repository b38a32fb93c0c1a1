"""Which courses a caller may see, and what they may do with each. Every read of a course starts here."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.reach import (
    CoursesSeen,
    Sight,
    assigning_offices,
    authoring_offices,
    is_for_member,
    units_of,
)
from learning_service.domain.courses.rules.access import (
    Place,
    Scope,
    may_assign,
    may_author,
    reaches,
)
from learning_service.domain.courses.rules.programs import COURSE
from learning_service.domain.directory.models import Chapter, Member, Organization
from learning_service.domain.directory.queries.members import is_member
from learning_service.domain.documents.queries import shown_html_column, shown_url_column
from learning_service.domain.kernel.errors import NotAMember, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    ORGANIZATION_ID,
    USER_ID,
    Kept,
    fetch_first,
    fetch_value,
    kept,
)

Published = aliased(CourseVersion, name="published")
Draft = aliased(CourseVersion, name="draft")
_UnitChapter = aliased(Chapter, name="unit_chapter")
_OwnChapter = aliased(Chapter, name="own_chapter")
COURSE_ID = bindparam("course_id", type_=Uuid())
"""The course that is asked for, in a statement that is made once."""


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course as callers see it: identity, policy, and what its shown version says."""

    id: uuid.UUID
    title: str
    scope: str
    scope_id: str | None
    self_enrollment: bool
    recertification_cadence: str | None
    linked_compliance_requirement: str | None
    published_version: int | None
    draft_version: int | None
    pass_score: Decimal
    archived: bool
    description_html: str
    image_url: str | None
    language: str | None
    estimated_minutes: int | None
    credit_hours: Decimal | None
    category: str | None
    prerequisites: Sequence[uuid.UUID]
    sequence: str
    recertification: str


@dataclass(frozen=True, slots=True)
class CourseAccess:
    """A course and what the caller may do with it."""

    view: CourseView
    organization_id: str
    published_version_id: uuid.UUID | None
    timezone: str
    may_author: bool
    may_assign: bool
    is_member: bool
    reaches_member: bool
    """Whether the caller is a member whom the course is for."""

    @property
    def is_open(self) -> bool:
        """Whether members may enter: published and not archived."""
        return self.published_version_id is not None and not self.view.archived


def course_columns(*, drafts: bool = True) -> list[Any]:
    """Columns of `CourseView`, by its names, for a select from `joined_courses`.

    Without `drafts`, those of published courses for callers who author none.
    """

    def shown(name: str) -> Any:
        published = getattr(Published, name)
        return func.coalesce(published, getattr(Draft, name)) if drafts else published

    def perhaps(name: str) -> Any:
        """Of what may be null: a draft's does not stand in for a published version's."""
        published = getattr(Published, name)
        if not drafts:
            return published
        return case((Published.id.is_not(None), published), else_=getattr(Draft, name))

    columns = (
        Course.id,
        shown("title"),
        Course.scope,
        Course.scope_id,
        Course.self_enrollment,
        Course.recertification_cadence,
        Course.linked_compliance_requirement,
        Published.number,
        Draft.number if drafts else null(),
        shown("pass_score"),
        Course.archived_at.is_not(None),
        shown_html_column(shown("description_html")),
        shown_url_column(perhaps("image_url")),
        perhaps("language"),
        perhaps("estimated_minutes"),
        perhaps("credit_hours"),
        Course.category,
        Course.prerequisites,
        Course.sequence,
        Course.recertification,
    )
    return [column.label(name) for name, column in zip(CourseView.__slots__, columns, strict=True)]


def joined_courses(*columns: Any) -> Select[Any]:
    """A select of courses with their published version and draft, within one organization (bind it)."""
    return (
        select(*course_columns(), *columns)
        .select_from(Course)
        .outerjoin(Published, Published.id == Course.published_version_id)
        .outerjoin(Draft, and_(Draft.course_id == Course.id, Draft.published_at.is_(None)))
    )


async def access_course(
    session: AsyncSession,
    caller: Principal,
    course_id: uuid.UUID,
    *,
    enrolled: Callable[[], ColumnElement[bool]] = false,
    kind: str = COURSE,
) -> CourseAccess:
    """The course, for a caller who may know of it; `enrolled` says whom an enrollment lets in as well, by the
    kept reads' ORGANIZATION_ID and USER_ID, and COURSE_ID.

    With another `kind`, a program.

    Raises NotAMember for a caller who is neither member nor administrator, NotFound for whom the course does
    not exist.
    """
    chapters = sorted(caller.admin_chapters)
    read = _access(enrolled, kind, administers=bool(chapters))
    given = {"organization_id": caller.organization_id, "user_id": caller.user_id, "course_id": course_id}
    row = await fetch_first(session, read, {**given, "chapters": chapters})
    stranger = not caller.is_any_admin and (row is None or row.member_id is None)
    if row is None or row.course_id is None:
        raise NotAMember if stranger else NotFound
    view = CourseView(*row[: len(CourseView.__slots__)])
    scope = Scope(view.scope, view.scope_id, row.unit_region)
    place = Place(row.own_chapter, row.own_region) if row.member_id is not None else None
    author = may_author(caller, scope, row.authoring_roles)
    assigner = may_assign(caller, scope, [Place(*pair) for pair in row.admin_places or ()])
    published = row.published_version_id is not None
    reached = place is not None and reaches(scope, place)
    # Also once it is archived: a member who comes too late must learn that.
    learner = place is not None and (row.enrolled or (published and reached))
    if not (author or (assigner and published) or learner):
        raise NotAMember if stranger else NotFound
    return CourseAccess(
        view=view if author else replace(view, draft_version=None),
        organization_id=caller.organization_id,
        published_version_id=row.published_version_id,
        timezone=row.timezone,
        may_author=author,
        may_assign=assigner,
        is_member=place is not None,
        reaches_member=reached,
    )


async def courses_seen(session: AsyncSession, caller: Principal, *, kind: str = COURSE) -> CoursesSeen | None:
    """Which courses the caller sees without an enrollment; None while the organization is unknown.

    With another `kind`, which programs.

    Raises NotAMember for a caller who is neither member nor administrator.
    """
    own = {"organization_id": caller.organization_id, "user_id": caller.user_id}
    row = await fetch_first(session, _caller(), own)
    if not caller.is_any_admin and (row is None or row.chapter_id is None):
        raise NotAMember
    if row is None:
        return None
    sight = Sight(
        authoring_offices(caller, row.authoring_roles),
        assigning_offices(caller),
        row.chapter_id is not None,
        kind,
    )
    return CoursesSeen(sight, units_of(caller, row.chapter_id, row.region_id))


@cache
def member_courses() -> Select[Any]:
    """What a member without any office may enter, newest first; parameters `organization_id` and `user_id`."""
    columns = course_columns(drafts=False)
    return _entered(columns).join(Published, Published.id == Course.published_version_id)


def marks_of_member_courses() -> Select[Any]:
    """Of each of these its id and the transaction that wrote its row. A published version never changes."""
    written = cast(literal_column("courses.xmin"), Text)
    mark = func.concat(Course.id, literal_column("':'"), written).label("mark")
    return _entered([mark]).where(Course.published_version_id.is_not(None))


def _entered(columns: Sequence[Any]) -> Select[Any]:
    own = (
        select(Member.organization_id, Member.chapter_id, _OwnChapter.region_id)
        .join(_OwnChapter, _is_own_chapter())
        .where(
            Member.organization_id == ORGANIZATION_ID,
            Member.user_id == USER_ID,
            Member.erased_at.is_(None),
        )
        .subquery("own")
    )
    return (
        select(*columns)
        .select_from(own)
        .join(Course, Course.organization_id == own.c.organization_id)
        .where(
            Course.kind == literal_column(f"'{COURSE}'"),
            Course.archived_at.is_(None),
            is_for_member(own.c.chapter_id, own.c.region_id),
        )
        .order_by(Course.id.desc())
    )


async def list_courses(
    session: AsyncSession, caller: Principal, page: PageRequest, *, drafts_only: bool
) -> Sequence[CourseView]:
    """Courses that the caller may enter, author or assign, newest first; one more than the page holds.

    With `drafts_only`, those that they may author and that have a draft. Raises NotAMember for a caller who is
    neither member nor administrator.
    """
    if not caller.is_any_admin and not drafts_only:
        return await _list_member_courses(session, caller, page)
    seen = await courses_seen(session, caller)
    if seen is None:
        return []
    authored = seen.authored
    wanted = and_(authored, Draft.id.is_not(None)) if drafts_only else or_(authored, seen.open)
    statement = (
        joined_courses(authored)
        .where(Course.organization_id == caller.organization_id, wanted)
        .order_by(Course.id.desc())
    )
    rows = await session.execute(_paged(statement, page))
    return [
        CourseView(*found[:-1]) if found[-1] else replace(CourseView(*found[:-1]), draft_version=None)
        for found in rows
    ]


async def _list_member_courses(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[CourseView]:
    own = {"organization_id": caller.organization_id, "user_id": caller.user_id}
    rows = (await session.execute(_paged(member_courses(), page), own)).all()
    if not rows and not await is_member(session, caller):
        raise NotAMember
    return [CourseView(*row) for row in rows]


def _paged(statement: Select[Any], page: PageRequest) -> Select[Any]:
    if page.after is not None:
        statement = statement.where(Course.id < uuid.UUID(page.after[0]))
    return statement.limit(page.limit + 1)


async def authoring_roles(session: AsyncSession, caller: Principal) -> Sequence[str] | None:
    """Which roles may author in the caller's organization; None while the organization is unknown."""
    roles: Sequence[str] | None = await fetch_value(
        session, _authoring_roles(), {"organization_id": caller.organization_id}
    )
    return roles


@cache
def _authoring_roles() -> Kept:
    return kept(select(Organization.authoring_roles).where(Organization.id == ORGANIZATION_ID))


@cache
def _caller() -> Kept:
    return kept(
        select(Organization.authoring_roles, Member.chapter_id, _OwnChapter.region_id)
        .select_from(Organization)
        .outerjoin(Member, _is_caller(USER_ID))
        .outerjoin(_OwnChapter, _is_own_chapter())
        .where(Organization.id == ORGANIZATION_ID)
    )


def _is_caller(user_id: Any) -> ColumnElement[bool]:
    return and_(
        Member.organization_id == Organization.id,
        Member.user_id == user_id,
        Member.erased_at.is_(None),
    )


def _is_own_chapter() -> ColumnElement[bool]:
    return and_(_OwnChapter.organization_id == Member.organization_id, _OwnChapter.id == Member.chapter_id)


def places_of(chapter_ids: Any) -> ColumnElement[Any]:
    """Chapters of the organization, each with its region, as JSON pairs; `chapter_ids` is an array."""
    return (
        select(func.jsonb_agg(func.jsonb_build_array(Chapter.id, Chapter.region_id)))
        .where(Chapter.organization_id == Organization.id, Chapter.id == func.any(chapter_ids))
        .correlate(Organization)
        .scalar_subquery()
    )


@cache
def _access(enrolled: Callable[[], ColumnElement[bool]], kind: str, *, administers: bool) -> Kept:
    # The organization is the anchor: it tells a stranger apart from an unknown course.
    chapters = bindparam("chapters", type_=ARRAY(Text()))
    return kept(
        select(
            *course_columns(),
            Course.id.label("course_id"),
            Course.published_version_id.label("published_version_id"),
            _UnitChapter.region_id.label("unit_region"),
            Organization.authoring_roles.label("authoring_roles"),
            Organization.timezone.label("timezone"),
            Member.user_id.label("member_id"),
            Member.chapter_id.label("own_chapter"),
            _OwnChapter.region_id.label("own_region"),
            enrolled().label("enrolled"),
            (places_of(chapters) if administers else null()).label("admin_places"),
        )
        .select_from(Organization)
        .outerjoin(
            Course,
            and_(Course.organization_id == Organization.id, Course.id == COURSE_ID, Course.kind == kind),
        )
        .outerjoin(Published, Published.id == Course.published_version_id)
        .outerjoin(Draft, and_(Draft.course_id == Course.id, Draft.published_at.is_(None)))
        .outerjoin(
            _UnitChapter,
            and_(
                Course.scope == "chapter",
                _UnitChapter.organization_id == Organization.id,
                _UnitChapter.id == Course.scope_id,
            ),
        )
        .outerjoin(Member, _is_caller(USER_ID))
        .outerjoin(_OwnChapter, _is_own_chapter())
        .where(Organization.id == ORGANIZATION_ID)
    )
