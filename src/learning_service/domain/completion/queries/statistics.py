"""What was answered in a version, counted by the database: equal answers together, so that few rows come back."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Float, Text, and_, cast, column, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import QuizAttempt
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
from learning_service.domain.kernel.planning import plan_afresh
from learning_service.domain.kernel.pointers import Path
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightChoices
from learning_service.domain.questions.rules.pools import Pool, questions_of
from learning_service.domain.questions.rules.true_false import RightValue
from learning_service.domain.questions.rules.types import Question

AT_ONCE = 50
"""Questions to a statement: a statement has at most 1,664 columns, and counts each question in a table of its own."""
_NO_COMPILING = text("SELECT set_config('jit', 'off', true)")
"""The statement is long and its rows are few enough: compiling it takes longer than running it."""


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
    `ix_quiz_attempts_closed_with` finds the attempts.
    """
    await plan_afresh(session)
    await session.execute(_NO_COMPILING)
    quiz_id = stored.ids[quiz.key or ""]
    totals = await _totals(session, organization_id, quiz_id)
    asked = [
        _asked(question, stored.ids, corrections, _pool(quiz, path))
        for path, question in questions_of(quiz.questions)
    ]
    draws = {one.key or "": one.draw for one in quiz.questions if isinstance(one, Pool)}
    if totals.attempts:
        for n in range(0, len(asked), AT_ONCE):
            await _count(session, organization_id, quiz_id, asked[n : n + AT_ONCE])
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


def _counting(organization_id: str, quiz_id: uuid.UUID) -> Any:
    """The attempts as they count, as a CTE of their ids. Narrow, because it is sorted."""
    return (
        select(QuizAttempt.id)
        .ext(distinct_on(QuizAttempt.enrollment_id))
        .join(
            Enrollment,
            and_(
                Enrollment.organization_id == QuizAttempt.organization_id,
                Enrollment.id == QuizAttempt.enrollment_id,
            ),
        )
        .where(
            QuizAttempt.organization_id == organization_id,
            QuizAttempt.quiz_id == quiz_id,
            QuizAttempt.status == "graded",
            Enrollment.status != WITHDRAWN,
        )
        .order_by(
            QuizAttempt.enrollment_id,
            (QuizAttempt.points / QuizAttempt.max_points).desc(),
            QuizAttempt.number,
        )
        .cte("counting")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


def _counted(organization_id: str, quiz_id: uuid.UUID) -> Any:
    counting = _counting(organization_id, quiz_id)
    return and_(QuizAttempt.organization_id == organization_id, QuizAttempt.id == counting.c.id), counting


async def _totals(session: AsyncSession, organization_id: str, quiz_id: uuid.UUID) -> Totals:
    where, counting = _counted(organization_id, quiz_id)
    points = cast(QuizAttempt.points, Float)
    row = await session.execute(
        select(
            func.count(),
            func.coalesce(func.avg(points), 0.0),
            func.coalesce(func.percentile_cont(0.5).within_group(points), 0.0),
            func.coalesce(func.var_samp(points), 0.0),
        )
        .select_from(counting)
        .join(QuizAttempt, where)
    )
    return Totals(*row.one())


async def _count(
    session: AsyncSession, organization_id: str, quiz_id: uuid.UUID, asked: Sequence[_Asked]
) -> None:
    """Add to each question its answers, equal ones together.

    Both documents of an attempt are taken apart once, whatever the number of questions.
    """
    where, counting = _counted(organization_id, quiz_id)
    marks = _record(QuizAttempt.marks, asked, "marks")
    responses = _record(QuizAttempt.responses, asked, "given")
    answers = (
        select(
            cast(QuizAttempt.points, Float).label("total"),
            *(
                func.concat(
                    literal(f"{n} ", Text),
                    marks.c[one.id].op("->>")("points"),
                    literal(" ", Text),
                    cast(responses.c[one.id], Text) if one.choices else literal("", Text),
                ).label(f"answer_{n}")
                for n, one in enumerate(asked)
            ),
        )
        .select_from(counting)
        .join(QuizAttempt, where)
        .join(marks, text("true"))
        .join(responses, text("true"))
        .subquery("answers")
        .c
    )
    columns = [answers[f"answer_{n}"] for n in range(len(asked))]
    rows = await session.execute(
        select(
            func.coalesce(*columns, literal("", Text)),
            func.count(),
            func.sum(answers.total),
            func.sum(answers.total * answers.total),
        ).group_by(func.grouping_sets(*columns))
    )
    for answer, n, total, squares in rows:
        place, points, given = answer.split(" ", 2)
        if points:
            asked[int(place)].answers.append(Alike(float(points), _chosen(given), n, total, squares))


def _record(document: Any, asked: Sequence[_Asked], name: str) -> Any:
    columns = [column(one.id, JSONB) for one in asked]
    return func.jsonb_to_record(document).table_valued(*columns).render_derived(name=name, with_types=True)


def _chosen(given: str) -> tuple[str, ...]:
    """The choices in a kept response, a truth value as the word for it."""
    response = from_json(given) if given else {}
    if "answer_ids" in response:
        return tuple(response["answer_ids"])
    return (str(response["value"]).lower(),) if "value" in response else ()
