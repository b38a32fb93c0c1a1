"""Which format a file is in, by its content, and its questions."""

import json
import posixpath
import re
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Literal, TypeAlias
from urllib.parse import unquote

from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.questions.rules.exchange.aiken import read_aiken
from learning_service.domain.questions.rules.exchange.bundles import Bundle, read_bundle
from learning_service.domain.questions.rules.exchange.enclosures import MAX_ENCLOSURES, Enclosure
from learning_service.domain.questions.rules.exchange.entries import Entry, Group, Message
from learning_service.domain.questions.rules.exchange.gift import read_gift
from learning_service.domain.questions.rules.exchange.gift_writing import write_gift
from learning_service.domain.questions.rules.exchange.moodle import read_moodle
from learning_service.domain.questions.rules.exchange.moodle_writing import write_moodle
from learning_service.domain.questions.rules.exchange.packages import BUNDLE, BadPackage, Package
from learning_service.domain.questions.rules.exchange.packing import Pictures
from learning_service.domain.questions.rules.exchange.qti1 import drawn_banks, read_qti1
from learning_service.domain.questions.rules.exchange.qti2 import ITEM_3, asked_items, drawn_items, read_qti2
from learning_service.domain.questions.rules.exchange.qti2_writing import write_qti2
from learning_service.domain.questions.rules.exchange.xml import BadXml
from learning_service.domain.questions.rules.types import Question

Format: TypeAlias = Literal["gift", "moodle-xml", "aiken", "qti-1.2", "qti-2.x", "qti-3.0", "bundle"]
WRITERS: dict[str, tuple[Callable[[Iterable[Question], Pictures], Iterator[str]], str, str]] = {
    "gift": (write_gift, "text/plain; charset=utf-8", "txt"),
    "moodle-xml": (write_moodle, "application/xml", "xml"),
}
"""By format: what writes it, its media type, the ending of a file's name."""
MOST = 20_000
"""Questions that are looked at in one file."""
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_QUIZ = re.compile(r"<(?:[A-Za-z][A-Za-z0-9]*:)?quiz[\s>/]")
_QTI_1 = re.compile(r"<(?:[A-Za-z][A-Za-z0-9]*:)?questestinterop[\s>/]")
_QTI_2 = re.compile(r"<(?:[A-Za-z][A-Za-z0-9]*:)?assessmentItem[\s>/]")
_QTI_3 = re.compile(r"<(?:[A-Za-z][A-Za-z0-9]*:)?qti-assessment-item[\s>/]")
_TEST = re.compile(r"<(?:[A-Za-z][A-Za-z0-9]*:)?(?:assessmentTest|qti-assessment-test)[\s>/]")
_ZIP = b"PK\x03\x04"
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
_ANSWER = re.compile(r"^[ \t]*ANSWER:[ \t]*[A-Z](?![A-Z0-9])", re.IGNORECASE | re.MULTILINE)
_CHOICE = re.compile(r"^[ \t]*[A-Z][.)]", re.IGNORECASE | re.MULTILINE)
_HEAD = 4096
_GUESSED = Message(
    "guessed-encoding", "The file is not UTF-8; it was read as Windows-1252. Look at its accents."
)


class UnknownFormat(Invalid):
    """The file is in none of the formats that are read."""

    code = "unknown-format"

    def __init__(self, detail: str) -> None:
        super().__init__([Fault("/file", detail, "unusable")])


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """What was found in a file."""

    format: Format
    entries: list[Entry]
    course: str | None = None
    """Of a bundle of a course: its tree, as JSON."""
    files: Mapping[uuid.UUID, Enclosure] = field(default_factory=dict)
    """What is in a bundle of a course, whatever shows it."""

    @property
    def enclosures(self) -> Mapping[uuid.UUID, Enclosure]:
        """The files that questions show, each once."""
        return {one.id: one for entry in self.entries for one in entry.enclosures}


def read_questions(data: bytes) -> Generator[None, None, QuestionFile]:
    """The format of a file and its questions: work that pauses after each. Raises UnknownFormat."""
    found = _opened(data)
    entries: list[Entry] = []
    shown: set[uuid.UUID] = set()
    for entry in found.entries:
        if len(entries) >= MOST:
            raise UnknownFormat(f"The file has more than {MOST:,} questions. Divide it.")
        shown.update(enclosure.id for enclosure in entry.enclosures)
        if len(shown) > MAX_ENCLOSURES:
            raise UnknownFormat(f"The file has more than {MAX_ENCLOSURES} pictures. Divide it.")
        entries.append(_with_guess(entry) if found.is_guess else entry)
        yield
    bundle = found.bundle
    if bundle is not None and bundle.course is not None:
        return QuestionFile(found.format, entries, bundle.course, bundle.files)
    if not entries:
        raise UnknownFormat("There is no question in the file.")
    return QuestionFile(found.format, entries)


def write_questions(
    questions: Sequence[Question], format_: str, pictures: Pictures
) -> Generator[None, None, tuple[str | bytes, str, str]]:
    """A file of these questions with these pictures, its media type, and the ending of its name.

    Work that pauses after each part.
    """
    if format_ == "qti-2.1":
        return (yield from write_qti2(questions, pictures)), "application/zip", "zip"
    write, kind, ending = WRITERS[format_]
    parts = []
    for part in write(questions, pictures):
        parts.append(part)
        yield
    return "".join(parts), kind, ending


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file whose format is known, with the questions as they are read."""

    format: Format
    entries: Iterator[Entry]
    is_guess: bool = False
    """Whether its encoding was guessed."""
    bundle: Bundle | None = None


def _opened(data: bytes) -> _Opened:
    if data.startswith(_ZIP):
        return _packed(data)
    text, guessed = _decoded(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip()[:1] == "<":
        head = text[:_HEAD]
        if (qti := _qti(head)) is not None:
            return _Opened(qti[0], _xml(qti[1], text), guessed)
        if _QUIZ.search(head):
            return _Opened("moodle-xml", _xml(read_moodle, text), guessed)
        raise UnknownFormat("The XML is neither Moodle's, which begins with a quiz, nor QTI.")
    # Braces may stand in any text, a letter after ANSWER: and lettered lines in no GIFT.
    if _ANSWER.search(text) and ("{" not in text or _CHOICE.search(text)):
        return _Opened("aiken", read_aiken(text), guessed)
    if "{" in text or "}" in text or "::" in text:
        return _Opened("gift", read_gift(text), guessed)
    raise UnknownFormat("This is neither GIFT nor Aiken nor XML, nor a package of QTI, nor a bundle of ours.")


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


def _xml(read: Callable[[bytes], Iterator[Entry]], text: str) -> Iterator[Entry]:
    try:
        yield from read(text.encode("utf-8", "replace"))
    except BadXml as error:
        raise UnknownFormat(f"Line {error.line}: {error}") from None
    except BadPackage as error:
        raise UnknownFormat(str(error)) from None


def _qti(head: str) -> tuple[Format, Callable[..., Iterator[Entry]]] | None:
    """The edition of QTI in which a file is, and what reads it; None: in none."""
    if _QTI_1.search(head):
        return "qti-1.2", read_qti1
    if _QTI_2.search(head):
        return "qti-2.x", read_qti2
    return ("qti-3.0", partial(read_qti2, name=ITEM_3)) if _QTI_3.search(head) else None


def _packed(data: bytes) -> _Opened:
    """A bundle of ours, or a package of QTI: the edition of its first file of questions, and the questions of all."""
    try:
        package = Package(data)
        if BUNDLE in package.names:
            bundle = read_bundle(package)
            return _Opened("bundle", bundle.entries, bundle=bundle)
        files = [(name, _decoded(file)[0]) for name, file in package.question_files()]
    except BadPackage as error:
        raise UnknownFormat(str(error)) from None
    found = [(qti, name, text) for name, text in files if (qti := _qti(text[:_HEAD])) is not None]
    tests = [(name, text) for name, text in files if _TEST.search(text[:_HEAD])]
    places = {name: n for n, name in enumerate(chain.from_iterable(_asked(*test) for test in tests))}
    found.sort(key=lambda one: places.get(one[1], len(places)))
    groups = dict(chain.from_iterable(_banks(text) for _, _, text in found))
    groups |= chain.from_iterable(_drawn(*test) for test in tests)
    entries = chain.from_iterable(
        _xml(_reader(qti, name, package, groups), text) for qti, name, text in found
    )
    return _Opened(found[0][0][0] if found else "qti-1.2", entries)


def _reader(
    qti: tuple[Format, Callable[..., Iterator[Entry]]],
    name: str,
    package: Package,
    groups: Mapping[str, Group],
) -> Callable[[bytes], Iterator[Entry]]:
    """What reads a file of a package, with its pictures and what others draw: from banks in it, or it from many."""
    given: dict[str, object] = {"banks": groups} if qti[0] == "qti-1.2" else {"group": groups.get(name)}
    return partial(qti[1], find=partial(package.picture, beside=name), **given)


def _banks(text: str) -> Iterator[tuple[str, Group]]:
    if "sourcebank_ref" not in text:
        return
    # What is wrong with it is told where its items are read.
    with suppress(BadXml):
        yield from drawn_banks(text.encode("utf-8", "replace"))


def _asked(name: str, text: str) -> Iterator[str]:
    """The files of items in the order in which a test asks them; nothing of a test that cannot be read."""
    with suppress(BadXml):
        for address in asked_items(text.encode("utf-8", "replace")):
            yield _beside(name, address)


def _beside(name: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(address)))


def _drawn(name: str, text: str) -> Iterator[tuple[str, Group]]:
    # A test that cannot be read leaves its items as they are: all of them are asked.
    with suppress(BadXml):
        for address, group in drawn_items(text.encode("utf-8", "replace")):
            yield _beside(name, address), group


def _with_guess(entry: Entry) -> Entry:
    """The entry, with a word on the guess where it has anything that depends on it."""
    fields = None if entry.question is None else entry.question.model_dump(mode="json")
    if json.dumps(fields, ensure_ascii=False).isascii() and entry.name.isascii():
        return entry
    return replace(entry, messages=(*entry.messages, _GUESSED))
