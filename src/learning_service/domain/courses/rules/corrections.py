"""What was corrected of a published version, and how its questions are graded since. Pure."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from learning_service.domain.courses.rules.tree import Assessment, Quiz, Tree, quizzes
from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.questions.rules.corrections import (
    Policy,
    QuestionChange,
    Scored,
    change_faults,
    changed,
    scored,
)
from learning_service.domain.questions.rules.pools import Pool, each_question, questions_of
from learning_service.domain.questions.rules.types import AnyQuestion, Question


@dataclass(frozen=True, slots=True)
class Correction:
    """Changes of one or more questions of a version, made together."""

    number: int
    policy: Policy
    changes: Sequence[QuestionChange]
    note: str
    corrected_by: str
    corrected_at: datetime


def changes_of(corrections: Sequence[Correction], key: str) -> Sequence[tuple[Policy, QuestionChange]]:
    """What was changed of one question, in order."""
    return [
        (one.policy, change) for one in corrections for change in one.changes if change.question_key == key
    ]


def scored_now(
    question: Question, ids: Mapping[str, uuid.UUID], corrections: Sequence[Correction] = ()
) -> Scored:
    """The question as it is graded after the corrections. Raises ValueError where a draft's cannot be."""
    key = question.key or ""
    choices = tuple(str(ids[answer.key or ""]) for answer in question.choices)
    return scored(question, str(ids[key]), choices, changes_of(corrections, key))


def correction_faults(
    tree: Tree,
    ids: Mapping[str, uuid.UUID],
    before: Sequence[Correction],
    proposed: Correction,
) -> Iterator[Fault]:
    """Why a version with these corrections cannot have this one, with places in the request."""
    by_key = {
        question.key: (quiz, question)
        for _, quiz in quizzes(tree)
        for _, question in questions_of(quiz.questions)
    }
    seen: set[str] = set()
    fits = True
    for n, change in enumerate(proposed.changes):
        where = pointer("changes", n, "question_key")
        if change.question_key in seen:
            yield Fault(where, "this question is named twice", "twice")
            fits = False
        elif change.question_key not in by_key:
            yield Fault(where, "is not a question of this version", "not-known")
            fits = False
        else:
            question = scored_now(by_key[change.question_key][1], ids, before).question
            for fault in change_faults(question, proposed.policy, change, ("changes", n)):
                yield fault
                fits = False
        seen.add(change.question_key)
    if fits:
        touched = {id(quiz): quiz for key in seen for quiz in [by_key[key][0]]}
        for quiz in touched.values():
            if _may_be_worthless(quiz, lambda q: scored_now(q, ids, [*before, proposed]).key.points):
                yield Fault("/changes", f"{quiz.title} would be worth no points", "empty")


def _may_be_worthless(quiz: Quiz | Assessment, worth: Callable[[AnyQuestion], Decimal]) -> bool:
    """Whether an attempt could draw nothing that is worth any points."""
    return all(
        sum(not worth(one) for one in asked.questions) >= asked.draw
        if isinstance(asked, Pool)
        else not worth(asked)
        for asked in quiz.questions
    )


def with_changes(tree: Tree, changes: Sequence[QuestionChange]) -> Tree:
    """A draft with the same changes, as far as they fit there.

    A single choice that would have two right answers stays as it is: its author decides.
    """
    by_key = {change.question_key: change for change in changes}

    def corrected(question: AnyQuestion) -> AnyQuestion:
        change = by_key.get(question.key or "")
        if change is None or any(change_faults(question, "new_only", change, ())):
            return question
        after = changed(question, change)
        many = sum(answer.is_correct for answer in after.choices) > 1
        return question if many and question.type == "multiple_choice" else after

    def reworked(quiz: Quiz | Assessment) -> Quiz | Assessment:
        return quiz.model_copy(update={"questions": each_question(quiz.questions, corrected)})

    modules = tuple(
        module.model_copy(
            update={"items": tuple(reworked(i) if isinstance(i, Quiz) else i for i in module.items)}
        )
        for module in tree.modules
    )
    assessment = None if tree.assessment is None else reworked(tree.assessment)
    return tree.model_copy(update={"modules": modules, "assessment": assessment})
