"""Who may call a route: every permission of the service, but for those of `ownership` and of the modules
named after one noun.

Every route has exactly one; a test finds those that have none. What a permission returns is what it has found out on
the way, so that the route need not ask again.
"""

import uuid
from typing import Annotated

from fastapi import Request

from learning_service.api.parameters import path_id, path_opaque_id
from learning_service.api.requests import Caller, ContextOf, ReadSession, Session, authenticate
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.certificates.queries.certificates import access_certificate
from learning_service.domain.completion.queries.answer_groups import GradedGroup, access_group
from learning_service.domain.completion.queries.enrollments import access_enrollment
from learning_service.domain.completion.queries.listed_attempts import access_attempts
from learning_service.domain.completion.queries.regrades import AuthoredRegrade, access_regrade
from learning_service.domain.completion.queries.runs import RunProgress, read_progress
from learning_service.domain.courses.actions.courses import require_author
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.queries.banks import BankView, access_bank
from learning_service.domain.directory.queries.found_members import MemberView, find_member
from learning_service.domain.directory.queries.members import is_member
from learning_service.domain.directory.rules.reach import Reach, reach_of
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    access_authored,
    see_course,
)
from learning_service.domain.grading.queries import (
    WaitingResponse,
    access_claim,
    access_response,
    is_grader,
)
from learning_service.domain.kernel.errors import Forbidden, NotAMember, NotFound
from learning_service.domain.kernel.principal import Principal


class Permission:
    """Who may call a route. Subclasses are dependencies; what they return is up to them."""

    name = "nobody"


class Anyone(Permission):
    """No login."""

    name = "anyone"

    async def __call__(self) -> None:
        """Let every caller in."""


class AnyCaller(Permission):
    """A caller with a token; the action itself decides what this caller may do."""

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
    """A caller who may see the course of the path: its members, its authors, those who may assign it."""

    name = "member, author or admin of the course"

    async def __call__(self, caller: Caller, session: Session, course_id: str) -> CourseAccess:
        """The course and what the caller may do with it. Raises NotFound, NotAMember."""
        return await see_course(session, caller, path_id(course_id))


class CanAuthorCourses(Permission):
    """An author of the course of the path."""

    name = "author of the course"

    async def __call__(self, caller: Caller, session: Session, course_id: str) -> CourseAccess:
        """The course. Raises NotFound for whom it does not exist, Forbidden for whom it is not theirs to change."""
        return await access_authored(session, caller, path_id(course_id))


class CanAuthorRegrade(Permission):
    """An author of the course whose version the regrade of the path is about."""

    name = "author of the course"

    async def __call__(self, caller: Caller, session: Session, regrade_id: str) -> AuthoredRegrade:
        """The regrade. Raises NotFound for whom its course does not exist, Forbidden."""
        return await access_regrade(session, caller, path_id(regrade_id))


class CanAuthorBank(Permission):
    """An author of courses of the scope of the path's question bank."""

    name = "author of the bank"

    async def __call__(self, caller: Caller, session: Session, bank_id: str) -> BankView:
        """The bank. Raises NotFound for all others: they do not know of it."""
        return await access_bank(session, caller, path_id(bank_id))


class CanImportIntoBank(Permission):
    """The same, asked in a transaction of its own: before a file comes in, or one is made."""

    name = "author of the bank"

    async def __call__(self, caller: Caller, context: ContextOf, bank_id: str) -> Principal:
        """The caller. Raises NotFound."""
        async with context.reading(caller.organization_id, caller=caller.key) as session:
            await access_bank(session, caller, path_id(bank_id))
        return caller


class CanImportQuestions(Permission):
    """An author of the course of the path, asked before a file comes in or is made, in a transaction of its own."""

    name = "author of the course"

    async def __call__(self, caller: Caller, context: ContextOf, course_id: str) -> Principal:
        """The caller. Raises NotFound, Forbidden."""
        async with context.reading(caller.organization_id, caller=caller.key) as session:
            await access_authored(session, caller, path_id(course_id))
        return caller


class CanGradeAssessments(Permission):
    """A grader of the organization, or a person named in a course's graders.

    Which responses that reaches is part of every statement behind it.
    """

    name = "grader"

    async def __call__(self, caller: Caller, session: Session) -> Principal:
        """The caller. Raises Forbidden."""
        if not await is_grader(session, caller):
            raise Forbidden("This call is for graders.")
        return caller


class CanGradeResponse(Permission):
    """A grader of the response's course who is not its learner; for a correction, an administrator of the learner."""

    name = "grader of the course"

    async def __call__(self, caller: Caller, session: Session, response_id: str) -> WaitingResponse:
        """The response. Raises NotFound, Forbidden."""
        return await access_response(session, caller, path_id(response_id))


class CanGradeGroup(Permission):
    """A grader of the course whose responses the group has, unless all of them are the grader's own."""

    name = "grader of the course"

    async def __call__(self, caller: Caller, session: Session, group_id: str) -> GradedGroup:
        """The group. Raises NotFound, Forbidden."""
        return await access_group(session, caller, path_id(group_id))


class CanReleaseClaim(Permission):
    """The grader who holds the response, or an administrator of the learner."""

    name = "holder of the claim, admin"

    async def __call__(self, caller: Caller, session: Session, response_id: str) -> WaitingResponse:
        """The response. Raises NotFound, Forbidden."""
        return await access_claim(session, caller, path_id(response_id))


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


class CanSeeAttempts(Permission):
    """An administrator over the member of the enrollment, or a person who may grade its course."""

    name = "admin over the member, grader of the course"

    async def __call__(self, caller: Caller, session: Session, enrollment_id: str) -> uuid.UUID:
        """The enrollment's id. Raises Forbidden, NotFound."""
        return await access_attempts(session, caller, path_id(enrollment_id))


class CanFollowRun(Permission):
    """A person who started the run, or an administrator over the members whom it is about."""

    name = "starter of the run, admin over the members"

    async def __call__(self, caller: Caller, session: Session, run_id: str) -> RunProgress:
        """What the run did so far. Raises NotFound."""
        return await read_progress(session, caller, path_id(run_id))


class AdministersMember(Permission):
    """An administrator over the member of the path; with `chapters`, of the member's chapter too."""

    def __init__(self, *, chapters: bool = True) -> None:
        self.chapters, self.name = chapters, "admin over the member" if chapters else "admin"

    async def __call__(
        self, caller: Caller, session: Session, user_id: Annotated[str, path_opaque_id("user_id", finds=True)]
    ) -> MemberView:
        """The member. Raises Forbidden, NotFound."""
        units = caller.is_any_admin if self.chapters else bool(caller.admin_regions)
        if not (caller.is_national_admin or units):
            raise Forbidden("This call is for administrators.")
        reach = reach_of(caller, chapters=self.chapters)
        member = await find_member(session, caller.organization_id, user_id, reach)
        if member is None:
            raise NotFound
        return member


class IsMemberOrAdmin(Permission):
    """A member of the organization, or an administrator of some unit of it."""

    name = "member, admin"

    async def __call__(self, caller: Caller, session: Session) -> Principal:
        """The caller. Raises NotAMember."""
        if not caller.is_any_admin and not await is_member(session, caller):
            raise NotAMember
        return caller


class CanMakeCourses(Permission):
    """A caller who may author some course; the body decides for which unit."""

    name = "author"

    async def __call__(self, caller: Caller, session: Session) -> Principal:
        """The caller. Raises Forbidden."""
        await require_author(session, caller)
        return caller


class CanAssignCourse(Permission):
    """An administrator over members whom the course of the path is for."""

    name = "admin over the members"

    async def __call__(self, caller: Caller, session: Session, course_id: str) -> uuid.UUID:
        """The course's id. Raises NotFound for whom it does not exist, Forbidden for others than administrators."""
        access = await see_course(session, caller, path_id(course_id))
        if not access.may_assign:
            raise Forbidden("Courses are assigned by administrators of the members whom they are for.")
        return access.view.id


class CanReadCertificate(Permission):
    """The owner of the certificate of the path, or an administrator over that member."""

    name = "owner, admin"
    administer = False

    async def __call__(self, caller: Caller, session: Session, certificate_id: str) -> Certificate:
        """The certificate. Raises NotFound, or Forbidden for an owner where only administrators may."""
        return await access_certificate(session, caller, path_id(certificate_id), administer=self.administer)


class CanAdministerCertificate(CanReadCertificate):
    """An administrator over the member whose certificate it is."""

    name = "admin"
    administer = True

    async def __call__(self, caller: Caller, session: Session, certificate_id: str) -> Certificate:
        """The certificate. Raises NotFound, or Forbidden for its owner, whatever their roles."""
        certificate = await super().__call__(caller, session, certificate_id)
        if certificate.user_id == caller.user_id:
            raise Forbidden("You cannot reissue or revoke your own certificate; ask another administrator.")
        return certificate


class CanReadReports(Permission):
    """An administrator, of a chapter too, for the own members; a service with the scope `reports:read`, for all."""

    name = "admin over the members, or scope reports:read"

    async def __call__(self, caller: Caller) -> Reach:
        """Whose members the caller may read of. Raises Forbidden."""
        if "reports:read" in caller.scopes:
            return Reach(national=True)
        if caller.is_any_admin:
            return reach_of(caller, chapters=True)
        raise Forbidden("This call is for administrators, or needs the scope reports:read.")


class CanReadCourseReport(Permission):
    """An author of the course, or an administrator of the organization or of a region whose members it is for."""

    name = "admin, author of the course"

    async def __call__(self, caller: Caller, session: ReadSession, course_id: str) -> CourseAccess:
        """The course. Raises NotFound for whom it does not exist, Forbidden for others who see it."""
        access = await see_course(session, caller, path_id(course_id))
        administers = access.may_assign and (caller.is_national_admin or bool(caller.admin_regions))
        if not (access.may_author or administers):
            raise Forbidden("This report is for administrators and for authors of the course.")
        return access
