"""Removing stored files that nothing refers to: forgotten uploads, and what interrupted work left behind."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import structlog

from learning_service.context import Context
from learning_service.domain.unused_files import (
    delete_unused_documents,
    horizon,
    keys_in_use,
    unused_documents,
)

log = structlog.get_logger()

PREFIXES = ("documents/", "certificates/", "transcripts/")
CHUNK = 500


async def collect_files(context: Context, at: datetime | None) -> None:
    """Delete documents that nothing has referred to for 30 days, and stored objects that old that no row names.

    An object is looked at once more before it goes: what was written anew meanwhile stays.
    """
    documents = 0
    while True:
        async with context.transaction(None, at=at) as session:
            deleted = await delete_unused_documents(session, limit=CHUNK)
            before = horizon(session)
        if not deleted:
            break
        documents += len(deleted)
    objects = 0
    async for key in _unnamed(context, before):
        written = await context.store.modified_at(key)
        if written is not None and written < before:
            await context.store.delete(key)
            objects += 1
    uploads = await context.store.give_up_uploads(before=before)
    log.info("files_collected", documents=documents, objects=objects, uploads=uploads)


async def list_collectable(context: Context, at: datetime | None) -> list[str]:
    """A line for each document and object that `collect_files` would delete now, or as of `at`.

    The files of these documents are not among the objects yet, because their rows still name them.
    """
    async with context.transaction(None, at=at) as session:
        before = horizon(session)
        lines = [f"document {document_id}" for document_id in await unused_documents(session)]
    return lines + [f"object {key}" async for key in _unnamed(context, before)]


async def _unnamed(context: Context, before: datetime) -> AsyncIterator[str]:
    """Keys of objects last written before that moment that no row names."""
    for prefix in PREFIXES:
        old: list[str] = []
        async for found in context.store.objects(prefix):
            if found.modified_at.astimezone(UTC) < before:
                old.append(found.key)
            if len(old) >= CHUNK:
                for key in await _not_in_use(context, old):
                    yield key
                old = []
        for key in await _not_in_use(context, old):
            yield key


async def _not_in_use(context: Context, keys: list[str]) -> list[str]:
    if not keys:
        return []
    async with context.transaction(None) as session:
        used = await keys_in_use(session, keys)
    return [key for key in keys if key not in used]
