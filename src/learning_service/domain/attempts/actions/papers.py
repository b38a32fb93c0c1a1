"""Which questions an attempt gets, and in which order: drawn and mixed at its start, and frozen in it."""

import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.models import Layout, QuizAttempt
from learning_service.domain.courses.queries.compiled import CompiledPool, CompiledQuiz
from learning_service.domain.courses.queries.shown import AnswerView, QuestionView

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
    return [_arranged(quiz.by_id[question_id], choices) for question_id, choices in layout]


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


def _arranged(question: QuestionView, choices: list[str]) -> QuestionView:
    by_id = {str(answer.id): answer for answer in question.answers}
    return replace(question, answers=tuple(by_id[choice] for choice in choices))


def _mixed(quiz: CompiledQuiz) -> Layout:
    """The order of the shown questions and their choices, both by chance where the quiz is shuffled."""
    layout: Layout = [
        (str(question.id), [str(answer.id) for answer in _choices(quiz, question.answers)])
        for question in quiz.shown
    ]
    if quiz.shuffle:
        _chance.shuffle(layout)
    return layout


def _choices(quiz: CompiledQuiz, answers: Sequence[AnswerView]) -> Sequence[AnswerView]:
    """In any order where the quiz is shuffled, those that are pinned last in their own."""
    if not quiz.shuffle:
        return answers
    free = [answer for answer in answers if not answer.pinned]
    return [*_chance.sample(free, len(free)), *(answer for answer in answers if answer.pinned)]
