"""The modules of a version as JSON, written once; a request only puts in how far its member is.

A version never changes once it is published, so of its 80 lessons only `completed_at` differs between members. The
text is the ordinary reply's own, cut at those places.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from learning_service.domain.attempts.queries.positions import Position
from learning_service.domain.completion.queries.completions import Finish
from learning_service.domain.completion.views.items import item_view, quiz_view
from learning_service.domain.courses.queries.compiled import CompiledQuiz, CompiledVersion
from learning_service.schemas.courses import LessonItemOut, QuizItemOut
from learning_service.schemas.enrollments import ListedEnrollmentOut

_GAP = '"completed_at":null'
"""Never inside a JSON string: its quotes would be escaped there."""
Piece = bytes | str | CompiledQuiz
"""Fixed text; the id of a lesson whose time goes here; a quiz, to be written with the member's standing."""


class ModulesPage:
    """The reply of `modules` for one version."""

    def __init__(self, version: CompiledVersion) -> None:
        self._version = version
        pieces: list[Piece] = [b'{"items":[']
        for m, module in enumerate(version.modules):
            head = json.dumps(
                {"id": str(module.id), "key": module.key, "title": module.title},
                ensure_ascii=False,
                separators=(",", ":"),
            )
            pieces.append((("," if m else "") + head[:-1] + ',"items":[').encode())
            for n, item in enumerate(module.items):
                if n:
                    pieces.append(b",")
                if isinstance(item, CompiledQuiz):
                    pieces.append(item)
                    continue
                text = LessonItemOut.model_validate(item_view(item, None)).model_dump_json()
                before, after = text.split(_GAP, 1)
                pieces += [f'{before}"completed_at":'.encode(), str(item.id), after.encode()]
            pieces.append(b"]}")
        pieces.append(b'],"next_cursor":null,"version":%d,"enrollment":' % version.number)
        self._pieces = _joined(pieces)

    def render(
        self, position: Position, lessons: Mapping[str, str], finish: Finish, instant: datetime
    ) -> bytes:
        """The reply for one member. `lessons`: when each was completed, as PostgreSQL writes it in JSON, by id."""
        version = self._version
        written = [
            piece
            if isinstance(piece, bytes)
            else _time(lessons.get(piece))
            if isinstance(piece, str)
            else _quiz(piece, position)
            for piece in self._pieces
        ]
        enrollment = ListedEnrollmentOut.of(position.view(version, instant), finish)
        assessment = b"null" if version.assessment is None else _quiz(version.assessment, position)
        return b"".join(
            [*written, enrollment.model_dump_json().encode(), b',"assessment":', assessment, b"}"]
        )


def _joined(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, bytes) and isinstance(last, bytes):
            joined[-1] = last + piece
        else:
            joined.append(piece)
    return joined


def _time(text: str | None) -> bytes:
    return b"null" if text is None else f'"{text.replace("+00:00", "Z")}"'.encode()


def _quiz(quiz: CompiledQuiz, position: Position) -> bytes:
    return QuizItemOut.model_validate(quiz_view(quiz, position)).model_dump_json().encode()
