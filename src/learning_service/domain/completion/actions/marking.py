"""Marking large responses, which takes so long that it is done between two transactions.

Whatever needs marks asks `marks_of` inside the transaction. Small responses are marked there and then. Large ones
that have no marks yet end the transaction: `with_marks` marks them, while no row and no connection is held, and does
the work once more. Its second transaction reads everything again, and takes the marks only for the same responses and
keys.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.courses.queries.compiled import CompiledQuiz
from learning_service.domain.grading.rules.score import Graded, grade_attempt
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Unavailable
from learning_service.domain.kernel.large_work import apart
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.responses import Response, dump_responses

T = TypeVar("T")

LARGE_CHARACTERS = 10_000
"""Responses of more than this are marked between two transactions."""
TRIES = 3
"""How often one call marks responses that turn out to have changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Responses with their marks."""

    quiz: CompiledQuiz
    answers: JsonObject
    marks: Graded


@dataclass(frozen=True, slots=True)
class _Known:
    """What the work under way knows from its earlier tries."""

    since: datetime | None = None
    """The first one's instant: what came in time is not late for having been marked."""
    marked: tuple[Marked, ...] = field(default=())


_NOTHING = _Known()
_known: ContextVar[_Known] = ContextVar("known", default=_NOTHING)


class Unmarked(Exception):
    """Not a refusal: the transaction has to end, because responses have to be marked first."""

    def __init__(
        self,
        learner: Position,
        instant: datetime,
        answers: Iterable[tuple[CompiledQuiz, Mapping[str, Response]]],
    ) -> None:
        super().__init__("large answers have no marks yet")
        self.learner = learner.organization_id, learner.user_id
        self.instant = instant
        self.answers = tuple(answers)

    async def mark(self) -> tuple[Marked, ...]:
        """Mark them, one attempt after the other, so that others have their turns between."""
        return tuple([await apart(*self.learner, _mark, *one) for one in self.answers])


def _mark(quiz: CompiledQuiz, given: Mapping[str, Response]) -> Marked:
    return Marked(quiz, dump_responses(given.values()), grade_attempt(quiz.keys.values(), given))


def is_large(given: Mapping[str, Response]) -> bool:
    """Whether marking the responses takes so long that others would wait."""
    return sum(len(response.text or "") for response in given.values()) > LARGE_CHARACTERS


def marks_of(
    position: Position, quiz: CompiledQuiz, given: Mapping[str, Response], instant: datetime
) -> Graded:
    """The marks of the learner's responses. Raises Unmarked where `with_marks` has to make them first."""
    if not is_large(given):
        return grade_attempt(quiz.keys.values(), given)
    found = _find(quiz, given)
    if found is None:
        raise Unmarked(position, instant, [(quiz, given)])
    return found


def require_marks(
    session: AsyncSession, position: Position, answers: Iterable[tuple[CompiledQuiz, Mapping[str, Response]]]
) -> None:
    """Ask for the marks of several attempts at once. Raises Unmarked."""
    missing = [(quiz, given) for quiz, given in answers if is_large(given) and _find(quiz, given) is None]
    if missing:
        raise Unmarked(position, now(session), missing)


def _find(quiz: CompiledQuiz, given: Mapping[str, Response]) -> Graded | None:
    answers = dump_responses(given.values())
    return next(
        (one.marks for one in _known.get().marked if one.quiz == quiz and one.answers == answers), None
    )


def marked_since() -> datetime | None:
    """The instant at which the work under way was first tried, where it is tried again; else None."""
    return _known.get().since


async def with_marks(work: Callable[[], Awaitable[T]]) -> T:
    """Do the work, and again whenever large responses have been marked for it. It opens transactions of its own.

    Raises Unavailable where the responses are others each time.
    """
    try:
        return await work()
    except Unmarked as found:
        unmarked = found
    return await work_again(work, unmarked)


async def work_again(work: Callable[[], Awaitable[T]], unmarked: Unmarked) -> T:
    """What `with_marks` does after the first try, which found responses unmarked. Raises Unavailable."""
    known = _NOTHING
    for _ in range(TRIES):
        known = _Known(known.since or unmarked.instant, (*known.marked, *await unmarked.mark()))
        before = _known.set(known)
        try:
            return await work()
        except Unmarked as found:
            unmarked = found
        finally:
            _known.reset(before)
    raise Unavailable("The answers changed again and again while they were marked.", retry_after=2)
