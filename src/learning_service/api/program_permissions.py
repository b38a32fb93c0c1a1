"""Who may call a route about a program: as for courses."""

from learning_service.api.parameters import path_id
from learning_service.api.permissions import Permission
from learning_service.api.requests import Caller, Session
from learning_service.domain.courses.queries.access import CourseAccess
from learning_service.domain.courses.rules.programs import PROGRAM
from learning_service.domain.enrollments.queries.enrollments import see_course
from learning_service.domain.kernel.errors import Forbidden


class CanSeeProgram(Permission):
    """A caller who may see the program of the path: its members, its authors, those who may assign it."""

    name = "member, author or admin of the program"

    async def __call__(self, caller: Caller, session: Session, program_id: str) -> CourseAccess:
        """The program. Raises NotFound, NotAMember."""
        return await see_course(session, caller, path_id(program_id), kind=PROGRAM)


class CanAuthorProgram(CanSeeProgram):
    """An author of the program of the path."""

    name = "author of the program"

    async def __call__(self, caller: Caller, session: Session, program_id: str) -> CourseAccess:
        """The program. Raises NotFound for whom it does not exist, Forbidden for whom it is not theirs to change."""
        access = await super().__call__(caller, session, program_id)
        if not access.may_author:
            raise Forbidden("Only authors of this program may do this.")
        return access


class CanAssignProgram(CanSeeProgram):
    """An administrator over members whom the program of the path is for."""

    name = "admin over the members"

    async def __call__(self, caller: Caller, session: Session, program_id: str) -> CourseAccess:
        """The program. Raises NotFound for whom it does not exist, Forbidden for others than administrators."""
        access = await super().__call__(caller, session, program_id)
        if not access.may_assign:
            raise Forbidden("Programs are assigned by administrators of the members whom they are for.")
        return access
