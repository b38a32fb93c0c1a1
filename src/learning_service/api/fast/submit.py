"""Submitting a quiz or an assessment: two round trips, one to read where the member stands, one to write.

No lock is held in between. Every change of progress adds one to the enrollment's revision, and the write happens
only at the revision that was read; the second of two takes the ordinary route, which waits for the lock. Everything
is judged and graded by the same functions as there. What finishes a course, closes an overdue attempt, repeats what
has just closed one, has to be read by a person or is refused goes there too: nothing has been written until then.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json
from starlette.requests import Request

from learning_service.api import bodies as wire
from learning_service.api.fast.lane import Reply, plain_bytes, read_body
from learning_service.api.fast.positions import position_at_quiz
from learning_service.api.fast.sent import keys_of
from learning_service.api.headers import values_of
from learning_service.api.requests import authenticate
from learning_service.context import Context
from learning_service.domain.attempts.actions.attempts import refuse_misfits
from learning_service.domain.attempts.queries.positions import Position, known_id, read_position
from learning_service.domain.attempts.rules import Bounds, digest_of, digest_of_told
from learning_service.domain.completion.actions.closing import (
    GradedSubmission,
    close_judged,
    prepare_submission,
)
from learning_service.domain.completion.actions.submissions import Closed
from learning_service.domain.completion.views.attempts import mark_views, released, score_of
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion, cached_version
from learning_service.domain.enrollments.rules import decide
from learning_service.domain.grading.rules.judged import Judged, judged_before, remember
from learning_service.domain.grading.rules.release import ShownMark, shown_mark
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.responses import load_responses
from learning_service.schemas.attempts import MarkOut, SubmissionIn
from learning_service.schemas.common import shown_number

_CLOSE = "SELECT close_attempt_in($1, $2, $3)"
_BODY: TypeAdapter[SubmissionIn] = TypeAdapter(SubmissionIn)
_FIELDS = frozenset(SubmissionIn.model_fields)
_NO_MARKS = b'"responses":[]'


async def submit(request: Request, context: Context, quiz_id: str, *, kind: str) -> Reply | None:
    """A submission to a quiz of this kind that completes nothing."""
    if values_of(request.scope, b"idempotency-key"):
        return None
    caller = await authenticate(request)
    body = await plain_bytes(request)
    if body is None:
        return None
    sent = _read_known(body) or read_body(body, _BODY, keys_of)
    if sent is None:
        return None
    organization = caller.organization_id
    digest = digest_of(sent.responses) if isinstance(sent, SubmissionIn) else sent.digest
    row = await position_at_quiz(context, caller, quiz_id, digest)
    if row is None:
        return None
    instant, *columns, repeated = row
    position = read_position(columns)
    version = cached_version(position.version_id)
    if version is None or repeated:
        return None
    quiz = version.quizzes[known_id(quiz_id)]
    if quiz.kind != kind:
        return None
    at = _Here(position, version, quiz, digest, instant, context.bounds)
    graded = None if isinstance(sent, SubmissionIn) else _graded_again(at, sent)
    if graded is None:
        # A correction has come since it was judged, or not all of it has been.
        given = sent if isinstance(sent, SubmissionIn) else read_body(body, _BODY, keys_of)
        graded = None if given is None else _graded(at, given)
    if graded is None or not _goes_on(at, graded):
        return None
    written = await context.direct.write(_CLOSE, organization, graded.document, position.revision)
    if written is None or not written[0]:
        return None
    closed = Closed(graded.attempt, graded.quiz, graded.after, None)
    return _around(closed).replace(_NO_MARKS, b'"responses":[%s]' % _marks(closed, graded.judged), 1), ()


def _around(closed: Closed) -> bytes:
    """The reply without its marks: a submission that completed nothing."""
    attempt, position = closed.attempt, closed.position
    score = score_of(attempt)
    return to_json(
        {
            "attempt_id": attempt.id,
            "number": attempt.number,
            "status": attempt.status,
            "points": shown_number(attempt.points or Decimal(0)),
            "max_points": shown_number(attempt.max_points),
            "score": None if score is None else shown_number(score),
            "passed": attempt.passed,
            "attempts_remaining": closed.remaining,
            "responses": (),
            "enrollment": {"id": position.enrollment_id, "status": position.status},
        }
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """A submission whose responses were all judged before, by question."""

    responses: Mapping[str, Judged]
    attempt_id: str | None
    """As it is sent, whatever that is."""
    digest: str


def _read_known(body: bytes) -> _Known | None:
    """The body, where it is a submission of nothing but responses that were judged before."""
    try:
        sent = from_json(body)
    except ValueError:
        return None
    if type(sent) is not dict or not sent.keys() <= _FIELDS:
        return None
    responses = judged_before(sent.get("responses"))
    # As many keys as there are now: none was there twice.
    if responses is None or wire.keys_of(body) != len(sent) + 2 * len(responses):
        return None
    digest = digest_of_told([one.told for one in responses.values()])
    return _Known(responses, sent.get("attempt_id"), digest)


@dataclass(frozen=True, slots=True)
class _Here:
    """What a submission meets."""

    position: Position
    version: CompiledVersion
    quiz: CompiledQuiz
    digest: str
    instant: datetime
    bounds: Bounds

    @property
    def under_way(self) -> uuid.UUID | None:
        """The attempt that it closes; None: one of its own."""
        attempt = self.position.attempt
        return None if attempt is None else attempt.id

    @property
    def paper(self) -> CompiledQuiz:
        """The quiz as that attempt asks it."""
        attempt = self.position.attempt
        return self.quiz if attempt is None else self.quiz.paper(attempt.layout)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the responses is to be judged here."""
        return self.position.is_open and (self.under_way is not None or self.quiz.retry_delay_seconds is None)


def _graded_again(at: _Here, sent: _Known) -> GradedSubmission | None:
    """What to write where all is as it was when the responses were judged. Raises what `close_judged` does."""
    if not at.is_plain or at.quiz.choice_feedback:
        return None
    if sent.attempt_id is not None and sent.attempt_id != str(at.under_way):
        return None
    return close_judged(
        at.position,
        at.version,
        at.paper,
        sent.responses,
        digest=at.digest,
        instant=at.instant,
        bounds=at.bounds,
    )


def _graded(at: _Here, sent: SubmissionIn) -> GradedSubmission | None:
    """What to write, if this is a plain submission. Raises what `prepare_submission` does, and Invalid."""
    if not at.is_plain or sent.attempt_id not in (None, at.under_way):
        return None
    quiz = at.paper
    refuse_misfits(quiz.keys, sent.responses)
    graded = prepare_submission(
        at.position,
        at.version,
        quiz,
        sent.responses,
        digest=at.digest,
        instant=at.instant,
        bounds=at.bounds,
    )
    remember(quiz.keys, load_responses(graded.attempt.responses))
    return graded


def _goes_on(at: _Here, graded: GradedSubmission) -> bool:
    """Whether nothing waits for a person, and the enrollment does not end."""
    if graded.marks.pending_question_ids:
        return False
    return decide(at.version.shape, graded.standing).status == "in_progress"


def _marks(closed: Closed, judged: Sequence[Judged]) -> bytes:
    """The marks as JSON."""
    quiz, attempt = closed.quiz, closed.attempt
    show = released(quiz, closed.position)
    if judged:
        return b",".join([one.shown.get(show) or _shown_of(quiz, one, show) for one in judged])
    if show and quiz.choice_feedback:
        return b",".join(_mark(mark) for mark in mark_views(quiz, attempt, show=True))
    marks = attempt.marks or {}
    return b",".join(
        [_written(quiz, key, marks[question_id], show) for question_id, key in quiz.keys.items()]
    )


def _shown_of(quiz: CompiledQuiz, one: Judged, show: bool) -> bytes:
    text = one.shown[show] = _written(quiz, one.key, dict(one.mark.stored), show)
    return text


def _written(quiz: CompiledQuiz, key: AnswerKey, mark: JsonObject, show: bool) -> bytes:
    """A mark as JSON. A question has few different ones, and each is written once for all learners."""
    told = (key.question_id, show, *mark.values())
    text = quiz.written.get(told)
    if text is None:
        explanation = quiz.explanations.get(key.question_id)
        shown = shown_mark(key, mark, released=show, graded=True, explanation=explanation)
        text = quiz.written[told] = _mark(shown)
    return text


def _mark(mark: ShownMark) -> bytes:
    return MarkOut.model_validate(mark).model_dump_json().encode()
