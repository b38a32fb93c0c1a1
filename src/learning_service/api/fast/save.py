"""Saving responses of an attempt under way: one round trip, two where this process has not seen the attempt yet.

The function locks the enrollment before it looks at the attempt, as the ordinary route does. A save that comes late,
twice or for an attempt that is over changes nothing here: its route answers it.
"""

import uuid
from collections.abc import Mapping

from pydantic import TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request

from learning_service.api.fast.functions import PAPER_OF
from learning_service.api.fast.lane import Reply, plain_body
from learning_service.api.fast.papers import remember_paper, remembered_keys
from learning_service.api.fast.sent import keys_of
from learning_service.api.requests import authenticate
from learning_service.context import Context
from learning_service.domain.attempts.actions.attempts import GRACE, refuse_misfits, shown_sequence
from learning_service.domain.courses.queries.compiled import cached_version
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.responses import dump_responses
from learning_service.schemas.attempts import SavedAttemptOut, SaveIn

_SAVE = "SELECT * FROM save_responses_in($1, $2, $3, $4, $5, $6, $7, $8)"
_BODY: TypeAdapter[SaveIn] = TypeAdapter(SaveIn)


async def save(request: Request, context: Context, attempt_id: str) -> Reply | None:
    """Responses that fit an attempt under way, in time."""
    caller = await authenticate(request)
    sent = await plain_body(request, _BODY, keys_of)
    if sent is None:
        return None
    keys = await _asked(context, caller, attempt_id)
    if keys is None:
        return None
    refuse_misfits(keys, sent.responses)
    row = await context.direct.write(
        _SAVE,
        caller.organization_id,
        caller.user_id,
        attempt_id,
        to_json(dump_responses(one for one in sent.responses if not one.is_taken_back)).decode(),
        [one.question_id for one in sent.responses if one.is_taken_back],
        sent.sequence,
        GRACE,
        context.bounds.size,
    )
    if row is None:
        return None
    instant, last, deadline_at = row
    saved = SavedAttemptOut(
        attempt_id=uuid.UUID(attempt_id),
        saved=len(sent.responses),
        sequence=shown_sequence(last),
        deadline_at=deadline_at,
        server_time=instant,
    )
    return saved.model_dump_json().encode(), ()


async def _asked(context: Context, caller: Principal, attempt_id: str) -> Mapping[str, AnswerKey] | None:
    """The keys of what the caller's attempt asks, while no correction has come."""
    key = (caller.organization_id, caller.user_id, attempt_id)
    known = remembered_keys(key)
    if known is not None:
        return known
    row = await context.direct.row(PAPER_OF.call, *key)
    if row is None:
        return None
    quiz_id, layout, version_id = row
    version = cached_version(version_id)
    if version is None:
        return None
    remember_paper(key, version, version.quizzes[quiz_id], layout)
    return remembered_keys(key)
