"""Questions of a file into a draft: the good ones in one transaction, a word on each."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.actions.drafts import lock_course, sanitizer_of, store_draft
from learning_service.domain.courses.queries.versions import Edition, current_version, known_keys, read_tree
from learning_service.domain.courses.rules.importing import (
    Judged,
    Place,
    contents_of,
    judge_entries,
    new_questions,
    room_in,
    with_questions,
)
from learning_service.domain.kernel.large_work import apart_in_pieces
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.exchange.entries import Entry, Message, Status
from learning_service.domain.questions.rules.exchange.formats import Format


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


async def import_questions(
    session: AsyncSession,
    course_id: uuid.UUID,
    format_: Format,
    entries: Sequence[Entry],
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
    clean = await sanitizer_of(session, actor)
    judged = await apart_in_pieces(
        *actor.who, judge_entries(entries, contents_of(before.tree), room, clean, _new_key)
    )
    new = tuple(new_questions(judged))
    if new and not dry_run:
        known = await known_keys(session, course_id)
        tree = with_questions(before.tree, place, new)
        await store_draft(session, course, before, tree, (), known, actor=actor)
    return report_of(format_, judged, dry_run=dry_run)


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
