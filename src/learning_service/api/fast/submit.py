"""Submitting a quiz or an assessment: two round trips, one to read where the member stands, one to write.

No lock is held in between. Every change of progress adds one to the enrollment's revision, and the write happens
only at the revision that was read; the second of two takes the ordinary route, which waits for the lock. Everything
is judged and graded by the same functions as there. What finishes a course, closes an overdue attempt, repeats what
has just closed one, has to be read by a person or is refused goes there too: nothing has been written until then.
"""

import uuid
from datetime import datetime

from pydantic import TypeAdapter
from starlette.requests import Request

from learning_service.api.fast.functions import POSITION_AT_QUIZ
from learning_service.api.fast.lane import Reply, plain_body
from learning_service.api.fast.sent import keys_of
from learning_service.api.requests import authenticate
from learning_service.context import Context
from learning_service.domain.attempts.actions.attempts import refuse_misfits
from learning_service.domain.attempts.queries.positions import Position, read_position
from learning_service.domain.attempts.queries.repeats import digest_of
from learning_service.domain.attempts.rules import Bounds
from learning_service.domain.completion.actions.submissions import (
    Closed,
    GradedSubmission,
    prepare_submission,
)
from learning_service.domain.completion.views.attempts import mark_view, mark_views, released, submission_view
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion, cached_version
from learning_service.domain.enrollments.rules import decide
from learning_service.domain.grading.rules.release import ShownMark
from learning_service.schemas.attempts import MarkOut, SubmissionIn, SubmissionOut

_CLOSE = "SELECT close_attempt_in($1, $2, $3)"
_BODY: TypeAdapter[SubmissionIn] = TypeAdapter(SubmissionIn)
_NO_MARKS = b'"responses":[]'


async def submit(request: Request, context: Context, quiz_id: str, *, kind: str) -> Reply | None:
    """A submission to a quiz of this kind that completes nothing."""
    if "idempotency-key" in request.headers:
        return None
    caller = await authenticate(request)
    sent = await plain_body(request, _BODY, keys_of)
    if sent is None:
        return None
    organization, digest = caller.organization_id, digest_of(sent.responses)
    row = await context.direct.row(POSITION_AT_QUIZ.call, organization, caller.user_id, quiz_id, digest)
    if row is None:
        return None
    instant, *columns, repeated = row
    position = read_position(columns)
    version = cached_version(position.version_id)
    if version is None or repeated:
        return None
    quiz = version.quizzes[uuid.UUID(quiz_id)]
    if quiz.kind != kind:
        return None
    graded = _graded(context.bounds, version, position, quiz, sent, digest, instant)
    if graded is None:
        return None
    written = await context.direct.write(_CLOSE, organization, graded.document, position.revision)
    if written is None or not written[0]:
        return None
    closed = Closed(graded.attempt, graded.quiz, graded.after, None)
    around = SubmissionOut.model_validate(submission_view(closed, ())).model_dump_json().encode()
    return around.replace(_NO_MARKS, b'"responses":[%s]' % _marks(closed), 1), ()


def _marks(closed: Closed) -> bytes:
    """The marks as JSON. A question has few different ones, and each is written once for all learners."""
    quiz, attempt = closed.quiz, closed.attempt
    show = released(quiz, closed.position)
    if show and quiz.choice_feedback:
        return b",".join(_mark(mark) for mark in mark_views(quiz, attempt, show=True))
    marks, written = attempt.marks or {}, quiz.written
    texts = []
    for question_id, key in quiz.keys.items():
        told = (question_id, show, *marks[question_id].values())
        text = written.get(told)
        if text is None:
            text = written[told] = _mark(mark_view(quiz, attempt, key, show=show))
        texts.append(text)
    return b",".join(texts)


def _mark(mark: ShownMark) -> bytes:
    return MarkOut.model_validate(mark).model_dump_json().encode()


def _graded(
    bounds: Bounds,
    version: CompiledVersion,
    position: Position,
    quiz: CompiledQuiz,
    sent: SubmissionIn,
    digest: str,
    instant: datetime,
) -> GradedSubmission | None:
    """What to write, if this is a plain submission. Raises what `prepare_submission` does, and Invalid."""
    under_way = None
    if position.attempt is not None:
        quiz, under_way = quiz.paper(position.attempt.layout), position.attempt.id
    if not position.is_open or sent.attempt_id not in (None, under_way):
        return None
    if under_way is None and quiz.retry_delay_seconds is not None:
        return None
    refuse_misfits(quiz, sent.responses)
    graded = prepare_submission(
        position, version, quiz, sent.responses, digest=digest, instant=instant, bounds=bounds
    )
    if graded.marks.pending_question_ids:
        return None
    goes_on = decide(version.shape, graded.standing).status == "in_progress"
    return graded if goes_on else None
