"""The review queue: which waiting responses a caller may grade, and what graders see of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse, QuizAttempt, QuizProgress
from learning_service.domain.courses.models import Course, CourseGrader, CourseVersion, Question, Quiz
from learning_service.domain.directory.models import Chapter, Member
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.grading.models import ResponseGrade
from learning_service.domain.grading.rules.score import passes
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.scores import exact


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


def _responses(*where: ColumnElement[bool]) -> Any:
    """A select of responses with their learner's name and region. Members whose data was erased have none."""
    return (
        select(
            PendingResponse.__table__,
            Member.display_name.label("learner_name"),
            Chapter.region_id.label("learner_region"),
        )
        .join(Member, of_known_member())
        .join(
            Chapter,
            and_(Chapter.organization_id == Member.organization_id, Chapter.id == Member.chapter_id),
        )
        .where(*where)
    )


_DECIDING = (
    Enrollment.status,
    Quiz.__table__.c.version_id == Enrollment.version_id,
    QuizAttempt.passed,
    QuizAttempt.points,
    QuizAttempt.pending_points,
    QuizProgress.best_points,
    QuizAttempt.max_points,
)


def _waiting_responses(responses: Any) -> Any:
    """A select of `WaitingResponse` for these; where they are limited, the rest is read for no more of them."""
    r, quizzes = responses.subquery("responses").c, Quiz.__table__
    return (
        select(
            r.id,
            r.attempt_id,
            Enrollment.id,
            Enrollment.version_id,
            r.course_id,
            CourseVersion.title,
            QuizAttempt.quiz_id,
            quizzes.c.title,
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
            *_DECIDING,
            quizzes.c.pass_score,
        )
        .join(QuizAttempt, QuizAttempt.id == r.attempt_id)
        .join(Enrollment, Enrollment.id == QuizAttempt.enrollment_id)
        .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
        .join(quizzes, quizzes.c.id == QuizAttempt.quiz_id)
        .join(Question, Question.id == r.question_id)
        .join(
            QuizProgress,
            and_(
                QuizProgress.enrollment_id == QuizAttempt.enrollment_id,
                QuizProgress.quiz_id == QuizAttempt.quiz_id,
            ),
        )
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
    scope = and_(
        PendingResponse.organization_id == caller.organization_id,
        PendingResponse.user_id != caller.user_id,
    )
    if caller.is_grader:
        return scope
    return and_(scope, PendingResponse.course_id.in_(_named_for(caller)))


def _named_for(caller: Principal) -> Any:
    return select(CourseGrader.course_id).where(
        CourseGrader.organization_id == caller.organization_id, CourseGrader.user_id == caller.user_id
    )


async def is_grader(session: AsyncSession, caller: Principal, course_id: uuid.UUID | None = None) -> bool:
    """Whether the caller may grade that course; without one, anything at all."""
    if caller.is_grader:
        return True
    named = _named_for(caller)
    if course_id is not None:
        named = named.where(CourseGrader.course_id == course_id)
    return bool(await session.scalar(select(exists(named))))


async def access_response(
    session: AsyncSession, caller: Principal, response_id: uuid.UUID
) -> WaitingResponse:
    """The response, for a caller who may grade it, or, once it is graded, correct it as the learner's administrator.

    Raises Forbidden for a caller who may grade nothing, or whose own response it is; NotFound for one outside the
    caller's courses.
    """
    wanted = _responses(
        PendingResponse.organization_id == caller.organization_id, PendingResponse.id == response_id
    )
    row = (await session.execute(_waiting_responses(wanted))).first()
    found = WaitingResponse(*row) if row is not None else None
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
    wanted = _responses(
        PendingResponse.organization_id == caller.organization_id, PendingResponse.id == response_id
    )
    row = (await session.execute(_waiting_responses(wanted))).first()
    found = WaitingResponse(*row) if row is not None else None
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


def administers(caller: Principal, response: WaitingResponse) -> bool:
    """Whether the caller is an administrator over the learner."""
    return caller.is_national_admin or response.learner_region in caller.admin_regions


async def list_pending(
    session: AsyncSession, caller: Principal, page: PageRequest, *, course_id: uuid.UUID | None
) -> Sequence[WaitingResponse]:
    """What waits and the caller may grade, oldest first; one more than the page holds."""
    page_of = _responses(gradable_by(caller), PendingResponse.graded_at.is_(None))
    if course_id is not None:
        page_of = page_of.where(PendingResponse.course_id == course_id)
    if page.after is not None:
        last = datetime.fromisoformat(page.after[0]), uuid.UUID(page.after[1])
        page_of = page_of.where(tuple_(PendingResponse.submitted_at, PendingResponse.id) > tuple_(*last))
    page_of = page_of.order_by(PendingResponse.submitted_at, PendingResponse.id).limit(page.limit + 1)
    return [WaitingResponse(*row) for row in await session.execute(_waiting_responses(page_of))]


async def get_waiting(session: AsyncSession, response_id: uuid.UUID) -> WaitingResponse:
    """One response, which the caller has already been allowed to see."""
    row = await session.execute(_waiting_responses(_responses(PendingResponse.id == response_id)))
    return WaitingResponse(*row.one())


@dataclass(frozen=True, slots=True)
class GivenGradeView:
    """A grade that the caller has given, with the response it was given to."""

    id: uuid.UUID
    graded_at: datetime
    points_awarded: Decimal
    feedback: str | None
    correction: bool
    response_id: uuid.UUID
    attempt_id: uuid.UUID
    course_id: uuid.UUID
    course_title: str
    quiz_title: str
    question_id: uuid.UUID
    prompt_html: str
    text: str
    max_points: Decimal
    submitted_at: datetime
    user_id: str
    learner_name: str | None


async def list_given_grades(
    session: AsyncSession, caller: Principal, page: PageRequest
) -> Sequence[GivenGradeView]:
    """What the caller has graded and may still grade, newest first; one more than the page holds.

    Responses of erased members are left out.
    """
    given = (
        select(ResponseGrade.id, ResponseGrade.response_id, Member.display_name)
        .join(PendingResponse, PendingResponse.id == ResponseGrade.response_id)
        .join(Member, of_known_member())
        .where(
            ResponseGrade.organization_id == caller.organization_id,
            ResponseGrade.graded_by == caller.user_id,
            gradable_by(caller),
        )
    )
    if page.after is not None:
        given = given.where(ResponseGrade.id < uuid.UUID(page.after[0]))
    asked = given.order_by(ResponseGrade.id.desc()).limit(page.limit + 1).subquery("asked")
    quizzes = Quiz.__table__
    rows = await session.execute(
        select(
            ResponseGrade.id,
            ResponseGrade.graded_at,
            ResponseGrade.points,
            ResponseGrade.feedback_html,
            ResponseGrade.is_correction,
            PendingResponse.id,
            PendingResponse.attempt_id,
            PendingResponse.course_id,
            CourseVersion.title,
            quizzes.c.title,
            PendingResponse.question_id,
            Question.prompt_html,
            PendingResponse.text,
            PendingResponse.max_points,
            PendingResponse.submitted_at,
            PendingResponse.user_id,
            asked.c.display_name,
        )
        .join(asked, asked.c.id == ResponseGrade.id)
        .join(PendingResponse, PendingResponse.id == asked.c.response_id)
        .join(QuizAttempt, QuizAttempt.id == PendingResponse.attempt_id)
        .join(quizzes, quizzes.c.id == QuizAttempt.quiz_id)
        .join(Question, Question.id == PendingResponse.question_id)
        .join(CourseVersion, CourseVersion.id == Question.version_id)
        .order_by(ResponseGrade.id.desc())
    )
    return [GivenGradeView(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class WaitingInCourse:
    """How many responses of a course wait for the caller."""

    course_id: uuid.UUID
    course_title: str
    pending: int
    oldest_submitted_at: datetime


async def count_pending(session: AsyncSession, caller: Principal) -> Sequence[WaitingInCourse]:
    """What `list_pending` lists, counted by course, most first."""
    waiting = (
        select(
            PendingResponse.course_id,
            func.count().label("pending"),
            func.min(PendingResponse.submitted_at).label("oldest"),
        )
        .join(Member, of_known_member())
        .where(gradable_by(caller), PendingResponse.graded_at.is_(None))
        .group_by(PendingResponse.course_id)
        .subquery("waiting")
        .c
    )
    rows = await session.execute(
        select(waiting.course_id, CourseVersion.title, waiting.pending, waiting.oldest)
        .join(Course, Course.id == waiting.course_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .order_by(waiting.pending.desc(), CourseVersion.title, waiting.course_id)
    )
    return [WaitingInCourse(*row) for row in rows]
