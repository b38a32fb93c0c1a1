"""What a learner or grader sees of attempts, put together from a position. Pure: no I/O, and by allow-list."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from learning_service.domain.attempts.actions.attempts import (
    attempts_allowed,
    attempts_used,
    shown_sequence,
)
from learning_service.domain.attempts.actions.papers import questions_shown
from learning_service.domain.attempts.queries.positions import AttemptRow, Position
from learning_service.domain.completion.actions.submissions import Closed
from learning_service.domain.courses.queries.compiled import CompiledQuiz
from learning_service.domain.courses.queries.shown import QuestionView
from learning_service.domain.enrollments.rules import attempts_remaining
from learning_service.domain.grading.rules.release import (
    ShownMark,
    asks_standing,
    is_released,
    marks_of,
    shown_mark,
)
from learning_service.domain.grading.rules.score import score_percent
from learning_service.domain.questions.rules.answer_keys import AnswerKey, RightAnswer


@dataclass(frozen=True, slots=True)
class EnrollmentState:
    """Where an attempt leaves its enrollment."""

    id: uuid.UUID
    status: str


@dataclass(frozen=True, slots=True)
class CompletionView:
    """The completion that a submission brought."""

    id: uuid.UUID
    score: Decimal | None
    completed_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CertificateLink:
    """The certificate that a submission brought."""

    id: uuid.UUID
    verification_url: str


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """A closed attempt; `completion` and `certificate` where it finished the course."""

    attempt_id: uuid.UUID
    number: int
    status: str
    points: Decimal | None
    max_points: Decimal
    score: Decimal | None
    passed: bool | None
    attempts_remaining: int | None
    responses: Sequence[ShownMark]
    enrollment: EnrollmentState
    completion: CompletionView | None
    certificate: CertificateLink | None


@dataclass(frozen=True, slots=True)
class GivenResponse:
    """A response as given, in one of its forms, with what may be shown of its mark."""

    question_id: str
    points_awarded: Decimal | None
    correct: bool | None
    feedback: str | None
    explanation_html: str | None
    right_answer: RightAnswer | None
    choice_feedback: Mapping[str, str] | None = None
    answer_ids: Sequence[str] | None = None
    value: bool | None = None
    text: str | None = None
    number: str | None = None
    matches: Mapping[str, str] | None = None
    order: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt: what was asked, what was given, and what may be shown of the marks."""

    attempt_id: uuid.UUID
    number: int
    status: str
    started_at: datetime
    deadline_at: datetime | None
    submitted_at: datetime | None
    server_time: datetime
    sequence: int
    points: Decimal | None
    max_points: Decimal
    score: Decimal | None
    passed: bool | None
    attempts_remaining: int | None
    responses: Sequence[GivenResponse]
    questions: Sequence[QuestionView]
    enrollment: EnrollmentState


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """An attempt in a list."""

    attempt_id: uuid.UUID
    number: int
    status: str
    started_at: datetime
    submitted_at: datetime | None
    deadline_at: datetime | None
    score: Decimal | None
    passed: bool | None


def remaining_attempts(quiz: CompiledQuiz, position: Position) -> int | None:
    """Attempts that may still be started; None: no limit."""
    return attempts_remaining(attempts_allowed(position, quiz), attempts_used(position, quiz.id))


def released(quiz: CompiledQuiz, position: Position) -> bool:
    """Whether the quiz's right answers may be shown to this learner now."""
    if not asks_standing(quiz.feedback):
        return is_released(quiz.feedback, quiz_passed=False, remaining=None, under_way=False)
    return is_released(
        quiz.feedback,
        quiz_passed=position.has_passed(quiz.id, quiz.pass_score),
        remaining=remaining_attempts(quiz, position),
        under_way=quiz.id in position.under_way,
    )


def mark_views(quiz: CompiledQuiz, attempt: AttemptRow, *, show: bool) -> list[ShownMark]:
    """What may be shown of each response's mark, in the questions' order. `show`: all of it."""
    marks = [mark_view(quiz, attempt, key, show=show) for key in quiz.keys.values()]
    if not (show and quiz.choice_feedback):
        return marks
    return [mark._replace(choice_feedback=_of_chosen(quiz, attempt, mark.question_id)) for mark in marks]


def mark_view(quiz: CompiledQuiz, attempt: AttemptRow, key: AnswerKey, *, show: bool) -> ShownMark:
    """The same of one question, without what the author says of the choices that were taken."""
    return shown_mark(
        key,
        marks_of(attempt.marks, key.question_id),
        released=show,
        graded=attempt.status == "graded",
        explanation=quiz.explanations.get(key.question_id),
    )


def _of_chosen(quiz: CompiledQuiz, attempt: AttemptRow, question_id: str) -> Mapping[str, str] | None:
    """What the author says of the choices that were taken, by their ids; None where that is nothing."""
    chosen = attempt.responses.get(question_id, {}).get("answer_ids", ())
    return {one: quiz.choice_feedback[one] for one in chosen if one in quiz.choice_feedback} or None


def given_responses(quiz: CompiledQuiz, attempt: AttemptRow, *, show: bool) -> list[GivenResponse]:
    """What was given, with what may be shown of each mark; with `show`, also the questions left out."""
    given = attempt.responses
    return [
        GivenResponse(*mark, **given.get(mark.question_id, {}))
        for mark in mark_views(quiz, attempt, show=show)
        if show or mark.question_id in given
    ]


def submission_view(closed: Closed, marks: Sequence[ShownMark] | None = None) -> SubmissionView:
    """What a submission came to. `marks`: those to show, if not what may be shown of all."""
    attempt, quiz, position = closed.attempt, closed.quiz, closed.position
    completion, certificate = None, None
    outcome = closed.outcome
    if outcome is not None and outcome.completion is not None and outcome.certificate is not None:
        done, issued = outcome.completion, outcome.certificate
        completion = CompletionView(done.id, done.score, done.completed_at, done.expires_at)
        certificate = CertificateLink(issued.id, issued.verification_url)
    return SubmissionView(
        attempt_id=attempt.id,
        number=attempt.number,
        status=attempt.status,
        points=attempt.points,
        max_points=attempt.max_points,
        score=score_of(attempt),
        passed=attempt.passed,
        attempts_remaining=closed.remaining,
        responses=mark_views(quiz, attempt, show=released(quiz, position)) if marks is None else marks,
        enrollment=EnrollmentState(position.enrollment_id, position.status),
        completion=completion,
        certificate=certificate,
    )


def score_of(attempt: AttemptRow) -> Decimal | None:
    """Percent; None while under way or while responses wait."""
    if attempt.status != "graded" or attempt.points is None:
        return None
    return score_percent(attempt.points, attempt.max_points)


def attempt_view(
    quiz: CompiledQuiz,
    attempt: AttemptRow,
    position: Position,
    instant: datetime,
    *,
    for_grader: bool = False,
) -> AttemptView:
    """One attempt: what was asked, what was given, and what may be shown of the marks.

    A grader sees the marks of every closed attempt. Its learner sees what the quiz's policy has released, and what
    persons gave and wrote.
    """
    show = attempt.status != "in_progress" and (for_grader or released(quiz, position))
    return AttemptView(
        attempt_id=attempt.id,
        number=attempt.number,
        status=attempt.status,
        started_at=attempt.started_at,
        deadline_at=attempt.deadline_at,
        submitted_at=attempt.submitted_at,
        server_time=instant,
        sequence=shown_sequence(attempt.sequence),
        points=attempt.points,
        max_points=attempt.max_points,
        score=score_of(attempt),
        passed=attempt.passed,
        attempts_remaining=remaining_attempts(quiz, position),
        responses=given_responses(quiz, attempt, show=show),
        questions=questions_shown(quiz, attempt.layout),
        enrollment=EnrollmentState(position.enrollment_id, position.status),
    )


def summary_views(attempts: Sequence[AttemptRow]) -> list[AttemptSummary]:
    """Attempts in a list."""
    return [
        AttemptSummary(
            attempt_id=attempt.id,
            number=attempt.number,
            status=attempt.status,
            started_at=attempt.started_at,
            submitted_at=attempt.submitted_at,
            deadline_at=attempt.deadline_at,
            score=score_of(attempt),
            passed=attempt.passed,
        )
        for attempt in attempts
    ]
