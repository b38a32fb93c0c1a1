"""Questions of a file into a draft: the good ones in one transaction, a word on each."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.actions.drafts import lock_course, sanitizer_of, store_draft
from learning_service.domain.courses.actions.rights import require_granting
from learning_service.domain.courses.models import Course
from learning_service.domain.courses.queries.versions import Edition, current_version, known_keys, read_tree
from learning_service.domain.courses.rules.documents import shown_documents
from learning_service.domain.courses.rules.importing import (
    Place,
    Room,
    is_empty,
    questions_in,
    room_in,
    with_questions,
)
from learning_service.domain.courses.rules.richtext import Clean, Cleaning, Removed, sanitize_tree
from learning_service.domain.courses.rules.taking import Head, Taking
from learning_service.domain.courses.rules.tree import Tree, dump_tree, parse_tree, pools_of, texts_of
from learning_service.domain.documents.actions import Received, add_documents
from learning_service.domain.documents.queries import documents_with_ids
from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.large_work import Workroom, apart_in_pieces
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.exchange.enclosures import renamed
from learning_service.domain.questions.rules.exchange.formats import Format
from learning_service.domain.questions.rules.types import AnyQuestion

Taker: TypeAlias = Workroom[Taking]
"""Where the file is that is taken."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file."""

    format: Format
    questions: Sequence[str]
    """Each as JSON, for they are many: an `ImportedQuestion`."""
    accepted: int
    warned: int
    refused: int
    removed_html: Sequence[Removed] = ()
    """What the sanitizer took out of a whole course."""


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
    head: Head,
    taker: Taker,
    arrived: Arrived,
    place: Place,
    *,
    dry_run: bool,
    actor: Principal,
) -> ImportReport:
    """Add what can be taken of these to the draft; a second time nothing is added. Raises Invalid.

    A whole course fills a draft that is empty; the actor has to be one who may grant its skills, else Forbidden.
    `dry_run`: only say what would become of them.
    """
    course = await lock_course(session, course_id)
    version = await current_version(session, course_id)
    before = Edition(version, await read_tree(session, version))
    if head.course is not None and place.is_open and is_empty(before.tree):
        return await _import_course(
            session, course, before, head, head.course, taker, arrived, dry_run=dry_run, actor=actor
        )
    room = room_in(before.tree, place)
    ids = await judge_questions(session, taker, questions_in(before.tree), room, actor=actor)
    if not dry_run:
        documents = await keep_files(session, ids, arrived, actor=actor)
        if new := await taker.do(Taking.asked, documents):
            known = await known_keys(session, course_id)
            tree = with_questions(before.tree, place, new)
            await store_draft(session, course, before, tree, (), known, actor=actor)
    return await report_of(head.format, taker, dry_run=dry_run)


async def _import_course(
    session: AsyncSession,
    course: Course,
    before: Edition,
    head: Head,
    content: str,
    taker: Taker,
    arrived: Arrived,
    *,
    dry_run: bool,
    actor: Principal,
) -> ImportReport:
    """Make the tree of a bundle the draft, whole or not at all. Raises Invalid, Forbidden."""
    clean = await sanitizer_of(session, actor)
    tree, removed = await apart_in_pieces(*actor.who, _judged_course(content.encode(), clean))
    await _refuse_foreign(session, tree, head, actor)
    await require_granting(session, course, before.tree.mastered_skills, tree.mastered_skills, actor=actor)
    await taker.do(Taking.clean, clean, ())
    keys: Sequence[str | None] | None = None
    if not dry_run:
        shown = dict.fromkeys(
            one.document_id for one in shown_documents(tree) if one.document_id in head.files
        )
        documents = await keep_files(session, list(shown), arrived, actor=actor)
        stored = parse_tree(renamed(dump_tree(tree).decode(), documents), texts_of(tree))
        known = await known_keys(session, course.id)
        edition = await store_draft(session, course, before, stored, removed, known, actor=actor)
        keys = [question.key for question in questions_in(edition.tree)]
    await taker.do(Taking.take_all, keys)
    return replace(await report_of(head.format, taker, dry_run=dry_run), removed_html=removed)


def _judged_course(content: bytes, clean: Clean) -> Cleaning[tuple[Tree, tuple[Removed, ...]]]:
    tree = parse_tree(content)
    yield
    return (yield from sanitize_tree(tree, clean))


async def _refuse_foreign(session: AsyncSession, tree: Tree, head: Head, actor: Principal) -> None:
    """Raises Invalid for banks of another installation, and for documents that neither came nor are here."""
    shown = [one for one in shown_documents(tree) if one.document_id not in head.files]
    known = await documents_with_ids(session, actor.organization_id, {one.document_id for one in shown})
    faults = [
        Fault(f"/file{one.pointer}", "is not a document of this organization", "not-known")
        for one in shown
        if one.document_id not in known
    ]
    faults += [
        Fault(f"/file{pointer(*path, 'bank_id')}", "is a question bank of another installation", "not-known")
        for path, pool in pools_of(tree)
        if pool.bank_id is not None
    ]
    if faults:
        raise Invalid(faults)


async def judge_questions(
    session: AsyncSession,
    taker: Taker,
    there: Sequence[AnyQuestion | str],
    room: Room,
    *,
    actor: Principal,
) -> list[uuid.UUID]:
    """Find out what becomes of each, clean and compared with those that are there; the files that new ones show."""
    named = await taker.do(Taking.clean, await sanitizer_of(session, actor), there)
    found = await documents_with_ids(session, actor.organization_id, named)
    documents = [(one.id, one.sha256, one.hidden_slides) for one in found.values()]
    return await taker.do(Taking.judge, room, documents, uuid.uuid4)


async def keep_files(
    session: AsyncSession, ids: Sequence[uuid.UUID], arrived: Arrived, *, actor: Principal
) -> dict[uuid.UUID, uuid.UUID]:
    """The documents of these files, by the ids that stood for them. Raises QuotaExceeded."""
    received = [arrived.files[id_] for id_ in ids]
    documents = await add_documents(session, received, actor=actor, quota=arrived.quota)
    arrived.kept.update(document.original_key for document in documents)
    return {id_: document.id for id_, document in zip(ids, documents, strict=True)}


async def report_of(format_: Format, taker: Taker, *, dry_run: bool) -> ImportReport:
    """What became of a file, question by question."""
    outcome = await taker.do(Taking.outcome, dry_run)
    count = outcome.count
    return ImportReport(format_, outcome.questions, count["accepted"], count["warned"], count["refused"])
