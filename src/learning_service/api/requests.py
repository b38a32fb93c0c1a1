"""What routers ask for: who calls and whether they may, the transaction, the body, the page.

Every route has exactly one `Permission`; a test finds those that have none. Dependencies run in the order of a
route's parameters, which is the contract's order of refusals: permission, then body, then the rest.
"""

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.api.bodies import LARGE, SMALL, JsonBody, receive_body, refuse_unknown_parameters
from learning_service.api.retries import claim_for, keyed_request
from learning_service.context import Context
from learning_service.core.telemetry import note_organization
from learning_service.core.tokens import bearer_token
from learning_service.domain.attempts.actions import is_overdue
from learning_service.domain.attempts.queries import Position, Target, find_position, load_position
from learning_service.domain.completion.actions.closing import close_overdue
from learning_service.domain.completion.queries.enrollments import access_enrollment
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.compiled import compiled_version
from learning_service.domain.directory.queries import is_member
from learning_service.domain.enrollments.queries import EnrollmentView, see_course
from learning_service.domain.grading.queries import WaitingResponse, access_response, is_grader
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, Invalid, NotAMember, NotFound, RateLimited
from learning_service.domain.kernel.paging import Cursors, PageRequest, read_page
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import OPAQUE_ID, OPAQUE_ID_FORM


async def get_context(request: Request) -> Context:
    """The process's clients. Asynchronous because FastAPI gives plain functions to a thread (0.1 ms each)."""
    context: Context = request.app.state.context
    return context


ContextOf = Annotated[Context, Depends(get_context)]


async def authenticate(request: Request) -> Principal:
    """The caller named by the bearer token. Raises Unauthenticated, or RateLimited for who calls too often."""
    # A hot path that hands on to its route has counted the caller already.
    if (known := request.scope.get("learning_service.caller")) is not None:
        return cast(Principal, known)
    context: Context = request.app.state.context
    token = bearer_token(request.headers.getlist("authorization"))
    caller = await context.tokens.verify(token, now=datetime.now(UTC))
    note_organization(caller.organization_id)
    wait = context.limits.spend_request(caller.organization_id, caller.user_id)
    if wait:
        raise RateLimited("You are calling too often; slow down.", retry_after=wait)
    request.scope["learning_service.caller"] = caller
    return caller


Caller = Annotated[Principal, Depends(authenticate)]
"""The caller, for what needs more besides. Who needs nothing else asks `authenticate` itself: a dependency's own
dependencies are solved anew at each place, one of them in 10 to 20 µs (`make bench ROW=overhead`)."""


async def _receive(request: Request, caller: Caller) -> None:
    """Read the body before a connection is taken, so that a slow sender holds none."""
    request.state.takes_key = request.method == "POST"
    request.state.body = await receive_body(request)


Received = Annotated[None, Depends(_receive)]
"""For routes that judge their body before they open a transaction."""


async def _session(
    request: Request, context: ContextOf, caller: Caller, received: Received
) -> AsyncIterator[AsyncSession]:
    async with context.transaction(caller.organization_id) as session:
        keyed = keyed_request(request, caller, request.state.body)
        if keyed is not None:
            await claim_for(request, session, keyed)
        yield session


Session = Annotated[AsyncSession, Depends(_session, scope="function")]
"""The request's transaction in the caller's organization, committed before the reply leaves."""


async def _public_session(context: ContextOf) -> AsyncIterator[AsyncSession]:
    async with context.transaction(None) as session:
        yield session


PublicSession = Annotated[AsyncSession, Depends(_public_session, scope="function")]
"""A transaction of no organization: sees what is public."""


@dataclass(frozen=True, slots=True)
class OwnPosition:
    """The caller's position, and whether this very call came too late for the attempt under way."""

    position: Position
    late: bool


class Permission:
    """Who may call a route. Subclasses are dependencies; what they return is up to them."""

    name = "nobody"


class Anyone(Permission):
    """No login."""

    name = "anyone"

    async def __call__(self) -> None:
        """Let everybody in."""


class AnyCaller(Permission):
    """Whoever has a token; the action itself decides what this caller may."""

    name = "any token"

    async def __call__(self, request: Request) -> Principal:
        """The caller."""
        return await authenticate(request)


class HasScope(Permission):
    """A service with the scope; national administrators may do the same where `or_admin` says so."""

    def __init__(self, scope: str, *, or_admin: bool = False) -> None:
        self.scope = scope
        self.or_admin = or_admin
        self.name = f"scope {scope}" + (" or national_admin" if or_admin else "")

    async def __call__(self, request: Request) -> Principal:
        """The caller. Raises Forbidden."""
        caller = await authenticate(request)
        if self.scope in caller.scopes or (self.or_admin and caller.is_national_admin):
            return caller
        raise Forbidden(f"This call needs the scope {self.scope}.")


class IsMember(Permission):
    """A member of the organization."""

    name = "member"

    async def __call__(self, caller: Caller, session: Session) -> Principal:
        """The caller. Raises NotAMember."""
        if not await is_member(session, caller):
            raise NotAMember
        return caller


class IsMemberByQuery(Permission):
    """A member of the organization, checked by the hot path's own statement instead of one more."""

    name = "member"

    async def __call__(self, request: Request) -> Principal:
        """The caller."""
        return await authenticate(request)


class IsEnrollmentOwner(Permission):
    """The member whose enrollment the call means: the open one of that version, else the last.

    Gives their position, locked for calls that change it. A touch that finds the attempt overdue closes it
    first, in a transaction of its own that commits; only then is the call itself judged.
    """

    name = "owner of the enrollment"

    def __init__(self, target: Target, *, lock: bool = True, kind: str | None = None) -> None:
        self.target = target
        self.lock = lock
        self.kind = kind
        """`quiz` or `assessment`, where the path says which; another kind is not found there."""

    async def __call__(
        self, request: Request, caller: Caller, session: Session, context: ContextOf
    ) -> OwnPosition:
        """The position. Raises NotFound, NotAMember."""
        target_id = path_id(request.path_params[f"{self.target}_id"])
        position = await self._find(session, caller, target_id, lock=self.lock)
        if self.kind is not None:
            version = await compiled_version(session, position.version_id)
            if version.quizzes[target_id].kind != self.kind:
                raise NotFound
        if not _has_overdue(position, session):
            return OwnPosition(position, late=False)
        if not self.lock:
            position = await self._find(session, caller, target_id, lock=True)
        if position.attempt is not None and _has_overdue(position, session):
            version = await compiled_version(session, position.version_id)
            await close_overdue(session, position, version, version.quizzes[position.attempt.quiz_id])
        await context.checkpoint(session, caller.organization_id)
        return OwnPosition(await self._find(session, caller, target_id, lock=self.lock), late=True)

    async def _find(
        self, session: AsyncSession, caller: Principal, target_id: uuid.UUID, *, lock: bool
    ) -> Position:
        return await load_position(session, caller, self.target, target_id, lock=lock)


def _has_overdue(position: Position, session: AsyncSession) -> bool:
    return position.attempt is not None and is_overdue(position.attempt, now(session))


class CanSeeAttempt(IsEnrollmentOwner):
    """The attempt's owner, or somebody who may grade its course."""

    name = "owner of the enrollment or grader"

    def __init__(self) -> None:
        super().__init__("attempt", lock=False)

    async def _find(
        self, session: AsyncSession, caller: Principal, target_id: uuid.UUID, *, lock: bool
    ) -> Position:
        try:
            return await load_position(session, caller, self.target, target_id, lock=lock)
        except (NotFound, NotAMember):
            position = await find_position(
                session, caller.organization_id, self.target, target_id, user_id=None, lock=lock
            )
            if position is not None and await is_grader(session, caller, position.course_id):
                return position
            if await is_grader(session, caller):
                raise NotFound from None
            raise


class IsAdmin(Permission):
    """An administrator of the organization or a region (with `chapters`, of a chapter too; `national`: of the whole).

    Which members and courses that reaches is part of every statement behind it.
    """

    def __init__(self, *, chapters: bool = False, national: bool = False) -> None:
        self.chapters, self.regions = chapters, not national
        self.name = "national_admin" if national else "admin over the members" if chapters else "admin"

    async def __call__(self, request: Request) -> Principal:
        """The caller. Raises Forbidden."""
        caller = await authenticate(request)
        units = (self.regions and caller.admin_regions) or (self.chapters and caller.admin_chapters)
        if caller.is_national_admin or units:
            return caller
        raise Forbidden("This call is for administrators.")


class CanSeeCourse(Permission):
    """Whoever may see the course of the path: its members, its authors, those who may assign it."""

    name = "member, author or admin of the course"

    async def __call__(self, caller: Caller, session: Session, course_id: str) -> CourseAccess:
        """The course and what the caller may do with it. Raises NotFound, NotAMember."""
        return await see_course(session, caller, path_id(course_id))


class CanAuthorCourses(Permission):
    """An author of the course of the path."""

    name = "author of the course"

    async def __call__(self, caller: Caller, session: Session, course_id: str) -> CourseAccess:
        """The course. Raises NotFound for whom it does not exist, Forbidden for whom it is not theirs to change."""
        access = await see_course(session, caller, path_id(course_id))
        if not access.may_author:
            raise Forbidden("Only authors of this course may do this.")
        return access


class CanGradeAssessments(Permission):
    """A grader of the organization, or somebody named in a course's graders.

    Which responses that reaches is part of every statement behind it.
    """

    name = "grader"

    async def __call__(self, caller: Caller, session: Session) -> Principal:
        """The caller. Raises Forbidden."""
        if not await is_grader(session, caller):
            raise Forbidden("This call is for graders.")
        return caller


class CanGradeResponse(Permission):
    """A grader of the response's course, but for one's own; for a correction, an administrator of the learner."""

    name = "grader of the course"

    async def __call__(self, caller: Caller, session: Session, response_id: str) -> WaitingResponse:
        """The response. Raises NotFound, Forbidden."""
        return await access_response(session, caller, path_id(response_id))


class AdministersEnrollment(Permission):
    """An administrator over the member of the enrollment; with `chapters`, of the member's chapter too."""

    def __init__(self, *, chapters: bool = True) -> None:
        self.chapters = chapters
        self.name = "admin over the member" if chapters else "admin"

    async def __call__(self, caller: Caller, session: Session, enrollment_id: str) -> EnrollmentView:
        """The enrollment. Raises Forbidden, NotFound."""
        if not caller.is_any_admin:
            raise Forbidden("This call is for administrators.")
        return await access_enrollment(session, caller, path_id(enrollment_id), chapters=self.chapters)


def path_id(text: str) -> uuid.UUID:
    """The UUID in a path. Anything else names nothing that exists: raises NotFound."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        raise NotFound from None
    if str(parsed) != text.lower():
        raise NotFound
    return parsed


def body(type_: Any, *, limit: int = SMALL, **options: Any) -> Any:
    """The request's JSON body as this type. See `JsonBody`."""
    return Depends(JsonBody(type_, limit=limit, **options))


def large_body(type_: Any, **options: Any) -> Any:
    """The same for trees, batches and events."""
    return body(type_, limit=LARGE, **options)


class Page:
    """Reads `limit`, `cursor` and the named filters of a list; refuses every other parameter."""

    def __init__(self, list_name: str, *filters: str, key_parts: int = 1) -> None:
        self.list_name = list_name
        self.filters = frozenset(filters)
        self.key_parts = key_parts

    async def __call__(self, request: Request, caller: Caller) -> PageRequest:
        """The page asked for. Raises Invalid."""
        refuse_unknown_parameters(request, self.filters | {"limit", "cursor"})
        query = dict(request.query_params)
        filters = {name: value for name, value in sorted(query.items()) if name in self.filters}
        cursors = cursors_of(request, caller, self.list_name, filters)
        return read_page(query, cursors=cursors, filters=filters, key_parts=self.key_parts)


def cursors_of(
    request: Request, caller: Principal, list_name: str, filters: Mapping[str, str] | None = None
) -> Cursors:
    """The cursors of the list that this request asks for, in the caller's organization."""
    context: Context = request.app.state.context
    scope = json.dumps(
        [list_name, caller.organization_id, sorted(request.path_params.items()), filters or {}]
    )
    return Cursors(context.cursor_keys, scope)


def page(list_name: str, *filters: str, key_parts: int = 1) -> Any:
    """The page asked for of the named list."""
    return Depends(Page(list_name, *filters, key_parts=key_parts))


class PathOpaqueId:
    """Reads a path parameter as an id made elsewhere. What no id can be is Invalid, or is not there (`finds`)."""

    def __init__(self, name: str, *, finds: bool = False) -> None:
        self.name = name
        self.finds = finds

    async def __call__(self, request: Request, caller: Caller) -> str:
        """The id. Raises Invalid, or NotFound."""
        value: str = request.path_params[self.name]
        if OPAQUE_ID.match(value):
            return value
        if self.finds:
            raise NotFound
        raise Invalid.at(f"/{self.name}", OPAQUE_ID_FORM, "wrong-form")


def path_opaque_id(name: str, *, finds: bool = False) -> Any:
    """The path parameter of this name as an id made elsewhere.

    Raises Invalid for what no id can be; where the call `finds` what is there already, NotFound.
    """
    return Depends(PathOpaqueId(name, finds=finds))
