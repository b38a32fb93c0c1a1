"""Questions of a file into a draft: the good ones in one transaction, a word on each."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import get_args

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.actions.drafts import lock_course, sanitizer_of, store_draft
from learning_service.domain.courses.queries.versions import Edition, current_version, known_keys, read_tree
from learning_service.domain.courses.rules.importing import (
    Judged,
    Place,
    Room,
    clean_entries,
    contents_of,
    judge_entries,
    new_enclosures,
    new_questions,
    questions_in,
    room_in,
    with_documents,
    with_questions,
)
from learning_service.domain.documents.actions import Received, add_documents
from learning_service.domain.documents.queries import documents_with_ids
from learning_service.domain.kernel.large_work import apart_in_pieces
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.exchange.enclosures import content_id, named_in, renamed
from learning_service.domain.questions.rules.exchange.entries import Entry, Message, Status
from learning_service.domain.questions.rules.exchange.formats import Format, QuestionFile
from learning_service.domain.questions.rules.types import Question


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
class ImportReport:
    """What became of a file."""

    format: Format
    questions: Sequence[ImportedQuestion]
    accepted: int
    warned: int
    refused: int


@dataclass(slots=True)
class Arrived:
    """Files that came with questions and are in the store, each by the id that its questions name."""

    files: Mapping[uuid.UUID, Received]
    quota: int
    """How many bytes the organization may store."""
    kept: set[str] = field(default_factory=set)
    """Under which keys documents are now. The others are not needed."""


async def import_questions(
    session: AsyncSession,
    course_id: uuid.UUID,
    found: QuestionFile,
    arrived: Arrived,
    place: Place,
    *,
    dry_run: bool,
    actor: Principal,
) -> ImportReport:
    """Add what can be taken of these to the draft; a second time nothing is added. Raises Invalid.

    `dry_run`: only say what would become of them.
    """
    course = await lock_course(session, course_id)
    version = await current_version(session, course_id)
    before = Edition(version, await read_tree(session, version))
    room = room_in(before.tree, place)
    judged = await judged_entries(session, found.entries, questions_in(before.tree), room, actor=actor)
    if not dry_run and (new := await documented(session, judged, arrived, actor=actor)):
        known = await known_keys(session, course_id)
        tree = with_questions(before.tree, place, new)
        await store_draft(session, course, before, tree, (), known, actor=actor)
    return report_of(found.format, judged, dry_run=dry_run)


async def judged_entries(
    session: AsyncSession,
    entries: Sequence[Entry],
    there: Sequence[Question],
    room: Room,
    *,
    actor: Principal,
) -> list[Judged]:
    """What becomes of each, clean and compared with the questions that are there."""
    clean = await sanitizer_of(session, actor)
    cleaned = await apart_in_pieces(*actor.who, clean_entries(entries, clean))
    contents = await apart_in_pieces(*actor.who, contents_of(there))
    texts = chain((one.content for one in cleaned), (content for content, _ in contents))
    named = frozenset().union(*map(named_in, texts))
    documents = await documents_with_ids(session, actor.organization_id, named)
    files = {one.id: content_id(one.sha256, one.hidden_slides) for one in documents.values()}
    known = {renamed(content, files): key for content, key in contents}
    return await apart_in_pieces(*actor.who, judge_entries(cleaned, known, room, files, _new_key))


async def documented(
    session: AsyncSession, judged: Sequence[Judged], arrived: Arrived, *, actor: Principal
) -> list[Question]:
    """The questions to be added, with documents of the files that came with them. Raises QuotaExceeded."""
    ids = list(dict.fromkeys(new_enclosures(judged)))
    documents = await keep_files(session, ids, arrived, actor=actor)
    return [with_documents(question, documents) for question in new_questions(judged)]


async def keep_files(
    session: AsyncSession, ids: Sequence[uuid.UUID], arrived: Arrived, *, actor: Principal
) -> dict[uuid.UUID, uuid.UUID]:
    """The documents of these files, by the ids that stood for them. Raises QuotaExceeded."""
    received = [arrived.files[id_] for id_ in ids]
    documents = await add_documents(session, received, actor=actor, quota=arrived.quota)
    arrived.kept.update(document.original_key for document in documents)
    return {id_: document.id for id_, document in zip(ids, documents, strict=True)}


def report_of(format_: Format, judged: Sequence[Judged], *, dry_run: bool) -> ImportReport:
    """What became of a file, question by question."""
    questions = [
        ImportedQuestion(
            line=one.entry.line,
            name=one.entry.name,
            key=None if dry_run and one.is_new else one.key,
            status=one.entry.status,
            type=one.entry.type,
            messages=one.entry.messages,
        )
        for one in judged
    ]
    count = {status: sum(question.status == status for question in questions) for status in get_args(Status)}
    return ImportReport(format_, questions, count["accepted"], count["warned"], count["refused"])


def _new_key() -> str:
    return uuid.uuid4().hex
