"""Starting an attempt at a quiz or an assessment: two round trips, one to read where the member stands, one to write.

As with a submission no lock is held in between: the attempt is written only at the revision of the enrollment that
was read, and after the corrections that its questions were compiled with. What is under way already, is drawn anew
after earlier attempts, has to wait or is refused goes to the ordinary route: nothing has been written until then.
"""

import uuid
from dataclasses import replace

from pydantic import TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request

from learning_service.api.fast.lane import Reply, plain_body
from learning_service.api.fast.papers import remember_paper
from learning_service.api.fast.positions import position_at_quiz
from learning_service.api.headers import values_of
from learning_service.api.requests import authenticate
from learning_service.context import Context
from learning_service.domain.attempts.actions.attempts import attempts_granted, attempts_used, next_attempt
from learning_service.domain.attempts.actions.papers import layout_of, questions_shown
from learning_service.domain.attempts.queries.positions import AttemptRow, Position, read_position
from learning_service.domain.courses.queries.compiled import CompiledQuiz, cached_version
from learning_service.domain.courses.queries.shown import AnswerView, QuestionView
from learning_service.schemas.attempts import AnswerOut, QuestionOut, StartedAttemptOut
from learning_service.schemas.common import NothingIn

_START = "SELECT start_attempt_in($1, $2, $3)"
_BODY: TypeAdapter[NothingIn] = TypeAdapter(NothingIn)
_NO_QUESTIONS = b'"questions":[]'
NO_DIGEST = ""
"""No submission is asked about."""


async def start(request: Request, context: Context, quiz_id: str, *, kind: str) -> Reply | None:
    """The first attempt of several, or one that draws nothing, at a quiz of this kind."""
    if values_of(request.scope, b"idempotency-key"):
        return None
    caller = await authenticate(request)
    if not await _says_nothing(request):
        return None
    organization = caller.organization_id
    row = await position_at_quiz(context, caller, quiz_id, NO_DIGEST)
    if row is None:
        return None
    instant, *columns, _ = row
    position = read_position(columns)
    version = cached_version(position.version_id)
    if version is None:
        return None
    quiz = version.quizzes[uuid.UUID(quiz_id)]
    if quiz.kind != kind or not _is_plain(position, quiz):
        return None
    attempt = next_attempt(position, quiz, instant, context.bounds)
    attempt = replace(attempt, layout=layout_of(quiz, {}))
    document = _document(position, quiz, attempt)
    written = await context.direct.write(_START, organization, document, position.revision)
    if written is None or not written[0]:
        return None
    remember_paper((organization, caller.user_id, str(attempt.id)), version, quiz, attempt.layout)
    reply = StartedAttemptOut.of(attempt, (), instant).model_dump_json().encode()
    asked = b",".join([_written(quiz, view) for view in questions_shown(quiz, attempt.layout)])
    return reply.replace(_NO_QUESTIONS, b'"questions":[%s]' % asked, 1), ()


def _written(quiz: CompiledQuiz, view: QuestionView) -> bytes:
    """A question as JSON. It and its choices are each written once for all learners, and put in this one's order."""
    text = quiz.written.get(view.id)
    if text is None:
        bare = QuestionOut.model_validate(replace(view, answers=()))
        text = quiz.written[view.id] = bare.model_dump_json().encode()
    if not view.answers:
        return text
    return b'%s,"answers":[%s]}' % (
        text[:-1],
        b",".join([_written_answer(quiz, one) for one in view.answers]),
    )


def _written_answer(quiz: CompiledQuiz, view: AnswerView) -> bytes:
    text = quiz.written.get(view.id)
    if text is None:
        text = quiz.written[view.id] = AnswerOut.model_validate(view).model_dump_json().encode()
    return text


async def _says_nothing(request: Request) -> bool:
    """Whether there is no body, or an empty object, which many clients send for it."""
    length, coding = (values_of(request.scope, name) for name in (b"content-length", b"transfer-encoding"))
    if length in ([], ["0"]) and not coding:
        return True
    return await plain_body(request, _BODY, lambda _: 0) is not None


def _is_plain(position: Position, quiz: CompiledQuiz) -> bool:
    """Whether nothing is under way there, and no earlier attempt has a say in what is drawn or when it may begin."""
    if not position.is_open or position.attempt is not None:
        return False
    asks_before = bool(quiz.pools) or quiz.retry_delay_seconds is not None
    return not asks_before or attempts_used(position, quiz.id) == 0


def _document(position: Position, quiz: CompiledQuiz, attempt: AttemptRow) -> str:
    """The attempt as the database function takes it."""
    return to_json(
        {
            "id": attempt.id,
            "enrollment_id": attempt.enrollment_id,
            "quiz_id": attempt.quiz_id,
            "user_id": attempt.user_id,
            "course_id": position.course_id,
            "number": attempt.number,
            "started_at": attempt.started_at,
            "deadline_at": attempt.deadline_at,
            "sequence": attempt.sequence,
            "max_points": attempt.max_points,
            "allowed": attempts_granted(position, quiz),
            "correction": quiz.correction,
            **({} if attempt.layout is None else {"layout": attempt.layout}),
        }
    ).decode()
