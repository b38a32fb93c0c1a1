"""Assignments, extensions and completions from a file."""

import functools
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from learning_service.api.idempotency import KeyedRoute, keyed_request
from learning_service.api.permissions import IsAdmin
from learning_service.api.requests import ContextOf
from learning_service.api.routes import Responses
from learning_service.api.uploads import FILE_BODY, MIB, PlacesOf, read_file
from learning_service.domain.completion.actions.imports import import_file
from learning_service.domain.completion.actions.marking import with_marks
from learning_service.domain.completion.rules.importing import ImportKind, Rows
from learning_service.domain.kernel.large_work import workroom
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.idempotency import claim_key, keep_reply
from learning_service.schemas.imports import FileImportOut, StartedImportOut

router = APIRouter(prefix="/api/imports", tags=["enrollments"], route_class=KeyedRoute)
MAX_FILE = 16 * MIB
STARTED: Responses = {
    202: {"model": StartedImportOut, "description": "More than 1,000 rows can be done: a run does them"}
}


@router.post(
    "/",
    response_model=FileImportOut,
    responses=STARTED,
    openapi_extra=FILE_BODY,
)
async def import_rows(
    caller: Annotated[Principal, Depends(IsAdmin())],
    request: Request,
    context: ContextOf,
    places: PlacesOf,
    kind: Annotated[ImportKind, Query(description="What the rows ask for.")],
    dry_run: Annotated[bool, Query(description="Only say which rows can be done; change nothing.")] = False,
    partial: Annotated[bool, Query(description="Do the good rows also where others are rejected.")] = False,
) -> Response:
    """Assign, extend or complete courses by a CSV file with a header, of up to 50,000 rows and 16 MiB.

    Assignments and extensions have the columns `user_id,course_id,due_at` and may have `reason`; completions have
    `user_id,course_id,completed_on` and may have `score`. Cells are separated by commas, semicolons or tabs. The file
    is UTF-8, UTF-16 with a byte order mark, or Windows-1252. All rows are judged first: with a bad one nothing is
    written, unless `partial`. The same file may be sent again: what is so already stays. An imported completion has
    a certificate of its day and makes no mail.
    """
    content = await read_file(request, limit=MAX_FILE, sender=caller, places=places)

    async def answer() -> Response:
        async with (
            workroom(*caller.who, functools.partial(Rows, kind, content), size=len(content)) as reader,
            context.transaction(caller.organization_id, caller=caller.key) as session,
        ):
            keyed = keyed_request(request, caller, content)
            if keyed is not None:
                await claim_key(session, keyed)
            report = await import_file(session, kind, reader, actor=caller, dry_run=dry_run, partial=partial)
            done = FileImportOut if report.run_id is None else StartedImportOut
            status = 200 if report.run_id is None else 202
            body = done.model_validate(report).model_dump_json()
            made = Response(body, status_code=status, media_type="application/json")
            kept = {"content-type": made.headers["content-type"]}
            await keep_reply(session, status=status, headers=kept, body=body)
        return made

    return await with_marks(answer)
