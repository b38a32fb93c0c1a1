"""Courses: making them, their policy, their draft, publishing, and what members may enter."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import JSONResponse

from learning_service.dependencies import (
    AnyCaller,
    CanAuthorCourses,
    CanSeeCourse,
    IsMemberByQuery,
    Session,
    body,
    large_body,
    page,
)
from learning_service.domain.attempts.queries import find_position
from learning_service.domain.clock import now
from learning_service.domain.courses.actions import courses, drafts, publishing
from learning_service.domain.courses.queries.access import CourseAccess, list_courses
from learning_service.domain.courses.queries.compiled import compiled_version
from learning_service.domain.courses.rules.policy import CoursePolicy, NewCourse, PublishNote
from learning_service.domain.courses.rules.tree import Tree
from learning_service.domain.enrollments.actions import enroll
from learning_service.domain.enrollments.queries import see_course
from learning_service.domain.errors import Invalid, NotFound
from learning_service.domain.outcomes.views import module_views, quiz_view
from learning_service.domain.paging import PageRequest, page_of
from learning_service.domain.principal import Principal
from learning_service.routing import KeyedRoute
from learning_service.schemas.common import PageOf
from learning_service.schemas.courses import CourseAnswer, ModulesAnswer
from learning_service.schemas.enrollments import EnrollmentAnswer

router = APIRouter(prefix="/api/courses", tags=["courses"], route_class=KeyedRoute)
Member = Annotated[Principal, Depends(IsMemberByQuery())]
Someone = Annotated[Principal, Depends(AnyCaller())]
Seen = Annotated[CourseAccess, Depends(CanSeeCourse())]
Authored = Annotated[CourseAccess, Depends(CanAuthorCourses())]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that you edited.")]


async def _maker(caller: Someone, session: Session) -> Principal:
    await courses.require_author(session, caller)
    return caller


Maker = Annotated[Principal, Depends(_maker)]


@router.get("/")
async def list_(
    caller: Member,
    session: Session,
    asked: Annotated[PageRequest, page("courses", "status")],
) -> PageOf[CourseAnswer]:
    """Courses that the caller may enter, author or assign. `?status=draft`: those they may author with a draft."""
    status = asked.filters.get("status")
    if status not in (None, "draft"):
        raise Invalid.at("?status", "can only be draft")
    rows = await list_courses(session, caller, asked, drafts_only=status == "draft")
    return PageOf[CourseAnswer](
        **page_of(rows, asked, key=lambda row: (row.id,), item=CourseAnswer.model_validate)
    )


@router.post("/", status_code=201)
async def create(caller: Maker, session: Session, new: Annotated[NewCourse, body(NewCourse)]) -> CourseAnswer:
    """Make a course. It has a draft from the start: version 1, its title, no modules."""
    course_id = await courses.create_course(session, new, actor=caller)
    return CourseAnswer.model_validate((await see_course(session, caller, course_id)).view)


@router.get("/{course_id}/")
async def read(access: Seen) -> CourseAnswer:
    """One course."""
    return CourseAnswer.model_validate(access.view)


@router.patch("/{course_id}/")
async def update(
    access: Authored,
    caller: Someone,
    session: Session,
    policy: Annotated[CoursePolicy, body(CoursePolicy)],
) -> CourseAnswer:
    """Change a course's policy. Its title is the draft's."""
    await courses.update_course(session, access, policy, actor=caller)
    return CourseAnswer.model_validate((await see_course(session, caller, access.view.id)).view)


@router.get("/{course_id}/draft/", response_model=Tree)
async def read_draft(access: Authored, session: Session) -> Response:
    """The draft; when there is none, the published tree, which the first edit turns into one."""
    return _tree_response(await drafts.current_edition(session, access.view.id))


@router.put("/{course_id}/draft/", response_model=Tree)
async def save_draft(
    access: Authored,
    caller: Someone,
    session: Session,
    tree: Annotated[Tree, large_body(Tree)],
    if_match: IfMatch = None,
) -> Response:
    """Replace the draft, atomically. What GET answers can be sent back."""
    edition = await drafts.save_draft(session, access.view.id, tree, if_match=if_match, actor=caller)
    return _tree_response(edition)


@router.post("/{course_id}/publish/")
async def publish(
    access: Authored,
    caller: Someone,
    session: Session,
    note: Annotated[PublishNote | None, body(PublishNote, optional=True)],
    if_match: IfMatch = None,
) -> CourseAnswer:
    """Freeze the draft as the version that new enrollments get; lists everything that stops it."""
    await publishing.publish_draft(
        session, access.view.id, note=note.note if note else None, if_match=if_match, actor=caller
    )
    return CourseAnswer.model_validate((await see_course(session, caller, access.view.id)).view)


@router.get("/{course_id}/modules/")
async def modules(access: Seen, caller: Someone, session: Session) -> ModulesAnswer:
    """The caller's version: their open or last enrollment's, else the published one. Never an answer key."""
    position = await find_position(
        session, caller.organization_id, "course", access.view.id, user_id=caller.user_id
    )
    version_id = position.version_id if position is not None else access.published_version_id
    if version_id is None:
        raise NotFound
    version = await compiled_version(session, version_id)
    return ModulesAnswer.model_validate(
        {
            "items": module_views(version, position),
            "next_cursor": None,
            "version": version.number,
            "enrollment": position.view(version.title, version.number, now(session))
            if position is not None
            else None,
            "assessment": quiz_view(version.assessment, position) if version.assessment else None,
        }
    )


@router.post("/{course_id}/enroll/", status_code=201, responses={200: {"description": "Enrolled already"}})
async def enroll_(
    access: Seen,
    caller: Someone,
    session: Session,
    nothing: Annotated[None, body(dict[str, None], optional=True)],
    response: Response,
) -> EnrollmentAnswer:
    """Enroll in the published version; the open enrollment when there is one."""
    enrollment, made = await enroll(session, access, actor=caller)
    response.status_code = 201 if made else 200
    return EnrollmentAnswer.model_validate(enrollment)


def _tree_response(edition: drafts.Edition) -> Response:
    document: dict[str, Any] = edition.tree.model_dump(mode="json")
    if edition.removed:
        document["removed_html"] = [
            {"pointer": found.pointer, "removed": list(found.removed)} for found in edition.removed
        ]
    return JSONResponse(document, headers={"ETag": edition.etag})
