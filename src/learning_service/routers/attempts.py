"""Attempts at quizzes and the final assessment, and the quizzes as learners see them. Lessons: see `lessons`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, WithJsonSchema

from learning_service.api.idempotency import KeyedRoute
from learning_service.api.openapi.headers import RETRY_AFTER, with_headers
from learning_service.api.ownership import CanSeeAttempt, CanSeeQuiz, IsEnrollmentOwner, OwnPosition
from learning_service.api.parameters import NoBody, body, path_id
from learning_service.api.requests import Caller, Session
from learning_service.api.routes import Responses
from learning_service.domain.attempts.actions.attempts import (
    save_responses,
    start_attempt,
)
from learning_service.domain.attempts.actions.papers import questions_shown
from learning_service.domain.attempts.queries.positions import version_of
from learning_service.domain.attempts.queries.tried import attempts_at, quiz_of
from learning_service.domain.completion.actions.submissions import submit_attempt
from learning_service.domain.completion.views.attempts import attempt_view, submission_view, summary_views
from learning_service.domain.completion.views.items import quiz_view
from learning_service.domain.courses.queries.compiled import CompiledQuiz
from learning_service.domain.courses.queries.versions import QuizPlace, load_tree
from learning_service.domain.kernel.clock import now
from learning_service.schemas.attempts import (
    AttemptOut,
    QuizOut,
    SavedAttemptOut,
    SaveIn,
    StartedAttemptOut,
    SubmissionIn,
    SubmissionOut,
)
from learning_service.schemas.courses import QuizPreviewOut

router = APIRouter(prefix="/api", tags=["learning"], route_class=KeyedRoute)
AtQuiz = Annotated[OwnPosition, Depends(IsEnrollmentOwner("quiz", kind="quiz"))]
AtAssessment = Annotated[OwnPosition, Depends(IsEnrollmentOwner("quiz", kind="assessment"))]
SeesQuiz = Annotated[OwnPosition | QuizPlace, Depends(CanSeeQuiz("quiz"))]
SeesAssessment = Annotated[OwnPosition | QuizPlace, Depends(CanSeeQuiz("assessment"))]
Preview = Annotated[
    Annotated[str, Field(pattern="^(true|false)$"), WithJsonSchema({"type": "boolean"})] | None,
    Query(description="`true`, for authors: as its author made it, with keys."),
]
AtAttempt = Annotated[OwnPosition, Depends(IsEnrollmentOwner("attempt"))]
SeesAttempt = Annotated[OwnPosition, Depends(CanSeeAttempt())]
LATER: Responses = {409: with_headers(RETRY_AFTER)}
STARTED: Responses = {200: {"description": "Under way already"}, **LATER}


async def _quiz(session: Session, own: OwnPosition, quiz_id: str) -> CompiledQuiz:
    version = await version_of(session, own.position)
    return version.quizzes[path_id(quiz_id)]


async def _read(session: Session, own: OwnPosition | QuizPlace, quiz_id: str) -> QuizOut | QuizPreviewOut:
    if isinstance(own, QuizPlace):
        return QuizPreviewOut.of(own, (await load_tree(session, own.version_id)).tree)
    quiz = await _quiz(session, own, quiz_id)
    attempts = await attempts_at(session, own.position.enrollment_id, quiz.id)
    is_open = quiz.time_limit_seconds is None and not quiz.shuffle and not quiz.pools
    return QuizOut.of(
        quiz_view(quiz, own.position),
        summary_views(attempts),
        questions_shown(quiz, None) if is_open else None,
    )


@router.get("/quizzes/{quiz_id}/")
async def read_quiz(
    quiz_id: str, own: SeesQuiz, session: Session, preview: Preview = None
) -> QuizOut | QuizPreviewOut:
    """A quiz with one's own attempts; its questions when it has no time limit, shuffle or pool.

    With `preview` the quiz as its author made it, in a draft too.
    """
    return await _read(session, own, quiz_id)


@router.get("/assessments/{quiz_id}/")
async def read_assessment(
    quiz_id: str, own: SeesAssessment, session: Session, preview: Preview = None
) -> QuizOut | QuizPreviewOut:
    """The final assessment with one's own attempts; with `preview` as the author made it."""
    return await _read(session, own, quiz_id)


async def _start(session: Session, own: OwnPosition, quiz_id: str, response: Response) -> StartedAttemptOut:
    version = await version_of(session, own.position)
    quiz = version.quizzes[path_id(quiz_id)]
    attempt, made = await start_attempt(session, own.position, version, quiz)
    response.status_code = 201 if made else 200
    return StartedAttemptOut.of(attempt, questions_shown(quiz, attempt.layout), now(session))


@router.post("/quizzes/{quiz_id}/attempts/", status_code=201, responses=STARTED)
async def start_quiz(
    quiz_id: str, own: AtQuiz, session: Session, nothing: NoBody, response: Response
) -> StartedAttemptOut:
    """Start an attempt; the one under way when there is one."""
    return await _start(session, own, quiz_id, response)


@router.post("/assessments/{quiz_id}/attempts/", status_code=201, responses=STARTED)
async def start_assessment(
    quiz_id: str, own: AtAssessment, session: Session, nothing: NoBody, response: Response
) -> StartedAttemptOut:
    """Start an attempt at the final assessment; the one under way when there is one."""
    return await _start(session, own, quiz_id, response)


async def _submit(session: Session, own: OwnPosition, quiz_id: str, sent: SubmissionIn) -> SubmissionOut:
    quiz = await _quiz(session, own, quiz_id)
    version = await version_of(session, own.position)
    closed = await submit_attempt(
        session, own.position, version, quiz, sent.responses, attempt_id=sent.attempt_id, late=own.late
    )
    return SubmissionOut.model_validate(submission_view(closed))


@router.post("/quizzes/{quiz_id}/submit/", responses=LATER)
async def submit_quiz(
    quiz_id: str, own: AtQuiz, session: Session, sent: Annotated[SubmissionIn, body(SubmissionIn)]
) -> SubmissionOut:
    """Submit: what is sent is laid over what was saved, graded, and everything that follows happens."""
    return await _submit(session, own, quiz_id, sent)


@router.post("/assessments/{quiz_id}/submit/", responses=LATER)
async def submit_assessment(
    quiz_id: str, own: AtAssessment, session: Session, sent: Annotated[SubmissionIn, body(SubmissionIn)]
) -> SubmissionOut:
    """Submit the final assessment."""
    return await _submit(session, own, quiz_id, sent)


@router.patch("/attempts/{attempt_id}/")
async def save_attempt(
    attempt_id: str, own: AtAttempt, session: Session, sent: Annotated[SaveIn, body(SaveIn)]
) -> SavedAttemptOut:
    """Save responses: those named are replaced, the others stay. An older `sequence` changes nothing."""
    assert own.position.attempt is not None
    version = await version_of(session, own.position)
    quiz = (await quiz_of(session, version, own.position.attempt.quiz_id)).paper(own.position.attempt.layout)
    saved = await save_responses(session, own.position, quiz, sent.responses, sent.sequence)
    return SavedAttemptOut(
        attempt_id=saved.attempt_id,
        saved=saved.saved,
        sequence=saved.sequence,
        deadline_at=saved.deadline_at,
        server_time=now(session),
    )


@router.get("/attempts/{attempt_id}/")
async def read_attempt(attempt_id: str, caller: Caller, own: SeesAttempt, session: Session) -> AttemptOut:
    """One attempt: what was asked and given, and what may be shown of the marks.

    Its learner sees marks, right answers and explanations once the quiz's `feedback` releases them, and what graders
    gave and wrote as soon as all of it is graded; graders of the course see everything once the attempt is closed.
    """
    assert own.position.attempt is not None
    version = await version_of(session, own.position)
    quiz = (await quiz_of(session, version, own.position.attempt.quiz_id)).paper(own.position.attempt.layout)
    view = attempt_view(
        quiz,
        own.position.attempt,
        own.position,
        now(session),
        for_grader=own.position.user_id != caller.user_id,
    )
    return AttemptOut.model_validate(view)
