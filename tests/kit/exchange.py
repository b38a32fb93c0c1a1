"""Reading files of questions in tests."""

from typing import TypeVar, cast

from learning_service.domain.kernel.pieces import Work
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.entries import Entry
from learning_service.domain.questions.rules.exchange.formats import read_questions

T = TypeVar("T")


def done(work: Work[T]) -> T:
    """What work that pauses returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return cast(T, end.value)


def read_all(data: bytes) -> tuple[str, list[Entry]]:
    """The format of a file and its questions."""
    found = done(read_questions(data))
    return found.format, found.entries


def read(text: str | bytes) -> list[Entry]:
    """The questions of a file."""
    return read_all(text if isinstance(text, bytes) else text.encode())[1]


def fields(entry: Entry) -> JsonObject:
    """What a question has that is not usual."""
    assert entry.question is not None, entry.messages
    dumped: JsonObject = entry.question.model_dump(mode="json", exclude_defaults=True)
    return dumped


def codes(entry: Entry) -> list[str]:
    """What is said of a question."""
    return [message.code for message in entry.messages]


def right(entry: Entry) -> list[tuple[str, bool]]:
    """The choices of a question, and which are right."""
    return [(a.get("text") or a["html"], a.get("is_correct", False)) for a in fields(entry)["answers"]]
