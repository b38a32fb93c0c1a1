"""Reads of enrollments."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.courses.models import Course, CourseGrader, CourseVersion, DocumentReference
from learning_service.domain.courses.queries.access import (
    COURSE_ID,
    CourseAccess,
    access_course,
    authoring_roles,
    courses_seen,
)
from learning_service.domain.courses.queries.versions import QuizPlace, find_quiz
from learning_service.domain.courses.rules.access import authors_anything
from learning_service.domain.courses.rules.programs import COURSE
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.audience import within
from learning_service.domain.directory.rules.reach import reach_of
from learning_service.domain.documents.queries import documents_with_ids, private_document
from learning_service.domain.enrollments.models import CourseCompletion, Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN, WITHDRAWN
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.models import Exemption
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    INSTANT,
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    USER_ID,
    Kept,
    fetch,
    fetch_first,
    kept,
)
from learning_service.domain.organizations.queries import is_logo


@dataclass(frozen=True, slots=True)
class EnrollmentView:
    """An enrollment as its member or an administrator sees it."""

    id: uuid.UUID
    user_id: str
    course_id: uuid.UUID
    course_title: str
    version: int
    status: str
    assigned_at: datetime
    due_at: datetime | None
    overdue: bool
    awaiting_review: bool
    source: str
    withdrawn_at: datetime | None
    """Of one that has been withdrawn, whose status is the one it had then."""


def enrollment_views(instant: Any, *columns: Any) -> Any:
    """A select of `EnrollmentView` columns (scope it), then the given ones. `instant` may be a parameter."""
    return (
        select(
            Enrollment.id,
            Enrollment.user_id,
            Enrollment.course_id,
            CourseVersion.title,
            CourseVersion.number,
            shown_status(),
            Enrollment.assigned_at,
            Enrollment.due_at,
            is_overdue(instant),
            and_(Enrollment.status.in_(OPEN), Enrollment.awaiting_review),
            Enrollment.source,
            Enrollment.withdrawn_at,
            *columns,
        )
        .select_from(Enrollment)
        .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
    )


def shown_status() -> ColumnElement[str]:
    """The status that callers see: of a withdrawn enrollment, the one it had before."""
    had = case(
        (Enrollment.ended_at.is_not(None), "failed"),
        (Enrollment.started_at.is_not(None), "in_progress"),
        else_="assigned",
    )
    return case((Enrollment.status == WITHDRAWN, had), else_=Enrollment.status)


def is_overdue(instant: Any) -> ColumnElement[bool]:
    """Whether an open enrollment's due time has passed, and the learner has still something to hand in."""
    late = and_(Enrollment.status.in_(OPEN), Enrollment.due_at < instant, ~Enrollment.awaiting_review)
    return func.coalesce(late, False)


def own_enrollments(caller: Principal) -> ColumnElement[bool]:
    """The scope of a learner: their own enrollments."""
    return and_(Enrollment.organization_id == caller.organization_id, Enrollment.user_id == caller.user_id)


def listed_enrollments(caller: Principal) -> ColumnElement[bool]:
    """The same without those that were withdrawn and without programs, for a select of `enrollment_views`."""
    return and_(own_enrollments(caller), Enrollment.status != WITHDRAWN, CourseVersion.program.is_(None))


async def see_course(
    session: AsyncSession, caller: Principal, course_id: uuid.UUID, *, kind: str = COURSE
) -> CourseAccess:
    """The course, for a caller who may know of it: also a member whom an enrollment keeps inside.

    With another `kind`, a program.

    Raises NotAMember, NotFound.
    """
    return await access_course(session, caller, course_id, enrolled=_is_enrolled, kind=kind)


def _is_enrolled() -> ColumnElement[bool]:
    return exists().where(
        Enrollment.organization_id == ORGANIZATION_ID,
        Enrollment.user_id == USER_ID,
        Enrollment.course_id == COURSE_ID,
    )


async def access_authored(session: AsyncSession, caller: Principal, course_id: uuid.UUID) -> CourseAccess:
    """The course, for an author of it. Raises NotAMember, NotFound, Forbidden."""
    access = await see_course(session, caller, course_id)
    if not access.may_author:
        raise Forbidden("Only authors of this course may do this.")
    return access


async def access_quiz(
    session: AsyncSession, caller: Principal, quiz_id: uuid.UUID, *, kind: str
) -> QuizPlace:
    """Where a quiz stands, a draft's too, for authors of its course.

    Raises NotFound, NotAMember, or Forbidden for others who see the course, where the quiz was published.
    """
    quiz = await find_quiz(session, caller.organization_id, quiz_id)
    if quiz is None or quiz.kind != kind:
        raise NotFound
    if not (await see_course(session, caller, quiz.course_id)).may_author:
        raise Forbidden("Only authors of this course may preview it.") if quiz.is_published else NotFound
    return quiz


async def access_file(session: AsyncSession, caller: Principal, document_id: uuid.UUID) -> Any:
    """The row of a document, for a caller who may open it.

    That is an author, a grader, or one who sees a course whose version shows it. A learner's versions are the
    published ones of courses open to them, and those that they are enrolled in. The organization's logo is for every
    caller. A private document is for its owner, and for who decides what it shows.
    Raises NotFound, or NotAMember for a caller who is neither member nor administrator.
    """
    private = await private_document(session, caller.organization_id, document_id)
    if private is not None:
        if private.uploaded_by != caller.user_id and not await _decides_with(session, caller, document_id):
            raise NotFound
        return private
    document = (await documents_with_ids(session, caller.organization_id, [document_id])).get(document_id)
    roles = await authoring_roles(session, caller)
    if authors_anything(caller, roles or ()) or await _grades_with(session, caller, document_id):
        if document is None:
            raise NotFound
        return document
    if document is not None and (
        await is_logo(session, caller.organization_id, document_id)
        or await _decides_with(session, caller, document_id)
    ):
        return document
    seen = await courses_seen(session, caller)
    if document is None or seen is None:
        raise NotFound
    shown = select(DocumentReference.version_id).where(
        DocumentReference.organization_id == caller.organization_id,
        DocumentReference.document_id == document_id,
    )
    open_ = select(Course.id).where(
        Course.organization_id == caller.organization_id, Course.published_version_id.in_(shown), seen.open
    )
    inside = select(Enrollment.id).where(own_enrollments(caller), Enrollment.version_id.in_(shown))
    if not await session.scalar(select(or_(exists(open_), exists(inside)))):
        raise NotFound
    return document


async def _decides_with(session: AsyncSession, caller: Principal, document_id: uuid.UUID) -> bool:
    """Whether it is evidence, or the reason of an exemption, of a member of whom the caller decides that.

    Administrators of chapters exempt members, and decide over no evidence.
    """
    if not caller.is_any_admin:
        return False
    own = caller.organization_id
    decided = [
        exists().where(
            table.organization_id == own,
            table.document_id == document_id,
            Member.organization_id == own,
            Member.user_id == table.user_id,
            Member.erased_at.is_(None),
            within(own, reach_of(caller, chapters=table is Exemption)),
        )
        for table in (Evidence, Exemption)
    ]
    return bool(await session.scalar(select(or_(*decided))))


async def _grades_with(session: AsyncSession, caller: Principal, document_id: uuid.UUID) -> bool:
    """Whether the caller grades the organization, or a course whose versions show the document."""
    if caller.is_grader:
        return True
    graded = (
        select(CourseGrader.course_id)
        .join(CourseVersion, CourseVersion.course_id == CourseGrader.course_id)
        .join(DocumentReference, DocumentReference.version_id == CourseVersion.id)
        .where(
            CourseGrader.organization_id == caller.organization_id,
            CourseGrader.user_id == caller.user_id,
            DocumentReference.document_id == document_id,
        )
    )
    return bool(await session.scalar(select(exists(graded))))


async def get_enrollment(session: AsyncSession, enrollment_id: uuid.UUID) -> EnrollmentView:
    """One enrollment, which the caller has already been allowed to see."""
    row = await fetch_first(session, _one(), {"row_id": enrollment_id, "instant": now(session)})
    return EnrollmentView(*row)


@cache
def _one() -> Kept:
    return kept(enrollment_views(INSTANT).where(Enrollment.id == ROW_ID))


async def list_own_enrollments(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[EnrollmentView]:
    """The caller's enrollments, newest first; one more than the page holds."""
    given = {
        "organization_id": caller.organization_id,
        "user_id": caller.user_id,
        "instant": now(session),
        **page_values(page),
    }
    return [EnrollmentView(*row) for row in await fetch(session, _own(after=page.after is not None), given)]


@cache
def _own(*, after: bool) -> Kept:
    own = Enrollment.organization_id == ORGANIZATION_ID, Enrollment.user_id == USER_ID
    listed = Enrollment.status != WITHDRAWN, CourseVersion.program.is_(None)
    return kept(paged(enrollment_views(INSTANT).where(*own, *listed), after=after))


TOTALS = (
    select(
        *(
            func.count().filter(Enrollment.status == status).label(status)
            for status in ("assigned", "in_progress", "completed", "failed")
        ),
        func.count().filter(is_overdue(INSTANT)).label("overdue"),
    )
    .select_from(Enrollment)
    .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
    .where(
        Enrollment.organization_id == ORGANIZATION_ID,
        Enrollment.user_id == USER_ID,
        CourseVersion.program.is_(None),
    )
)
"""How many of a member's enrollments are in each status, and how many are overdue."""


async def own_totals(session: AsyncSession, caller: Principal) -> dict[str, int]:
    """How many of the caller's enrollments are in each status, and how many are overdue."""
    given = {
        "organization_id": caller.organization_id,
        "user_id": caller.user_id,
        "instant": now(session),
    }
    row = await fetch_first(session, _totals(), given)
    return dict(row._asdict())


@cache
def _totals() -> Kept:
    return kept(TOTALS)


async def last_completion(
    session: AsyncSession, *, organization_id: str, user_id: str, course_id: uuid.UUID
) -> CourseCompletion | None:
    """The member's completion of the course that lasts longest, voided ones apart."""
    found: CourseCompletion | None = await session.scalar(
        _last_completion(organization_id, user_id, course_id)
    )
    return found


async def last_completions(
    session: AsyncSession, organization_id: str, pairs: Collection[tuple[str, uuid.UUID]]
) -> Mapping[tuple[str, uuid.UUID], CourseCompletion]:
    """The same as `last_completion` for many members and courses, in one statement.

    Each pair is looked up by itself, by `ix_course_completions_member`.
    """
    wanted = (
        func.unnest(
            cast([user_id for user_id, _ in pairs], ARRAY(Text)),
            cast([course_id for _, course_id in pairs], ARRAY(Uuid)),
        )
        .table_valued("user_id", "course_id")
        .render_derived()
    )
    last = aliased(
        CourseCompletion,
        _last_completion(organization_id, wanted.c.user_id, wanted.c.course_id).lateral("last"),
    )
    found = await session.scalars(
        select(last).select_from(wanted).join(last, true()).execution_options(populate_existing=True)
    )
    return {(one.user_id, one.course_id): one for one in found}


def _last_completion(organization_id: Any, user_id: Any, course_id: Any) -> Any:
    return (
        select(CourseCompletion)
        .where(
            CourseCompletion.organization_id == organization_id,
            CourseCompletion.user_id == user_id,
            CourseCompletion.course_id == course_id,
            CourseCompletion.voided_at.is_(None),
        )
        .order_by(CourseCompletion.expires_at.desc().nulls_first(), CourseCompletion.id.desc())
        .limit(1)
    )


def paged(statement: Any, *, after: bool) -> Any:
    """The page of a select of enrollments, newest first, given `page_values`; `after` another one, or the first."""
    if after:
        statement = statement.where(Enrollment.id < bindparam("after", type_=Uuid()))
    return statement.order_by(Enrollment.id.desc()).limit(LIMIT)


def page_values(page: PageRequest) -> dict[str, Any]:
    """What `paged` is given; one more than the page holds."""
    after = {} if page.after is None else {"after": uuid.UUID(page.after[0])}
    return {"limit": page.limit + 1, **after}
