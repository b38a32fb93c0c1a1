"""Which format a file is in, by its content, and its questions."""

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.questions.rules.exchange.aiken import read_aiken
from learning_service.domain.questions.rules.exchange.entries import Entry, Message
from learning_service.domain.questions.rules.exchange.gift import read_gift
from learning_service.domain.questions.rules.exchange.gift_writing import write_gift
from learning_service.domain.questions.rules.exchange.moodle import read_moodle
from learning_service.domain.questions.rules.exchange.moodle_writing import write_moodle
from learning_service.domain.questions.rules.exchange.xml import BadXml
from learning_service.domain.questions.rules.types import Question

Format: TypeAlias = Literal["gift", "moodle-xml", "aiken"]
WRITERS: dict[str, tuple[Callable[[Iterable[Question]], Iterator[str]], str, str]] = {
    "gift": (write_gift, "text/plain; charset=utf-8", "txt"),
    "moodle-xml": (write_moodle, "application/xml", "xml"),
}
"""By format: what writes it, its media type, the ending of a file's name."""
MOST = 20_000
"""Questions that are looked at in one file."""
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_QUIZ = re.compile(r"<(?:[A-Za-z][A-Za-z0-9]*:)?quiz[\s>/]")
_DECLARED = re.compile(rb"\s{0,9}<\?xml[^>]{0,80}encoding=[\"']([A-Za-z0-9._-]{1,20})[\"']")
_ENCODINGS = {
    "windows-1252": "cp1252",
    "iso-8859-1": "cp1252",
    "iso-8859-15": "iso8859-15",
    "windows-1250": "cp1250",
    "iso-8859-2": "iso8859-2",
    "windows-1251": "cp1251",
    "us-ascii": "cp1252",
}
_ANSWER = re.compile(r"^[ \t]*ANSWER:", re.IGNORECASE | re.MULTILINE)
_HEAD = 4096
_GUESSED = Message(
    "guessed-encoding", "The file is not UTF-8; it was read as Windows-1252. Look at its accents."
)


class UnknownFormat(Invalid):
    """The file is in none of the formats that are read."""

    code = "unknown-format"

    def __init__(self, detail: str) -> None:
        super().__init__([Fault("/file", detail, "unusable")])


def read_questions(data: bytes) -> Generator[None, None, tuple[Format, list[Entry]]]:
    """The format of a file and its questions: work that pauses after each. Raises UnknownFormat."""
    text, guessed = _decoded(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip()[:1] == "<":
        found: tuple[Format, Iterator[Entry]] = ("moodle-xml", _moodle(text))
    elif "{" not in text and _ANSWER.search(text):
        found = ("aiken", read_aiken(text))
    elif "{" in text or "}" in text or "::" in text:
        found = ("gift", read_gift(text))
    else:
        raise UnknownFormat("This is neither GIFT nor Aiken nor Moodle XML.")
    entries: list[Entry] = []
    for entry in found[1]:
        if len(entries) >= MOST:
            raise UnknownFormat(f"The file has more than {MOST:,} questions. Divide it.")
        entries.append(_with_guess(entry) if guessed else entry)
        yield
    if not entries:
        raise UnknownFormat("There is no question in the file.")
    return found[0], entries


def write_questions(questions: Sequence[Question], format_: str) -> tuple[str, str, str]:
    """A file of these questions, its media type, and the ending of its name."""
    write, kind, ending = WRITERS[format_]
    return "".join(write(questions)), kind, ending


def _decoded(data: bytes) -> tuple[str, bool]:
    """The file as text, and whether its encoding was guessed."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), False
    head = data[:_HEAD]
    if head.count(0) > len(head) // 4:
        big = head[::2].count(0) > head[1::2].count(0)
        return data.decode("utf-16-be" if big else "utf-16-le", "replace"), False
    declared = _DECLARED.match(head)
    if declared is not None and (codec := _ENCODINGS.get(declared[1].decode().lower())):
        return data.decode(codec, "replace"), False
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True


def _moodle(text: str) -> Iterator[Entry]:
    if not _QUIZ.search(text[:_HEAD]):
        raise UnknownFormat("The XML is not Moodle's: it does not begin with a quiz.")
    try:
        yield from read_moodle(text.encode("utf-8", "replace"))
    except BadXml as error:
        raise UnknownFormat(f"Line {error.line}: {error}") from None


def _with_guess(entry: Entry) -> Entry:
    """The entry, with a word on the guess where it has anything that depends on it."""
    fields = None if entry.question is None else entry.question.model_dump(mode="json")
    if json.dumps(fields, ensure_ascii=False).isascii() and entry.name.isascii():
        return entry
    return replace(entry, messages=(*entry.messages, _GUESSED))
