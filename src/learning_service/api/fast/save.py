"""Saving responses of an attempt under way: one round trip, two where this process has not seen the attempt yet.

Saves that come while one of their organization is being written are written together after it: eight of them take
PostgreSQL twice as long as one. The functions lock the enrollment before they look at the attempt, as the ordinary
route does; the one for several waits for no lock. A save that comes late, twice, for an attempt that is over, or
beside others while its enrollment is locked, changes nothing here: its route answers it.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from pydantic import TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request

from learning_service.api.fast.functions import PAPER_OF
from learning_service.api.fast.lane import Reply, plain_body
from learning_service.api.fast.papers import remember_paper, remembered_keys
from learning_service.api.fast.sent import keys_of
from learning_service.api.requests import authenticate
from learning_service.context import Context
from learning_service.core.database import DirectPool
from learning_service.core.together import TogetherBy
from learning_service.domain.attempts.actions.attempts import GRACE, refuse_misfits, shown_sequence
from learning_service.domain.courses.queries.compiled import cached_version
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.responses import dump_responses
from learning_service.schemas.attempts import SavedAttemptOut, SaveIn

_SAVE = "SELECT 1::bigint, f.* FROM save_responses_in($1, $2, $3, $4, $5, $6, $7, $8) AS f"
_SAVE_SEVERAL = "SELECT * FROM save_responses_together_in($1, $2, $3, $4, $5, $6, $7, $8)"
_BODY: TypeAdapter[SaveIn] = TypeAdapter(SaveIn)
MOST_TOGETHER = 50
"""Saves of one transaction, so that none waits long for the others."""
PATIENCE_SECONDS, GATHER_SECONDS = 0.02, 0.005
"""How long the others of an organization wait for one that waits for its enrollment's lock; where saves are many, how
long one waits for others.
"""


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a save is written, and within which bound: those of one home can be written together."""

    direct: DirectPool
    organization_id: str
    most_bytes: int


@dataclass(frozen=True, slots=True)
class _Save:
    """One save, as the function takes it."""

    user_id: str
    attempt_id: str
    given: str
    taken_back: Sequence[str]
    """The ids of questions."""
    sequence: int | None


async def _write(home: _Home, saves: Sequence[_Save]) -> list[asyncpg.Record | None]:
    """Of each save the row that the functions return: its place, the instant, the sequence and the deadline."""
    form, given = _one_of(saves[0]) if len(saves) == 1 else _several_of(saves)
    rows = await home.direct.write_many(form, home.organization_id, *given, GRACE, home.most_bytes)
    written = {row[0]: row for row in rows}
    return [written.get(place) for place in range(1, len(saves) + 1)]


def _one_of(one: _Save) -> tuple[str, Sequence[object]]:
    return _SAVE, (one.user_id, one.attempt_id, one.given, one.taken_back, one.sequence)


def _several_of(saves: Sequence[_Save]) -> tuple[str, Sequence[object]]:
    users, attempts, given, sequences = zip(
        *((one.user_id, one.attempt_id, one.given, one.sequence) for one in saves), strict=True
    )
    # An array of arrays would have to be of equal lengths: each is an array's text.
    taken_back = [f"{{{','.join(one.taken_back)}}}" for one in saves]
    return _SAVE_SEVERAL, (users, attempts, given, taken_back, sequences)


_written = TogetherBy(
    _write,
    subject=lambda save: save.attempt_id,
    most=MOST_TOGETHER,
    patience=PATIENCE_SECONDS,
    gather=GATHER_SECONDS,
)


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
    given = to_json(dump_responses(one for one in sent.responses if not one.is_taken_back)).decode()
    taken_back = [one.question_id for one in sent.responses if one.is_taken_back]
    row = await _written(
        _Home(context.direct, caller.organization_id, context.bounds.size),
        _Save(caller.user_id, attempt_id, given, taken_back, sent.sequence),
    )
    if row is None:
        return None
    _, instant, last, deadline_at = row
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
