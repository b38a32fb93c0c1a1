"""Files of questions: how large they may be, and how an import and an export are answered."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from fastapi import Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.adapters.storage import StoreUnavailable
from learning_service.api.routes import Responses
from learning_service.api.uploads import MIB, discard_file
from learning_service.context import Context
from learning_service.domain.courses.actions.imports import Arrived, ImportReport
from learning_service.domain.courses.queries.bundles import BundleTooLarge, documents_to_pack, pictures_of
from learning_service.domain.courses.rules.leaving import Leaving
from learning_service.domain.documents.actions import Received
from learning_service.domain.documents.models import Document
from learning_service.domain.documents.rules import clean_name
from learning_service.domain.kernel.errors import DomainError
from learning_service.domain.kernel.large_work import apart, room
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.questions.rules.exchange.bundles import Kind, write_bundle
from learning_service.domain.questions.rules.exchange.enclosures import Enclosure
from learning_service.domain.questions.rules.exchange.packing import PackedFile, Pictures
from learning_service.domain.questions.rules.types import AnyQuestion
from learning_service.domain.records.idempotency import AlreadyReplied, keep_reply
from learning_service.schemas.question_files import ImportOut

MAX_FILE = 20 * MIB
MAX_PICTURES = 14 * MIB
"""In a file of another system, where base64 makes them a third larger."""
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
    Literal["gift", "moodle-xml", "qti-2.1", "bundle"],
    Query(
        description="The file's format. GIFT has no place for what a question is worth; a bundle has all, files too."
    ),
]
DryRun = Annotated[bool, Query(description="Only say what would become of them; change nothing.")]


@asynccontextmanager
async def stored_files(
    context: Context, enclosures: Mapping[uuid.UUID, Enclosure], *, dry_run: bool
) -> AsyncIterator[Arrived]:
    """Files that came with questions, in the store while these are taken. What is not kept is removed again."""
    files: dict[uuid.UUID, Received] = {}
    arrived = Arrived(files, context.settings.organization_storage_mib * MIB)
    try:
        for id_, one in () if dry_run else enclosures.items():
            key = f"documents/{uuid.uuid4().hex}"
            await context.store.put(key, one.content, content_type="application/octet-stream")
            files[id_] = Received(
                key, one.sha256, len(one.content), one.media_type, clean_name(one.name), one.hidden_slides
            )
        yield arrived
    except (DomainError, AlreadyReplied, StoreUnavailable):
        # Anything else may have happened after the commit; what nothing refers to is then collected later.
        await _discard(context, files.values(), kept=frozenset())
        raise
    await _discard(context, files.values(), kept=arrived.kept)


async def _discard(context: Context, files: Iterable[Received], *, kept: Collection[str]) -> None:
    for received in files:
        if received.key not in kept:
            await discard_file(context.store, received.key)


async def import_answer(session: AsyncSession, report: ImportReport) -> Response:
    """The answer to an import, kept for a repetition of the request."""
    around = ImportOut.model_validate(replace(report, questions=())).model_dump_json()
    body = around.replace('"questions":[]', f'"questions":[{",".join(report.questions)}]', 1)
    answer = Response(body, media_type="application/json")
    content_type = {"content-type": answer.headers["content-type"]}
    await keep_reply(session, status=200, headers=content_type, body=bytes(answer.body).decode())
    return answer


async def _packed(context: Context, documents: Sequence[Document]) -> list[PackedFile]:
    return [
        PackedFile(
            id=document.id,
            name=document.name,
            media_type=document.media_type,
            hidden_slides=document.hidden_slides,
            content=await context.store.get(document.original_key),
        )
        for document in documents
    ]


async def course_answer(
    context: Context, caller: Principal, content: str, documents: Sequence[Document]
) -> Response:
    """A bundle of a course with the files that were uploaded. Raises BundleTooLarge."""
    files = await _packed(context, documents)
    return _bundle_answer("course", await apart(*caller.who, write_bundle, "course", content, files))


def _bundle_answer(kind: Kind, content: bytes) -> Response:
    if len(content) > MAX_FILE:
        raise BundleTooLarge(MAX_FILE)
    headers = {"Content-Disposition": f'attachment; filename="{kind}.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


async def _documents(
    context: Context,
    caller: Principal,
    find: Callable[..., Awaitable[list[Document]]],
    named: Collection[uuid.UUID],
    *,
    most: int,
) -> list[Document]:
    """What `find` gives, without a connection where nothing is named."""
    if not named:
        return []
    async with context.reading(caller.organization_id, caller=caller.key) as session:
        return await find(session, caller, named, most=most)


async def export_answer(
    context: Context,
    caller: Principal,
    questions: Sequence[AnyQuestion | str],
    format_: str,
) -> Response:
    """A file of these questions with their pictures, up to as many as an import takes; or a bundle of a bank.

    The caller must have stood in `line`; no connection is held while anything is made or fetched. Raises
    BundleTooLarge.
    """
    size = sum(len(one) for one in questions if isinstance(one, str))
    async with room(*caller.who, partial(Leaving, questions), size=size) as leaver:
        named = await leaver.do(Leaving.named)
        if format_ == "bundle":
            shown = await _documents(context, caller, documents_to_pack, named, most=MAX_FILE)
            return _bundle_answer("bank", await leaver.do(Leaving.bundle, await _packed(context, shown)))
        documents = await _documents(context, caller, pictures_of, named, most=MAX_PICTURES)
        files = {file.id: file for file in await _packed(context, documents)}
        content, kind, ending = await leaver.do(Leaving.file, format_, Pictures(files, left=MAX_PICTURES))
    headers = {"Content-Disposition": f'attachment; filename="questions.{ending}"'}
    return Response(content, media_type=kind, headers=headers)
