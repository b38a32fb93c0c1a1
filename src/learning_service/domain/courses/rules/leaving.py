"""Questions on their way into a file. Pure.

Each method is work that pauses, for the questions may be held in another process.
"""

import uuid
from collections.abc import Sequence

from learning_service.domain.courses.rules.banks import stored_question
from learning_service.domain.courses.rules.richtext import Cleaning
from learning_service.domain.questions.rules.exchange.bundles import question_line, write_bundle
from learning_service.domain.questions.rules.exchange.enclosures import named_in
from learning_service.domain.questions.rules.exchange.formats import write_questions
from learning_service.domain.questions.rules.exchange.packing import PackedFile, Pictures
from learning_service.domain.questions.rules.types import AnyQuestion


class Leaving:
    """Questions of a course, or of a bank as they are stored there."""

    def __init__(self, questions: Sequence[AnyQuestion | str]) -> None:
        self._given = questions
        self._read: list[AnyQuestion] = []
        self._lines: list[str] = []

    def named(self) -> Cleaning[frozenset[uuid.UUID]]:
        """The documents that they name. Comes first."""
        for one in self._given:
            question = stored_question(one) if isinstance(one, str) else one
            self._read.append(question)
            self._lines.append(question_line(question))
            yield
        self._given = ()
        return frozenset().union(*map(named_in, self._lines))

    def bundle(self, files: Sequence[PackedFile]) -> Cleaning[bytes]:
        """A bundle of a bank with these files."""
        yield
        return write_bundle("bank", "".join(self._lines), files)

    def file(self, format_: str, pictures: Pictures) -> Cleaning[tuple[str | bytes, str, str]]:
        """A file of another system: what is in it, its media type, and the ending of its name."""
        return (yield from write_questions(self._read, format_, pictures))
