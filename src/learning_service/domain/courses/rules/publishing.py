"""What stops a draft from being published: everything at once, each with its place.

Source: the contract, "Courses and versions": a draft may be incomplete, a published version may not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from learning_service.domain.courses.rules.least_pass import lowest_passes
from learning_service.domain.courses.rules.tree import (
    Assessment,
    Attestation,
    Lesson,
    Quiz,
    Tree,
    keyed_nodes,
    quizzes,
)
from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import Path, pointer
from learning_service.domain.questions.rules.pools import Pool, most_points, question_count, questions_of
from learning_service.domain.questions.rules.scores import exact
from learning_service.domain.questions.rules.types import MAX_QUESTIONS, Question
from learning_service.domain.questions.rules.words import shows_something


def publish_faults(tree: Tree) -> list[Fault]:
    """Every reason why this tree cannot be published; none: it can."""
    faults: list[Fault] = []
    if tree.assessment is None and not any(module.items for module in tree.modules):
        faults.append(
            Fault(
                "/modules",
                "there is nothing in the course yet: add a lesson, a quiz or an assessment",
                "empty",
            )
        )
    elif tree.assessment is None and not any(_required(tree)):
        faults.append(
            Fault(
                "/modules", "nothing is required: make a lesson or a quiz so, or add an assessment", "empty"
            )
        )
    for path, quiz in quizzes(tree):
        if not quiz.questions:
            faults.append(Fault(pointer(*path, "questions"), "there are no questions", "empty"))
        elif not most_points(quiz.questions):
            faults.append(
                Fault(pointer(*path, "questions"), "the questions are worth no points together", "empty")
            )
        if question_count(quiz.questions) > MAX_QUESTIONS:
            faults.append(
                Fault(
                    pointer(*path, "questions"),
                    f"an attempt would have more than {MAX_QUESTIONS:,} questions",
                    "too-many",
                    {"most": MAX_QUESTIONS},
                )
            )
        for q, asked in enumerate(quiz.questions):
            if isinstance(asked, Pool):
                faults.extend(asked.faults((*path, "questions", q)))
        for place, question in questions_of(quiz.questions):
            faults.extend(_question_faults(question, (*path, *place)))
    for path, node in keyed_nodes(tree):
        if isinstance(node, Attestation) and not shows_something(node.text_html):
            faults.append(Fault(pointer(*path, "text_html"), "there is nothing to sign", "empty"))
    if tree.assessment is not None and tree.assessment.pass_score < tree.pass_score:
        faults.append(
            Fault(
                "/assessment/pass_score",
                "is below the course's pass_score, so passing it would not pass the course",
                "unreachable",
            )
        )
    return faults


@dataclass(frozen=True, slots=True)
class Warned:
    """Something about a tree that stops nothing, but is probably a mistake: a stable word, where, and what."""

    code: str
    pointer: str
    detail: str


def publish_warnings(tree: Tree) -> list[Warned]:
    """What the author of a tree that can be published may have overlooked."""
    warnings = []
    lowest = lowest_passes(item for item in _required(tree) if isinstance(item, Quiz))
    if tree.assessment is None and lowest and sum(lowest) < exact(tree.pass_score) * len(lowest):
        warnings.append(
            Warned(
                "course-can-be-missed",
                "/pass_score",
                "every required quiz can be passed and the course still missed: the mean of the lowest scores that"
                " pass them is below this",
            )
        )
    warnings += [
        Warned(
            "right-answer-first",
            pointer(*path, "shuffle"),
            "a right answer stands first in every question with choices: shuffle them",
        )
        for path, quiz in quizzes(tree)
        if not quiz.shuffle and _right_first(quiz)
    ]
    return warnings


def _required(tree: Tree) -> Iterator[Lesson | Attestation | Quiz]:
    return (item for module in tree.modules for item in module.items if item.required)


def _right_first(quiz: Quiz | Assessment) -> bool:
    """Whether a right answer stands first in each of several questions with choices."""
    firsts = [question.choices[0] for _, question in questions_of(quiz.questions) if question.choices]
    return len(firsts) > 1 and all(answer.is_correct for answer in firsts)


def _question_faults(question: Question, path: Path) -> Iterator[Fault]:
    if not shows_something(question.prompt_html):
        yield Fault(pointer(*path, "prompt_html"), "the question asks nothing", "empty")
    yield from question.faults(path)
