"""The review queue: which waiting responses a caller may grade, and what graders see of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Uuid, and_, bindparam, exists, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse, QuizAttempt, QuizProgress
from learning_service.domain.courses.models import CourseGrader, CourseVersion, Question, Quiz
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.grading.rules.score import passes
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.planning import looked_up, of_many
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    USER_ID,
    Kept,
    fetch,
    fetch_first,
    fetch_value,
    kept,
)
from learning_service.domain.questions.rules.scores import exact

COURSE_ID = bindparam("course_id", type_=Uuid())


@dataclass(frozen=True, slots=True)
class WaitingResponse:
    """A response that waits for a person, or did, with what a grader needs beside it."""

    id: uuid.UUID
    attempt_id: uuid.UUID
    enrollment_id: uuid.UUID
    version_id: uuid.UUID
    course_id: uuid.UUID
    course_title: str
    quiz_id: uuid.UUID
    quiz_title: str
    question_id: uuid.UUID
    question_key: str
    question_type: str
    prompt_html: str
    rubric_html: str | None
    accepted_answers: list[str] | None
    user_id: str
    learner_name: str | None
    learner_region: str
    text: str
    max_points: Decimal
    submitted_at: datetime
    points: Decimal | None
    feedback_html: str | None
    graded_at: datetime | None
    graded_by: str | None
    claimed_by: str | None
    claimed_until: datetime | None
    enrollment_status: str
    at_version: bool
    """Whether the quiz is of the version that the enrollment is at."""
    attempt_passed: bool | None
    attempt_points: Decimal
    attempt_pending: Decimal
    """What the responses that wait could still add."""
    best_points: Decimal
    """The most that any attempt at the quiz has for sure."""
    quiz_max: Decimal
    pass_score: Decimal

    def is_claimed(self, instant: datetime) -> bool:
        """Whether a grader holds it at this moment."""
        return self.claimed_until is not None and self.claimed_until > instant

    @property
    def raises_best(self) -> bool:
        """Whether full marks for all that waits would make the attempt the best at its quiz."""
        return exact(self.attempt_points) + exact(self.attempt_pending) > exact(self.best_points)

    @property
    def quiz_passed(self) -> bool:
        """Whether the best attempt at the quiz passes already."""
        return passes(exact(self.best_points), exact(self.quiz_max), self.pass_score)


_LEARNER = looked_up(
    Member,
    "learner",
    of_many(Member.organization_id, PendingResponse.organization_id),
    Member.user_id == PendingResponse.user_id,
)


def _responses(*where: ColumnElement[bool]) -> Any:
    """A select of responses with their learner's name and region. Members whose data was erased have none."""
    return (
        select(
            PendingResponse.__table__,
            _LEARNER.display_name.label("learner_name"),
            Chapter.region_id.label("learner_region"),
        )
        .select_from(PendingResponse)
        .join(_LEARNER, true())
        .join(
            Chapter,
            and_(Chapter.organization_id == _LEARNER.organization_id, Chapter.id == _LEARNER.chapter_id),
        )
        .where(_LEARNER.erased_at.is_(None), *where)
    )


def _looked_up_for(r: Any) -> tuple[Any, Any, Any]:
    """A response's attempt, its enrollment, and what that has come to at all quizzes."""

    def own(model: Any, name: str, key: Any) -> Any:
        return looked_up(model, name, model.organization_id == r.organization_id, model.id == key)

    attempt = own(QuizAttempt, "attempt", r.attempt_id)
    enrollment = own(Enrollment, "enrollment", attempt.enrollment_id)
    # At all quizzes: of the one quiz all enrollments would be gone through right after a load.
    progress = looked_up(
        QuizProgress,
        "progress",
        QuizProgress.organization_id == r.organization_id,
        QuizProgress.enrollment_id == attempt.enrollment_id,
    )
    return attempt, enrollment, progress


def _shown(r: Any, quiz: Any, attempt: Any, enrollment: Any, progress: Any) -> tuple[Any, ...]:
    """The columns of `WaitingResponse`."""
    return (
        r.id,
        r.attempt_id,
        enrollment.id,
        enrollment.version_id,
        r.course_id,
        CourseVersion.title,
        attempt.quiz_id,
        quiz.title,
        r.question_id,
        Question.key,
        Question.type,
        Question.prompt_html,
        Question.rubric_html,
        Question.accepted_answers,
        r.user_id,
        r.learner_name,
        r.learner_region,
        r.text,
        r.max_points,
        r.submitted_at,
        r.points,
        r.feedback_html,
        r.graded_at,
        r.graded_by,
        r.claimed_by,
        r.claimed_until,
        enrollment.status,
        quiz.version_id == enrollment.version_id,
        attempt.passed,
        attempt.points,
        attempt.pending_points,
        progress.best_points,
        attempt.max_points,
        quiz.pass_score,
    )


def _waiting_responses(responses: Any) -> Any:
    """A select of `WaitingResponse` for these; where they are limited, the rest is read for no more of them.

    Its attempt and enrollment are found by their keys: joined, all of the organization's were gone through for each
    response, where statistics expected one row.
    """
    asked, quizzes = responses.subquery("responses"), Quiz.__table__
    r = asked.c

    attempt, enrollment, progress = _looked_up_for(r)
    return (
        select(*_shown(r, quizzes.c, attempt, enrollment, progress))
        .select_from(asked)
        .join(attempt, true())
        .join(enrollment, true())
        .join(CourseVersion, CourseVersion.id == enrollment.version_id)
        .join(quizzes, quizzes.c.id == attempt.quiz_id)
        .join(Question, Question.id == r.question_id)
        .join(progress, progress.quiz_id == attempt.quiz_id)
        .order_by(r.submitted_at, r.id)
    )


def of_known_member() -> ColumnElement[bool]:
    """Joins a response's member, unless erased."""
    return and_(
        Member.organization_id == PendingResponse.organization_id,
        Member.user_id == PendingResponse.user_id,
        Member.erased_at.is_(None),
    )


def gradable_by(caller: Principal) -> ColumnElement[bool]:
    """The scope of a grader: the organization's responses, or those of the courses they were named for.

    Never their own.
    """
    return _gradable(caller.organization_id, caller.user_id, everywhere=caller.is_grader)


def gradable(*, everywhere: bool) -> ColumnElement[bool]:
    """The same for a kept read, given `grader_values`; `everywhere` for a grader of the organization."""
    return _gradable(ORGANIZATION_ID, USER_ID, everywhere=everywhere)


def grader_values(caller: Principal) -> dict[str, Any]:
    """What a kept read of a grader is given."""
    return {"organization_id": caller.organization_id, "user_id": caller.user_id}


def _gradable(organization_id: Any, user_id: Any, *, everywhere: bool) -> ColumnElement[bool]:
    scope = and_(PendingResponse.organization_id == organization_id, PendingResponse.user_id != user_id)
    if everywhere:
        return scope
    return and_(scope, PendingResponse.course_id.in_(_named_for(organization_id, user_id)))


def _named_for(organization_id: Any, user_id: Any) -> Any:
    return select(CourseGrader.course_id).where(
        CourseGrader.organization_id == organization_id, CourseGrader.user_id == user_id
    )


async def is_grader(session: AsyncSession, caller: Principal, course_id: uuid.UUID | None = None) -> bool:
    """Whether the caller may grade that course; without one, anything at all."""
    if caller.is_grader:
        return True
    given = {**grader_values(caller), "course_id": course_id}
    return bool(await fetch_value(session, _is_grader(of_course=course_id is not None), given))


@cache
def _is_grader(*, of_course: bool) -> Kept:
    named = _named_for(ORGANIZATION_ID, USER_ID)
    if of_course:
        named = named.where(CourseGrader.course_id == COURSE_ID)
    return kept(select(exists(named)))


async def access_response(
    session: AsyncSession, caller: Principal, response_id: uuid.UUID
) -> WaitingResponse:
    """The response, for a caller who may grade it, or, once it is graded, correct it as the learner's administrator.

    Raises Forbidden for a caller who may grade nothing, or whose own response it is; NotFound for one outside the
    caller's courses.
    """
    found = await _find(session, caller, response_id)
    corrects = found is not None and found.graded_at is not None and administers(caller, found)
    if found is not None and (corrects or await is_grader(session, caller, found.course_id)):
        if found.user_id == caller.user_id:
            raise Forbidden("You cannot grade your own responses.")
        return found
    if await is_grader(session, caller):
        raise NotFound
    raise Forbidden("This call is for graders.")


async def access_claim(session: AsyncSession, caller: Principal, response_id: uuid.UUID) -> WaitingResponse:
    """The response, for the grader who holds it, or could, and for administrators of the learner.

    Raises Forbidden for a caller who can neither grade nor administer, for the caller's own response, and where
    another grader holds it; NotFound for one outside the caller's courses and members.
    """
    found = await _find(session, caller, response_id)
    is_over = found is not None and administers(caller, found)
    if found is None or not (is_over or await is_grader(session, caller, found.course_id)):
        if caller.admin_regions or await is_grader(session, caller):
            raise NotFound
        raise Forbidden("This call is for graders and administrators.")
    if found.user_id == caller.user_id:
        raise Forbidden("You cannot grade your own responses.")
    if not is_over and found.claimed_by != caller.user_id and found.is_claimed(now(session)):
        raise Forbidden("Only the grader who holds this answer, or an administrator, gives it back.")
    return found


async def _find(session: AsyncSession, caller: Principal, response_id: uuid.UUID) -> WaitingResponse | None:
    own = {"organization_id": caller.organization_id, "row_id": response_id}
    row = await fetch_first(session, _one_waiting(), own)
    return WaitingResponse(*row) if row is not None else None


@cache
def _one_waiting() -> Kept:
    wanted = PendingResponse.organization_id == ORGANIZATION_ID, PendingResponse.id == ROW_ID
    return kept(_waiting_responses(_responses(*wanted)))


def administers(caller: Principal, response: WaitingResponse) -> bool:
    """Whether the caller is an administrator over the learner."""
    return caller.is_national_admin or response.learner_region in caller.admin_regions


async def list_pending(
    session: AsyncSession, caller: Principal, page: PageRequest, *, course_id: uuid.UUID | None
) -> Sequence[WaitingResponse]:
    """What waits and the caller may grade, oldest first; one more than the page holds."""
    given = {**grader_values(caller), "course_id": course_id, "limit": page.limit + 1}
    if page.after is not None:
        given |= {"at": datetime.fromisoformat(page.after[0]), "after": uuid.UUID(page.after[1])}
    read = _pending(
        everywhere=caller.is_grader, of_course=course_id is not None, after=page.after is not None
    )
    return [WaitingResponse(*row) for row in await fetch(session, read, given)]


@cache
def _pending(*, everywhere: bool, of_course: bool, after: bool) -> Kept:
    found = _responses(gradable(everywhere=everywhere), PendingResponse.graded_at.is_(None))
    if of_course:
        found = found.where(PendingResponse.course_id == COURSE_ID)
    if after:
        last = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("after", type_=Uuid()))
        found = found.where(tuple_(PendingResponse.submitted_at, PendingResponse.id) > last)
    in_order = found.order_by(PendingResponse.submitted_at, PendingResponse.id)
    return kept(_waiting_responses(in_order.limit(LIMIT)))


async def get_waiting(session: AsyncSession, response_id: uuid.UUID) -> WaitingResponse:
    """One response, which the caller has already been allowed to see."""
    row = await session.execute(_waiting_responses(_responses(PendingResponse.id == response_id)))
    return WaitingResponse(*row.one())
