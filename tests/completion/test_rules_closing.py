"""What closing an attempt writes, without a database: the mark, the counter, what waits, the position behind it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from learning_service.domain.attempts.queries.positions import AttemptRow, Position, QuizCount
from learning_service.domain.completion.actions.closing import GradedSubmission, grade_submission
from learning_service.domain.completion.actions.submissions import Closed
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion
from learning_service.domain.courses.rules.shape import CourseShape, QuizShape
from learning_service.domain.questions.rules.free_form import FreeFormKey
from learning_service.domain.questions.rules.responses import Response
from learning_service.domain.questions.rules.true_false import TrueFalseKey

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FACT, ESSAY = str(UUID(int=1)), str(UUID(int=2))
QUIZ, OTHER_QUIZ, ATTEMPT, ENROLLMENT, COURSE, VERSION = (UUID(int=n) for n in range(11, 17))
RIGHT, WRONG = Response(question_id=FACT, value=True), Response(question_id=FACT, value=False)
TEXT = Response(question_id=ESSAY, text="Because.")

quiz = CompiledQuiz(
    id=QUIZ,
    kind="quiz",
    key="q",
    title="Check",
    required=True,
    pass_score=Decimal(40),
    max_attempts=3,
    time_limit_seconds=None,
    retry_delay_seconds=None,
    shuffle=False,
    feedback="never",
    max_points=Decimal(5),
    keys={FACT: TrueFalseKey(FACT, Decimal(2), True), ESSAY: FreeFormKey(ESSAY, Decimal(3))},
    shown=(),
    explanations={},
    choice_feedback={},
)
version = CompiledVersion(
    id=VERSION,
    course_id=COURSE,
    number=1,
    title="Hazing",
    pass_score=Decimal(0),
    skills=(),
    modules=(),
    assessment=None,
    shape=CourseShape(Decimal(0), required_quizzes=(QuizShape(QUIZ, quiz.pass_score, quiz.max_attempts),)),
    quizzes={QUIZ: quiz},
)
attempt = AttemptRow(
    id=ATTEMPT,
    enrollment_id=ENROLLMENT,
    quiz_id=QUIZ,
    user_id="ana",
    number=1,
    status="in_progress",
    started_at=NOW - timedelta(minutes=5),
    deadline_at=None,
    submitted_at=None,
    sequence=4,
    layout=None,
    responses={},
    marks=None,
    max_points=Decimal(5),
    points=None,
    pending_points=None,
    passed=None,
)
position = Position(
    enrollment_id=ENROLLMENT,
    organization_id="alpha",
    user_id="ana",
    course_id=COURSE,
    version_id=VERSION,
    status="assigned",
    source="admin",
    assigned_at=NOW - timedelta(days=1),
    due_at=None,
    extra_time_seconds=0,
    under_way=frozenset({QUIZ, OTHER_QUIZ}),
    attempt=attempt,
)


def graded(
    *given: Response, at: Position = position, of: CompiledQuiz = quiz, **changes: Any
) -> GradedSubmission:
    responses = {response.question_id: response for response in given}
    return grade_submission(at, version, of, replace(attempt, **changes), responses, NOW)


def count(used: int = 1, **changes: Any) -> QuizCount:
    fresh = QuizCount(
        used=used, allowed=3, best_points=Decimal(0), possible_points=Decimal(0), max_points=Decimal(5)
    )
    return replace(fresh, **changes)


def test_what_is_known_at_once_is_graded_at_once() -> None:
    closed = graded(RIGHT)
    assert closed.attempt == replace(
        attempt,
        status="graded",
        submitted_at=NOW,
        responses={FACT: {"value": True}},
        marks={
            FACT: {"points": "2", "correct": True},
            ESSAY: {"points": "0", "correct": False},
        },
        points=Decimal(2),
        pending_points=Decimal(0),
        passed=True,
    )
    assert closed.quiz is quiz
    assert closed.after == replace(
        position,
        status="in_progress",
        quizzes={QUIZ: count(best_points=Decimal(2), possible_points=Decimal(2), passed_at=NOW)},
        under_way=frozenset({OTHER_QUIZ}),
        attempt=closed.attempt,
    )


def test_an_answer_for_a_person_waits_and_may_still_decide() -> None:
    closed = graded(WRONG, TEXT)
    assert (closed.attempt.status, closed.attempt.passed) == ("pending_review", None)
    assert (closed.attempt.points, closed.attempt.pending_points) == (Decimal(0), Decimal(3))
    assert closed.attempt.marks == {
        FACT: {"points": "0", "correct": False},
        ESSAY: {"points": None, "correct": None},
    }
    assert closed.after.quizzes == {QUIZ: count(possible_points=Decimal(3))}
    [waiting] = json.loads(closed.document)["waiting"]
    UUID(waiting.pop("id"))
    UUID(waiting.pop("group_id"))
    assert waiting == {"question_id": ESSAY, "text": "Because.", "normal": "because.", "max_points": "3"}


def test_all_that_the_database_is_told() -> None:
    told = json.loads(graded(RIGHT, sequence=7).document)
    assert told == {
        "id": str(ATTEMPT),
        "enrollment_id": str(ENROLLMENT),
        "quiz_id": str(QUIZ),
        "user_id": "ana",
        "number": 1,
        "status": "graded",
        "started_at": "2026-11-22T08:55:00Z",
        "deadline_at": None,
        "submitted_at": "2026-11-22T09:00:00Z",
        "sequence": 7,
        "layout": None,
        "responses": {FACT: {"value": True}},
        "marks": {
            FACT: {"points": "2", "correct": True},
            ESSAY: {"points": "0", "correct": False},
        },
        "max_points": "5",
        "points": "2",
        "pending_points": "0",
        "passed": True,
        "organization_id": "alpha",
        "course_id": str(COURSE),
        "used": 1,
        "allowed": 3,
        "best_points": "2",
        "possible_points": "2",
        "passed_at": "2026-11-22T09:00:00Z",
        "correction": 0,
        "waiting": [],
        "is_assessment": False,
        "awaiting_review": False,
        "closed_with": None,
    }
    assert json.loads(graded(RIGHT, of=replace(quiz, kind="assessment")).document)["is_assessment"] is True


@pytest.mark.parametrize(
    ("deadline", "submitted"),
    [
        (None, NOW),
        (NOW + timedelta(seconds=1), NOW),
        (NOW, NOW),
        (NOW - timedelta(seconds=1), NOW - timedelta(seconds=1)),
    ],
)
def test_what_comes_within_the_grace_is_stamped_with_the_deadline(
    deadline: datetime | None, submitted: datetime
) -> None:
    assert graded(RIGHT, deadline_at=deadline).attempt.submitted_at == submitted


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        # A worse attempt takes nothing away, a better one is kept.
        (
            count(2, best_points=Decimal(5), possible_points=Decimal(5), passed_at=NOW - timedelta(days=1)),
            WRONG,
            count(2, best_points=Decimal(5), possible_points=Decimal(5), passed_at=NOW - timedelta(days=1)),
        ),
        (
            count(2, best_points=Decimal(1), possible_points=Decimal(4)),
            RIGHT,
            count(2, best_points=Decimal(2), possible_points=Decimal(4), passed_at=NOW),
        ),
        # The first pass keeps its moment.
        (
            count(2, passed_at=NOW - timedelta(days=1)),
            RIGHT,
            count(
                2,
                best_points=Decimal(2),
                possible_points=Decimal(2),
                passed_at=NOW - timedelta(days=1),
            ),
        ),
        # A counter that was made when the attempt began, or by a grant.
        (
            count(2, allowed=9, best_points=None, possible_points=None),
            WRONG,
            count(2, allowed=9),
        ),
        (count(0, allowed=None), WRONG, count(1, allowed=None)),
        (None, WRONG, count(1)),
    ],
)
def test_the_counter_holds_the_best_of_all_attempts(
    before: QuizCount | None, given: Response, after: QuizCount
) -> None:
    elsewhere = count(1, best_points=Decimal(4), possible_points=Decimal(4))
    quizzes = {OTHER_QUIZ: elsewhere} if before is None else {OTHER_QUIZ: elsewhere, QUIZ: before}
    assert graded(given, at=replace(position, quizzes=quizzes)).after.quizzes == {
        OTHER_QUIZ: elsewhere,
        QUIZ: after,
    }


@pytest.mark.parametrize("status", ["in_progress", "failed", "completed"])
def test_an_enrollment_that_is_further_on_stays_there(status: str) -> None:
    assert graded(RIGHT, at=replace(position, status=status)).after.status == status


@pytest.mark.parametrize(("used", "allowed", "remaining"), [(1, 3, 2), (3, 3, 0), (1, None, None)])
def test_attempts_that_remain(used: int, allowed: int | None, remaining: int | None) -> None:
    after = replace(position, quizzes={QUIZ: count(used, allowed=allowed)})
    assert Closed(attempt, quiz, after, None).remaining == remaining
