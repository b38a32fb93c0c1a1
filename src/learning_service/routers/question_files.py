"""Questions from the files of other systems, and into them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from learning_service.api.idempotency import KeyedRoute, keyed_request
from learning_service.api.parameters import VersionNumber, path_id
from learning_service.api.permissions import CanImportQuestions
from learning_service.api.question_files import (
    FILE,
    MAX_FILE,
    DryRun,
    ExportFormat,
    course_answer,
    export_answer,
    import_answer,
    stored_files,
)
from learning_service.api.requests import ContextOf
from learning_service.api.uploads import FILE_BODY, PlacesOf, read_file
from learning_service.domain.courses.actions.imports import import_questions
from learning_service.domain.courses.queries.bundles import course_to_pack
from learning_service.domain.courses.queries.versions import find_version, read_tree
from learning_service.domain.courses.rules.importing import Place, questions_in
from learning_service.domain.courses.rules.taking import Taking
from learning_service.domain.enrollments.queries.enrollments import access_authored
from learning_service.domain.kernel.large_work import line, workroom
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.question import Key
from learning_service.domain.records.idempotency import claim_key
from learning_service.schemas.question_files import ImportOut

router = APIRouter(prefix="/api/courses", tags=["authoring"], route_class=KeyedRoute)


async def _read_place(
    module: Annotated[
        Key | None, Query(description="The key of the module; without `quiz` it gets a new quiz.")
    ] = None,
    quiz: Annotated[
        Key | None, Query(description="The key of the quiz or assessment that gets the questions.")
    ] = None,
) -> Place:
    return Place(module, quiz)


@router.post("/{course_id}/draft/imports/", response_model=ImportOut, openapi_extra=FILE_BODY)
async def import_into_draft(
    caller: Annotated[Principal, Depends(CanImportQuestions())],
    course_id: str,
    request: Request,
    context: ContextOf,
    places: PlacesOf,
    place: Annotated[Place, Depends(_read_place)],
    dry_run: DryRun = False,
) -> Response:
    """Add the questions of a file to the draft: Moodle's GIFT and XML, Aiken, QTI, and our own bundle.

    Of up to 20 MiB; QTI 1.2 and 2.0 to 3.0, also in a package, as Canvas and Common Cartridge make it. Its content
    decides what it is. Each question is told with its line; those that cannot be taken are refused and left out,
    the others come in at once. What the draft has already is not added again, so the same file may be sent twice.
    A bundle of a course fills a draft that is empty, whole or not at all.
    Without `quiz` the questions go into a new quiz; without `module` that is in a new module.
    """
    content = await read_file(request, limit=MAX_FILE, sender=caller, places=places)
    async with workroom(*caller.who, Taking, size=len(content)) as taker:
        head = await taker.do(Taking.read, content)
        files = head.files if head.course is not None and place.is_open else head.enclosures
        async with (
            stored_files(context, files, dry_run=dry_run) as arrived,
            context.transaction(caller.organization_id, caller=caller.key) as session,
        ):
            keyed = keyed_request(request, caller, content)
            if keyed is not None:
                await claim_key(session, keyed)
            access = await access_authored(session, caller, path_id(course_id))
            report = await import_questions(
                session, access.view.id, head, taker, arrived, place, dry_run=dry_run, actor=caller
            )
            return await import_answer(session, report)


@router.get("/{course_id}/versions/{number}/export/", response_class=Response, responses=FILE)
async def export_version(
    caller: Annotated[Principal, Depends(CanImportQuestions())],
    course_id: str,
    number: VersionNumber,
    context: ContextOf,
    format: ExportFormat,
) -> Response:
    """A version as a file: the bundle has all of it with its files, the other formats its questions.

    Imported again, they are what they were. What a format has no place for is said in a comment before the question.
    A pool of a bank is bundled with the questions that the bank gives.
    """
    async with line(*caller.who):
        if format == "bundle":
            async with context.reading(caller.organization_id, caller=caller.key) as session:
                access = await access_authored(session, caller, path_id(course_id))
                version = await find_version(session, access.view.id, number)
                content, documents = await course_to_pack(session, caller, version, most=MAX_FILE)
            return await course_answer(context, caller, content, documents)
        async with context.reading(caller.organization_id, caller=caller.key) as session:
            access = await access_authored(session, caller, path_id(course_id))
            version = await find_version(session, access.view.id, number)
            tree = (await read_tree(session, version)).tree
        return await export_answer(context, caller, questions_in(tree), format)
