"""What closing an attempt will write. Pure but for ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from pydantic_core import to_json

from learning_service.domain.attempts.actions.attempts import (
    attempts_granted,
    attempts_used,
    merge_responses,
    open_attempt,
)
from learning_service.domain.attempts.queries.positions import AttemptRow, Position, QuizCount
from learning_service.domain.attempts.rules import Bounds
from learning_service.domain.completion.actions.doubts import possible_points
from learning_service.domain.completion.actions.known_grades import marks_with_feedback
from learning_service.domain.completion.actions.marking import marks_of
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion
from learning_service.domain.enrollments.rules import Standing, awaits_review
from learning_service.domain.grading.actions import KnownGrade
from learning_service.domain.grading.rules.groups import group_of
from learning_service.domain.grading.rules.judged import Judged, judged, laid_over
from learning_service.domain.grading.rules.score import Graded, grade_attempt, total
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.responses import Response, dump_responses
from learning_service.domain.questions.rules.scores import exact, kept, scaled

_NOTHING = Fraction(0)
_FACTS = tuple(name for name in AttemptRow.__slots__ if name not in ("responses", "marks"))
"""Of an attempt what is neither response nor mark."""


@dataclass(frozen=True, slots=True)
class GradedSubmission:
    """An attempt about to be closed, and the position behind it."""

    attempt: AttemptRow
    quiz: CompiledQuiz
    after: Position
    standing: Standing
    marks: Graded
    digest: str | None
    """Of the submission, where one closes it."""
    document: str
    """All of it as JSON, for `close_attempt`."""
    judged: Sequence[Judged] = ()
    """Of each question in order, where all responses were judged before. The attempt has no responses and marks then,
    which are in the document alone."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """Responses and marks as an attempt keeps them, also as JSON, and what of them waits for a person."""

    responses: JsonObject
    marks: JsonObject | None
    document: bytes
    waiting: Sequence[JsonObject] = ()
    judged: Sequence[Judged] = ()


def prepare_submission(
    position: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    responses: tuple[Response, ...],
    *,
    digest: str,
    instant: datetime,
    bounds: Bounds,
) -> GradedSubmission:
    """What closing will write when these responses, which fit the quiz, are laid over what was saved.

    It closes the position's attempt, or a new one where there is none. Pure but for ids. `digest`: of the responses.
    Raises AttemptClosed, AttemptNotStarted, EnrollmentWithdrawn, NoAttemptsLeft, TooLarge, Unmarked.
    """
    attempt = open_attempt(position, quiz, instant, bounds)
    given = merge_responses(attempt, responses, bounds)
    marks = marks_of(position, quiz, given, instant)
    return grade_submission(position, version, quiz, attempt, given, instant, marks, digest=digest)


def grade_submission(
    position: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    attempt: AttemptRow,
    given: Mapping[str, Response],
    instant: datetime,
    marks: Graded | None = None,
    *,
    digest: str | None = None,
    known: Sequence[KnownGrade] = (),
) -> GradedSubmission:
    """What closing will write of the attempt with these responses, and the position behind it. Pure but for ids.

    What arrives after the deadline is stamped with it. `marks`: those of the responses, where they are known already.
    `digest`: of the submission, where one closes it. `known`: what persons have given, and the marks have.
    """
    graded = marks or grade_attempt(quiz.keys.values(), given)
    responses, stored = dump_responses(given.values()), marks_with_feedback(graded, known)
    document = b'"responses":%s,"marks":%s' % (to_json(responses), to_json(stored))
    answers = _Answers(responses, stored, document, _waiting(quiz, graded, given))
    return _closing(position, version, quiz, attempt, answers, graded, instant, digest)


def close_judged(
    position: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    sent: Mapping[str, Judged],
    *,
    digest: str,
    instant: datetime,
    bounds: Bounds,
) -> GradedSubmission | None:
    """What `prepare_submission` says of responses that were judged before, by question.

    None where one of them, or of those that were saved, has to be judged anew or does not fit. Raises AttemptClosed,
    AttemptNotStarted, EnrollmentWithdrawn, NoAttemptsLeft.
    """
    attempt = open_attempt(position, quiz, instant, bounds)
    given = laid_over(attempt.responses, sent)
    marked = None if given is None else _judged_by(quiz, given)
    if given is None or marked is None or sum([one.weight for one in marked]) > bounds.size:
        return None
    graded = Graded({}, _points_of(marked), exact(quiz.max_points), _NOTHING, ())
    document = b'"responses":{%s},"marks":{%s}' % (
        b",".join([one.kept for one in given.values()]),
        b",".join([one.marked for one in marked]),
    )
    answers = _Answers({}, None, document, judged=marked)
    return _closing(position, version, quiz, attempt, answers, graded, instant, digest)


def _points_of(marked: Sequence[Judged]) -> Fraction:
    whole = [one.whole for one in marked if one.whole is not None]
    if len(whole) == len(marked):
        return Fraction(sum(whole))
    return total([one.mark.points for one in marked if one.mark.points is not None])


def _judged_by(quiz: CompiledQuiz, given: Mapping[str, Judged]) -> list[Judged] | None:
    """Of each question in order; None where it was another key that judged, or a question is not the quiz's."""
    marked, left_out = [], 0
    for question_id, key in quiz.keys.items():
        one = given.get(question_id)
        if one is None:
            one = judged(key, None)
            left_out += 1
        if one is None or one.key is not key:
            return None
        marked.append(one)
    return marked if len(marked) - left_out == len(given) else None


def _closing(
    position: Position,
    version: CompiledVersion,
    quiz: CompiledQuiz,
    attempt: AttemptRow,
    answers: _Answers,
    graded: Graded,
    instant: datetime,
    digest: str | None,
) -> GradedSubmission:
    closed = replace(
        attempt,
        status="pending_review" if graded.pending_question_ids else "graded",
        submitted_at=min(instant, attempt.deadline_at or instant),
        responses=answers.responses,
        marks=answers.marks,
        points=kept(graded.points),
        pending_points=kept(graded.pending_points),
        max_points=quiz.max_points,
        passed=graded.passed(quiz.pass_score),
    )
    count = _counted(position, quiz, closed)
    after = replace(
        position,
        status="in_progress" if position.status == "assigned" else position.status,
        quizzes={**position.quizzes, quiz.id: count},
        under_way=position.under_way - {quiz.id},
        attempt=closed,
    )
    standing = after.standing()
    document = {
        **_document(after, quiz, count),
        "waiting": answers.waiting,
        "closed_with": digest,
        "awaiting_review": awaits_review(version.shape, standing) and after.is_open,
    }
    written = b"{%s,%s" % (answers.document, to_json(document)[1:])
    return GradedSubmission(closed, quiz, after, standing, graded, digest, written.decode(), answers.judged)


def _document(after: Position, quiz: CompiledQuiz, count: QuizCount) -> JsonObject:
    """What closing writes of the attempt and its quiz's counter."""
    return {
        **{name: getattr(after.attempt, name) for name in _FACTS},
        "organization_id": after.organization_id,
        "course_id": after.course_id,
        "used": count.used,
        "allowed": count.allowed,
        "best_points": count.best_points,
        "possible_points": count.possible_points,
        "passed_at": count.passed_at,
        "correction": quiz.correction,
        "is_assessment": quiz.kind == "assessment",
    }


def _counted(position: Position, quiz: CompiledQuiz, closed: AttemptRow) -> QuizCount:
    """The counter row with the closed attempt in it."""
    before = position.quizzes.get(quiz.id)
    passed_at = closed.submitted_at if closed.passed else None
    if before is not None and before.passed_at is not None:
        passed_at = before.passed_at
    points, possible = closed.points or Decimal(0), possible_points(closed)
    if before is not None and before.best_points is not None and before.possible_points is not None:
        most = before.max_points or quiz.max_points
        points = max(points, scaled(before.best_points, most, quiz.max_points))
        possible = max(possible, scaled(before.possible_points, most, quiz.max_points))
    return QuizCount(
        used=max(attempts_used(position, quiz.id), closed.number),
        allowed=attempts_granted(position, quiz),
        best_points=points,
        possible_points=possible,
        max_points=quiz.max_points,
        passed_at=passed_at,
    )


def _waiting(quiz: CompiledQuiz, graded: Graded, responses: Mapping[str, Response]) -> list[JsonObject]:
    waiting = []
    for question_id in graded.pending_question_ids:
        key, text = quiz.keys[question_id], responses[question_id].text or ""
        group = group_of(key, text)
        waiting.append(
            {
                "id": str(new_id()),
                "question_id": question_id,
                "text": text,
                "max_points": str(key.points),
                "group_id": str(group.id),
                "normal": group.normal,
            }
        )
    return waiting
