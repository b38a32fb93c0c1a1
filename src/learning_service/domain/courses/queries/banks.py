"""Question banks: which a caller may author, what is in them, and which drafts draw from them."""

import uuid
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Integer, Select, Text, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseVersion, Question
from learning_service.domain.courses.queries.access import authoring_roles
from learning_service.domain.courses.queries.reach import Offices, authoring_offices, units_of
from learning_service.domain.courses.rules.banks import compared_phrase, stored_question
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.large_work import apart_in_pieces
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    LIMIT,
    ORGANIZATION_ID,
    ROW_ID,
    Kept,
    fetch,
    fetch_first,
    kept,
)
from learning_service.domain.questions.models import BankQuestion, QuestionBank
from learning_service.domain.questions.rules.types import AnyQuestion

_BANK_ID = bindparam("bank_id", type_=Uuid())


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


def _authored(offices: Offices) -> Select[Any]:
    count = (
        select(func.count())
        .where(
            BankQuestion.organization_id == QuestionBank.organization_id,
            BankQuestion.bank_id == QuestionBank.id,
        )
        .scalar_subquery()
    )
    bank = QuestionBank
    return select(
        bank.id, bank.title, bank.scope, bank.scope_id, count, bank.created_at, bank.updated_at
    ).where(bank.organization_id == ORGANIZATION_ID, offices.authored(bank))


async def access_bank(session: AsyncSession, caller: Principal, bank_id: uuid.UUID) -> BankView:
    """The bank, for those who may author courses of its scope. Raises NotFound: others do not know of it."""
    roles = await authoring_roles(session, caller) or ()
    read = _bank(authoring_offices(caller, roles))
    found = await fetch_first(session, read, {**units_of(caller).given(), "row_id": bank_id})
    if found is None:
        raise NotFound
    return BankView(*found)


@cache
def _bank(offices: Offices) -> Kept:
    return kept(_authored(offices).where(QuestionBank.id == ROW_ID))


async def list_banks(
    session: AsyncSession, caller: Principal, page: PageRequest, *, phrase: str | None
) -> Sequence[BankView]:
    """The banks that the caller may author, newest first; one more than the page holds.

    An organization has few, which `pk_question_banks` finds.
    """
    roles = await authoring_roles(session, caller) or ()
    given = {**units_of(caller).given(), "limit": page.limit + 1}
    if phrase is not None:
        given["phrase"] = phrase.lower()
    if page.after is not None:
        given["after"] = uuid.UUID(page.after[0])
    offices = authoring_offices(caller, roles)
    read = _listed(offices, searched=phrase is not None, after=page.after is not None)
    return [BankView(*row) for row in await fetch(session, read, given)]


@cache
def _listed(offices: Offices, *, searched: bool, after: bool) -> Kept:
    statement = _authored(offices)
    if searched:
        phrase = bindparam("phrase", type_=Text())
        statement = statement.where(func.strpos(func.lower(QuestionBank.title), phrase) > 0)
    if after:
        statement = statement.where(QuestionBank.id < bindparam("after", type_=Uuid()))
    return kept(statement.order_by(QuestionBank.id.desc()).limit(LIMIT))


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
    given = {
        "organization_id": organization_id,
        "bank_id": bank_id,
        "tag": [tag],
        "phrase": None if phrase is None else compared_phrase(phrase),
        "kind": kind,
        "after": None if page.after is None else int(page.after[0]),
        "limit": page.limit + 1,
    }
    asked = frozenset(name for name in ("phrase", "kind", "after") if given[name] is not None)
    rows = await fetch(session, _questions_of(asked, tagged=tag is not None), given)
    return [BankedQuestion(row[0], stored_question(row[1])) for row in rows]


@cache
def _questions_of(asked: frozenset[str], *, tagged: bool) -> Kept:
    statement = select(BankQuestion.position, BankQuestion.content).where(*_of_bank(tagged=tagged))
    if "phrase" in asked:
        statement = statement.where(func.strpos(BankQuestion.words, bindparam("phrase", type_=Text())) > 0)
    if "kind" in asked:
        statement = statement.where(BankQuestion.type == bindparam("kind", type_=Text()))
    if "after" in asked:
        statement = statement.where(BankQuestion.position > bindparam("after", type_=Integer()))
    return kept(statement.order_by(BankQuestion.position).limit(LIMIT))


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
    given = {"organization_id": organization_id, "bank_id": bank_id, "tag": [tag], "limit": most}
    return [row[0] for row in await fetch(session, _contents(tagged=tag is not None), given)]


@cache
def _contents(*, tagged: bool) -> Kept:
    statement = select(BankQuestion.content).where(*_of_bank(tagged=tagged))
    return kept(statement.order_by(BankQuestion.position).limit(LIMIT))


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
            BankQuestion.organization_id == organization_id,
            BankQuestion.bank_id == bank_id,
            BankQuestion.key == key,
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
            authoring_offices(caller, roles).authored(QuestionBank, units_of(caller)),
        )
    )
    return frozenset(found)


async def drawing_drafts(
    session: AsyncSession, organization_id: str, bank_id: uuid.UUID
) -> list[DrawingDraft]:
    """The drafts that draw from the bank, by `ix_questions_bank_id`: what is changed in it reaches them."""
    given = {"organization_id": organization_id, "bank_id": bank_id}
    return [DrawingDraft(*row) for row in await fetch(session, _drawing(), given)]


@cache
def _drawing() -> Kept:
    return kept(
        select(CourseVersion.course_id, CourseVersion.title)
        .join(
            Question,
            (Question.organization_id == CourseVersion.organization_id)
            & (Question.version_id == CourseVersion.id),
        )
        .where(
            Question.organization_id == ORGANIZATION_ID,
            Question.bank_id == _BANK_ID,
            CourseVersion.published_at.is_(None),
        )
        .distinct()
        .order_by(CourseVersion.title, CourseVersion.course_id)
    )


def _of_bank(*, tagged: bool) -> list[Any]:
    where: list[Any] = [BankQuestion.organization_id == ORGANIZATION_ID, BankQuestion.bank_id == _BANK_ID]
    tag = bindparam("tag", type_=ARRAY(Text()))
    return [*where, BankQuestion.tags.contains(tag)] if tagged else where
