"""What was answered in a version, counted by the database: equal answers together, so that few rows come back."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json
from sqlalchemy import (
    ColumnElement,
    Float,
    Text,
    and_,
    cast,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.courses import models
from learning_service.domain.courses.queries.versions import StoredTree
from learning_service.domain.courses.rules.corrections import Correction, scored_now
from learning_service.domain.courses.rules.tree import Assessment, Quiz
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import WITHDRAWN
from learning_service.domain.grading.rules.statistics import (
    Alike,
    AskedQuestion,
    Choice,
    QuizStatistics,
    Totals,
    quiz_statistics,
)
from learning_service.domain.kernel.planning import of_many, plan_afresh
from learning_service.domain.kernel.pointers import Path
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightChoices
from learning_service.domain.questions.rules.pools import Pool, questions_of
from learning_service.domain.questions.rules.true_false import RightValue
from learning_service.domain.questions.rules.types import Question

AT_ONCE = 50
"""Questions to a statement: a statement has at most 1,664 columns, and counts each question in a table of its own."""
_JSON = json.JSONDecoder()
_AS_SETS = text("SELECT set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true)")
"""The statement is long and its rows are few enough: compiling it takes longer than running it. Where statistics are
from before a load, attempts would be compared by pairs."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question to be counted."""

    id: str
    question: Question
    choices: Sequence[Choice]
    pool: str | None
    points: float
    answers: list[Alike] = field(default_factory=list)

    def view(self) -> AskedQuestion:
        """The same as the rules take it."""
        key = self.question.key or ""
        return AskedQuestion(key, self.points, self.choices, self.answers, self.pool)


async def measure_quiz(
    session: AsyncSession,
    organization_id: str,
    quiz: Quiz | Assessment,
    stored: StoredTree,
    corrections: Sequence[Correction],
) -> QuizStatistics:
    """The statistics of a version's quiz, from the best graded attempt of each enrollment, the first of equal ones.

    The keys are those after the corrections. Withdrawn enrollments count for nothing.
    """
    await plan_afresh(session)
    await session.execute(_AS_SETS)
    quiz_id = stored.ids[quiz.key or ""]
    asked = [
        _asked(question, stored.ids, corrections, _pool(quiz, path))
        for path, question in questions_of(quiz.questions)
    ]
    draws = {one.key or "": one.draw for one in quiz.questions if isinstance(one, Pool)}
    points: Mapping[float, int] = {}
    for n in range(0, len(asked), AT_ONCE):
        points = await _count(session, organization_id, quiz_id, asked[n : n + AT_ONCE])
        if not points:
            break
    totals = Totals.of(points)
    most = sum(one.points for one in asked if one.pool is None)
    for pool, draw in draws.items():
        most += draw * max((one.points for one in asked if one.pool == pool), default=0.0)
    return quiz_statistics(quiz.key or "", quiz.title, most, totals, [one.view() for one in asked], draws)


def _pool(quiz: Quiz | Assessment, path: Path) -> str | None:
    """The key of the pool in which the question of this path stands; None: it stands in none."""
    place = quiz.questions[int(path[1])]
    return place.key if isinstance(place, Pool) else None


def _asked(
    question: Question, ids: Mapping[str, uuid.UUID], corrections: Sequence[Correction], pool: str | None
) -> _Asked:
    question_id = str(ids[question.key or ""])
    choice_ids = [str(ids[answer.key or ""]) for answer in question.choices]
    key: AnswerKey | None
    try:
        key = scored_now(question, ids, corrections).key
    except ValueError:  # only in a draft
        key = None
    right = key.right_answer() if key is not None else None
    if question.type == "true_false":
        is_true = right.value if isinstance(right, RightValue) else None
        choices = [Choice(word, word, word, is_true is (word == "true")) for word in ("true", "false")]
    else:
        right_ids = right.answer_ids if isinstance(right, RightChoices) else ()
        choices = [
            Choice(choice_id, answer.key or "", answer.words, choice_id in right_ids)
            for choice_id, answer in zip(choice_ids, question.choices, strict=True)
        ]
    return _Asked(question_id, question, choices, pool, float(question.points if key is None else key.points))


def _counts(organization_id: str, quiz_id: uuid.UUID) -> ColumnElement[bool]:
    """Whether an attempt counts: of its enrollment's graded ones none is better, or as good and earlier.

    Asked of each attempt, and not found by sorting all, so that both documents are read in the same scan, by several
    processes where there are any.
    """
    better = aliased(QuizAttempt)
    share, others = QuizAttempt.points / QuizAttempt.max_points, better.points / better.max_points
    return and_(
        of_many(QuizAttempt.organization_id, organization_id),
        QuizAttempt.quiz_id == quiz_id,
        QuizAttempt.status == "graded",
        ~exists().where(
            of_many(better.organization_id, organization_id),
            better.quiz_id == quiz_id,
            better.enrollment_id == QuizAttempt.enrollment_id,
            better.status == "graded",
            better.id != QuizAttempt.id,
            or_(others > share, and_(others == share, better.number < QuizAttempt.number)),
        ),
    )


def _course_of(organization_id: str, quiz_id: uuid.UUID) -> Any:
    """The course that a quiz is of: no enrollments but its own need be read."""
    quizzes = models.Quiz.__table__.c
    version = select(quizzes.version_id).where(
        quizzes.organization_id == organization_id, quizzes.id == quiz_id
    )
    return (
        select(models.CourseVersion.course_id)
        .where(
            models.CourseVersion.organization_id == organization_id,
            models.CourseVersion.id == version.scalar_subquery(),
        )
        .scalar_subquery()
    )


def _is_its_enrollment(organization_id: str, quiz_id: uuid.UUID) -> ColumnElement[bool]:
    return and_(
        of_many(Enrollment.organization_id, organization_id),
        Enrollment.course_id == _course_of(organization_id, quiz_id),
        Enrollment.id == QuizAttempt.enrollment_id,
        Enrollment.status != WITHDRAWN,
    )


async def _count(
    session: AsyncSession, organization_id: str, quiz_id: uuid.UUID, asked: Sequence[_Asked]
) -> Mapping[float, int]:
    """Add to each question its answers, equal ones together; how many attempts have how many points.

    Both documents of an attempt are taken apart once, whatever the number of questions.
    """
    marks = _record(QuizAttempt.marks, {one.id: Text if one.choices else JSONB for one in asked}, "marks")
    given = _record(QuizAttempt.responses, {one.id: Text for one in asked if one.choices}, "given")
    answers = (
        select(
            cast(QuizAttempt.points, Float).label("total"),
            cast(QuizAttempt.points, Text).label("whole"),
            *(_answer(n, one, marks, given).label(f"answer_{n}") for n, one in enumerate(asked)),
        )
        .select_from(QuizAttempt)
        .join(Enrollment, _is_its_enrollment(organization_id, quiz_id))
        .join(marks, text("true"))
        .join(given, text("true"))
        .where(_counts(organization_id, quiz_id))
        .subquery("answers")
        .c
    )
    columns = [answers[f"answer_{n}"] for n in range(len(asked))]
    rows = await session.execute(
        select(
            answers.whole,
            func.coalesce(*columns, literal("", Text)),
            func.count(),
            func.sum(answers.total),
            func.sum(answers.total * answers.total),
        ).group_by(func.grouping_sets(answers.whole, *columns))
    )
    points: dict[float, int] = {}
    for whole, answer, n, total, squares in rows:
        if whole is not None:
            points[float(whole)] = n
        elif answer:
            place, _, said = answer.partition(" ")
            worth, chosen = _read(asked[int(place)], said)
            if worth is not None:
                asked[int(place)].answers.append(Alike(worth, chosen, n, total, squares))
    return points


def _answer(n: int, one: _Asked, marks: Any, given: Any) -> ColumnElement[str]:
    """What attempts with the same answer have alike, for `_read`; null where the question was not asked.

    Of a question with choices the mark and the response as they are, for taking either apart takes longer.
    """
    place: Any = literal(f"{n} ", Text)
    answer: ColumnElement[str] = place + marks.c[one.id].op("->>")("points")
    if one.choices:
        answer = place + marks.c[one.id] + func.coalesce(given.c[one.id], literal("", Text))
    return answer


def _record(document: Any, fields: Mapping[str, Any], name: str) -> Any:
    columns = [column(key, type_) for key, type_ in fields.items()] or [column("none", Text)]
    return func.jsonb_to_record(document).table_valued(*columns).render_derived(name=name, with_types=True)


def _read(one: _Asked, said: str) -> tuple[float | None, tuple[str, ...]]:
    """The points and the choices in what `_answer` made; None: it waits for a person."""
    if not one.choices:
        return float(said), ()
    mark, end = _JSON.raw_decode(said)
    points = mark.get("points")
    return (None if points is None else float(points)), _chosen(said[end:])


def _chosen(given: str) -> tuple[str, ...]:
    """The choices in a kept response, a truth value as the word for it."""
    response = from_json(given) if given else {}
    if "answer_ids" in response:
        return tuple(response["answer_ids"])
    return (str(response["value"]).lower(),) if "value" in response else ()
