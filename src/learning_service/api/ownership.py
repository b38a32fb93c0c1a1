"""Permissions of those who learn: calls that mean the caller's own enrollment."""

import uuid
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.api.parameters import path_id
from learning_service.api.permissions import Permission
from learning_service.api.requests import Caller, ContextOf, Session
from learning_service.domain.attempts.actions.attempts import is_overdue
from learning_service.domain.attempts.queries.positions import (
    Position,
    Target,
    find_position,
    load_position,
    version_of,
)
from learning_service.domain.completion.actions.holding import hold_to_reconsider
from learning_service.domain.completion.actions.submissions import close_overdue
from learning_service.domain.courses.queries.versions import QuizPlace
from learning_service.domain.enrollments.queries.enrollments import access_quiz
from learning_service.domain.grading.queries import is_grader
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, NotAMember, NotFound
from learning_service.domain.kernel.principal import Principal


@dataclass(frozen=True, slots=True)
class OwnPosition:
    """The caller's position, and whether this very call came too late for the attempt under way."""

    position: Position
    late: bool


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
            version = await version_of(session, position)
            if version.quizzes[target_id].kind != self.kind:
                raise NotFound
        if not _has_overdue(position, session):
            return OwnPosition(position, late=False)
        if not self.lock:
            position = await self._find(session, caller, target_id, lock=True)
        if position.attempt is not None and _has_overdue(position, session):
            version = await version_of(session, position)
            await close_overdue(session, position, version, version.quizzes[position.attempt.quiz_id])
        await context.checkpoint(session, caller.organization_id)
        return OwnPosition(await self._find(session, caller, target_id, lock=self.lock), late=True)

    async def _find(
        self, session: AsyncSession, caller: Principal, target_id: uuid.UUID, *, lock: bool
    ) -> Position:
        return await load_position(session, caller, self.target, target_id, lock=lock)


def _has_overdue(position: Position, session: AsyncSession) -> bool:
    return position.attempt is not None and is_overdue(position.attempt, now(session))


class CanSeeQuiz(Permission):
    """The member whose enrollment it is; with `?preview=true` an author of the course.

    Gives the position, or for a preview where the quiz stands.
    """

    name = "owner of the enrollment, for a preview author of the course"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.owner = IsEnrollmentOwner("quiz", lock=False, kind=kind)

    async def __call__(
        self, request: Request, caller: Caller, session: Session, context: ContextOf
    ) -> OwnPosition | QuizPlace:
        """The position or place. Raises NotFound, NotAMember, Forbidden."""
        if request.query_params.get("preview") != "true":
            return await self.owner(request, caller, session, context)
        quiz_id = path_id(request.path_params["quiz_id"])
        return await access_quiz(session, caller, quiz_id, kind=self.kind)


class CanSeeAttempt(IsEnrollmentOwner):
    """The attempt's owner, or a person who may grade its course."""

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


class CanOverrideMark(IsEnrollmentOwner):
    """A grader of the attempt's course who is not its learner. Gives the learner's position, locked."""

    name = "grader of the course"

    def __init__(self) -> None:
        super().__init__("attempt")

    async def _find(
        self, session: AsyncSession, caller: Principal, target_id: uuid.UUID, *, lock: bool
    ) -> Position:
        if not await is_grader(session, caller):
            raise Forbidden("This call is for graders.")
        own = caller.organization_id
        position = await find_position(session, own, self.target, target_id, user_id=None, lock=False)
        if position is None or not await is_grader(session, caller, position.course_id):
            raise NotFound
        if position.user_id == caller.user_id:
            raise Forbidden("You cannot grade your own responses.")
        if lock:
            await hold_to_reconsider(session, own, [position.enrollment_id])
            position = await find_position(session, own, self.target, target_id, user_id=None, lock=True)
            if position is None:
                raise NotFound
        return position
