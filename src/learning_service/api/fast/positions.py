"""Where members stand at quizzes, before a start or a submission.

Those who come while one of their organization is being looked up are looked up together after it: in eight at once
each takes half of PostgreSQL's time (108 µs for 196), and a third of Python's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from learning_service.api.fast.functions import POSITION_AT_QUIZ
from learning_service.context import Context
from learning_service.core.database import DirectPool
from learning_service.core.together import TogetherBy
from learning_service.domain.kernel.principal import Principal

MOST_TOGETHER, PATIENCE_SECONDS, GATHER_SECONDS = 16, 0.02, 0.005
"""Members of one round trip; how long the others of an organization wait for one; where calls are many, how long one
waits for others.
"""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A member at a quiz, and the digest of what is submitted."""

    user_id: str
    quiz_id: str
    digest: str


async def position_at_quiz(
    context: Context, caller: Principal, quiz_id: str, digest: str
) -> tuple[Any, ...] | None:
    """The row of `POSITION_AT_QUIZ`; none where the caller has no enrollment with that quiz."""
    home = context.direct, caller.organization_id
    return await _found(home, _Asked(caller.user_id, quiz_id, digest))


async def _find(home: tuple[DirectPool, str], asked: Sequence[_Asked]) -> list[tuple[Any, ...] | None]:
    direct, organization_id = home
    if len(asked) == 1:
        [one] = asked
        given = organization_id, one.user_id, one.quiz_id, one.digest
        row = await direct.row(POSITION_AT_QUIZ.call, *given)
        return [None if row is None else tuple(row)]
    rows = await direct.rows(
        POSITION_AT_QUIZ.call_each,
        organization_id,
        [one.user_id for one in asked],
        [one.quiz_id for one in asked],
        [one.digest for one in asked],
    )
    found = {row[0]: tuple(row)[1:] for row in rows}
    return [found.get(place) for place in range(1, len(asked) + 1)]


_found = TogetherBy(
    _find, subject=lambda asked: asked, most=MOST_TOGETHER, patience=PATIENCE_SECONDS, gather=GATHER_SECONDS
)
