"""Files of questions: how large they may be, and how an import and an export are answered."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.api.routes import Responses
from learning_service.api.uploads import MIB
from learning_service.domain.courses.actions.imports import ImportReport
from learning_service.domain.kernel.large_work import apart
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.exchange.formats import write_questions
from learning_service.domain.questions.rules.types import AnyQuestion
from learning_service.domain.records.idempotency import keep_reply
from learning_service.schemas.question_files import ImportOut

MAX_FILE = 20 * MIB
FILE: Responses = {
    200: {
        "description": "The file",
        "content": {
            **{kind: {"schema": {"type": "string"}} for kind in ("text/plain", "application/xml")},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
ExportFormat = Annotated[
    Literal["gift", "moodle-xml", "qti-2.1"],
    Query(description="The file's format. GIFT has no place for what a question is worth."),
]
DryRun = Annotated[bool, Query(description="Only say what would become of them; change nothing.")]


async def import_answer(session: AsyncSession, report: ImportReport) -> Response:
    """The answer to an import, kept for a repetition of the request."""
    answer = Response(ImportOut.model_validate(report).model_dump_json(), media_type="application/json")
    content_type = {"content-type": answer.headers["content-type"]}
    await keep_reply(session, status=200, headers=content_type, body=bytes(answer.body).decode())
    return answer


async def export_answer(caller: Principal, questions: Sequence[AnyQuestion], format_: str) -> Response:
    """A file of these questions."""
    content, kind, ending = await apart(*caller.who, write_questions, questions, format_)
    headers = {"Content-Disposition": f'attachment; filename="questions.{ending}"'}
    return Response(content, media_type=kind, headers=headers)
