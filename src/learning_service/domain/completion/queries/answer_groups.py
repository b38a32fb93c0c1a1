"""Responses that wait and read alike, as one: what a grader may grade with one grade."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Integer, Text, Uuid, and_, any_, bindparam, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse
from learning_service.domain.completion.queries.review import ReviewQuestion
from learning_service.domain.courses.models import CourseVersion, Question, Quiz
from learning_service.domain.directory.models import Member
from learning_service.domain.documents.rules import shown_html
from learning_service.domain.grading.queries import (
    COURSE_ID,
    gradable,
    grader_values,
    is_grader,
    of_known_member,
)
from learning_service.domain.grading.rules.groups import BEGINNING
from learning_service.domain.kernel.errors import Forbidden, NotFound
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import LIMIT, ROW_ID, Kept, fetch, fetch_first, kept

SIMILAR = 5
"""How many similar groups are shown beside one."""
ALIKE = 0.4
"""The share of trigrams from which texts are similar."""
MOST = 2_000
"""Among how many groups, the largest, similar ones are looked for."""


@dataclass(frozen=True, slots=True)
class SimilarGroup:
    """A group whose text is similar to that of another."""

    group_id: uuid.UUID
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class AnswerGroupView:
    """Responses that wait and read alike; `text` is the oldest of them. It says nothing of who gave them."""

    group_id: uuid.UUID
    course_id: uuid.UUID
    course_title: str
    quiz_title: str
    question: ReviewQuestion
    text: str
    max_points: Decimal
    count: int
    oldest_submitted_at: datetime
    similar: Sequence[SimilarGroup]


@dataclass(frozen=True, slots=True)
class GradedGroup:
    """A group that a caller may grade."""

    id: uuid.UUID
    course_id: uuid.UUID
    question_id: uuid.UUID
    question_key: str
    question_type: str
    max_points: Decimal
    text: str


def _waiting(*, everywhere: bool) -> Any:
    """What `list_pending` lists, as far as it has a group."""
    return and_(
        gradable(everywhere=everywhere),
        PendingResponse.graded_at.is_(None),
        PendingResponse.group_id.is_not(None),
    )


async def list_groups(
    session: AsyncSession, caller: Principal, page: PageRequest, *, course_id: uuid.UUID | None
) -> Sequence[AnswerGroupView]:
    """The groups of what waits for the caller, largest first; one more than the page holds.

    `ix_pending_responses_queue` finds what waits in the organization.
    """
    given = {**grader_values(caller), "course_id": course_id, "limit": page.limit + 1}
    if page.after is not None:
        given |= {"count": int(page.after[0]), "after": uuid.UUID(page.after[1])}
    read = _listed(everywhere=caller.is_grader, of_course=course_id is not None, after=page.after is not None)
    groups = await fetch(session, read, given)
    similar = await _similar(
        session, caller, {row.group_id for row in groups}, {row.question_id for row in groups}
    )
    return [
        AnswerGroupView(
            group_id=row.group_id,
            course_id=row.course_id,
            course_title=row.course_title,
            quiz_title=row.quiz_title,
            question=_question(row),
            text=row.text,
            max_points=row.max_points,
            count=row.size,
            oldest_submitted_at=row.oldest,
            similar=similar.get(row.group_id, ()),
        )
        for row in groups
    ]


@cache
def _listed(*, everywhere: bool, of_course: bool, after: bool) -> Kept:
    grouped = _grouped(everywhere=everywhere, of_course=of_course, after=after).subquery("found")
    found, quizzes = grouped.c, Quiz.__table__.c
    return kept(
        select(
            found.group_id,
            PendingResponse.course_id,
            CourseVersion.title.label("course_title"),
            quizzes.title.label("quiz_title"),
            Question.id.label("question_id"),
            Question.key,
            Question.type,
            Question.prompt_html,
            Question.rubric_html,
            Question.accepted_answers,
            PendingResponse.text,
            PendingResponse.max_points,
            found.size,
            found.oldest,
        )
        .select_from(PendingResponse)
        .join(grouped, found.response_id == PendingResponse.id)
        .join(Question, Question.id == PendingResponse.question_id)
        .join(Quiz.__table__, quizzes.id == Question.quiz_id)
        .join(CourseVersion, CourseVersion.id == Question.version_id)
        .order_by(found.size.desc(), found.group_id)
    )


def _grouped(*, everywhere: bool, of_course: bool, after: bool) -> Any:
    """The page's groups with their size, and the oldest response of each."""
    oldest = func.array_agg(aggregate_order_by(PendingResponse.id, PendingResponse.submitted_at))
    grouped: Any = (
        select(
            PendingResponse.group_id,
            func.count().label("size"),
            func.min(PendingResponse.submitted_at).label("oldest"),
            cast(oldest[1], Uuid).label("response_id"),
        )
        .join(Member, of_known_member())
        .where(_waiting(everywhere=everywhere))
        .group_by(PendingResponse.group_id)
        .order_by(func.count().desc(), PendingResponse.group_id)
        .limit(LIMIT)
    )
    if of_course:
        grouped = grouped.where(PendingResponse.course_id == COURSE_ID)
    if after:
        count, last = bindparam("count", type_=Integer()), bindparam("after", type_=Uuid())
        grouped = grouped.having(
            or_(func.count() < count, and_(func.count() == count, PendingResponse.group_id > last))
        )
    return grouped


def _question(row: Any) -> ReviewQuestion:
    return ReviewQuestion(
        id=row.question_id,
        key=row.key,
        type=row.type,
        prompt_html=shown_html(row.prompt_html),
        points=row.max_points,
        rubric_html=shown_html(row.rubric_html) if row.rubric_html else row.rubric_html,
        accepted_answers=row.accepted_answers,
    )


async def _similar(
    session: AsyncSession, caller: Principal, group_ids: set[uuid.UUID], question_ids: set[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[SimilarGroup]]:
    """By group: others of the same question whose texts have many trigrams in common with it, most first."""
    if not group_ids:
        return {}
    given = {**grader_values(caller), "groups": list(group_ids), "questions": list(question_ids)}
    found: dict[uuid.UUID, list[SimilarGroup]] = {}
    for group_id, *similar in await fetch(session, _alike(everywhere=caller.is_grader), given):
        found.setdefault(group_id, []).append(SimilarGroup(*similar))
    return found


@cache
def _alike(*, everywhere: bool) -> Kept:
    wanted, questions = (bindparam(name, type_=ARRAY(Uuid())) for name in ("groups", "questions"))
    groups = (
        select(
            PendingResponse.question_id,
            PendingResponse.group_id,
            func.min(PendingResponse.normal).label("normal"),
            func.min(func.left(PendingResponse.text, BEGINNING)).label("text"),
            func.count().label("count"),
        )
        .join(Member, of_known_member())
        .where(_waiting(everywhere=everywhere), PendingResponse.question_id == any_(questions))
        .group_by(PendingResponse.question_id, PendingResponse.group_id)
        .order_by(func.count().desc())
        .limit(MOST)
        .cte("groups")
    )
    one, other = groups.alias("one"), groups.alias("other")
    alike = func.similarity(one.c.normal, other.c.normal)
    near = (
        select(other.c.group_id, other.c.text, other.c.count, alike.label("alike"))
        .where(other.c.question_id == one.c.question_id, other.c.group_id != one.c.group_id, alike >= ALIKE)
        .order_by(alike.desc(), other.c.group_id)
        .limit(SIMILAR)
        .lateral("near")
    )
    return kept(
        select(one.c.group_id, near.c.group_id, cast(near.c.text, Text), near.c.count)
        .join(near, true())
        .where(one.c.group_id == any_(wanted))
        .order_by(one.c.group_id, near.c.alike.desc(), near.c.group_id)
    )


async def access_group(session: AsyncSession, caller: Principal, group_id: uuid.UUID) -> GradedGroup:
    """The group, for a caller who may grade one of its responses; `ix_pending_responses_groups` finds it.

    Raises Forbidden for a caller who may grade nothing, or who gave all of it; NotFound for one outside the caller's
    courses.
    """
    if not await is_grader(session, caller):
        raise Forbidden("This call is for graders.")
    given = {**grader_values(caller), "row_id": group_id}
    row = await fetch_first(session, _one_group(everywhere=caller.is_grader), given)
    if row is None:
        raise NotFound
    return GradedGroup(group_id, *row)


@cache
def _one_group(*, everywhere: bool) -> Kept:
    return kept(
        select(
            PendingResponse.course_id,
            PendingResponse.question_id,
            Question.key,
            Question.type,
            PendingResponse.max_points,
            PendingResponse.text,
        )
        .join(Question, Question.id == PendingResponse.question_id)
        .join(Member, of_known_member())
        .where(gradable(everywhere=everywhere), PendingResponse.group_id == ROW_ID)
        .order_by(PendingResponse.submitted_at, PendingResponse.id)
        .limit(1)
    )
