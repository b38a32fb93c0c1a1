"""The object store, by the S3 protocol. What knows the library is `s3_library`, which is loaded at the first use."""

import asyncio
import base64
import contextlib
import hashlib
import importlib
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from opentelemetry.trace import SpanKind

from learning_service.core.settings import Settings
from learning_service.core.tracing import span

_LIBRARY = "learning_service.adapters.s3_library"
PATIENCE_SECONDS = 30.0
"""The longest that one operation takes, retries included; larger bodies get a second more per MiB."""
_MIB = 1024 * 1024
PART_BYTES = 5 * _MIB
"""What a streamed object holds in memory at a time, twice; the least that the protocol takes."""
_READ_BYTES = 256 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_PLAIN = re.compile(r'[^\x20-\x7e]|["\\/%]')
_UNRESERVED = "!#$&+-.^_`|~"


class StoreUnavailable(Exception):
    """The object store did not answer, or refused us."""


class ObjectMissing(Exception):
    """There is no object under that key."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a list shows it."""

    key: str
    modified_at: datetime


class _Access:
    """The library and its clients, from their first use on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self._once = asyncio.Lock()
        self._clients: Any = None
        self.library: Any = None

    async def clients(self) -> Any:
        """Both clients. What takes long happens beside the event loop. Raises StoreUnavailable."""
        if self._clients is None:
            async with self._once:
                if self._clients is None:
                    self._clients = await self._open()
        return self._clients

    async def _open(self) -> Any:
        self.library = await asyncio.to_thread(importlib.import_module, _LIBRARY)
        try:
            session = await asyncio.to_thread(self.library.session_of, self._settings)
            return await self._stack.enter_async_context(self.library.open_clients(session, self._settings))
        except ValueError as error:
            raise StoreUnavailable(f"cannot open the store: {error}") from error

    async def close(self) -> None:
        """Close what was opened."""
        await self._stack.aclose()


class ObjectStore:
    """Immutable files by key. Keys are content hashes or random, so that writing twice is harmless."""

    def __init__(
        self,
        access: _Access,
        *,
        bucket: str,
        presigned_seconds: int,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._access = access
        self._bucket = bucket
        self.presigned_seconds = presigned_seconds
        self._patience = patience

    async def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store the bytes under the key, whole or not at all. Raises StoreUnavailable."""
        # The store compares the digest, so that a body cut on its way is refused there.
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        async with self._asking("store", key, extra=len(body) / _MIB) as client:
            await client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                ContentLength=len(body),
                ContentMD5=digest,
            )

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str) -> None:
        """Store bytes as they come, a part at a time; whole or not at all, also when the sender fails midway.

        Raises StoreUnavailable, and whatever the sender raises.
        """
        parts = _in_parts(chunks)
        first = await anext(parts, b"")
        if len(first) < PART_BYTES:
            await self.put(key, first, content_type=content_type)
            return
        async with self._asking("store", key) as client:
            begun = await client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=content_type
            )
        upload = {"Bucket": self._bucket, "Key": key, "UploadId": begun["UploadId"]}
        try:
            stored = [await self._put_part(upload, 1, first)]
            del first
            async for part in parts:
                stored.append(await self._put_part(upload, len(stored) + 1, part))
            async with self._asking("store", key, extra=len(stored)) as client:
                await client.complete_multipart_upload(**upload, MultipartUpload={"Parts": stored})
        except BaseException:
            with contextlib.suppress(StoreUnavailable, ObjectMissing):
                await asyncio.shield(self._abort(upload))
            raise

    async def _put_part(self, upload: dict[str, str], number: int, body: bytes) -> dict[str, Any]:
        async with self._asking("store", upload["Key"], extra=len(body) / _MIB) as client:
            answer = await client.upload_part(**upload, PartNumber=number, Body=body, ContentLength=len(body))
        return {"PartNumber": number, "ETag": answer["ETag"]}

    async def _abort(self, upload: dict[str, str]) -> None:
        async with self._asking("give up", upload["Key"]) as client:
            await client.abort_multipart_upload(**upload)

    async def put_file(self, key: str, path: Path, *, content_type: str) -> None:
        """Store a file, a part at a time. Raises StoreUnavailable."""
        await self.put_stream(key, _chunks_of(path), content_type=content_type)

    async def get_file(self, key: str, path: Path) -> str:
        """Write the object to a new file; its SHA-256 in hex. Raises ObjectMissing or StoreUnavailable."""
        digest, size = hashlib.sha256(), 0
        async with self._asking("read", key) as client:
            answer = await client.get_object(Bucket=self._bucket, Key=key)
        body = answer["Body"]
        with path.open("xb") as file:
            async with body:
                while True:
                    async with self._asking("read", key):
                        chunk = await body.read(_READ_BYTES)
                    if not chunk:
                        break
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
        if size != answer["ContentLength"]:
            raise StoreUnavailable(f"cannot read {key}: it came in part")
        return digest.hexdigest()

    async def get(self, key: str) -> bytes:
        """The whole object. Raises ObjectMissing or StoreUnavailable."""
        async with self._asking("read", key, extra=PATIENCE_SECONDS) as client:
            answer = await client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as stream:
                body: bytes = await stream.read()
            if len(body) != answer["ContentLength"]:
                raise StoreUnavailable(f"cannot read {key}: it came in part")
        return body

    async def size(self, key: str) -> int | None:
        """The object's size in bytes, or None when there is none. Raises StoreUnavailable."""
        try:
            async with self._asking("look at", key) as client:
                answer = await client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return None
        return int(answer["ContentLength"])

    async def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine. Raises StoreUnavailable."""
        try:
            async with self._asking("delete", key) as client:
                await client.delete_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """All keys under a prefix. Raises StoreUnavailable."""
        async for found in self.objects(prefix):
            yield found.key

    async def modified_at(self, key: str) -> datetime | None:
        """When the object was last written, or None when there is none. Raises StoreUnavailable."""
        try:
            async with self._asking("look at", key) as client:
                answer = await client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return None
        written: datetime = answer["LastModified"]
        return written

    async def objects(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """All objects under a prefix. Raises StoreUnavailable."""
        listing = (await self._access.clients()).own.get_paginator("list_objects_v2")
        pages = aiter(listing.paginate(Bucket=self._bucket, Prefix=prefix))
        while True:
            async with self._asking("list", prefix):
                page = await anext(pages, None)
            if page is None:
                return
            for item in page.get("Contents", ()):
                yield StoredObject(item["Key"], item["LastModified"])

    async def give_up_uploads(self, *, before: datetime) -> int:
        """Forget objects that were begun before that moment and never finished; how many. Raises StoreUnavailable."""
        async with self._asking("list uploads of", self._bucket) as client:
            page = await client.list_multipart_uploads(Bucket=self._bucket)
        old = [found for found in page.get("Uploads", ()) if found["Initiated"] < before]
        for found in old:
            with contextlib.suppress(ObjectMissing):
                await self._abort(
                    {"Bucket": self._bucket, "Key": found["Key"], "UploadId": found["UploadId"]}
                )
        return len(old)

    async def presigned_url(self, key: str, *, filename: str, content_type: str, inline: bool = True) -> str:
        """A short-lived address that a browser can open; it shows or saves the file under that name.

        Raises ValueError for a name with control characters.
        """
        url: str = await (await self._access.clients()).public.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": content_disposition(filename, inline=inline),
                "ResponseContentType": content_type,
            },
            ExpiresIn=self.presigned_seconds,
        )
        return url

    async def is_alive(self) -> bool:
        """Whether the bucket is there and ours."""
        try:
            async with self._asking("find", self._bucket) as client:
                await client.head_bucket(Bucket=self._bucket)
        except (StoreUnavailable, ObjectMissing):
            return False
        return True

    async def make_bucket(self) -> None:
        """Create the bucket if it is missing; for development and tests."""
        if not await self.is_alive():
            await (await self._access.clients()).own.create_bucket(Bucket=self._bucket)

    @asynccontextmanager
    async def _asking(self, what: str, key: str, *, extra: float = 0.0) -> AsyncIterator[Any]:
        """One operation of a client: bounded in time, and whatever goes wrong with it named."""
        client = (await self._access.clients()).own
        try:
            with span(f"S3 {what}", SpanKind.CLIENT, key=key):
                async with asyncio.timeout(self._patience + extra):
                    yield client
        except TimeoutError as error:
            raise StoreUnavailable(f"cannot {what} {key}: the store does not answer") from error
        except (*self._access.library.FAILURES, OSError) as error:
            if self._access.library.says_missing(error):
                raise ObjectMissing(key) from error
            raise StoreUnavailable(f"cannot {what} {key}: {error}") from error


async def _in_parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of `PART_BYTES`; the last one may be shorter, and none is empty."""
    gathered = bytearray()
    async for chunk in chunks:
        gathered += chunk
        while len(gathered) >= PART_BYTES:
            yield bytes(memoryview(gathered)[:PART_BYTES])
            del gathered[:PART_BYTES]
    if gathered:
        yield bytes(gathered)


async def _chunks_of(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _READ_BYTES):
            yield chunk


def content_disposition(filename: str, *, inline: bool) -> str:
    """The header that names a download (RFC 6266): a plain form, and beside it the exact one if it differs.

    Raises ValueError for a name with control characters, which could end the header.
    """
    if _CONTROL.search(filename):
        raise ValueError("a file name has no control characters")
    kind = "inline" if inline else "attachment"
    plain = _NOT_PLAIN.sub("_", filename)
    exact = "" if plain == filename else f"; filename*=UTF-8''{quote(filename, safe=_UNRESERVED)}"
    return f'{kind}; filename="{plain}"{exact}'


@asynccontextmanager
async def open_store(settings: Settings, *, patience: float = PATIENCE_SECONDS) -> AsyncIterator[ObjectStore]:
    """The store; nothing is opened before it is first asked."""
    access = _Access(settings)
    try:
        yield ObjectStore(
            access,
            bucket=settings.s3_bucket,
            presigned_seconds=settings.presigned_url_seconds,
            patience=patience,
        )
    finally:
        await access.close()
