"""Question banks: questions that many courses draw from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from learning_service.api.idempotency import KeyedRoute, keyed_request
from learning_service.api.parameters import NoBody, PathKey, body, large_body, page, path_id
from learning_service.api.permissions import AnyCaller, CanAuthorBank, CanImportIntoBank, CanMakeCourses
from learning_service.api.question_files import (
    FILE,
    MAX_FILE,
    DryRun,
    ExportFormat,
    export_answer,
    import_answer,
    stored_files,
)
from learning_service.api.requests import ContextOf, Session
from learning_service.api.uploads import FILE_BODY, PlacesOf, read_file
from learning_service.domain.courses.actions import banks
from learning_service.domain.courses.queries.banks import (
    BankView,
    access_bank,
    drawing_drafts,
    list_bank_questions,
    list_banks,
    stored_in_bank,
)
from learning_service.domain.courses.rules.banks import MAX_IN_BANK, BankChangeIn, BankIn
from learning_service.domain.courses.rules.taking import Taking
from learning_service.domain.kernel.large_work import line, workroom
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.types import QUESTION_TYPES, AnyQuestion, Question
from learning_service.domain.records.idempotency import claim_key
from learning_service.schemas.common import PageOut
from learning_service.schemas.filters import phrase_filter, text_filter
from learning_service.schemas.question_banks import BankListItemOut, BankOut, BankQuestionOut
from learning_service.schemas.question_files import ImportOut

router = APIRouter(prefix="/api/question-banks", tags=["question-banks"], route_class=KeyedRoute)
Author = Annotated[Principal, Depends(AnyCaller())]
Maker = Annotated[Principal, Depends(CanMakeCourses())]
Authored = Annotated[BankView, Depends(CanAuthorBank())]
SentQuestion = Annotated[AnyQuestion, large_body(Question)]


@router.get("/")
async def list_question_banks(
    caller: Maker, session: Session, asked: Annotated[PageRequest, page("question-banks", "q")]
) -> PageOut[BankListItemOut]:
    """The question banks that the caller may author, newest first. `?q=` looks for a part of the title."""
    rows = await list_banks(session, caller, asked, phrase=phrase_filter(asked, "q"))
    return PageOut[BankListItemOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=BankListItemOut.model_validate)
    )


@router.post("/", status_code=201)
async def create_question_bank(
    caller: Maker, session: Session, new: Annotated[BankIn, body(BankIn)]
) -> BankOut:
    """Make a question bank, for authors of courses of its scope."""
    bank_id = await banks.create_bank(session, new, actor=caller)
    return await _shown(session, caller, await access_bank(session, caller, bank_id))


@router.get("/{bank_id}/")
async def read_question_bank(bank: Authored, caller: Author, session: Session) -> BankOut:
    """A question bank, and which drafts draw from it."""
    return await _shown(session, caller, bank)


@router.patch("/{bank_id}/")
async def update_question_bank(
    bank: Authored, caller: Author, session: Session, change: Annotated[BankChangeIn, body(BankChangeIn)]
) -> BankOut:
    """Give a question bank another title. Its scope stays."""
    await banks.change_bank(session, bank.id, change, actor=caller)
    return await _shown(session, caller, await access_bank(session, caller, bank.id))


@router.delete("/{bank_id}/", status_code=204)
async def delete_question_bank(bank: Authored, caller: Author, session: Session, nothing: NoBody) -> None:
    """Delete a question bank that no draft draws from. What was published keeps the questions that it drew."""
    await banks.delete_bank(session, bank.id, actor=caller)


@router.get("/{bank_id}/questions/")
async def list_bank_questions_(
    bank: Authored,
    caller: Author,
    session: Session,
    asked: Annotated[PageRequest, page("bank-questions", "q", "tag", type=tuple(QUESTION_TYPES))],
) -> PageOut[BankQuestionOut]:
    """The questions of a bank, with their keys, in the order in which they came.

    `?q=` looks for words of what is asked, whatever their case and accents; `?tag=` and `?type=` leave others out.
    """
    rows = await list_bank_questions(
        session,
        caller.organization_id,
        bank.id,
        asked,
        phrase=phrase_filter(asked, "q"),
        tag=text_filter(asked, "tag"),
        kind=asked.filters.get("type"),
    )
    return PageOut[BankQuestionOut](
        **page_of(
            rows, asked, key=lambda row: (row.position,), item=lambda row: BankQuestionOut.of(row.question)
        )
    )


@router.post("/{bank_id}/questions/", status_code=201)
async def create_bank_question(
    bank: Authored, caller: Author, session: Session, sent: SentQuestion
) -> BankQuestionOut:
    """Add a question to the end of a bank; says which drafts draw from it. It gets its key here."""
    question = await banks.add_question(session, bank.id, sent, actor=caller)
    return BankQuestionOut.of(question, await drawing_drafts(session, caller.organization_id, bank.id))


@router.put("/{bank_id}/questions/{key}/")
async def put_bank_question(
    bank: Authored, caller: Author, session: Session, key: PathKey, sent: SentQuestion
) -> BankQuestionOut:
    """Put another question in the place of one; says which drafts draw from the bank.

    What was published keeps the question as it was.
    """
    question = await banks.replace_question(session, bank.id, key, sent, actor=caller)
    return BankQuestionOut.of(question, await drawing_drafts(session, caller.organization_id, bank.id))


@router.delete("/{bank_id}/questions/{key}/", status_code=204)
async def delete_bank_question(
    bank: Authored, caller: Author, session: Session, key: PathKey, nothing: NoBody
) -> None:
    """Take a question out of a bank. What was published keeps it."""
    await banks.delete_question(session, bank.id, key, actor=caller)


@router.post("/{bank_id}/imports/", response_model=ImportOut, openapi_extra=FILE_BODY)
async def import_into_bank(
    caller: Annotated[Principal, Depends(CanImportIntoBank())],
    bank_id: str,
    request: Request,
    context: ContextOf,
    places: PlacesOf,
    dry_run: DryRun = False,
) -> Response:
    """Add the questions of a file to a bank: Moodle's GIFT and XML, Aiken, QTI, and our own bundle.

    Of up to 20 MiB; its content decides what it is. Each question is told with its line; those that cannot be taken
    are refused and left out, the others come in at once. What the bank has already is not added again.
    """
    content = await read_file(request, limit=MAX_FILE, sender=caller, places=places)
    async with workroom(*caller.who, Taking, size=len(content)) as taker:
        head = await taker.do(Taking.read, content)
        async with (
            stored_files(context, head.enclosures, dry_run=dry_run) as arrived,
            context.transaction(caller.organization_id, caller=caller.key) as session,
        ):
            keyed = keyed_request(request, caller, content)
            if keyed is not None:
                await claim_key(session, keyed)
            bank = await access_bank(session, caller, path_id(bank_id))
            report = await banks.import_into_bank(
                session, bank.id, head, taker, arrived, dry_run=dry_run, actor=caller
            )
            return await import_answer(session, report)


@router.get("/{bank_id}/export/", response_class=Response, responses=FILE)
async def export_bank(
    caller: Annotated[Principal, Depends(CanImportIntoBank())],
    bank_id: str,
    context: ContextOf,
    format: ExportFormat,
) -> Response:
    """The questions of a bank as a file; imported again, they are what they were. A bundle has their files, too.

    What a format has no place for is said in a comment before the question.
    """
    async with line(*caller.who):
        async with context.reading(caller.organization_id, caller=caller.key) as session:
            bank = await access_bank(session, caller, path_id(bank_id))
            questions = await stored_in_bank(session, caller.organization_id, bank.id, most=MAX_IN_BANK)
        return await export_answer(context, caller, questions, format)


async def _shown(session: Session, caller: Principal, bank: BankView) -> BankOut:
    drafts = await drawing_drafts(session, caller.organization_id, bank.id)
    names = BankListItemOut.model_fields
    return BankOut.model_validate({**{name: getattr(bank, name) for name in names}, "drafts": drafts})
