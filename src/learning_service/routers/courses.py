"""Courses: making them, their policy, and what members may enter. Their content: see `authoring`."""

from collections.abc import Mapping
from typing import Annotated, cast, get_args

from fastapi import APIRouter, Depends, Query, Response

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.parameters import MemberPage, NoBody, body
from learning_service.api.permissions import (
    AnyCaller,
    CanAuthorCourses,
    CanMakeCourses,
    CanSeeCourse,
    IsMemberByQuery,
)
from learning_service.api.requests import Session
from learning_service.domain.attempts.queries.positions import find_position
from learning_service.domain.completion.actions.policy_changes import apply_policy
from learning_service.domain.completion.actions.renewing import enroll_or_renew
from learning_service.domain.completion.queries.completions import Finish, finishes
from learning_service.domain.completion.queries.own_progress import OwnProgress, own_standings
from learning_service.domain.completion.views.progress import progress_view
from learning_service.domain.courses.actions import courses
from learning_service.domain.courses.queries.access import CourseAccess, list_courses
from learning_service.domain.courses.queries.compiled import (
    compile_version,
    compiled_version,
)
from learning_service.domain.courses.queries.versions import current_edition
from learning_service.domain.courses.rules.policy import CourseIn, CoursePolicyChangeIn
from learning_service.domain.enrollments.queries.catalogue import (
    CourseFilter,
    FoundCourse,
    Mine,
    Sort,
    count_categories,
    search_courses,
)
from learning_service.domain.enrollments.queries.enrollments import get_enrollment, see_course
from learning_service.domain.enrollments.queries.prerequisites import missing_prerequisites
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, Invalid, NotFound
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.common import PageOut
from learning_service.schemas.courses import (
    AppliedPolicyOut,
    CategoryOut,
    CourseOut,
    ListedCourseOut,
    MineOut,
    ModulesOut,
    SeenCourseOut,
)
from learning_service.schemas.enrollments import ListedEnrollmentOut
from learning_service.schemas.filters import phrase_filter

router = APIRouter(prefix="/api/courses", tags=["courses"], route_class=KeyedRoute)
Member = Annotated[Principal, Depends(IsMemberByQuery())]
Someone = Annotated[Principal, Depends(AnyCaller())]
Seen = Annotated[CourseAccess, Depends(CanSeeCourse())]
Authored = Annotated[CourseAccess, Depends(CanAuthorCourses())]


Maker = Annotated[Principal, Depends(CanMakeCourses())]


class CoursesPage(MemberPage):
    """The page asked for of the catalogue, whose order hangs on what is asked for."""

    def parts(self, filters: Mapping[str, str]) -> int:
        """One where the newest come first."""
        return 2 if "sort" in filters or filters.get("q", "").strip() else 1


Catalogue = CoursesPage(
    "courses",
    "q",
    "category",
    "language",
    status=("draft",),
    mine=get_args(Mine),
    sort=get_args(Sort),
    expand=("mine",),
)


@router.get("/", response_model_exclude_unset=True)
async def list_courses_(
    caller: Member, session: Session, asked: Annotated[PageRequest, Depends(Catalogue)]
) -> PageOut[ListedCourseOut]:
    """Courses that the caller may enter, author or assign, newest first; with `q` the best match first.

    `q` looks for words of title and description in all their forms, whatever their accents and case, and forgives
    typing errors; a word may be unfinished. `language=es` also finds `es-MX`. `mine` says how far the caller is;
    assigned and not begun is not started. `status=draft`: those they may author with a draft. `expand=mine` adds
    the caller's enrollment to each.
    """
    wanted = CourseFilter(
        words=phrase_filter(asked, "q"),
        category=phrase_filter(asked, "category"),
        language=phrase_filter(asked, "language"),
        mine=cast(Mine | None, asked.filters.get("mine")),
        sort=cast(Sort | None, asked.filters.get("sort")),
        drafts="status" in asked.filters,
    )
    if wanted == CourseFilter(drafts=wanted.drafts):
        plain = await list_courses(session, caller, asked, drafts_only=wanted.drafts)
        rows = [FoundCourse(view, (str(view.id),)) for view in plain]
    else:
        rows = list(await search_courses(session, caller, asked, wanted))
    if "expand" not in asked.filters:
        return PageOut[ListedCourseOut](
            **page_of(
                rows,
                asked,
                key=lambda row: row.key,
                item=lambda row: ListedCourseOut.model_validate(row.view),
            )
        )
    own = await own_standings(session, caller, [row.view.id for row in rows[: asked.limit]])
    mine = {course_id: await _mine(session, standing) for course_id, standing in own.items()}
    return PageOut[ListedCourseOut](
        **page_of(
            rows,
            asked,
            key=lambda row: row.key,
            item=lambda row: ListedCourseOut.of(row.view, mine.get(row.view.id)),
        )
    )


async def _mine(session: Session, own: OwnProgress) -> MineOut:
    version = await compiled_version(session, own.version_id)
    return MineOut.of(progress_view(own.enrollment, version, own.standing), own.finish)


@router.get("/categories/")
async def list_categories(
    caller: Member,
    session: Session,
    asked: Annotated[PageRequest, Depends(MemberPage("course-categories", key_parts=2))],
) -> PageOut[CategoryOut]:
    """The categories of the caller's courses, by name, with how many courses each has."""
    rows = await count_categories(session, caller, asked)
    return PageOut[CategoryOut](
        **page_of(rows, asked, key=lambda row: (row.folded, row.category), item=CategoryOut.model_validate)
    )


@router.post("/", status_code=201)
async def create_course_(
    caller: Maker, session: Session, new: Annotated[CourseIn, body(CourseIn)]
) -> CourseOut:
    """Make a course. It has a draft from the start: version 1, its title, no modules."""
    course_id = await courses.create_course(session, new, actor=caller)
    return CourseOut.model_validate((await see_course(session, caller, course_id)).view)


@router.get("/{course_id}/")
async def read_course(access: Seen, caller: Someone, session: Session) -> SeenCourseOut:
    """One course, and what the caller has yet to complete before it."""
    course = access.view
    asking = [course.id] if course.prerequisites else []
    missing = await missing_prerequisites(session, caller.organization_id, caller.user_id, asking)
    return SeenCourseOut.of(course, missing.get(course.id, ()))


async def read_dry_run(
    access: Authored,
    dry_run: Annotated[
        bool, Query(description="Only say how much it would be given to; change nothing.")
    ] = False,
) -> bool:
    """Whether nothing is to be changed."""
    return dry_run


@router.patch("/{course_id}/")
async def update_course_(
    access: Authored,
    caller: Someone,
    session: Session,
    dry_run: Annotated[bool, Depends(read_dry_run)],
    policy: Annotated[CoursePolicyChangeIn, body(CoursePolicyChangeIn)],
) -> AppliedPolicyOut | CourseOut:
    """Change a course's policy for what comes. Its title is the draft's.

    With `apply_to_existing` a requirement or cadence that is named is also given to valid completions that have none:
    certificates, their PDFs, compliance and renewals follow, for the first 1,000 at once and for the rest by the
    worker. `affected` says how many they are.
    """
    affected = 0
    if policy.apply_to_existing:
        affected = await apply_policy(session, access, policy, actor=caller, dry_run=dry_run)
    elif dry_run:
        await courses.require_policy(session, access, policy, actor=caller)
    else:
        await courses.update_course(session, access, policy, actor=caller)
    view = (await see_course(session, caller, access.view.id)).view
    if policy.apply_to_existing or dry_run:
        return AppliedPolicyOut.of(view, affected)
    return CourseOut.model_validate(view)


@router.get("/{course_id}/modules/")
async def read_modules(
    access: Seen,
    caller: Someone,
    session: Session,
    preview: Annotated[
        str | None, Query(description="`draft`, for authors: as a learner would see it.")
    ] = None,
) -> ModulesOut:
    """The version that the caller is on, else the published one. Never an answer key.

    Theirs is the open enrollment's, else the one of a valid completion, else that of the one decided last.
    """
    if preview is not None:
        return await _preview(access, session, preview)
    position = await find_position(
        session, caller.organization_id, "course", access.view.id, user_id=caller.user_id
    )
    if position is not None:
        version = await compiled_version(session, position.version_id)
        enrollment = (
            await get_enrollment(session, position.enrollment_id)
            if position.is_withdrawn
            else position.view(version, now(session))
        )
        finish = (await finishes(session, [enrollment]))[enrollment.id]
        return ModulesOut.of(version, position, ListedEnrollmentOut.of(enrollment, finish))
    if access.published_version_id is None or not (access.is_open or access.may_author or access.may_assign):
        raise NotFound
    return ModulesOut.of(await compiled_version(session, access.published_version_id))


@router.post("/{course_id}/enroll/", status_code=201, responses={200: {"description": "Enrolled already"}})
async def enroll_in_course(
    access: Seen,
    caller: Someone,
    session: Session,
    nothing: NoBody,
    response: Response,
) -> ListedEnrollmentOut:
    """Enroll in the published version; the open enrollment when there is one."""
    enrollment, made = await enroll_or_renew(session, access, actor=caller)
    response.status_code = 201 if made else 200
    return ListedEnrollmentOut.of(enrollment, Finish())


async def _preview(access: CourseAccess, session: Session, what: str) -> ModulesOut:
    if not access.may_author:
        raise Forbidden("Only authors of this course may preview its draft.")
    if what != "draft":
        raise Invalid.at("?preview", "can only be draft", "wrong-form")
    edition = await current_edition(session, access.view.id)
    return ModulesOut.of(compile_version(edition.version, edition.stored))
