"""What a grader has graded, and how much waits for them: lists and counts of the review queue."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse, QuizAttempt
from learning_service.domain.courses.models import Course, CourseVersion, Question, Quiz
from learning_service.domain.directory.models import Member
from learning_service.domain.grading.models import ResponseGrade
from learning_service.domain.grading.queries import gradable, grader_values, of_known_member
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ORGANIZATION_ID, USER_ID, Kept, fetch, kept


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
    given = {**grader_values(caller), "limit": page.limit + 1}
    if page.after is not None:
        given["after"] = uuid.UUID(page.after[0])
    read = _given_grades(everywhere=caller.is_grader, after=page.after is not None)
    return [GivenGradeView(*row) for row in await fetch(session, read, given)]


@cache
def _given_grades(*, everywhere: bool, after: bool) -> Kept:
    given = (
        select(ResponseGrade.id, ResponseGrade.response_id, Member.display_name)
        .join(PendingResponse, PendingResponse.id == ResponseGrade.response_id)
        .join(Member, of_known_member())
        .where(
            ResponseGrade.organization_id == ORGANIZATION_ID,
            ResponseGrade.graded_by == USER_ID,
            gradable(everywhere=everywhere),
        )
    )
    if after:
        given = given.where(ResponseGrade.id < bindparam("after", type_=Uuid()))
    asked = given.order_by(ResponseGrade.id.desc()).limit(LIMIT).subquery("asked")
    quizzes = Quiz.__table__
    return kept(
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


@dataclass(frozen=True, slots=True)
class WaitingInCourse:
    """How many responses of a course wait for the caller."""

    course_id: uuid.UUID
    course_title: str
    pending: int
    oldest_submitted_at: datetime


async def count_pending(session: AsyncSession, caller: Principal) -> Sequence[WaitingInCourse]:
    """What `list_pending` lists, counted by course, most first."""
    rows = await fetch(session, _counted(everywhere=caller.is_grader), grader_values(caller))
    return [WaitingInCourse(*row) for row in rows]


@cache
def _counted(*, everywhere: bool) -> Kept:
    waiting = (
        select(
            PendingResponse.course_id,
            func.count().label("pending"),
            func.min(PendingResponse.submitted_at).label("oldest"),
        )
        .join(Member, of_known_member())
        .where(gradable(everywhere=everywhere), PendingResponse.graded_at.is_(None))
        .group_by(PendingResponse.course_id)
        .subquery("waiting")
        .c
    )
    return kept(
        select(waiting.course_id, CourseVersion.title, waiting.pending, waiting.oldest)
        .join(Course, Course.id == waiting.course_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .order_by(waiting.pending.desc(), CourseVersion.title, waiting.course_id)
    )
