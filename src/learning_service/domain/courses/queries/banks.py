"""Question banks: which a caller may author, what is in them, and which drafts draw from them."""

import uuid
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseVersion, Question
from learning_service.domain.courses.queries.access import authoring_roles
from learning_service.domain.courses.queries.reach import authored_by
from learning_service.domain.courses.rules.banks import compared_phrase, stored_question
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.large_work import apart_in_pieces
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.models import BankQuestion, QuestionBank
from learning_service.domain.questions.rules.types import AnyQuestion


@dataclass(frozen=True, slots=True)
class BankView:
    """A question bank as its authors see it."""

    id: uuid.UUID
    title: str
    scope: str
    scope_id: str | None
    question_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class BankedQuestion:
    """A question of a bank, and its place there."""

    position: int
    question: AnyQuestion


@dataclass(frozen=True, slots=True)
class DrawingDraft:
    """A draft that draws from a bank."""

    course_id: uuid.UUID
    title: str


def _views() -> Any:
    count = (
        select(func.count())
        .where(
            BankQuestion.organization_id == QuestionBank.organization_id,
            BankQuestion.bank_id == QuestionBank.id,
        )
        .scalar_subquery()
    )
    bank = QuestionBank
    return select(bank.id, bank.title, bank.scope, bank.scope_id, count, bank.created_at, bank.updated_at)


async def access_bank(session: AsyncSession, caller: Principal, bank_id: uuid.UUID) -> BankView:
    """The bank, for those who may author courses of its scope. Raises NotFound: others do not know of it."""
    roles = await authoring_roles(session, caller) or ()
    row = await session.execute(
        _views().where(
            QuestionBank.organization_id == caller.organization_id,
            QuestionBank.id == bank_id,
            authored_by(caller, roles, QuestionBank),
        )
    )
    found = row.first()
    if found is None:
        raise NotFound
    return BankView(*found)


async def list_banks(
    session: AsyncSession, caller: Principal, page: PageRequest, *, phrase: str | None
) -> Sequence[BankView]:
    """The banks that the caller may author, newest first; one more than the page holds.

    An organization has few, which `pk_question_banks` finds.
    """
    roles = await authoring_roles(session, caller) or ()
    statement = (
        _views()
        .where(
            QuestionBank.organization_id == caller.organization_id, authored_by(caller, roles, QuestionBank)
        )
        .order_by(QuestionBank.id.desc())
        .limit(page.limit + 1)
    )
    if phrase is not None:
        statement = statement.where(func.strpos(func.lower(QuestionBank.title), phrase.lower()) > 0)
    if page.after is not None:
        statement = statement.where(QuestionBank.id < uuid.UUID(page.after[0]))
    return [BankView(*row) for row in await session.execute(statement)]


async def list_bank_questions(
    session: AsyncSession,
    organization_id: str,
    bank_id: uuid.UUID,
    page: PageRequest,
    *,
    phrase: str | None = None,
    tag: str | None = None,
    kind: str | None = None,
) -> Sequence[BankedQuestion]:
    """The questions of a bank in their order; one more than the page holds. `ix_bank_questions_position` has it."""
    statement: Any = (
        select(BankQuestion.position, BankQuestion.content)
        .where(*_of(organization_id, bank_id, tag))
        .order_by(BankQuestion.position)
        .limit(page.limit + 1)
    )
    if phrase is not None:
        statement = statement.where(func.strpos(BankQuestion.words, compared_phrase(phrase)) > 0)
    if kind is not None:
        statement = statement.where(BankQuestion.type == kind)
    if page.after is not None:
        statement = statement.where(BankQuestion.position > int(page.after[0]))
    return [BankedQuestion(row[0], stored_question(row[1])) for row in await session.execute(statement)]


async def questions_in_bank(
    session: AsyncSession, organization_id: str, bank_id: uuid.UUID, *, tag: str | None = None, most: int
) -> list[AnyQuestion]:
    """Up to `most` questions of a bank in their order, of a tag or all."""
    contents = await stored_in_bank(session, organization_id, bank_id, tag=tag, most=most)
    return await apart_in_pieces(organization_id, "", _questions(contents))


async def stored_in_bank(
    session: AsyncSession, organization_id: str, bank_id: uuid.UUID, *, tag: str | None = None, most: int
) -> Sequence[str]:
    """The same as they are stored."""
    statement = (
        select(BankQuestion.content)
        .where(*_of(organization_id, bank_id, tag))
        .order_by(BankQuestion.position)
        .limit(most)
    )
    return (await session.scalars(statement)).all()


def _questions(contents: Iterable[str]) -> Generator[None, None, list[AnyQuestion]]:
    """What `contents` say: work that pauses after each."""
    questions = []
    for content in contents:
        questions.append(stored_question(content))
        yield
    return questions


async def find_bank_question(
    session: AsyncSession, organization_id: str, bank_id: uuid.UUID, key: str
) -> BankedQuestion:
    """A question of a bank. Raises NotFound."""
    row = await session.execute(
        select(BankQuestion.position, BankQuestion.content).where(
            *_of(organization_id, bank_id, None), BankQuestion.key == key
        )
    )
    found = row.first()
    if found is None:
        raise NotFound
    return BankedQuestion(found[0], stored_question(found[1]))


async def known_banks(
    session: AsyncSession, caller: Principal, ids: Collection[uuid.UUID]
) -> frozenset[uuid.UUID]:
    """Those of the ids that are banks which the caller may author."""
    roles = await authoring_roles(session, caller) or ()
    found = await session.scalars(
        select(QuestionBank.id).where(
            QuestionBank.organization_id == caller.organization_id,
            QuestionBank.id.in_(ids),
            authored_by(caller, roles, QuestionBank),
        )
    )
    return frozenset(found)


async def drawing_drafts(
    session: AsyncSession, organization_id: str, bank_id: uuid.UUID
) -> list[DrawingDraft]:
    """The drafts that draw from the bank, by `ix_questions_bank_id`: what is changed in it reaches them."""
    rows = await session.execute(
        select(CourseVersion.course_id, CourseVersion.title)
        .join(
            Question,
            (Question.organization_id == CourseVersion.organization_id)
            & (Question.version_id == CourseVersion.id),
        )
        .where(
            Question.organization_id == organization_id,
            Question.bank_id == bank_id,
            CourseVersion.published_at.is_(None),
        )
        .distinct()
        .order_by(CourseVersion.title, CourseVersion.course_id)
    )
    return [DrawingDraft(*row) for row in rows]


def _of(organization_id: str, bank_id: uuid.UUID, tag: str | None) -> list[Any]:
    where: list[Any] = [BankQuestion.organization_id == organization_id, BankQuestion.bank_id == bank_id]
    return where if tag is None else [*where, BankQuestion.tags.contains([tag])]
