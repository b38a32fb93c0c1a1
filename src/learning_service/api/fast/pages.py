"""The modules of a version as JSON, written once; a request only puts in how far its member is.

A version never changes once it is published, so of its 80 lessons only `completed_at` differs between members. The
text is the ordinary reply's own, cut at those places.
"""

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from pydantic_core import to_json

from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.queries.completions import Finish
from learning_service.domain.completion.views.items import quiz_view
from learning_service.domain.courses.queries.compiled import CompiledLesson, CompiledQuiz, CompiledVersion
from learning_service.schemas.courses import AttestationItemOut, LessonItemOut, ModulesOut, QuizItemOut
from learning_service.schemas.enrollments import ListedEnrollmentOut

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NO_ENROLLMENT = ListedEnrollmentOut.model_construct(id=uuid.UUID(int=0))  # type: ignore[call-arg]
Piece = bytes | CompiledLesson | CompiledQuiz | None
"""Fixed text; a lesson or attestation whose time goes here; a quiz, written with the standing; the enrollment."""


class ModulesPage:
    """The reply of `modules` for one version."""

    def __init__(self, version: CompiledVersion) -> None:
        self._version = version
        self._pieces: list[Piece] = []
        reply = ModulesOut.of(version)
        places = list(_mark_places(reply, version))
        text, end = reply.model_dump_json(), 0
        for start, mark, piece in sorted(
            ((text.index(m), m, p) for m, p in places), key=lambda place: place[0]
        ):
            self._pieces += [text[end:start].encode(), piece]
            end = start + len(mark)
        self._pieces.append(text[end:].encode())

    def render(
        self, position: Position, lessons: Mapping[str, str], finish: Finish, instant: datetime
    ) -> bytes:
        """The reply for one member. `lessons`: when each was completed, as PostgreSQL writes it in JSON, by id."""
        enrollment = ListedEnrollmentOut.of(position.view(self._version, instant), finish)
        return b"".join(
            piece
            if isinstance(piece, bytes)
            else _time(lessons.get(str(piece.id)), position)
            if isinstance(piece, CompiledLesson)
            else enrollment.model_dump_json().encode()
            if piece is None
            else _quiz(piece, position)
            for piece in self._pieces
        )


def _mark_places(reply: ModulesOut, version: CompiledVersion) -> Iterator[tuple[str, Piece]]:
    """Put marks into the reply where members differ: each text is there once, and the piece goes in its place."""
    items = [item for module in version.modules for item in module.items]
    shown = [item for module in reply.items for item in module.items]
    for number, (item, place) in enumerate(zip(items, shown, strict=True)):
        if isinstance(place, LessonItemOut | AttestationItemOut):
            place.completed_at = _LONG_AGO + timedelta(seconds=number)
            yield f'{to_json(place.completed_at).decode()},"kept":false', item
        else:
            yield place.model_dump_json(), item
    reply.enrollment = _NO_ENROLLMENT
    yield _NO_ENROLLMENT.model_dump_json(), None
    if reply.assessment is not None:
        yield reply.assessment.model_dump_json(), version.assessment


def _time(text: str | None, position: Position) -> bytes:
    """When a lesson was completed, and whether in an earlier enrollment."""
    if text is None:
        return b'null,"kept":false'
    kept = "true" if position.is_of_before(datetime.fromisoformat(text)) else "false"
    return f'"{text.replace("+00:00", "Z")}","kept":{kept}'.encode()


def _quiz(quiz: CompiledQuiz, position: Position) -> bytes:
    return QuizItemOut.model_validate(quiz_view(quiz, position)).model_dump_json().encode()
