"""Which questions an attempt gets, and in which order: drawn and mixed at its start, and frozen in it."""

import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from secrets import token_bytes
from struct import unpack
from typing import TypeVar

from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import Layout, QuizAttempt
from learning_service.domain.courses.queries.compiled import CompiledPool, CompiledQuiz
from learning_service.domain.courses.queries.shown import QuestionView

T = TypeVar("T")
_chance = random.SystemRandom()


async def new_layout(session: AsyncSession, enrollment_id: uuid.UUID, quiz: CompiledQuiz) -> Layout | None:
    """What a new attempt shows; None: all questions in the author's own order."""
    return layout_of(quiz, await _seen(session, enrollment_id, quiz.id) if quiz.pools else {})


def layout_of(quiz: CompiledQuiz, seen: Mapping[str, int]) -> Layout | None:
    """The same where it is known how many attempts of the enrollment have had each question, by its id."""
    if not quiz.pools:
        return _mixed(quiz) if quiz.shuffle else None
    return _mixed(drawn(quiz, seen))


def questions_shown(quiz: CompiledQuiz, layout: Layout | None) -> Sequence[QuestionView]:
    """The questions in the order that the attempt froze, without any key.

    A shuffled quiz that was submitted without being started never had an order: each view has a new one, because the
    author's own would give something away.
    """
    if layout is None and quiz.shuffle:
        layout = _mixed(quiz)
    if layout is None:
        return quiz.shown
    return [_arranged(quiz, question_id, choices) for question_id, choices in layout]


async def _seen(session: AsyncSession, enrollment_id: uuid.UUID, quiz_id: uuid.UUID) -> Mapping[str, int]:
    """How many attempts of the enrollment have had each question, by its id."""
    asked = func.jsonb_array_elements(QuizAttempt.layout).table_valued("value")
    question_id = asked.c.value.op("->>")(0)
    statement = (
        select(question_id, func.count())
        .select_from(QuizAttempt)
        .join(asked, true())
        .where(QuizAttempt.enrollment_id == enrollment_id, QuizAttempt.quiz_id == quiz_id)
        .group_by(question_id)
    )
    return Counter({row[0]: row[1] for row in await session.execute(statement)})


def drawn(quiz: CompiledQuiz, seen: Mapping[str, int]) -> CompiledQuiz:
    """The quiz with what is drawn of each pool in its place: by chance, what was seen least first."""
    shown: list[str] = []
    for place in quiz.places:
        if isinstance(place, str):
            shown.append(place)
        else:
            shown += _least_seen(place, seen)
    return replace(quiz, shown=tuple(quiz.by_id[one] for one in shown))


def _least_seen(pool: CompiledPool, seen: Mapping[str, int]) -> list[str]:
    """What is drawn of a pool, in an order by chance. Chance is asked for what is drawn alone: it is the system's."""
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for question_id in pool.question_ids:
        groups[seen.get(question_id, 0)].append(question_id)
    least: list[str] = []
    for times in sorted(groups):
        least += _chance.sample(groups[times], min(len(groups[times]), pool.draw - len(least)))
    return _chance.sample(least, len(least))


def _arranged(quiz: CompiledQuiz, question_id: str, choices: list[str]) -> QuestionView:
    question, by_id = quiz.by_id[question_id], quiz.choices[question_id]
    return replace(question, answers=tuple(by_id[choice] for choice in choices)) if by_id else question


def _mixed(quiz: CompiledQuiz) -> Layout:
    """The order of the shown questions and their choices, both by chance where the quiz is shuffled."""
    layout: Layout = [(str(question.id), _choices(quiz, question)) for question in quiz.shown]
    return _in_any_order(layout) if quiz.shuffle else layout


def _choices(quiz: CompiledQuiz, question: QuestionView) -> list[str]:
    """In any order where the quiz is shuffled, those that are pinned last in their own."""
    choices = quiz.choices[str(question.id)]
    if not quiz.shuffle:
        return list(choices)
    free = [choice for choice, answer in choices.items() if not answer.pinned]
    return [*_in_any_order(free), *(choice for choice, answer in choices.items() if answer.pinned)]


def _in_any_order(things: list[T]) -> list[T]:
    """By the system's chance, which is asked once: for each thing of each question that takes half of a start."""
    count = len(things)
    keys = unpack(f"{count}Q", token_bytes(8 * count))
    return [things[n] for n in sorted(range(count), key=keys.__getitem__)]
