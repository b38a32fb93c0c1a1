"""Making question banks and filling them. One author at a time holds the bank's row."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.actions.courses import unit_of_scope
from learning_service.domain.courses.actions.drafts import sanitizer_of
from learning_service.domain.courses.actions.imports import (
    Arrived,
    ImportReport,
    Taker,
    judge_questions,
    keep_files,
    report_of,
)
from learning_service.domain.courses.queries.access import authoring_roles
from learning_service.domain.courses.queries.banks import (
    drawing_drafts,
    find_bank_question,
    stored_in_bank,
)
from learning_service.domain.courses.rules.access import may_author
from learning_service.domain.courses.rules.banks import (
    MAX_IN_BANK,
    BankChangeIn,
    BankIn,
    with_keys,
)
from learning_service.domain.courses.rules.documents import ShownDocument
from learning_service.domain.courses.rules.importing import Room
from learning_service.domain.courses.rules.richtext import sanitize_tree
from learning_service.domain.courses.rules.taking import Head, Row, Taking, rows_of
from learning_service.domain.documents.queries import documents_with_ids
from learning_service.domain.kernel.base import new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Fault, Forbidden, Invalid
from learning_service.domain.kernel.large_work import apart_in_pieces
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.models import BankQuestion, QuestionBank
from learning_service.domain.questions.rules.types import AnyQuestion
from learning_service.domain.records.audit import AuditAction, record_act


class BankInUse(Conflict):
    """Drafts draw from the bank."""

    code = "in-use"

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__(f"Drafts draw from this bank: {', '.join(titles[:5])}.")


async def create_bank(session: AsyncSession, new: BankIn, *, actor: Principal) -> uuid.UUID:
    """Make a bank. Raises Invalid for an unknown unit, Forbidden for one outside the actor's role."""
    scope = await unit_of_scope(session, new.scope, new.scope_id, actor.organization_id)
    if not may_author(actor, scope, await authoring_roles(session, actor) or ()):
        raise Forbidden("Your role does not reach this region or chapter.")
    bank = QuestionBank(
        organization_id=actor.organization_id,
        id=new_id(),
        title=new.title,
        scope=new.scope,
        scope_id=new.scope_id,
        created_at=now(session),
        updated_at=now(session),
    )
    session.add(bank)
    await session.flush()
    _record(session, "question_bank.created", bank.id, actor)
    return bank.id


async def change_bank(
    session: AsyncSession, bank_id: uuid.UUID, change: BankChangeIn, *, actor: Principal
) -> None:
    """Give the bank another title."""
    bank = await _lock_bank(session, bank_id, actor)
    if change.title is not None and change.title != bank.title:
        bank.title, bank.updated_at = change.title, now(session)
        await session.flush()
        _record(session, "question_bank.updated", bank_id, actor)


async def delete_bank(session: AsyncSession, bank_id: uuid.UUID, *, actor: Principal) -> None:
    """Delete a bank with its questions; what was published keeps what it drew. Raises BankInUse."""
    bank = await _lock_bank(session, bank_id, actor)
    drafts = await drawing_drafts(session, actor.organization_id, bank_id)
    if drafts:
        raise BankInUse([draft.title for draft in drafts])
    await session.delete(bank)
    _record(session, "question_bank.deleted", bank_id, actor)


async def add_question(
    session: AsyncSession, bank_id: uuid.UUID, sent: AnyQuestion, *, actor: Principal
) -> AnyQuestion:
    """Add a question to the end of a bank. Raises Invalid."""
    if sent.key is not None:
        raise Invalid.at("/key", "the bank never had this key; leave it out to get a new one", "not-known")
    await _lock_bank(session, bank_id, actor)
    clean = await _clean(session, sent, actor)
    count, last = await _extent(session, bank_id, actor)
    if count >= MAX_IN_BANK:
        raise Invalid.at(
            "", f"a bank has at most {MAX_IN_BANK:,} questions", "too-many", {"most": MAX_IN_BANK}
        )
    question = with_keys(clean, _new_key(), (), _new_key)
    await _store_one(session, bank_id, last + 1, question, actor)
    _record(session, "question_bank.question_saved", bank_id, actor, question.key)
    return question


async def replace_question(
    session: AsyncSession, bank_id: uuid.UUID, key: str, sent: AnyQuestion, *, actor: Principal
) -> AnyQuestion:
    """Put another question in the place of this key. Raises NotFound, Invalid."""
    await _lock_bank(session, bank_id, actor)
    before = await find_bank_question(session, actor.organization_id, bank_id, key)
    if sent.key not in (None, key):
        raise Invalid.at("/key", "is another one than in the address", "conflicting")
    clean = await _clean(session, sent, actor)
    known = {answer.key for answer in before.question.choices if answer.key is not None}
    question = with_keys(clean, key, known, _new_key)
    await _store_one(session, bank_id, before.position, question, actor)
    _record(session, "question_bank.question_saved", bank_id, actor, key)
    return question


async def delete_question(session: AsyncSession, bank_id: uuid.UUID, key: str, *, actor: Principal) -> None:
    """Take a question out of a bank; what was published keeps it. Raises NotFound."""
    await _lock_bank(session, bank_id, actor)
    await find_bank_question(session, actor.organization_id, bank_id, key)
    await session.execute(
        delete(BankQuestion).where(
            BankQuestion.organization_id == actor.organization_id,
            BankQuestion.bank_id == bank_id,
            BankQuestion.key == key,
        )
    )
    _record(session, "question_bank.question_deleted", bank_id, actor, key)


async def import_into_bank(
    session: AsyncSession,
    bank_id: uuid.UUID,
    head: Head,
    taker: Taker,
    arrived: Arrived,
    *,
    dry_run: bool,
    actor: Principal,
) -> ImportReport:
    """Add what can be taken of these to the bank; a second time nothing is added.

    `dry_run`: only say what would become of them.
    """
    await _lock_bank(session, bank_id, actor)
    there = await stored_in_bank(session, actor.organization_id, bank_id, most=MAX_IN_BANK)
    room = Room(
        MAX_IN_BANK - len(there),
        f"A bank has at most {MAX_IN_BANK:,} questions.",
        "The bank has this question.",
        pools=False,
    )
    ids = await judge_questions(session, taker, there, room, actor=actor)
    if not dry_run:
        _, last = await _extent(session, bank_id, actor)
        documents = await keep_files(session, ids, arrived, actor=actor)
        shown, rows = await taker.do(Taking.rows, documents, last, uuid.uuid4)
        if rows:
            await _store(session, bank_id, shown, rows, actor)
            _record(session, "question_bank.imported", bank_id, actor)
    return await report_of(head.format, taker, dry_run=dry_run)


async def _lock_bank(session: AsyncSession, bank_id: uuid.UUID, actor: Principal) -> QuestionBank:
    return (
        await session.execute(
            select(QuestionBank)
            .where(QuestionBank.organization_id == actor.organization_id, QuestionBank.id == bank_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).scalar_one()


async def _extent(session: AsyncSession, bank_id: uuid.UUID, actor: Principal) -> tuple[int, int]:
    """How many questions a bank has, and the last one's position."""
    row = await session.execute(
        select(func.count(), func.coalesce(func.max(BankQuestion.position), 0)).where(
            BankQuestion.organization_id == actor.organization_id, BankQuestion.bank_id == bank_id
        )
    )
    count, last = row.one()
    return count, last


async def _clean(session: AsyncSession, sent: AnyQuestion, actor: Principal) -> AnyQuestion:
    clean = await sanitizer_of(session, actor)
    question, _ = await apart_in_pieces(*actor.who, sanitize_tree(sent, clean))
    return question


async def _store_one(
    session: AsyncSession, bank_id: uuid.UUID, position: int, question: AnyQuestion, actor: Principal
) -> None:
    await _store(session, bank_id, *await apart_in_pieces(*actor.who, rows_of([(position, question)])), actor)


async def _store(
    session: AsyncSession,
    bank_id: uuid.UUID,
    shown: Sequence[ShownDocument],
    rows: Sequence[Row],
    actor: Principal,
) -> None:
    """Write questions at their positions. Raises Invalid for a document that the organization does not have."""
    wanted = {one.document_id for one in shown}
    known: Collection[uuid.UUID] = await documents_with_ids(session, actor.organization_id, wanted)
    faults = [
        Fault(one.pointer, "is not a document of this organization", "not-known")
        for one in shown
        if one.document_id not in known
    ]
    if faults:
        raise Invalid(faults)
    statement = insert(BankQuestion)
    changes = {name: statement.excluded[name] for name in ("type", "words", "tags", "documents", "content")}
    await session.execute(
        statement.on_conflict_do_update(index_elements=["organization_id", "bank_id", "key"], set_=changes),
        [{"organization_id": actor.organization_id, "bank_id": bank_id, **row} for row in rows],
    )
    await session.execute(
        QuestionBank.__table__.update()  # type: ignore[attr-defined]
        .where(QuestionBank.organization_id == actor.organization_id, QuestionBank.id == bank_id)
        .values(updated_at=now(session))
    )


def _new_key() -> str:
    return uuid.uuid4().hex


def _record(
    session: AsyncSession, action: AuditAction, bank_id: uuid.UUID, actor: Principal, key: str | None = None
) -> None:
    record_act(
        session, actor, action, ("question_bank", bank_id), details={} if key is None else {"key": key}
    )
