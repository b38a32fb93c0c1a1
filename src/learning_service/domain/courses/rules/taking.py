"""A file of questions on its way into a draft or a bank: what is found out between two looks at the database. Pure.

Each method is work that pauses. What it takes and gives is small beside the file, or needed outside, because the
file may be held in another process.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import get_args

from pydantic_core import to_json

from learning_service.domain.courses.rules.banks import (
    compared_words,
    content_to_store,
    stored_question,
    with_keys,
)
from learning_service.domain.courses.rules.documents import ShownDocument, shown_documents
from learning_service.domain.courses.rules.importing import (
    Cleaned,
    Judged,
    Room,
    clean_entries,
    contents_of,
    judge_entries,
    new_enclosures,
    new_questions,
    pooled,
    with_documents,
)
from learning_service.domain.courses.rules.richtext import Clean, Cleaning
from learning_service.domain.questions.rules.exchange.enclosures import (
    Enclosure,
    content_id,
    named_in,
    renamed,
)
from learning_service.domain.questions.rules.exchange.entries import Message, Status
from learning_service.domain.questions.rules.exchange.formats import Format, QuestionFile, read_questions
from learning_service.domain.questions.rules.pools import Asked
from learning_service.domain.questions.rules.types import AnyQuestion

NewKey = Callable[[], uuid.UUID]


@dataclass(frozen=True, slots=True)
class Head:
    """What a file is, beside its questions."""

    format: Format
    course: str | None
    """Of a bundle of a course: its tree, as JSON."""
    files: Mapping[uuid.UUID, Enclosure]
    """What is in a bundle of a course, whatever shows it."""
    enclosures: Mapping[uuid.UUID, Enclosure]
    """The files that questions show, each once."""


@dataclass(frozen=True, slots=True)
class ImportedQuestion:
    """What became of a question of the file. `key`: of the question in the draft."""

    line: int
    name: str
    key: str | None
    status: Status
    type: str | None
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the questions of a file: each as JSON, and how many of each status."""

    questions: Sequence[str]
    count: Mapping[Status, int]


class Taking:
    """The questions of a file."""

    def __init__(self) -> None:
        self._entries: QuestionFile
        self._cleaned: list[Cleaned] = []
        self._there: list[tuple[str, str]] = []
        self._judged: list[Judged] = []

    def read(self, content: bytes) -> Cleaning[Head]:
        """What the file is. Raises UnknownFormat."""
        self._entries = found = yield from read_questions(content)
        return Head(found.format, found.course, found.files, found.enclosures)

    def clean(self, clean: Clean, there: Iterable[AnyQuestion | str]) -> Cleaning[frozenset[uuid.UUID]]:
        """Clean them, and note which questions are there already; the documents that all of these name."""
        self._cleaned = yield from clean_entries(self._entries.entries, clean)
        for question in there:
            asked = stored_question(question) if isinstance(question, str) else question
            self._there += yield from contents_of([asked])
        texts = (*(one.content for one in self._cleaned), *(content for content, _ in self._there))
        return frozenset().union(*map(named_in, texts))

    def judge(
        self, room: Room, documents: Iterable[tuple[uuid.UUID, str, bool]], new_key: NewKey
    ) -> Cleaning[list[uuid.UUID]]:
        """Find out what becomes of each; the files that new ones show.

        `documents`: of those that are named the id, the hash, and whether hidden slides are shown.
        """
        files = {id_: content_id(sha256, hidden) for id_, sha256, hidden in documents}
        known = {renamed(content, files): key for content, key in self._there}
        self._judged = yield from judge_entries(self._cleaned, known, room, files, lambda: new_key().hex)
        return list(dict.fromkeys(new_enclosures(self._judged)))

    def take_all(self, keys: Iterable[str | None] | None) -> Cleaning[None]:
        """Say that all of them have become questions of a course, with these keys."""
        keyed: Iterable[str | None] = repeat(None) if keys is None else keys
        pairs = zip(self._cleaned, keyed, strict=False)
        self._judged = [Judged(one.entry, key, is_new=True) for one, key in pairs]
        yield

    def asked(self, documents: Mapping[uuid.UUID, uuid.UUID]) -> Cleaning[list[Asked]]:
        """The new ones as a quiz asks them, with these documents."""
        new = yield from self._new(documents)
        return pooled(self._judged, new)

    def rows(
        self, documents: Mapping[uuid.UUID, uuid.UUID], last: int, new_key: NewKey
    ) -> "Cleaning[tuple[list[ShownDocument], list[Row]]]":
        """The new ones as a bank stores them, after this position, and which documents they show."""
        new = yield from self._new(documents)
        numbered = []
        for position, question in enumerate(new, last + 1):
            keyed = with_keys(question, question.key or "", (), lambda: new_key().hex)
            numbered.append((position, keyed))
            yield
        return (yield from rows_of(numbered))

    def outcome(self, dry_run: bool) -> Cleaning[Outcome]:
        """What became of each."""
        questions = []
        count: dict[Status, int] = dict.fromkeys(get_args(Status), 0)
        for one in self._judged:
            entry = one.entry
            count[entry.status] += 1
            key = None if dry_run and one.is_new else one.key
            said = ImportedQuestion(entry.line, entry.name, key, entry.status, entry.type, entry.messages)
            questions.append(to_json(said).decode())
            yield
        return Outcome(questions, count)

    def _new(self, documents: Mapping[uuid.UUID, uuid.UUID]) -> Cleaning[list[AnyQuestion]]:
        found = []
        for question in new_questions(self._judged):
            found.append(with_documents(question, documents))
            yield
        return found


Row = Mapping[str, object]
"""A question as a bank stores it, by column; what is common to the bank is left out."""


def rows_of(questions: Iterable[tuple[int, AnyQuestion]]) -> Cleaning[tuple[list[ShownDocument], list[Row]]]:
    """The documents that questions show, and their rows."""
    shown: list[ShownDocument] = []
    rows: list[Row] = []
    for position, question in questions:
        found = shown_documents(question)
        shown.extend(found)
        row = {
            "key": question.key,
            "position": position,
            "type": question.type,
            "words": compared_words(question.prompt_html),
            "tags": list(question.tags),
            "documents": sorted({one.document_id for one in found}),
            "content": content_to_store(question),
        }
        rows.append(row)
        yield
    return shown, rows
