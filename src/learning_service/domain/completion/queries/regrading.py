"""What a regrade makes of enrollments: read in a few statements for many, and judged by the ordinary rules."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import PendingResponse, QuizAttempt, QuizProgress
from learning_service.domain.attempts.queries.positions import Position, positions_of
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion, compiled_version
from learning_service.domain.courses.rules.corrections import Correction
from learning_service.domain.enrollments.models import CourseCompletion
from learning_service.domain.grading.models import LostPass
from learning_service.domain.grading.rules.regrading import (
    KeyBook,
    MarkedAttempt,
    Persons,
    Regraded,
    regraded,
)


@dataclass(frozen=True)
class Plan:
    """A correction about to be applied: the version after it, and all corrections with it as the last."""

    organization_id: str
    version: CompiledVersion
    corrections: Sequence[Correction]
    lower: bool

    @property
    def version_correction(self) -> int:
        """The number of the correction."""
        return self.corrections[-1].number

    @cached_property
    def quizzes(self) -> Mapping[uuid.UUID, CompiledQuiz]:
        """The quizzes that it changes."""
        return {
            quiz.id: quiz
            for quiz in self.version.quizzes.values()
            if self.changed_since(quiz.id, self.version_correction - 1)
        }

    @cached_property
    def _since(self) -> dict[tuple[uuid.UUID, int], frozenset[str]]:
        return {}

    def changed_since(self, quiz_id: uuid.UUID, correction: int) -> frozenset[str]:
        """The quiz's questions, by id, that were changed after so many corrections."""
        known = self._since.get((quiz_id, correction))
        if known is None:
            keys = {
                c.question_key for one in self.corrections if one.number > correction for c in one.changes
            }
            shown = self.version.quizzes[quiz_id].shown
            known = frozenset(str(question.id) for question in shown if question.key in keys)
            self._since[quiz_id, correction] = known
        return known


@dataclass(frozen=True, slots=True)
class Weighing:
    """An enrollment with what a regrade makes of its closed attempts at the changed quizzes."""

    position: Position
    attempts: Mapping[uuid.UUID, Sequence[Regraded]]
    """By quiz, first to last."""
    doubted: bool
    """Whether a pass of it waits for a person's decision."""
    completed: "Completed | None" = field(default=None)

    @property
    def changed(self) -> Sequence[Regraded]:
        """The attempts that change."""
        return [one for every in self.attempts.values() for one in every if one.is_new]


@dataclass(frozen=True, slots=True)
class Completed:
    """An enrollment's completion: whether it was for a requirement, and whether it counts no more."""

    for_requirement: bool
    voided: bool


def _book(quiz: CompiledQuiz, attempt: MarkedAttempt) -> KeyBook:
    """What the attempt is graded by: of pools what it drew."""
    quiz = quiz.paper(attempt.layout)
    return KeyBook(quiz.keys, quiz.max_points, quiz.pass_score, quiz.correction)


async def weigh(session: AsyncSession, plan: Plan, ids: Sequence[uuid.UUID]) -> Sequence[Weighing]:
    """What the plan makes of these enrollments, in their order; six statements, however many they are."""
    own = plan.organization_id
    positions = {one.enrollment_id: one for one in await positions_of(session, own, ids)}
    attempts = await _attempts(session, plan, ids)
    persons = await _persons(session, own, [one.id for one in attempts])
    doubted = await _doubted(session, own, ids)
    completed = await _completed(session, own, ids)
    before: dict[int, CompiledVersion] = {}
    for number in {one.correction for one in attempts}:
        before[number] = await compiled_version(session, plan.version.id, number)
    found: dict[uuid.UUID, dict[uuid.UUID, list[Regraded]]] = defaultdict(lambda: defaultdict(list))
    for one in attempts:
        result = regraded(
            one,
            _book(before[one.correction].quizzes[one.quiz_id], one),
            _book(plan.quizzes[one.quiz_id], one),
            plan.changed_since(one.quiz_id, one.correction),
            persons.get(one.id, _NOBODY),
            lower=plan.lower,
            withdrawn=positions[one.enrollment_id].is_withdrawn,
        )
        found[one.enrollment_id][one.quiz_id].append(result)
    return [
        Weighing(positions[one], found.get(one, {}), one in doubted, completed.get(one))
        for one in ids
        if one in positions
    ]


_NOBODY = Persons()


async def _attempts(session: AsyncSession, plan: Plan, ids: Sequence[uuid.UUID]) -> Sequence[MarkedAttempt]:
    """Closed attempts at the changed quizzes, first to last.

    What was given and marked comes of the changed questions alone: to read all of both documents took a third of a
    regrade.
    """
    a = QuizAttempt
    questions = sorted(question for quiz_id in plan.quizzes for question in plan.changed_since(quiz_id, 0))
    columns: Iterable[Any] = (
        _part(column, questions) if name in ("responses", "marks") else column
        for name in MarkedAttempt.__slots__
        for column in [getattr(a, name)]
    )
    rows = await session.execute(
        select(*columns)
        .where(
            a.organization_id == plan.organization_id,
            a.enrollment_id == func.any(ids),
            a.quiz_id == func.any(list(plan.quizzes)),
            a.status != "in_progress",
        )
        .order_by(a.enrollment_id, a.quiz_id, a.number)
    )
    return [MarkedAttempt(*row) for row in rows]


def _part(document: Any, keys: Sequence[str]) -> ColumnElement[Any]:
    """An object with these keys of a JSON document that has them."""
    key = func.unnest(cast(keys, ARRAY(Text))).column_valued("key")
    part = select(func.jsonb_object_agg(key, document[key])).where(document.has_key(key)).scalar_subquery()
    return func.coalesce(part, cast({}, JSONB), type_=JSONB)


async def _persons(
    session: AsyncSession, own: str, attempt_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, Persons]:
    r = PendingResponse
    rows = await session.execute(
        select(r.attempt_id, r.question_id, r.points, r.graded_at).where(
            r.organization_id == own, r.attempt_id == func.any(attempt_ids)
        )
    )
    grades: dict[uuid.UUID, dict[str, Any]] = defaultdict(dict)
    waits: dict[uuid.UUID, set[str]] = defaultdict(set)
    for attempt_id, question_id, points, graded_at in rows:
        if graded_at is None:
            waits[attempt_id].add(str(question_id))
        elif points is not None:
            grades[attempt_id][str(question_id)] = points
    return {
        one: Persons(grades.get(one, {}), frozenset(waits.get(one, ())))
        for one in grades.keys() | waits.keys()
    }


async def _doubted(session: AsyncSession, own: str, ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    lost = select(LostPass.enrollment_id).where(
        LostPass.organization_id == own,
        LostPass.enrollment_id == func.any(ids),
        LostPass.resolved_at.is_(None),
    )
    held = select(QuizProgress.enrollment_id).where(
        QuizProgress.organization_id == own,
        QuizProgress.enrollment_id == func.any(ids),
        QuizProgress.held_points.is_not(None),
    )
    return frozenset((await session.scalars(lost.union(held))).all())


async def _completed(
    session: AsyncSession, own: str, ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, Completed]:
    c = CourseCompletion
    rows = await session.execute(
        select(c.enrollment_id, c.requirement_id.is_not(None), c.voided_at.is_not(None)).where(
            c.organization_id == own, c.enrollment_id == func.any(ids)
        )
    )
    return {row[0]: Completed(row[1], row[2]) for row in rows}
