"""A course's content: its draft, publishing, versions, copies, archive and graders."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic_core import to_json

from learning_service.adapters.pool_work import missing_glyphs
from learning_service.api.bodies import JSON_PATCH
from learning_service.api.idempotency import KeyedRoute
from learning_service.api.openapi.headers import ETAG, with_headers
from learning_service.api.parameters import (
    NoBody,
    VersionNumber,
    body,
    large_body,
    page,
    path_opaque_id,
    version_number,
)
from learning_service.api.permissions import AnyCaller, CanAuthorCourses
from learning_service.api.requests import Session
from learning_service.api.routes import Responses
from learning_service.domain.completion.actions import version_migrations
from learning_service.domain.courses.actions import courses, drafts, graders
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.corrections import list_corrections
from learning_service.domain.courses.queries.graders import list_graders
from learning_service.domain.courses.queries.versions import (
    Edition,
    current_edition,
    find_version,
    list_versions,
    load_tree,
)
from learning_service.domain.courses.rules.diff import diff_trees, gravest
from learning_service.domain.courses.rules.patching import Operation, TreePatch
from learning_service.domain.courses.rules.policy import PublicationIn
from learning_service.domain.courses.rules.tree import Tree, dump_tree
from learning_service.domain.enrollments.queries.enrollments import see_course
from learning_service.domain.kernel.errors import Invalid, NotFound
from learning_service.domain.kernel.large_work import apart
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.common import PageOut
from learning_service.schemas.courses import (
    CourseOut,
    DiffOut,
    GraderOut,
    PublishedCourseOut,
    PublishWarningOut,
    StoredTreeOut,
    VersionOut,
)
from learning_service.schemas.regrades import CorrectionOut, VersionTreeOut

router = APIRouter(prefix="/api/courses", tags=["authoring"], route_class=KeyedRoute)
Authored = Annotated[CourseAccess, Depends(CanAuthorCourses())]
Author = Annotated[Principal, Depends(AnyCaller())]
TREE: Responses = {200: with_headers(ETAG)}
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag of the state that you saw.")]


@router.get("/{course_id}/draft/", response_model=Tree, responses=TREE)
async def read_draft(access: Authored, session: Session) -> Response:
    """The draft; when there is none, the published tree, which the first edit turns into one."""
    return _tree_response(await current_edition(session, access.view.id))


@router.put("/{course_id}/draft/", response_model=StoredTreeOut, responses=TREE)
async def save_draft(
    access: Authored,
    caller: Author,
    session: Session,
    sent: Annotated[bytes, large_body(Tree, parse=False)],
    if_match: IfMatch = None,
) -> Response:
    """Replace the draft, atomically. What GET answers can be sent back."""
    edition = await drafts.save_draft(session, access.view.id, sent, if_match=if_match, actor=caller)
    return _tree_response(edition)


@router.patch("/{course_id}/draft/", response_model=StoredTreeOut, responses=TREE)
async def patch_draft(
    access: Authored,
    caller: Author,
    session: Session,
    patch: Annotated[tuple[Operation, ...], large_body(TreePatch, media_types=(JSON_PATCH,))],
    if_match: IfMatch = None,
) -> Response:
    """Apply a JSON Patch (RFC 6902) to the draft, whole or not at all."""
    edition = await drafts.patch_draft(session, access.view.id, patch, if_match=if_match, actor=caller)
    return _tree_response(edition)


@router.delete("/{course_id}/draft/", status_code=204)
async def discard_draft(
    access: Authored, caller: Author, session: Session, nothing: NoBody, if_match: IfMatch = None
) -> None:
    """Throw the draft away. A course never published goes back to its title and no modules."""
    await drafts.discard_draft(session, access.view.id, if_match=if_match, actor=caller)


@router.post("/{course_id}/publish/")
async def publish_course(
    access: Authored,
    caller: Author,
    session: Session,
    sent: Annotated[PublicationIn | None, body(PublicationIn, optional=True)],
    if_match: IfMatch = None,
) -> PublishedCourseOut:
    """Freeze the draft as the version that new enrollments get; lists everything that stops it, and warns.

    Open enrollments keep their version, unless `open_enrollments` moves them as `POST …/migrations/` does.
    """
    warnings, run_id = await version_migrations.publish_course(
        session,
        access.view.id,
        sent or PublicationIn(),
        if_match=if_match,
        missing_glyphs=missing_glyphs,
        actor=caller,
    )
    course = await _course(session, caller, access)
    return PublishedCourseOut(
        **course.model_dump(),
        warnings=list(map(PublishWarningOut.model_validate, warnings)),
        run_id=run_id,
    )


@router.get("/{course_id}/versions/")
async def list_versions_(
    access: Authored, session: Session, asked: Annotated[PageRequest, page("versions")]
) -> PageOut[VersionOut]:
    """The history, newest first, the draft among it."""
    if asked.after is not None and version_number(asked.after[0]) is None:
        raise Invalid.at("?cursor", "is not a cursor that this list gave out", "not-our-cursor")
    rows = await list_versions(session, access.view.id, asked)
    return PageOut[VersionOut](
        **page_of(rows, asked, key=lambda row: (row.number,), item=VersionOut.model_validate)
    )


@router.get("/{course_id}/versions/{number}/", response_model=VersionTreeOut)
async def read_version(access: Authored, session: Session, number: VersionNumber) -> Response:
    """One version's tree, and what was corrected of it since; the draft has a number too."""
    version = await find_version(session, access.view.id, number)
    content = dump_tree((await load_tree(session, version.id)).tree)
    corrections = await list_corrections(session, version.id)
    if corrections:
        content = _beside(content, "corrections", [CorrectionOut.of(one) for one in corrections])
    return Response(content, media_type="application/json")


@router.get("/{course_id}/versions/{number}/diff/")
async def compare_versions(
    access: Authored,
    caller: Author,
    session: Session,
    number: VersionNumber,
    against: Annotated[str | None, Query(description="The number of the version to compare with.")] = None,
) -> DiffOut:
    """What is different in this version from the one it is held against, part by part, followed by key."""
    newer = await find_version(session, access.view.id, number)
    other = version_number(against or "")
    if other is None:
        raise Invalid.at("?against", "must be the number of a version", "wrong-form")
    try:
        older = await find_version(session, access.view.id, other)
    except NotFound:
        raise Invalid.at("?against", "is not a version of this course", "not-known") from None
    before, after = await load_tree(session, older.id), await load_tree(session, newer.id)
    changes = await apart(*caller.who, diff_trees, before.tree, after.tree)
    return DiffOut.model_validate(
        {"version": number, "against": other, "impact": gravest(changes), "changes": changes}
    )


@router.post("/{course_id}/versions/{number}/restore/", response_model=StoredTreeOut, responses=TREE)
async def restore_version_(
    access: Authored,
    caller: Author,
    session: Session,
    number: VersionNumber,
    nothing: NoBody,
    if_match: IfMatch = None,
) -> Response:
    """Make that version's tree the draft."""
    edition = await drafts.restore_version(session, access.view.id, number, if_match=if_match, actor=caller)
    return _tree_response(edition)


@router.post("/{course_id}/duplicate/", status_code=201)
async def duplicate_course_(access: Authored, caller: Author, session: Session, nothing: NoBody) -> CourseOut:
    """A new, unpublished course with the same content, scope and policy, and keys of its own."""
    made = await courses.duplicate_course(session, access, actor=caller)
    return CourseOut.model_validate((await see_course(session, caller, made)).view)


@router.delete("/{course_id}/", status_code=204)
async def delete_course(access: Authored, caller: Author, session: Session, nothing: NoBody) -> None:
    """Remove a course that was never published, with its draft."""
    await courses.delete_course(session, access.view.id, actor=caller)


@router.post("/{course_id}/archive/")
async def archive_course_(access: Authored, caller: Author, session: Session, nothing: NoBody) -> CourseOut:
    """Close the course to newcomers; those inside finish."""
    await courses.archive_course(session, access, archived=True, actor=caller)
    return await _course(session, caller, access)


@router.post("/{course_id}/unarchive/")
async def unarchive_course(access: Authored, caller: Author, session: Session, nothing: NoBody) -> CourseOut:
    """Open the course again."""
    await courses.archive_course(session, access, archived=False, actor=caller)
    return await _course(session, caller, access)


@router.get("/{course_id}/graders/")
async def list_graders_(
    access: Authored, session: Session, asked: Annotated[PageRequest, page("graders")]
) -> PageOut[GraderOut]:
    """Who may grade this course in addition to the organization's graders."""
    rows = await list_graders(session, access.view.id, asked)
    return PageOut[GraderOut](
        **page_of(rows, asked, key=lambda row: (row.user_id,), item=GraderOut.model_validate)
    )


@router.put("/{course_id}/graders/{user_id}/", status_code=204)
async def designate_grader_(
    access: Authored,
    caller: Author,
    session: Session,
    nothing: NoBody,
    user_id: Annotated[str, path_opaque_id("user_id")],
) -> None:
    """Let a person grade this course; they need not be a member."""
    await graders.designate_grader(session, access, user_id, actor=caller)


@router.delete("/{course_id}/graders/{user_id}/", status_code=204)
async def dismiss_grader_(
    access: Authored,
    caller: Author,
    session: Session,
    nothing: NoBody,
    user_id: Annotated[str, path_opaque_id("user_id")],
) -> None:
    """Take that back. Nothing changes for a person who was not a grader of this course."""
    await graders.dismiss_grader(session, access, user_id, actor=caller)


async def _course(session: Session, caller: Principal, access: CourseAccess) -> CourseOut:
    return CourseOut.model_validate((await see_course(session, caller, access.view.id)).view)


def _tree_response(edition: Edition) -> Response:
    content = dump_tree(edition.tree)
    if edition.removed:
        removed: list[dict[str, Any]] = [
            {"pointer": found.pointer, "removed": list(found.removed)} for found in edition.removed
        ]
        content = _beside(content, "removed_html", removed)
    return Response(content, media_type="application/json", headers={"ETag": edition.etag})


def _beside(tree: bytes, name: str, what: Any) -> bytes:
    """The tree as JSON text with a further field."""
    return tree[:-1] + b"," + to_json(name) + b":" + to_json(what) + b"}"
